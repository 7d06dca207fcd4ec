"""What complexity is computed on, and which way up its vector points."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import (
    AlignmentError,
    InvalidTableError,
    NotIdentifiedError,
    NumericsWarning,
    OptionError,
)
from agglo.core.results import Undefined
from agglo.relatedness import _kernels_complexity as kernels
from agglo.relatedness import _kernels_presence as thresholds

if TYPE_CHECKING:
    from agglo.core.typing import BoolArray, FloatArray
    from agglo.relatedness.convention import Convention
    from agglo.relatedness.relatedness_results import Presence

_WEAK = 0.2
_GAP = 1e-6
_NOTHING = 1e-12
_ANCHOR_STEPS = 20
_SEPARATE = ("diversity_ubiquity", "reflections", "reflections_ubiquity")


@dataclass(frozen=True, kw_only=True)
class Core:
    """A presence without empty rows and columns, and what was left out."""

    matrix: FloatArray
    rows: BoolArray
    columns: BoolArray
    undefined: tuple[Undefined, ...]

    def spread(self, region: FloatArray, activity: FloatArray) -> list[FloatArray]:
        """Put values back in their places, NaN elsewhere."""
        out = []
        for place, values in ((self.rows, region), (self.columns, activity)):
            whole = np.full((place.size, *values.shape[1:]), np.nan)
            whole[place] = values
            out.append(whole)
        return out


def core_of(held: Presence) -> Core:
    """Leave out what is empty; refuse unknown cells and less than 2 x 2."""
    unknown = int(np.isnan(held.values).sum())
    if unknown:
        msg = (
            f"{unknown} cells are unknown and every index hangs on all of them: "
            "presence(..., missing='zero') counts them as absent; or leave the regions "
            "or activities out."
        )
        raise InvalidTableError(msg)
    rows, columns = held.diversity > 0, held.ubiquity > 0
    undefined = [
        *(
            Undefined(reason="nothing is present", region=str(r))
            for r in held.region[~rows]
        ),
        *(
            Undefined(reason="present nowhere", activity=str(a))
            for a in held.activity[~columns]
        ),
    ]
    _check_size(int(rows.sum()), int(columns.sum()))
    matrix = held.values
    if undefined:
        matrix = matrix[np.ix_(rows, columns)]
    return Core(matrix=matrix, rows=rows, columns=columns, undefined=tuple(undefined))


def _check_size(n_regions: int, n_activities: int) -> None:
    if n_regions < 2 or n_activities < 2:
        msg = (
            f"Complexity compares at least 2 regions and 2 activities; {n_regions} and "
            f"{n_activities} are left that have anything."
        )
        raise NotIdentifiedError(msg)


def connected(core: Core, held: Presence, component: str) -> Core:
    """Refuse a presence that falls apart, or keep its largest component."""
    row, column = kernels.components(core.matrix)
    sizes = np.bincount(row) + np.bincount(column, minlength=row.max() + 1)
    if sizes.size == 1:
        return core
    if component == "refuse":
        first = held.region[core.rows][row != np.argmax(sizes)]
        msg = (
            f"The presence falls into {sizes.size} components of {sizes.tolist()[:10]} "
            "regions and activities, between which no complexity is defined; outside the "
            f"largest are for example the regions {first[:5].tolist()}. "
            "component='largest' measures the largest one."
        )
        raise NotIdentifiedError(msg)
    # argmax takes the first of equals: the component of the first label
    largest = int(np.argmax(sizes))
    rows, columns = core.rows.copy(), core.columns.copy()
    rows[core.rows] = row == largest
    columns[core.columns] = column == largest
    _check_size(int(rows.sum()), int(columns.sum()))
    reason = "outside the largest component"
    lost = [
        *(
            Undefined(reason=reason, region=str(r))
            for r in held.region[core.rows & ~rows]
        ),
        *(
            Undefined(reason=reason, activity=str(a))
            for a in held.activity[core.columns & ~columns]
        ),
    ]
    return Core(
        matrix=held.values[np.ix_(rows, columns)],
        rows=rows,
        columns=columns,
        undefined=(*core.undefined, *lost),
    )


@dataclass(frozen=True, kw_only=True)
class Oriented:
    """Both vectors the right way up, how sure the anchor is, and remarks."""

    region: FloatArray
    activity: FloatArray
    eigenvalues: FloatArray
    correlation: tuple[float, float]
    notes: tuple[str, ...]


def oriented_eigenvector(
    core: Core,
    held: Presence,
    chosen: Convention,
    reference: Mapping[str, float] | None,
) -> Oriented:
    """Give the second eigenvector with its sign fixed; warns when either is doubtful."""
    digits = chosen.transition_digits
    if digits is None:
        found = kernels.second_vector(core.matrix)
    else:
        found = kernels.rounded_second_vectors(core.matrix, digits)
    if found.eigenvalues[1] < _NOTHING:
        msg = "All regions have the same activities in the same shares: nothing tells them apart."
        raise NotIdentifiedError(msg)
    third = found.eigenvalues[2] if found.eigenvalues.size > 2 else 0.0
    notes = []
    if found.eigenvalues[1] - third < _GAP:
        notes.append("second vector not unique: the next eigenvalue is the same")
    one, other = _anchors(found, core, held, chosen, reference)
    lead = one if np.isfinite(one) else other
    if not np.isfinite(lead):
        # an anchor that says nothing must not leave the sign to the linear algebra
        lead = found.region[np.argmax(np.abs(found.region).round(9))]
    flip_r = -1.0 if lead < 0 else 1.0
    separate = chosen.sign in _SEPARATE
    flip_p = (-1.0 if other < 0 else 1.0) if separate else flip_r
    correlation = (one * flip_r, other * flip_p)
    known = [abs(c) for c in correlation if np.isfinite(c)]
    if not known or min(known) < _WEAK:
        notes.append(
            f"the sign is doubtful: '{chosen.sign}' correlates by "
            f"{min(known, default=float('nan')):.3f} only"
        )
    for text in notes:
        warnings.warn(text, NumericsWarning, stacklevel=3)
    return Oriented(
        region=found.region * flip_r,
        activity=found.activity * flip_p,
        eigenvalues=found.eigenvalues,
        correlation=correlation,
        notes=tuple(notes),
    )


def _anchors(
    found: kernels.Second,
    core: Core,
    held: Presence,
    chosen: Convention,
    reference: Mapping[str, float] | None,
) -> tuple[float, float]:
    """Correlation of the regions' and of the activities' vector with what fixes them."""
    nothing = float("nan")
    by_diversity = kernels.correlation(core.matrix.sum(axis=1), found.region)
    by_ubiquity = -kernels.correlation(core.matrix.sum(axis=0), found.activity)
    sign = chosen.sign
    if sign in ("reflections", "reflections_ubiquity"):
        k_r, k_p = kernels.reflections(core.matrix, _ANCHOR_STEPS)
        even, odd = kernels.orders(_ANCHOR_STEPS)
        if sign == "reflections":
            other = kernels.correlation(k_p[:, odd], found.activity)
        else:
            other = -kernels.rank_correlation(core.matrix.sum(axis=0), found.activity)
        return kernels.correlation(k_r[:, even], found.region), other
    if sign in ("reference", "previous"):
        return _with_reference(found.region, held.region[core.rows], reference), nothing
    if sign == "binary_eci":
        return _with_binary(found.region, core, held, chosen), nothing
    return {
        "diversity": (by_diversity, nothing),
        "ubiquity": (nothing, by_ubiquity),
        "diversity_ubiquity": (by_diversity, by_ubiquity),
    }[sign]


def _with_reference(
    values: FloatArray,
    labels: np.ndarray[tuple[int], np.dtype[np.str_]],
    reference: Mapping[str, float] | None,
) -> float:
    if not isinstance(reference, Mapping):
        msg = (
            "sign='reference' or 'previous' needs reference=, a mapping of regions to income, wages or "
            "the index of the period before."
        )
        raise OptionError(msg)
    known = {str(k): float(v) for k, v in reference.items()}
    given = np.array([known.get(str(r), np.nan) for r in labels])
    there = np.isfinite(given)
    if there.sum() < 3:
        msg = (
            f"`reference` speaks of {int(there.sum())} of the {labels.size} regions; at "
            f"least 3 are needed. Regions: {labels[:5].tolist()}."
        )
        raise AlignmentError(msg)
    return kernels.correlation(values[there], given[there])


def _with_binary(
    values: FloatArray, core: Core, held: Presence, chosen: Convention
) -> float:
    """Correlation with the index of the thresholded quotients, largest component."""
    quotient = held.advantage[np.ix_(core.rows, core.columns)]
    m = thresholds.at_least(quotient, chosen.threshold).astype(np.float64)
    row, column = kernels.components(m)
    sizes = np.bincount(row, minlength=max(row.max(), column.max()) + 1)
    sizes += np.bincount(column, minlength=sizes.size)
    largest = int(np.argmax(sizes))
    kept, columns = row == largest, column == largest
    _check_size(int(kept.sum()), int(columns.sum()))
    m = m[np.ix_(kept, columns)]
    binary = kernels.second_vector(m).region
    binary *= np.sign(kernels.correlation(m.sum(axis=1), binary))
    return kernels.correlation(values[kept], binary)
