"""Stage `prepare`: regions of both levels, links of both layers, activity, classes."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.errors import OptionError, suggest
from agglo.studies.columns import text_of, texts
from agglo.studies.contract import StageOutput
from agglo.studies.networks.columns import among
from agglo.studies.networks.inventions import classified
from agglo.studies.networks.layers import branch_layer, copatent_layer, note_part
from agglo.studies.networks.options import NetworksOptions
from agglo.studies.networks.versions import links_in_one_version, one_version

if TYPE_CHECKING:
    from agglo.core.typing import Json
    from agglo.studies.contract import StageInputs

__all__ = ["prepare"]

_ENDS = {
    "link_events": ("origin", "destination"),
    "patents": ("region",),
    "establishments": ("region",),
}
_PLACES = ("region", "name_en", "name_zh", "level", "parent")


def prepare(inputs: StageInputs) -> StageOutput:
    """Choose levels and periods, make the links, say what is missing.

    Parameters
    ----------
    inputs
        Table ``regions``; optional ``industries``, ``activity``, ``link_events``,
        ``establishments``, ``ownership``, ``patents``, ``concordances``.

    Returns
    -------
    StageOutput
        Tables ``places``, ``events``, ``inventions``, ``activity_now``,
        ``activity_before``; document ``coverage`` with what is missing for which finding.

    Raises
    ------
    OptionError
        If a level or period is not there.
    InvalidTableError, AlignmentError
        With every problem of a table.
    """
    options = inputs.options_as(NetworksOptions)
    places, levels = _places(inputs, options)
    here = set(text_of(places, "region"))
    districts = {
        r
        for r, k in zip(
            text_of(places, "region"), text_of(places, "scale"), strict=True
        )
        if k == "district"
    }
    notes: dict[str, Json] = {"levels": dict(levels), "missing": {}, "left_out": {}}
    layers = [
        branch_layer(inputs, options, districts, notes),
        copatent_layer(inputs, options, districts, notes),
    ]
    now, before = _activity(inputs, options, districts, notes)
    made = set(text_of(now, "industry")) | set(text_of(before, "industry"))
    inventions = classified(inputs, districts, notes)
    found = [
        links_in_one_version(inputs, t, made, notes) for t in layers if t is not None
    ]
    notes["layers"] = [*sorted({str(t["layer"][0]) for t in found})]
    notes["regions"] = len(here)
    return StageOutput(
        tables={
            "places": places,
            "events": pa.concat_tables(found) if found else _no_events(),
            "inventions": inventions,
            "activity_now": now,
            "activity_before": before,
        },
        documents={"coverage": notes},
    )


def _places(
    inputs: StageInputs, options: NetworksOptions
) -> tuple[pa.Table, dict[str, str]]:
    """Give districts and cities; where nothing lies above, the districts are both."""
    table = inputs.table("regions")
    codes, level = text_of(table, "region"), text_of(table, "level")
    parent = dict(zip(codes, text_of(table, "parent"), strict=True))
    level_of = dict(zip(codes, level, strict=True))
    fine = options.district_level or _usual_level(inputs, level_of)
    if fine not in level:
        msg = f"district_level={fine!r}: no region has it. {suggest(fine, sorted(set(level)))}"
        raise OptionError(msg.rstrip())
    below = [c for c in codes if level_of[c] == fine]
    above = {c: _climb(c, parent, level_of, options.city_level) for c in below}
    nested = all(above.values()) and bool(below)
    if options.city_level is not None and not nested:
        lost = [c for c in below if not above[c]][:10]
        msg = f"city_level={options.city_level!r}: these lie in no such region: {lost}"
        raise OptionError(msg)
    cities = sorted(set(above.values())) if nested else sorted(below)
    city_of = above if nested else {c: c for c in below}
    rows = [(c, "city", c) for c in cities]
    rows += [(c, "district", city_of[c]) for c in sorted(below)]
    at = {c: i for i, c in enumerate(codes)}
    order = pa.array([at[c] for c, _, _ in rows])
    kept = {n: texts(text_of(table, n)).take(order) for n in _PLACES}
    kept["scale"] = texts([s for _, s, _ in rows])
    kept["city"] = texts([c for _, _, c in rows])
    for name in ("lon", "lat"):
        if name in table.column_names:
            kept[name] = table[name].cast(pa.float64()).combine_chunks().take(order)
        else:
            kept[name] = pa.nulls(len(rows), pa.float64())
    city = level_of[cities[0]] if nested and cities else ""
    return pa.table(kept), {"district": fine, "city": city}


def _usual_level(inputs: StageInputs, level_of: dict[str, str]) -> str:
    """Give the level of most ends of links."""
    count: Counter[str] = Counter()
    for name, columns in _ENDS.items():
        if not inputs.has(name):
            continue
        for column in columns:
            for code in text_of(inputs.table(name), column):
                if code in level_of:
                    count[level_of[code]] += 1
    if not count:
        # without any tie there are still groups of industries and options of regions
        for code in (
            text_of(inputs.table("activity"), "region")
            if inputs.has("activity")
            else ()
        ):
            if code in level_of:
                count[level_of[code]] += 1
    if not count:
        msg = (
            "No link, patent, establishment or activity lies in a region of the table "
            "`regions`."
        )
        raise OptionError(msg)
    return max(sorted(count), key=lambda k: count[k])


def _climb(
    code: str, parent: dict[str, str], level_of: dict[str, str], wanted: str | None
) -> str:
    above = parent.get(code, "")
    for _ in range(32):
        if not above or above not in level_of:
            return ""
        if wanted is None or level_of[above] == wanted:
            return above
        above = parent.get(above, "")
    return ""


def _activity(
    inputs: StageInputs,
    options: NetworksOptions,
    districts: set[str],
    notes: dict[str, Json],
) -> tuple[pa.Table, pa.Table]:
    """Give the activity of the last period and of the one before, zero where absent."""
    missing = note_part(notes, "missing")
    value = options.activity_value
    if not inputs.has("activity"):
        missing["activity"] = "activity"
        return _no_activity(), _no_activity()
    table = inputs.table("activity")
    if value not in table.column_names:
        missing["activity"] = f"activity.{value}"
        return _no_activity(), _no_activity()
    table = among(table, "region", districts)
    if table.num_rows == 0:
        missing["activity"] = "activity (no row of the regions)"
        return _no_activity(), _no_activity()
    table = one_version(inputs, table, value, options.industry_version, notes)
    periods = sorted(set(text_of(table, "period")))
    last = options.activity_period or periods[-1]
    if last not in periods:
        msg = f"activity_period={last!r} is not among {periods[:20]}."
        raise OptionError(msg)
    earlier = [p for p in periods if p < last]
    if options.activity_before is not None:
        if options.activity_before not in earlier:
            msg = f"activity_before={options.activity_before!r} is not among {earlier[:20]}."
            raise OptionError(msg)
        earlier = [options.activity_before]
    notes["activity_period"] = last
    notes["activity_before"] = earlier[-1] if earlier else ""
    now = _slim(among(table, "period", [last]), value)
    notes["activity_unknown"] = int(now["amount"].null_count)
    now = now.filter(now["amount"].is_valid())
    if not earlier:
        return now, _no_activity()
    before = _slim(among(table, "period", earlier[-1:]), value)
    return now, before.filter(before["amount"].is_valid())


def _slim(table: pa.Table, value: str) -> pa.Table:
    amount = table[value].cast(pa.float64())
    return pa.table(
        {
            "region": texts(text_of(table, "region")),
            "industry": texts(text_of(table, "industry")),
            "amount": amount.combine_chunks(),
        }
    )


def _no_activity() -> pa.Table:
    return pa.table(
        {
            "region": pa.array([], pa.string()),
            "industry": pa.array([], pa.string()),
            "amount": pa.array(np.zeros(0)),
        }
    )


def _no_events() -> pa.Table:
    words = ("layer", "period", "event", "origin", "destination")
    columns = {w: pa.array([], pa.string()) for w in words}
    return pa.table({**columns, "weight": pa.array(np.zeros(0))})
