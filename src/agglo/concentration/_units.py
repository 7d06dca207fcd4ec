"""Units and their parts: what the inequality and specialisation measures work on.

A unit is a region over its activities (``by="region"``), an activity over its regions
(``by="activity"``), or a bare vector.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar

import narwhals as nw
import numpy as np

from agglo.concentration._kernels.inequality import shares
from agglo.core.errors import AlignmentError, InvalidTableError, OptionError
from agglo.core.options import check_choice
from agglo.core.results import Undefined
from agglo.core.tables import Margins, RegionActivity, as_region_activity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray, FloatArray, FrameKind, IntoFrame

By: TypeAlias = Literal["region", "activity"]
Vector: TypeAlias = "Sequence[float] | NDArray[np.floating] | NDArray[np.integer]"
MarginChoice: TypeAlias = Literal["refuse", "disclosed"] | Margins
ReferenceChoice: TypeAlias = (
    "Literal['national', 'leave_out'] | Mapping[str, float] | Vector"
)

REASONS: Mapping[str, str] = {
    "empty": "the unit is empty: its shares are 0/0",
    "unknown_cells": "a cell of the unit is missing or confidential, and the published "
    "totals do not say how large it is",
    "no_reference": "the reference is empty over the parts of the unit",
    "outside_reference": "the unit has a part that the reference lacks",
    "one_part": "the unit has one part only",
    "equals_reference": "the unit has exactly the shares of the reference, so 1/0",
    "no_eligible_part": "no part of the unit passes min_reference_share, min_employment",
}

LabelT = TypeVar("LabelT", bound=np.generic)


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """Units in rows, parts in columns.

    Attributes
    ----------
    by
        ``"region"``, ``"activity"`` or ``"vector"``.
    label, part
        Labels, (n_units,) and (n_parts,).
    size
        (n_units, n_parts); NaN is left out of the unit.
    part_total
        Total of every part over all units, (n_parts,).
    n_unknown
        Missing and confidential cells per unit, (n_units,).
    status
        Per unit, ``"ok"`` or a key of `REASONS`.
    source
        What the digest of the input is taken from.
    """

    by: str
    label: NDArray[np.str_]
    part: NDArray[np.str_]
    size: FloatArray
    part_total: FloatArray
    n_unknown: NDArray[np.int64]
    status: NDArray[np.str_]
    source: object
    frame_kind: FrameKind
    notes: tuple[str, ...] = ()

    def mark(self, where: BoolArray, word: str) -> None:
        """Give a reason to the units that have none yet."""
        self.status[(self.status == "ok") & where] = word

    @property
    def shares(self) -> FloatArray:
        """Sizes over the sum of their unit, (n_units, n_parts)."""
        return shares(self.size)


def units_of(
    data: IntoFrame | RegionActivity | Vector,
    *,
    by: By,
    region: str,
    activity: str,
    value: str,
    margins: MarginChoice,
) -> Units:
    """Coerce a table or a vector; empty and unknown units are marked."""
    check_choice("by", by, ("region", "activity"))
    vector = as_vector(data, "data")
    if vector is not None:
        units = _vector_units(vector)
    else:
        table = as_region_activity(
            data,  # type: ignore[arg-type]  # not a vector
            region=region,
            activity=activity,
            value=value,
            margins=margins,
        )
        units = _table_units(table, by)
    units.mark(np.nansum(units.size, axis=1) <= 0.0, "empty")
    return units


def as_vector(data: object, name: str) -> FloatArray | None:
    """Give numbers as an array, or ``None`` when `data` is no vector."""
    series = nw.from_native(data, series_only=True, pass_through=True)
    if isinstance(series, nw.Series):
        data = series.to_numpy()
    if not isinstance(data, (list, tuple, np.ndarray)):
        return None
    try:
        vector = np.asarray(data, dtype=np.float64)
    except (TypeError, ValueError) as error:
        msg = f"`{name}` is a sequence, but not one of numbers: {error}."
        raise InvalidTableError(msg) from error
    if vector.ndim != 1:
        msg = (
            f"`{name}` is an array of shape {vector.shape}, which has no labels. Give one "
            "vector, or agglo.RegionActivity.from_arrays(array, region=, activity=)."
        )
        raise InvalidTableError(msg)
    bad = ~np.isfinite(vector) | (vector < 0)
    if vector.size == 0 or bad.any():
        msg = (
            f"`{name}` needs at least one number, all finite and not negative; "
            f"{int(bad.sum())} of {vector.size} are not. Drop or correct them."
        )
        raise InvalidTableError(msg)
    return vector


def _vector_units(vector: FloatArray) -> Units:
    return Units(
        by="vector",
        label=np.array(["vector"]),
        part=np.array([str(j) for j in range(vector.size)]),
        size=vector[None, :],
        part_total=vector,
        n_unknown=np.zeros(1, dtype=np.int64),
        status=np.full(1, "ok", dtype="<U20"),
        source=vector,
        frame_kind="pyarrow",
    )


def _table_units(table: RegionActivity, by: By) -> Units:
    size, hidden = table.values, table.status != 0
    label, part, total = table.region, table.activity, table.col_total
    if by == "activity":
        size, hidden = size.T, hidden.T
        label, part, total = part, label, table.row_total
    n_unknown = hidden.sum(axis=1)
    status = np.full(label.size, "ok", dtype="<U20")
    notes: tuple[str, ...] = ()
    if table.margins == "published":
        status[n_unknown > 0] = "unknown_cells"
    elif table.n_unknown:
        notes = (
            f"{table.n_unknown} unknown cells are left out of their units "
            "(margins='disclosed')",
        )
    return Units(
        by=by,
        label=label,
        part=part,
        size=size,
        part_total=total,
        n_unknown=n_unknown,
        status=status,
        source=table,
        frame_kind=table.frame_kind,
        notes=notes,
    )


def with_reference(
    units: Units, reference: ReferenceChoice
) -> tuple[Units, FloatArray]:
    """Give the units and their reference shares, (n_units, n_parts), rows summing to 1.

    A mapping may name parts that no unit has: they are added, empty.
    """
    if isinstance(reference, str):
        check_choice("reference", reference, ("national", "leave_out"))
        if units.by == "vector":
            msg = (
                f"reference={reference!r} needs a table. For a vector give the reference "
                "as a vector of the same length."
            )
            raise OptionError(msg)
        weights = np.broadcast_to(units.part_total, units.size.shape)
        if reference == "leave_out":
            # rounding of published totals must not leave less than nothing
            weights = np.maximum(weights - units.size, 0.0)
    elif isinstance(reference, Mapping):
        units, given = _mapped(units, reference)
        weights = np.broadcast_to(given, units.size.shape)
    else:
        given = _aligned(units, reference)
        weights = np.broadcast_to(given, units.size.shape)
    kept = np.where(np.isnan(units.size), np.nan, weights)
    x = shares(kept)
    units.mark(~(np.nansum(kept, axis=1) > 0.0), "no_reference")
    return units, x


def _mapped(units: Units, reference: Mapping[str, float]) -> tuple[Units, FloatArray]:
    if units.by == "vector":
        msg = "A vector has no labels: give `reference` as a vector of the same length."
        raise AlignmentError(msg)
    known = {str(k): float(v) for k, v in reference.items()}
    lacking = [str(p) for p in units.part if str(p) not in known]
    if lacking:
        msg = f"`reference` lacks {len(lacking)} labels, for example {lacking[:5]}."
        raise AlignmentError(msg)
    more = sorted(set(known) - set(units.part.tolist()))
    part = np.concatenate([units.part, np.asarray(more, dtype=np.str_)])
    given = check_weights(np.array([known[str(p)] for p in part]))
    if not more:
        return units, given
    wider = np.zeros((units.label.size, part.size))
    wider[:, : units.part.size] = units.size
    note = f"{len(more)} parts stand in the reference only and count as empty"
    return (
        Units(
            by=units.by,
            label=units.label,
            part=part,
            size=wider,
            part_total=np.concatenate([units.part_total, np.zeros(len(more))]),
            n_unknown=units.n_unknown,
            status=units.status,
            source=units.source,
            frame_kind=units.frame_kind,
            notes=(*units.notes, note),
        ),
        given,
    )


def _aligned(units: Units, reference: object) -> FloatArray:
    vector = as_vector(reference, "reference")
    if vector is None:
        msg = f"reference={type(reference).__name__} is not a word, mapping or vector."
        raise OptionError(msg)
    if units.by != "vector":
        msg = (
            "A table is aligned by label: give `reference` as a mapping label → number, "
            "for example dict(zip(labels, numbers))."
        )
        raise AlignmentError(msg)
    if vector.size != units.part.size:
        msg = (
            f"`reference` has {vector.size} numbers and `data` {units.part.size}: "
            "they must have one length."
        )
        raise AlignmentError(msg)
    return check_weights(vector)


def check_weights(weights: FloatArray) -> FloatArray:
    """Refuse reference weights that are negative, not finite or all zero."""
    if not (np.isfinite(weights).all() and (weights >= 0).all() and weights.sum() > 0):
        msg = "`reference` has negative or non-finite numbers, or they are all zero."
        raise OptionError(msg)
    return weights


def unit_reasons(units: Units) -> tuple[Undefined, ...]:
    """List the units whose value is undefined, with the reason."""
    out = []
    for k in np.flatnonzero(units.status != "ok"):
        reason, label = REASONS[str(units.status[k])], str(units.label[k])
        if units.by == "activity":
            out.append(Undefined(reason=reason, activity=label))
        elif units.by == "region":
            out.append(Undefined(reason=reason, region=label))
        else:
            out.append(Undefined(reason=reason))
    return tuple(out)
