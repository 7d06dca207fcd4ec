"""Values that do not exist, why, and how results speak of those that do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.results import Undefined, frozen_array

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray, FloatArray

REASONS: Mapping[str, str] = {
    "too_few": "fewer than two plants",
    "zero_weight": "no employment",
    "one_plant": "one plant holds all of the activity, so H = 1",
    "one_area": "one area holds all of the reference, so 1 - sum x^2 = 0",
    "no_reference": "there is nothing outside the activity to compare with",
    "unknown_cells": "at least one cell or total of the activity is unknown",
    "no_plants": "a cell has employment but no establishment, so H is unknown",
    "no_herfindahl": "no plant Herfindahl index was given for the activity",
    "one_activity": "a group of one active activity has no pairs",
    "no_region_pairs": "fewer than two regions",
    "constant": "the same value in every region",
}


def reasons(
    labels: NDArray[np.str_], status: NDArray[np.str_]
) -> tuple[Undefined, ...]:
    """List the labels whose value is undefined, with the reason."""
    return tuple(
        Undefined(reason=REASONS[str(status[k])], activity=str(labels[k]))
        for k in np.flatnonzero(status != "ok")
    )


def nan_unless(defined: BoolArray, values: FloatArray) -> FloatArray:
    """Keep the defined values, read-only; the others become NaN."""
    return frozen_array(np.where(defined, values, np.nan))


def quartiles(values: FloatArray) -> str:
    """Say where the middle half of the defined values lies."""
    known = values[np.isfinite(values)]
    if not known.size:
        return "none defined"
    low, middle, high = np.quantile(known, [0.25, 0.5, 0.75])
    return f"median {middle:.4f} (quartiles {low:.4f} to {high:.4f})"
