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
        rows += _gap_rows(inputs, options)
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
    if not inputs.has("patents"):
        return []
    hierarchy = inputs.document("hierarchy", "hierarchy_notes")
    layer = hierarchy.get(COPATENT) if isinstance(hierarchy, dict) else None
    city = layer.get("city") if isinstance(layer, dict) else None
    if not isinstance(city, dict):
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
        cores = core_count(
            city_events(events, regions),
            directed=False,
            k_max=options.max_cores,
            min_gap=options.min_gap,
            inference=MonteCarlo(n=options.core_draws, seed=inputs.seed),
        )
        out.append(
            _row("F3", "counting", counting, cores.verdict, str(city["verdict"]))
        )
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


def _gap_rows(inputs: StageInputs, options: NetworksOptions) -> list[dict[str, str]]:
    """Ask the cores again with other smallest gaps."""
    import math

    notes = inputs.document("hierarchy", "hierarchy_notes")
    events = inputs.result("prepare", "events")
    regions = hierarchy_table(inputs)
    out = []
    for layer, finding in ((BRANCH, "F2"), (COPATENT, "F3")):
        part = notes.get(layer) if isinstance(notes, dict) else None
        city = part.get("city") if isinstance(part, dict) else None
        if not isinstance(city, dict) or layer not in text_of(events, "layer"):
            continue
        rows = city_events(rows_of(events, layer), regions)
        for ratio in _GAPS:
            if math.isclose(math.log(ratio), options.min_gap):
                continue
            found = core_count(
                rows,
                directed=layer == BRANCH,
                k_max=options.max_cores,
                min_gap=math.log(ratio),
                inference=MonteCarlo(n=options.core_draws, seed=inputs.seed),
            )
            out.append(
                _row(
                    finding,
                    "min_gap",
                    f"ln {ratio:g}",
                    found.verdict,
                    str(city["verdict"]),
                )
            )
    return out


def _weight_rows(inputs: StageInputs, options: NetworksOptions) -> list[dict[str, str]]:
    """Ask the cores again with branches that count by their size, from a register."""
    coverage = inputs.document("prepare", "coverage")
    hierarchy = inputs.document("hierarchy", "hierarchy_notes")
    layer = hierarchy.get(BRANCH) if isinstance(hierarchy, dict) else None
    city = layer.get("city") if isinstance(layer, dict) else None
    made = isinstance(coverage, dict) and "branch_counts" in coverage
    if not made or not isinstance(city, dict):
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
        found = core_count(
            city_events(events, hierarchy_table(inputs)),
            k_max=options.max_cores,
            min_gap=options.min_gap,
            inference=MonteCarlo(n=options.core_draws, seed=inputs.seed),
        )
        main = str(city["verdict"])
        out.append(_row("F2", "branch_weight", weight, found.verdict, main))
    return out
