"""Stage `presets`: options, their test and the industry space by other conventions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.relatedness import CONVENTIONS, presence, proximity
from agglo.studies.columns import text_of, texts
from agglo.studies.contract import StageOutput
from agglo.studies.networks.backtest import backtest
from agglo.studies.networks.columns import stacked
from agglo.studies.networks.conventions import MAIN_PRESET, SOURCES
from agglo.studies.networks.entries import entry_rows
from agglo.studies.networks.groups import strongest_links
from agglo.studies.networks.options import NetworksOptions
from agglo.studies.networks.scores import (
    known_until,
    matched,
    mean_place,
    option_rows,
    option_scores,
)
from agglo.studies.networks.trimming import trimmed
from agglo.studies.networks.value_chain import chain_of

if TYPE_CHECKING:
    from agglo.core.typing import Json
    from agglo.studies.contract import StageInputs
    from agglo.studies.networks.scores import OptionScores

__all__ = ["presets"]

_FEW = 4
_MOST_ROWS, _MOST_OPTIONS = 200_000, 50
_TESTED = ("density", "complexity", "chosen")
_OPTIONS = {
    "preset": pa.string(),
    "region": pa.string(),
    "industry": pa.string(),
    "density": pa.float64(),
    "complexity": pa.float64(),
    "external": pa.float64(),
    "score": pa.float64(),
    "quadrant": pa.string(),
}
_TESTS = {
    "preset": pa.string(),
    "score": pa.string(),
    "auc": pa.float64(),
    "lower": pa.float64(),
    "upper": pa.float64(),
    "average_precision": pa.float64(),
    "base": pa.float64(),
}
_LINKS = {
    "preset": pa.string(),
    "industry_a": pa.string(),
    "industry_b": pa.string(),
    "proximity": pa.float64(),
}
_ENTRIES = {
    "preset": pa.string(),
    "region": pa.string(),
    "industry": pa.string(),
    "density": pa.float64(),
    "complexity": pa.float64(),
    "rank": pa.int64(),
    "entered": pa.bool_(),
}


def presets(inputs: StageInputs) -> StageOutput:
    """Score the options of every region by several conventions, the usual one first.

    Parameters
    ----------
    inputs
        With the stages ``prepare``, ``linkage`` and ``portfolio``.

    Returns
    -------
    StageOutput
        Tables ``presets`` (what each convention is), ``options_by_preset``,
        ``backtest_by_preset``, ``entries_by_preset`` and ``links_by_preset``; document
        ``preset_notes``. Options and tests are empty where the portfolio is, all where
        there are fewer than four industries.
    """
    options = inputs.options_as(NetworksOptions)
    names = tuple(dict.fromkeys((MAIN_PRESET, *options.further_presets)))
    now, _ = trimmed(inputs.result("prepare", "activity_now"), options)
    before, _ = trimmed(inputs.result("prepare", "activity_before"), options)
    parts: dict[str, list[pa.Table]] = {
        k: [] for k in ("options", "tests", "links", "entries")
    }
    few, alone = (len(set(text_of(now, n))) < _FEW for n in ("industry", "region"))
    for k, name in enumerate(() if few else names):
        inputs.progress(k, len(names), name)
        parts["links"].append(_links(name, now))
        if alone:
            continue  # a space, and nobody to compare a region with
        made = option_scores(
            now, inputs.result("prepare", "events"), chain_of(inputs), convention=name
        )
        parts["options"].append(_options(inputs, name, made))
        if before.num_rows:
            tests, entries = _tested(inputs, name, before, now)
            parts["tests"].append(tests)
            parts["entries"].append(entries)
    found = stacked(parts["options"], _OPTIONS)
    found, most = _bounded(found, len(names))
    entries, _ = _bounded(stacked(parts["entries"], _ENTRIES), len(names))
    notes: dict[str, Json] = {"presets": list(names), "most_per_region": most}
    return StageOutput(
        tables={
            "presets": _described(() if few else names),
            "options_by_preset": found,
            "backtest_by_preset": stacked(parts["tests"], _TESTS),
            "entries_by_preset": entries,
            "links_by_preset": stacked(parts["links"], _LINKS),
        },
        documents={"preset_notes": notes},
    )


def _described(names: tuple[str, ...]) -> pa.Table:
    """Say how every convention measures, in codes."""
    rows = [CONVENTIONS[name] for name in names]
    return pa.table(
        {
            "preset": texts(list(names)),
            "presence_rule": texts([c.presence for c in rows]),
            "threshold": pa.array([c.threshold for c in rows], pa.float64()),
            "proximity_kind": texts([c.phi for c in rows]),
            "self_in_density": pa.array([c.self_in_density for c in rows], pa.bool_()),
            "complexity_index": texts([c.index for c in rows]),
            "complexity_scaling": texts([c.scaling for c in rows]),
            "sign_anchor": texts([c.sign for c in rows]),
            "source": texts([SOURCES[name] for name in names]),
        }
    )


def _kept_parts(inputs: StageInputs, made: OptionScores) -> tuple[str, ...]:
    """Give the parts of the score that the study keeps, as far as there are any."""
    notes = inputs.document("portfolio", "portfolio_notes")
    kept = notes.get("score_of") if isinstance(notes, dict) else None
    named = tuple(str(k) for k in kept) if isinstance(kept, list) else ()
    return tuple(k for k in named if k in made.values) or made.parts


def _options(inputs: StageInputs, name: str, made: OptionScores) -> pa.Table:
    """Give every option of a convention, the best of a region first."""
    there = np.nan_to_num(made.held.values)
    score = mean_place(made.values, _kept_parts(inputs, made), there)
    rows, (at, _) = option_rows(made, ("density", "complexity", "external"), score)
    table = pa.table({"preset": texts([name] * at.size), **rows})
    return table.sort_by(
        [("region", "ascending"), ("score", "descending"), ("industry", "ascending")]
    )


def _links(name: str, now: pa.Table) -> pa.Table:
    """Give the strongest proximities of a convention, within 0 and 1 by its largest."""
    near = proximity(presence(now, value="amount", convention=name), convention=name)
    phi = np.nan_to_num(near.values)
    np.fill_diagonal(phi, 0.0)
    largest = float(phi.max(initial=0.0))
    if largest > 1.0:
        phi = phi / largest
    np.fill_diagonal(phi, 1.0)
    links = strongest_links(near.label, phi)
    return links.add_column(0, "preset", texts([name] * links.num_rows))


def _tested(
    inputs: StageInputs, name: str, before: pa.Table, now: pa.Table
) -> tuple[pa.Table, pa.Table]:
    """Rank by what was known then, and compare with the entries since."""
    options = inputs.options_as(NetworksOptions)
    coverage = inputs.document("prepare", "coverage")
    then_is = str(coverage.get("activity_before")) if isinstance(coverage, dict) else ""
    events = known_until(inputs.result("prepare", "events"), then_is)
    made = option_scores(before, events, chain_of(inputs), convention=name)
    both = matched(made.held, presence(now, value="amount", convention=name))
    held, later = both.held, both.later
    values = {k: v[both.cut] for k, v in made.values.items()}
    values["chosen"] = mean_place(values, _kept_parts(inputs, made), held)
    tests = backtest(
        {k: values[k] for k in _TESTED},
        held,
        later,
        made.proximity[both.square],
        bases={},
        top=(),
        draws=options.backtest_draws,
        seed=inputs.seed,
        level=options.level,
    )
    rows = [
        {k: getattr(t, k) for k in _TESTS if k != "preset"} | {"preset": name}
        for t in tests
    ]
    entries = entry_rows(
        both.region, both.industry, values, values["chosen"], held, later
    )
    entries = entries.append_column("preset", texts([name] * entries.num_rows))
    return (
        pa.Table.from_pylist(rows, pa.schema(list(_TESTS.items()))),
        entries.select(list(_ENTRIES)),
    )


def _bounded(table: pa.Table, n_presets: int) -> tuple[pa.Table, int | None]:
    """Keep the best of every region where there would be too many rows."""
    if table.num_rows <= _MOST_ROWS * n_presets:
        return table, None
    pairs = pc.binary_join_element_wise(table["preset"], table["region"], "\0")
    codes = pairs.combine_chunks().dictionary_encode().indices.to_numpy()
    # rows of a region stand together, the best first
    first = np.r_[True, codes[1:] != codes[:-1]]
    start = np.maximum.accumulate(np.where(first, np.arange(codes.size), 0))
    keep = np.arange(codes.size) - start < _MOST_OPTIONS
    return table.filter(pa.array(keep)), _MOST_OPTIONS
