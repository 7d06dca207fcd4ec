"""Reference shares of regions, plant counts and second tables of the quotients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from agglo.concentration._units import MarginChoice, check_weights
from agglo.core.errors import AlignmentError, InvalidTableError, OptionError, Problem
from agglo.core.frames import require_columns, to_arrow
from agglo.core.options import check_choice
from agglo.core.tables import RegionActivity, as_region_activity

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntoFrame

RegionReference: TypeAlias = "Literal['national'] | Mapping[str, float]"


def reference_shares(
    region: np.ndarray[tuple[int], np.dtype[np.str_]],
    own: FloatArray,
    total: float,
    reference: RegionReference,
) -> FloatArray:
    """Give the reference share of every region.

    A mapping may name regions that the table lacks: they take part in the sum.
    """
    if isinstance(reference, Mapping):
        known = {str(k): float(v) for k, v in reference.items()}
        lacking = [str(r) for r in region if str(r) not in known]
        if lacking:
            msg = (
                f"`reference` lacks {len(lacking)} regions, for example {lacking[:5]}."
            )
            raise AlignmentError(msg)
        weights = check_weights(np.array(list(known.values())))
        mapped = np.array([known[str(r)] for r in region])
        return mapped / float(weights.sum())
    check_choice("reference", reference, ("national",))
    with np.errstate(divide="ignore", invalid="ignore"):
        return own / total


def region_numbers(
    region: np.ndarray[tuple[int], np.dtype[np.str_]],
    given: Mapping[str, float],
    name: str,
) -> FloatArray:
    """Give one number per region from a mapping, aligned by label."""
    if not isinstance(given, Mapping):
        msg = f"`{name}` must map every region to a number, for example {{'a': 1.0}}."
        raise OptionError(msg)
    known = {str(k): float(v) for k, v in given.items()}
    lacking = [str(r) for r in region if str(r) not in known]
    if lacking:
        msg = f"`{name}` lacks {len(lacking)} regions, for example {lacking[:5]}."
        raise AlignmentError(msg)
    values = np.array([known[str(r)] for r in region])
    if not (np.isfinite(values).all() and (values >= 0).all()):
        msg = f"`{name}` has negative or non-finite numbers."
        raise OptionError(msg)
    return values


def counts_of(
    data: IntoFrame | RegionActivity,
    jobs: RegionActivity | None,
    establishments: str | RegionActivity,
    *,
    region: str,
    activity: str,
    margins: MarginChoice = "refuse",
) -> RegionActivity:
    """Give plant counts by region and activity, on the labels of `jobs` if given."""
    if isinstance(establishments, RegionActivity):
        counts = establishments
    elif isinstance(data, RegionActivity):
        msg = (
            "A RegionActivity holds one number per cell: give establishments=<the "
            f"RegionActivity of plant counts>, not the column name {establishments!r}."
        )
        raise OptionError(msg)
    else:
        require_columns(to_arrow(data), {"establishments": establishments})
        # the frame itself, so that the result comes back in the caller's kind
        counts = as_region_activity(
            data,
            region=region,
            activity=activity,
            value=establishments,
            margins=margins,
            unit="plants",
        )
    if jobs is not None:
        same_labels(jobs, counts, "establishments")
    return counts


def same_labels(one: RegionActivity, other: RegionActivity, name: str) -> None:
    """Refuse two tables whose regions or activities differ."""
    odd = [
        *np.setxor1d(one.region, other.region).tolist(),
        *np.setxor1d(one.activity, other.activity).tolist(),
    ]
    if odd:
        msg = (
            f"`data` and `{name}` must cover the same regions and activities; only in one "
            f"of them: {odd[:10]}."
        )
        raise AlignmentError(msg)


def check_whole(counts: RegionActivity) -> RegionActivity:
    """Refuse plant counts with fractions."""
    off = ~(np.isnan(counts.values) | (counts.values == np.rint(counts.values)))
    if off.any():
        m, i = np.argwhere(off)[0]
        problem = Problem(
            code="not_whole",
            what=f"{counts.values[m, i]:g} in region '{counts.region[m]}', activity "
            f"'{counts.activity[i]}' is no count",
            where="data",
            n_rows=int(off.sum()),
            fix="pass numbers of establishments, not employment",
        )
        msg = f"Plant counts must be whole numbers; {int(off.sum())} are not."
        raise InvalidTableError(msg, [problem])
    return counts
