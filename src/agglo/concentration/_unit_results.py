"""Wrapping one number per unit into a result, and reading groups of parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from agglo.concentration._units import Units, unit_reasons
from agglo.concentration.results import UnitValues
from agglo.core.errors import AlignmentError
from agglo.core.results import Provenance, frozen_array

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntArray


def unit_values(
    function: Callable[..., object],
    units: Units,
    values: FloatArray,
    *,
    measure: str,
    reading: str,
    parameters: Mapping[str, object],
) -> UnitValues:
    """Wrap one number per unit; units with a reason are NaN."""
    return UnitValues(
        measure=measure,
        reading=reading,
        by=units.by,
        label=frozen_array(units.label),
        values=defined(units, values),
        n_unknown=frozen_array(units.n_unknown),
        status=frozen_array(units.status),
        provenance=Provenance.of(
            function, units.source, parameters=parameters, warnings=units.notes
        ),
        frame_kind=units.frame_kind,
        undefined=unit_reasons(units),
    )


def defined(units: Units, values: FloatArray) -> FloatArray:
    """Keep the values of the units without a reason, read-only."""
    return frozen_array(np.where(units.status == "ok", values, np.nan))


def group_codes(
    part: NDArray[np.str_],
    groups: Mapping[str, str] | Sequence[object] | None,
    by: str,
    name: str,
) -> tuple[IntArray, NDArray[np.str_]]:
    """Give the group of every part as a code, and the names of the groups."""
    if groups is None:
        return np.zeros(part.size, dtype=np.int64), np.array(["all"])
    if isinstance(groups, Mapping):
        lacking = [str(p) for p in part if str(p) not in groups]
        if by == "vector" or lacking:
            msg = f"`{name}` lacks {len(lacking)} labels, for example {lacking[:5]}."
            if by == "vector":
                msg = f"A vector has no labels: give `{name}` as one group per number."
            raise AlignmentError(msg)
        words = np.array([str(groups[str(p)]) for p in part])
    else:
        words = np.array([str(g) for g in groups])
        if by != "vector" or words.size != part.size:
            msg = (
                f"`{name}` must map every label to its group; for a vector, give one "
                f"group per number ({part.size}, not {words.size})."
            )
            raise AlignmentError(msg)
    found, code = np.unique(words, return_inverse=True)
    return code.astype(np.int64), found
