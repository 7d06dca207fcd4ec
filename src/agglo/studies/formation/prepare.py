"""Stage `prepare`: one panel of sub-industries, and the clusters that are looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.errors import OptionError, RunError, suggest
from agglo.core.frames import float_column
from agglo.studies.columns import text_of
from agglo.studies.contract import StageOutput
from agglo.studies.formation.options import FormationOptions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from agglo.core.typing import Json, Lang
    from agglo.studies.contract import StageInputs

__all__ = ["NO_GROUP", "PREPARED", "prepare"]

PREPARED = "prepare"
NO_GROUP = "_other"
_NUMBERS = ("employment", "establishments", "payroll", "entries", "exits")
_LARGE = 500.0


def prepare(inputs: StageInputs) -> StageOutput:
    """Build the panel and choose the clusters.

    Parameters
    ----------
    inputs
        `cluster_panel`, or `activity` with `definitions` (or digits of the codes);
        optional `members` and `regions`.

    Returns
    -------
    StageOutput
        Tables ``panel`` and ``clusters``; document ``coverage``.
    """
    options = inputs.options_as(FormationOptions)
    panel = _panel(inputs, options)
    names = _region_names(inputs)
    first = names["zh" if inputs.project.language == "zh" else "en"]
    chosen, why = _chosen(inputs, options, panel)
    parts = [c.partition("|") for c in chosen]
    region = [p[0] for p in parts]
    clusters = pa.table(
        {
            "cluster": pa.array(chosen, pa.string()),
            "region": pa.array(region, pa.string()),
            "group": pa.array([p[2] for p in parts], pa.string()),
            "name": _cluster_names(parts, first, ": "),
            "name_en": _cluster_names(parts, names["en"], ": "),
            "name_zh": _cluster_names(parts, names["zh"], "："),
        }
    )
    periods = sorted(set(text_of(panel, "period")))
    coverage: dict[str, Json] = {
        "clusters": len(chosen),
        "chosen": why,
        "regions": len(set(text_of(panel, "region"))),
        "groups": len(set(text_of(panel, "group")) - {NO_GROUP}),
        "periods": list(periods),
        "rows": int(panel.num_rows),
        "missing": int(panel["employment"].null_count),
        "members": inputs.has("members"),
        "edges": inputs.has("edges"),
        "events": inputs.has("events"),
        "answers": inputs.has("answers"),
    }
    return StageOutput(
        tables={"panel": panel, "clusters": clusters}, documents={"coverage": coverage}
    )


def _panel(inputs: StageInputs, options: FormationOptions) -> pa.Table:
    if inputs.has("cluster_panel"):
        given = inputs.table("cluster_panel")
        return _laid_out(given, text_of(given, "group"))
    if not inputs.has("activity"):
        msg = "The study needs `cluster_panel`, or `activity` with `definitions`."
        raise RunError(msg)
    given = _one_version(inputs.table("activity"), options.industry_version)
    codes = text_of(given, "industry")
    if options.group_digits:
        return _laid_out(given, [c[: options.group_digits] for c in codes])
    if not inputs.has("definitions"):
        msg = (
            "The study needs `definitions` to know which industries form a cluster. "
            "Import them, or set group_digits."
        )
        raise RunError(msg)
    held = inputs.table("definitions")
    group = dict(zip(text_of(held, "industry"), text_of(held, "cluster"), strict=True))
    found = [group.get(c, NO_GROUP) for c in codes]
    if all(g == NO_GROUP for g in found):
        msg = "No industry of `activity` is in `definitions`: are the codes the same?"
        raise RunError(msg)
    return _laid_out(given, found)


def _one_version(table: pa.Table, wanted: str) -> pa.Table:
    versions = sorted(set(text_of(table, "industry_version")))
    if wanted:
        if wanted not in versions:
            hint = suggest(wanted, versions)
            msg = f"industry_version={wanted!r} is not in `activity`. {hint}".rstrip()
            msg = f"{msg} Versions: {versions}"
            raise OptionError(msg)
        keep = np.array(text_of(table, "industry_version")) == wanted
        return table.filter(pa.array(keep))
    if len(versions) > 1:
        msg = f"`activity` has several industry versions: set industry_version to one of {versions}."
        raise OptionError(msg)
    return table


def _laid_out(table: pa.Table, group: list[str]) -> pa.Table:
    columns = {
        "region": pa.array(text_of(table, "region"), pa.string()),
        "group": pa.array(group, pa.string()),
        "industry": pa.array(text_of(table, "industry"), pa.string()),
        "period": pa.array(text_of(table, "period"), pa.string()),
    }
    for name in _NUMBERS:
        columns[name] = (
            pc.cast(table[name], pa.float64())
            if name in table.column_names
            else pa.nulls(table.num_rows, pa.float64())
        )
    return pa.table(columns)


def _cluster_names(
    parts: Sequence[tuple[str, str, str]], regions: Mapping[str, str], colon: str
) -> pa.Array:
    shown = [f"{regions.get(r, r)}{colon}{g}" if g else r for r, _, g in parts]
    return pa.array(shown, pa.string())


def _region_names(inputs: StageInputs) -> dict[Lang, dict[str, str]]:
    """Give the names of regions by language; the other one where one is missing."""
    if not inputs.has("regions"):
        return {"en": {}, "zh": {}}
    table = inputs.table("regions")
    codes = text_of(table, "region")
    en, zh = (
        {r: n for r, n in zip(codes, text_of(table, key), strict=True) if n}
        for key in ("name_en", "name_zh")
    )
    return {"en": {**zh, **en}, "zh": {**en, **zh}}


def _chosen(
    inputs: StageInputs, options: FormationOptions, panel: pa.Table
) -> tuple[list[str], str]:
    """Give the ids of the clusters, and how they were chosen."""
    pairs = zip(text_of(panel, "region"), text_of(panel, "group"), strict=True)
    known = {f"{r}|{g}" for r, g in pairs if g != NO_GROUP}
    own = (
        set(text_of(inputs.table("members"), "cluster"))
        if inputs.has("members")
        else set()
    )
    own -= {"*", ""}
    if options.clusters:
        lost = sorted(set(options.clusters) - known - own)
        if lost:
            hint = suggest(lost[0], sorted(known | own))
            msg = f"clusters={lost[:5]} are neither in the panel nor in members. {hint}"
            raise OptionError(msg.rstrip())
        return sorted(set(options.clusters)), "named in the options"
    if own:
        return sorted(own), "all clusters with members"
    return _most_specialised(panel, options.n_cards), "the most specialised large ones"


def _most_specialised(panel: pa.Table, n: int) -> list[str]:
    last = max(text_of(panel, "period"))
    now = panel.filter(pc.equal(panel["period"], last))
    jobs = np.nan_to_num(float_column(now, "employment"))
    regions, r = np.unique(text_of(now, "region"), return_inverse=True)
    groups, g = np.unique(text_of(now, "group"), return_inverse=True)
    table = np.zeros((regions.size, groups.size))
    np.add.at(table, (r, g), jobs)
    with np.errstate(divide="ignore", invalid="ignore"):
        lq = (table / table.sum(axis=1, keepdims=True)) / (
            table.sum(axis=0) / table.sum()
        )
    usable: Mapping[tuple[int, int], float] = {
        (int(i), int(j)): float(lq[i, j])
        for i, j in np.argwhere(table >= _LARGE)
        if groups[j] != NO_GROUP
    }
    best = sorted(usable, key=lambda k: (-usable[k], k))[:n]
    return sorted(f"{regions[i]}|{groups[j]}" for i, j in best)
