"""Stage `sensitivity`: the same verdicts with other numbers of groups and counting rules."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import pyarrow as pa

from agglo.core.options import MonteCarlo, Permutation
from agglo.networks import (
    complementarity,
    core_count,
    cross_regional_propensity,
    profiles,
)
from agglo.studies.columns import text_of
from agglo.studies.contract import StageOutput
from agglo.studies.networks.complement import oriented_crosstab, pair_verdict
from agglo.studies.networks.groups import em_groups, named_groups
from agglo.studies.networks.hierarchy import city_events
from agglo.studies.networks.integration import (
    comparable,
    groups_of,
    hierarchy_table,
    pattern_of,
)
from agglo.studies.networks.layers import (
    BRANCH,
    COPATENT,
    branch_layer,
    copatent_layer,
    rows_of,
)
from agglo.studies.networks.options import NetworksOptions
from agglo.studies.networks.trimming import trimmed

if TYPE_CHECKING:
    from agglo.core.typing import Json
    from agglo.studies.contract import StageInputs

__all__ = ["sensitivity"]

_AROUND = (-2, -1, 1, 2)
_COUNTING = ("full", "fractional", "newman")
_GAPS = (1.25, 1.5, 2.0)
_MOST = (4, 6, 8)
# what a branch may count, and the column that it needs
_WEIGHTS: dict[Literal["count", "employment", "log1p_capital"], str] = {
    "count": "",
    "employment": "employment",
    "log1p_capital": "capital",
}
Row = Mapping[str, str]


def sensitivity(inputs: StageInputs) -> StageOutput:
    """Repeat the verdicts of F1 to F5 on a grid around the choices of the study.

    Parameters
    ----------
    inputs
        With all earlier stages; optional ``patents``, ``link_events``, ``establishments``
        and ``ownership``.

    Returns
    -------
    StageOutput
        Table ``sensitivity`` (finding, choice, value, verdict, same).
    """
    options = inputs.options_as(NetworksOptions)
    rows: list[dict[str, str]] = []
    if options.sensitivity:
        rows += _group_rows(inputs, options)
        rows += _counting_rows(inputs, options)
        rows += _core_rows(inputs, options)
        rows += _weight_rows(inputs, options)
        rows += _level_rows(inputs, options)
    names = ("finding", "choice", "value", "verdict", "main", "same")
    columns = {n: pa.array([r[n] for r in rows], pa.string()) for n in names}
    return StageOutput(tables={"sensitivity": pa.table(columns)})


def _row(
    finding: str, choice: str, value: str, verdict: str, main: str
) -> dict[str, str]:
    return {
        "finding": finding,
        "choice": choice,
        "value": value,
        "verdict": verdict,
        "main": main,
        "same": "yes" if verdict == main else "no",
    }


def _pattern_word(part: Json) -> str:
    """Write integrated and bounded cities as one word, to be compared."""
    if not isinstance(part, dict):
        return ""
    words = []
    for name in ("integrated", "bounded"):
        places = part.get(name)
        listed = " ".join(map(str, places)) if isinstance(places, list) else ""
        words.append(f"{name}: {listed or 'none'}")
    return "; ".join(words)


def _group_rows(inputs: StageInputs, options: NetworksOptions) -> list[dict[str, str]]:
    notes = inputs.document("integration", "integration_notes")
    if not isinstance(notes, dict) or notes.get("missing") or options.groups != "em":
        return []
    now, _ = trimmed(inputs.result("prepare", "activity_now"), options)
    n = len(set(text_of(now, "industry")))
    k = len(set(groups_of(inputs).values()))
    main = notes.get("verdicts")
    events = inputs.result("prepare", "events")
    out = []
    for step in _AROUND:
        if not 2 <= k + step < n:
            continue
        of = named_groups(em_groups(now, options, inputs.seed, k=k + step))
        for layer in main if isinstance(main, dict) else ():
            rows = comparable(inputs, rows_of(events, layer), of)
            pattern = pattern_of(inputs, rows, of, None)
            named: dict[str, Json] = {
                w: list(pattern.named(w)) for w in ("integrated", "bounded")
            }
            before = main.get(layer) if isinstance(main, dict) else None
            out.append(
                _row(
                    "F1",
                    f"groups ({layer})",
                    str(k + step),
                    _pattern_word(named),
                    _pattern_word(before),
                )
            )
    return out


def _counting_rows(
    inputs: StageInputs, options: NetworksOptions
) -> list[dict[str, str]]:
    if not inputs.has("patents") or options.joint_layer != COPATENT:
        return []
    hierarchy = inputs.document("hierarchy", "hierarchy_notes")
    layer = hierarchy.get(COPATENT) if isinstance(hierarchy, dict) else None
    if not isinstance(layer, dict) or not isinstance(layer.get("city"), dict):
        return []
    places = inputs.result("prepare", "places").to_pylist()
    districts = {str(r["region"]) for r in places if r["scale"] == "district"}
    regions = hierarchy_table(inputs)
    complement = inputs.document("complement", "complement_notes")
    out = []
    for counting in _COUNTING:
        if counting == options.counting:
            continue
        events = copatent_layer(inputs, options, districts, {}, counting)
        if events is None:
            continue
        for scale, links in _scales(events, regions, layer).items():
            found = layer[scale]
            cores = core_count(
                links,
                directed=False,
                k_max=options.max_cores,
                min_gap=options.min_gap,
                inference=MonteCarlo(n=options.core_draws, seed=inputs.seed),
            )
            main = str(found["verdict"]) if isinstance(found, dict) else ""
            choice = f"counting ({scale})"
            out.append(_row("F3", choice, counting, cores.verdict, main))
        if isinstance(complement, dict) and complement.get("verdict"):
            word = _pair_word(inputs, options, events, regions, complement)
            out.append(
                _row("F4", "counting", counting, word, str(complement["verdict"]))
            )
    return out


def _pair_word(
    inputs: StageInputs,
    options: NetworksOptions,
    events: pa.Table,
    regions: pa.Table,
    complement: dict[str, Json],
) -> str:
    pairs = complementarity(
        profiles(events, level="city", regions=regions),
        inference=Permutation(n=options.class_draws, seed=inputs.seed),
    )
    pair = complement["pair"]
    names = tuple(map(str, pair)) if isinstance(pair, list) else ("", "")
    table = oriented_crosstab(events, regions, (names[0], names[1]), options)
    return str(pair_verdict(pairs, table, options.alpha)["verdict"])


def _level_rows(inputs: StageInputs, options: NetworksOptions) -> list[dict[str, str]]:
    """Ask which classes cross regions between districts instead of cities."""
    notes = inputs.document("crossing", "crossing_notes")
    main = notes.get("verdicts") if isinstance(notes, dict) else None
    coverage = inputs.document("prepare", "coverage")
    levels = coverage.get("levels") if isinstance(coverage, dict) else None
    nested = isinstance(levels, dict) and bool(levels.get("city"))
    if not isinstance(main, dict) or not nested:
        return []
    found = cross_regional_propensity(
        inputs.result("prepare", "inventions"),
        confidence=options.level,
        alpha=options.alpha,
    )
    return [
        _row("F5", f"level ({k})", "district", str(v), str(main.get(str(k))))
        for k, v in zip(found.klass, found.verdict, strict=True)
    ]


def _core_rows(inputs: StageInputs, options: NetworksOptions) -> list[dict[str, str]]:
    """Ask the cores of both layers and scales again.

    With other smallest gaps, and with other numbers of cores at most.
    """
    import math

    notes = inputs.document("hierarchy", "hierarchy_notes")
    events = inputs.result("prepare", "events")
    regions = hierarchy_table(inputs)
    out = []
    for layer, finding in ((BRANCH, "F2"), (COPATENT, "F3")):
        part = notes.get(layer) if isinstance(notes, dict) else None
        if not isinstance(part, dict) or layer not in text_of(events, "layer"):
            continue
        rows = rows_of(events, layer)
        for scale, at_scale in _scales(rows, regions, part).items():
            found = part[scale]
            main = str(found["verdict"]) if isinstance(found, dict) else ""

            def verdict(
                k_max: int,
                gap: float,
                links: pa.Table = at_scale,
                directed: bool = layer == BRANCH,
            ) -> str:
                return core_count(
                    links,
                    directed=directed,
                    k_max=k_max,
                    min_gap=gap,
                    inference=MonteCarlo(n=options.core_draws, seed=inputs.seed),
                ).verdict

            kept = (options.max_cores, options.min_gap)
            for ratio in _GAPS:
                gap = math.log(ratio)
                if not math.isclose(gap, options.min_gap):
                    word = verdict(kept[0], gap)
                    choice = f"min_gap ({scale})"
                    out.append(_row(finding, choice, f"ln {ratio:g}", word, main))
            for most in _MOST:
                if most != options.max_cores:
                    word = verdict(most, kept[1])
                    choice = f"max_cores ({scale})"
                    out.append(_row(finding, choice, str(most), word, main))
    return out


def _scales(
    rows: pa.Table, regions: pa.Table, part: dict[str, Json]
) -> dict[str, pa.Table]:
    """Give the links of every scale that was answered."""
    out = {}
    if isinstance(part.get("city"), dict):
        out["city"] = city_events(rows, regions)
    if isinstance(part.get("district"), dict):
        out["district"] = rows
    return out


def _weight_rows(inputs: StageInputs, options: NetworksOptions) -> list[dict[str, str]]:
    """Ask the cores again with branches that count by their size, from a register."""
    coverage = inputs.document("prepare", "coverage")
    hierarchy = inputs.document("hierarchy", "hierarchy_notes")
    layer = hierarchy.get(BRANCH) if isinstance(hierarchy, dict) else None
    made = isinstance(coverage, dict) and "branch_counts" in coverage
    if not made or not isinstance(layer, dict):
        return []
    columns = inputs.table("establishments").column_names
    places = inputs.result("prepare", "places").to_pylist()
    districts = {str(r["region"]) for r in places if r["scale"] == "district"}
    out = []
    for weight, column in _WEIGHTS.items():
        if weight == options.branch_weight or (column and column not in columns):
            continue
        other = dataclasses.replace(options, branch_weight=weight)
        events = branch_layer(inputs, other, districts, {})
        if events is None:
            continue
        for scale, links in _scales(events, hierarchy_table(inputs), layer).items():
            part = layer[scale]
            found = core_count(
                links,
                k_max=options.max_cores,
                min_gap=options.min_gap,
                inference=MonteCarlo(n=options.core_draws, seed=inputs.seed),
            )
            main = str(part["verdict"]) if isinstance(part, dict) else ""
            choice = f"branch_weight ({scale})"
            out.append(_row("F2", choice, weight, found.verdict, main))
    return out
