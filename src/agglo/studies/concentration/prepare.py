"""Stage `prepare`: one period and one version of the codes, with names and coverage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.errors import InvalidTableError
from agglo.core.frames import float_column, string_column
from agglo.studies.concentration.definitions import sets_of
from agglo.studies.concentration.options import ConcentrationOptions
from agglo.studies.concentration.scope import choose_scope, rows_of
from agglo.studies.contract import StageOutput

if TYPE_CHECKING:
    from agglo.core.typing import BoolArray, FloatArray, Json, Lang
    from agglo.studies.contract import StageInputs

__all__ = ["prepare", "whole_counts"]

_NUMBERS = (
    "employment",
    "establishments",
    "payroll",
    "employment_lower",
    "employment_upper",
)
_MANY_CELLS = 300
# sectors of NAICS that span several two-digit codes
_NAICS_SPANS: Mapping[str, str] = {
    "32": "31",
    "33": "31",
    "45": "44",
    "49": "48",
}


def prepare(inputs: StageInputs) -> StageOutput:
    """Choose period and versions, keep their cells, and say what is hidden.

    Parameters
    ----------
    inputs
        Tables ``activity``; optional ``regions``, ``industries``, ``definitions`` (for
        names) and ``establishments``.

    Returns
    -------
    StageOutput
        Tables ``cells``, ``region_names``, ``industry_names``; document ``coverage``.

    Raises
    ------
    InvalidTableError
        If the chosen rows hold no employment column.
    OptionError
        If an option names a period or version that is not there.
    """
    options = inputs.options_as(ConcentrationOptions)
    activity = inputs.table("activity")
    if "employment" not in activity.column_names:
        msg = (
            "The activity table has no column 'employment', which the profile measures."
        )
        raise InvalidTableError(msg)
    scope = choose_scope(activity, options)
    cells = _cells(
        rows_of(
            activity,
            period=scope.period,
            region_version=scope.region_version,
            industry_version=scope.industry_version,
        )
    )
    regions = _names(cells, inputs, "region", "regions", "")
    industries = _names(cells, inputs, "industry", "industries", scope.industry_version)
    industries = _with_clusters(industries, inputs)
    industries = _with_groups(
        industries, options.variety_digits, scope.industry_version
    )
    plants, note = _plants(inputs, cells)
    coverage = {
        "scope": scope.to_dict(),
        **_coverage(cells),
        "plants": plants,
        "plants_note": note,
    }
    return StageOutput(
        tables={
            "cells": cells,
            "region_names": regions,
            "industry_names": industries,
        },
        documents={"coverage": coverage},
    )


def _cells(rows: pa.Table) -> pa.Table:
    """Keep the columns of the profile, in order of region and industry."""
    columns = {
        "region": pc.cast(rows["region"], pa.string()),
        "industry": pc.cast(rows["industry"], pa.string()),
    }
    for name in _NUMBERS:
        if name in rows.column_names:
            columns[name] = pc.cast(rows[name], pa.float64())
    if "flag" in rows.column_names:
        columns["flag"] = pc.fill_null(pc.cast(rows["flag"], pa.string()), "")
    table = pa.table(columns)
    order = pc.sort_indices(
        table, sort_keys=[("region", "ascending"), ("industry", "ascending")]
    )
    return table.take(order)


def _names(
    cells: pa.Table, inputs: StageInputs, key: str, table: str, version: str
) -> pa.Table:
    """Give every code of the cells its name; a code without one is its own name."""
    codes = sorted(pc.unique(cells[key]).to_pylist())
    named: dict[Lang, dict[str, str]] = {"en": {}, "zh": {}}
    parents: dict[str, str] = {}
    if inputs.has(table):
        source = inputs.table(table)
        if version and "classification" in source.column_names:
            known = pc.equal(pc.cast(source["classification"], pa.string()), version)
            if pc.any(known).as_py():
                source = source.filter(pc.fill_null(known, False))
        en, zh = (
            _pairs(source, key, name) if name in source.column_names else {}
            for name in ("name_en", "name_zh")
        )
        named = {"en": {**zh, **en}, "zh": {**en, **zh}}
        if "parent" in source.column_names:
            parents = _pairs(source, key, "parent")
    shown = {lang: _told_apart(codes, names, parents) for lang, names in named.items()}
    return pa.table(
        {
            key: pa.array(codes, pa.string()),
            "name": pa.array(shown[inputs.project.language], pa.string()),
            "name_en": pa.array(shown["en"], pa.string()),
            "name_zh": pa.array(shown["zh"], pa.string()),
            "parent": pa.array([parents.get(c, "") for c in codes], pa.string()),
            "top": pa.array([_top(c, parents) for c in codes], pa.string()),
        }
    )


def _told_apart(
    codes: list[str], names: dict[str, str], parents: dict[str, str]
) -> list[str]:
    """Give a name per code; of one name in several places, with that of the parent."""
    shown = [names.get(c, c) for c in codes]
    times = Counter(shown)
    return [
        f"{n}, {names[parents[c]]}" if times[n] > 1 and parents.get(c) in names else n
        for c, n in zip(codes, shown, strict=True)
    ]


def _top(code: str, parents: dict[str, str]) -> str:
    """Climb to the highest parent; empty where there is none or the tree has a loop."""
    seen = {code}
    at = code
    while at in parents:
        at = parents[at]
        if at in seen:
            return ""
        seen.add(at)
    return "" if at == code else at


def _pairs(table: pa.Table, key: str, value: str) -> dict[str, str]:
    pairs = zip(string_column(table, key), string_column(table, value), strict=True)
    return {str(k): str(v) for k, v in pairs if k is not None and v}


def _with_clusters(industries: pa.Table, inputs: StageInputs) -> pa.Table:
    """Show industries that have no name as part of their cluster in the first set."""
    if not inputs.has("definitions"):
        return industries
    first = next(iter(sets_of(inputs.table("definitions")).values()))
    clusters = _pairs(first, "industry", "cluster")
    chinese = inputs.project.language == "zh"
    for column in ("name", "name_en", "name_zh"):
        zh = column == "name_zh" or (column == "name" and chinese)
        text = "{}，属“{}”" if zh else "{}, part of {}"
        codes, names = (industries[k].to_pylist() for k in ("industry", column))
        shown = [
            text.format(c, clusters[c]) if n == c and c in clusters else n
            for c, n in zip(codes, names, strict=True)
        ]
        place = industries.schema.get_field_index(column)
        industries = industries.set_column(place, column, pa.array(shown, pa.string()))
    return industries


def _with_groups(industries: pa.Table, digits: int, version: str) -> pa.Table:
    """Add the group of variety: the highest parent if all have one, else leading characters."""
    codes = industries["industry"].to_pylist()
    tops = industries["top"].to_pylist()
    if all(tops) and len(set(tops)) > 1:
        groups = tops
    else:
        groups = [c[:digits] for c in codes]
        if "naics" in version.lower() and digits == 2:
            groups = [_NAICS_SPANS.get(g, g) for g in groups]
    return industries.append_column("group", pa.array(groups, pa.string()))


def _coverage(cells: pa.Table) -> dict[str, Json]:
    """Count what is known, hidden and bounded."""
    size = float_column(cells, "employment")
    hidden = np.isnan(size)
    confidential = np.zeros(size.size, dtype=bool)
    if "flag" in cells.column_names:
        confidential = hidden & (string_column(cells, "flag") == "c")
    lower, upper = _bounds(cells, hidden)
    whole = whole_counts(cells)
    out: dict[str, Json] = {
        "n_cells": int(size.size),
        "n_regions": int(pc.count_distinct(cells["region"]).as_py()),
        "n_industries": int(pc.count_distinct(cells["industry"]).as_py()),
        "n_unknown": int(hidden.sum()),
        "n_confidential": int(confidential.sum()),
        "employment": float(np.nansum(size)),
        "hidden_lower": float(lower),
        "hidden_upper": None if np.isinf(upper) else float(upper),
        "counts": whole,
    }
    if whole != "absent":
        number = float_column(cells, "establishments")
        total = float(np.nansum(number))
        least = float(np.nanmin(number))
        out["establishments"] = total
        out["least_establishments"] = least
        # hundreds of cells and not one small one: the publisher drops them
        out["drops_small_cells"] = bool(least >= 2 and size.size >= _MANY_CELLS)
        share = float(np.nansum(number[hidden])) / total if total > 0 else 0.0
        out["hidden_establishments_share"] = share
    return out


def _bounds(cells: pa.Table, hidden: BoolArray) -> tuple[float, float]:
    def sum_of(name: str, default: float) -> float:
        if not hidden.any():
            return 0.0
        if name not in cells.column_names:
            return default * float(hidden.sum()) if default else 0.0
        values: FloatArray = float_column(cells, name)[hidden]
        return float(np.where(np.isnan(values), default, values).sum())

    return sum_of("employment_lower", 0.0), sum_of("employment_upper", np.inf)


def whole_counts(cells: pa.Table) -> str:
    """Say whether plant counts can be used: ``ok``, ``absent`` or ``fractional``."""
    if "establishments" not in cells.column_names:
        return "absent"
    number = float_column(cells, "establishments")
    known = number[np.isfinite(number)]
    if known.size == 0 or not (known > 0).any():
        return "absent"
    if np.isnan(number).mean() > 0.5:
        return "absent"
    return "ok" if np.all(known == np.rint(known)) else "fractional"


def _plants(inputs: StageInputs, cells: pa.Table) -> tuple[bool, str]:
    """Say whether single plants cover the same cells as the activity table."""
    if not inputs.has("establishments"):
        return False, "no table of single plants"
    plants = inputs.table("establishments")
    if "employment" not in plants.column_names or plants.num_rows == 0:
        return False, "the plants have no sizes"
    known = pa.table(
        {k: pc.cast(plants[k], pa.string()) for k in ("region", "industry")}
    )
    grouped = known.group_by(["region", "industry"]).aggregate([])
    joined = grouped.join(cells.select(["region", "industry"]), ["region", "industry"])
    inner = grouped.join(
        cells.select(["region", "industry"]), ["region", "industry"], join_type="inner"
    )
    share = inner.num_rows / max(joined.num_rows, cells.num_rows)
    if share < 0.9:
        return False, f"the plants cover {share:.0%} of the cells: cell means are used"
    return True, f"single plants cover {share:.0%} of the cells"
