"""From employment by sector to outcomes by region and period."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.concentration import entropy, specialisation, variety
from agglo.core.errors import NumericsWarning, OptionError
from agglo.core.frames import require_columns
from agglo.studies.columns import numbers_of, text_of

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray
    from agglo.studies.policy.options import PolicyOptions

__all__ = ["Employment", "Outcomes", "chosen_employment", "outcomes_of"]

_VERSIONS = ("region_version", "industry_version")
_LEAST_IN_GROUP = 2


@dataclass(frozen=True, kw_only=True)
class Employment:
    """Cells that are used, and what was left out or changed on the way."""

    cells: pa.Table
    excluded: tuple[tuple[str, str], ...]
    corrected: tuple[str, ...]
    n_blank: int


@dataclass(frozen=True, kw_only=True)
class Outcomes:
    """Rows of region and period with one column per outcome, and remarks."""

    table: pa.Table
    groups: Mapping[str, str]
    remarks: tuple[str, ...]


def chosen_employment(
    activity: pa.Table, treated: set[str], options: PolicyOptions
) -> Employment:
    """Choose version and periods, correct misprints, settle blank cells.

    A region that lacks a period is left out of everything, totals included.
    """
    require_columns(
        activity,
        {n: n for n in ("region", "industry", "period", "employment")},
        where="activity",
    )
    cells = _one_version(activity, treated)
    period = np.array(text_of(cells, "period"))
    inside = np.ones(period.size, dtype=bool)
    if options.first_period:
        inside &= period >= options.first_period
    if options.last_period:
        inside &= period <= options.last_period
    inside &= ~np.isin(text_of(cells, "region"), options.drop_regions)
    cells = cells.filter(pa.array(inside))
    cells, corrected = _corrected(cells, options)
    cells, excluded, n_blank = _without_blanks(cells, options)
    excluded += [(r, "left out by an option") for r in options.drop_regions]
    return Employment(
        cells=cells,
        excluded=tuple(excluded),
        corrected=tuple(corrected),
        n_blank=n_blank,
    )


def _one_version(activity: pa.Table, treated: set[str]) -> pa.Table:
    """Keep the version of the codes in which most treated regions are found."""
    known = [v for v in _VERSIONS if v in activity.column_names]
    if not known:
        return activity
    keys = list(zip(*(text_of(activity, v) for v in known), strict=True))
    here = np.isin(text_of(activity, "region"), sorted(treated))
    count: dict[tuple[str, ...], int] = {}
    for key, yes in zip(keys, here, strict=True):
        count[key] = count.get(key, 0) + int(yes)
    best = max(sorted(count), key=lambda k: count[k])
    if not count[best]:
        msg = "No treated region is in the table 'activity': check the codes of both."
        raise OptionError(msg)
    return activity.filter(pa.array([k == best for k in keys]))


def _corrected(cells: pa.Table, options: PolicyOptions) -> tuple[pa.Table, list[str]]:
    if not options.corrections:
        return cells, []
    values = numbers_of(cells, "employment").copy()
    key = {
        k: i
        for i, k in enumerate(
            zip(
                *(text_of(cells, n) for n in ("region", "industry", "period")),
                strict=True,
            )
        )
    }
    done = []
    for line in options.corrections:
        region, industry, period, value = (p.strip() for p in line.split(","))
        at = key.get((region, industry, period))
        if at is None:
            msg = f"corrections: there is no cell {region}, {industry}, {period}."
            raise OptionError(msg)
        done.append(f"{region} {industry} {period}: {values[at]:g} → {float(value):g}")
        values[at] = float(value)
    place = cells.schema.get_field_index("employment")
    array = pa.array(values, from_pandas=True)
    return cells.set_column(place, "employment", array), done


def _without_blanks(
    cells: pa.Table, options: PolicyOptions
) -> tuple[pa.Table, list[tuple[str, str]], int]:
    region = np.array(text_of(cells, "region"))
    blank = ~np.isfinite(numbers_of(cells, "employment"))
    out: list[tuple[str, str]] = []
    if options.blank_cells == "drop":
        lost = sorted(set(region[blank].tolist()))
        out += [(r, "a cell without a value") for r in lost]
        keep = ~np.isin(region, lost)
    else:
        keep = ~blank
    period = np.array(text_of(cells, "period"))
    everywhere = set(period.tolist())
    seen: dict[str, set[str]] = {}
    for r, p in zip(region[keep].tolist(), period[keep].tolist(), strict=True):
        seen.setdefault(r, set()).add(p)
    short = sorted(r for r, have in seen.items() if have != everywhere)
    out += [(r, "not in every period") for r in short]
    keep &= ~np.isin(region, short)
    return cells.filter(pa.array(keep)), out, int(blank.sum())


def outcomes_of(
    employment: Employment, industries: pa.Table | None, options: PolicyOptions
) -> Outcomes:
    """Compute every measure per region and period, and inside groups of sectors."""
    cells = employment.cells
    sectors = sorted(set(text_of(cells, "industry")))
    parents = _mapping(industries, "parent", sectors)
    groups = _mapping(industries, options.group_column, sectors)
    named = sorted(
        g
        for g in set(groups.values())
        if list(groups.values()).count(g) >= _LEAST_IN_GROUP
    )
    code = np.array(text_of(cells, "industry"))
    member = np.array([groups.get(c, "") for c in code])
    parts, remarks = [], []
    columns = {f"{m}@{g}": g for g in named for m in ("ln_rzi", "ln_rdi")}
    for period in sorted(set(text_of(cells, "period"))):
        now = cells.filter(pc.equal(pc.cast(cells["period"], pa.string()), period))
        at = member[np.array(text_of(cells, "period")) == period]
        values, names, fragile = _measured(now, parents, options)
        if fragile:
            remarks.append(f"{period}: {fragile}")
        for group in named:
            values |= _inside(now.filter(pa.array(at == group)), names, group, options)
        n = len(names)
        parts.append(pa.table({"region": names, "period": [period] * n, **values}))
    return Outcomes(
        table=pa.concat_tables(parts), groups=columns, remarks=tuple(remarks)
    )


def _mapping(
    industries: pa.Table | None, column: str, sectors: list[str]
) -> dict[str, str]:
    """Give sector to word of a column; sectors without one are left out."""
    if industries is None or column not in industries.column_names:
        return {}
    pairs = zip(
        text_of(industries, "industry"), text_of(industries, column), strict=True
    )
    wanted = set(sectors)
    return {i: w for i, w in pairs if w and i in wanted}


def _measured(
    now: pa.Table, parents: dict[str, str], options: PolicyOptions
) -> tuple[dict[str, FloatArray], list[str], str]:
    found, fragile = _specialised(now, options)
    names = [str(r) for r in found.region]
    values: dict[str, FloatArray] = {
        name: np.asarray(getattr(found, name))
        for name in ("zi", "rzi", "di", "rdi", "ksi")
    }
    with np.errstate(divide="ignore", invalid="ignore"):
        values |= {f"ln_{name}": np.log(v) for name, v in values.items()}
    rows = now.select(["region", "industry", "employment"])
    if set(text_of(now, "industry")) <= set(parents):
        both = variety(rows, group=parents)
        values["entropy"] = np.asarray(both.values)
        values["related_variety"] = np.asarray(both.related)
        values["unrelated_variety"] = np.asarray(both.unrelated)
    else:
        values["entropy"] = np.asarray(entropy(rows, by="region").values)
    return values, names, fragile


def _specialised(now: pa.Table, options: PolicyOptions):  # type: ignore[no-untyped-def]  # noqa: ANN202
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", NumericsWarning)
        found = specialisation(
            now.select(["region", "industry", "employment"]),
            reference=options.reference,
            min_reference_share=options.min_reference_share or None,
            min_employment=options.min_employment or None,
        )
    return found, "; ".join(str(w.message) for w in caught)


def _inside(
    part: pa.Table, names: list[str], group: str, options: PolicyOptions
) -> dict[str, FloatArray]:
    """Give RZI and RDI among the sectors of one group; NaN for regions without them."""
    found, _ = _specialised(part, options)
    place = {str(r): i for i, r in enumerate(found.region)}
    at = np.array([place.get(n, -1) for n in names])
    out = {}
    for name in ("rzi", "rdi"):
        with np.errstate(divide="ignore", invalid="ignore"):
            value = np.log(np.asarray(getattr(found, name)))
        out[f"ln_{name}@{group}"] = np.where(at >= 0, value[np.maximum(at, 0)], np.nan)
    return out
