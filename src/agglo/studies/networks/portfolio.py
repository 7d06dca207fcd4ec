"""Stage `portfolio`: what each region could take up next, and how such rankings fared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.concentration import location_quotient
from agglo.relatedness import presence
from agglo.studies.columns import text_of, texts
from agglo.studies.contract import StageOutput
from agglo.studies.facts import finite
from agglo.studies.networks.backtest import Backtest, backtest
from agglo.studies.networks.entries import entry_rows, no_entries
from agglo.studies.networks.judging import beyond_density, kept_parts, part_gains
from agglo.studies.networks.options import NetworksOptions
from agglo.studies.networks.scores import (
    OptionScores,
    known_until,
    matched,
    mean_place,
    option_rows,
    option_scores,
)
from agglo.studies.networks.trimming import trimmed
from agglo.studies.networks.value_chain import chain_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, Json
    from agglo.studies.contract import StageInputs

__all__ = ["portfolio"]

_FEW = 4


def portfolio(inputs: StageInputs) -> StageOutput:
    """Rank the industries that each region lacks, and test the ranking on what came after.

    Parameters
    ----------
    inputs
        With the stages ``prepare`` and ``linkage``.

    Returns
    -------
    StageOutput
        Tables ``portfolio`` (region and option), ``quotients`` (region and industry
        that is there), ``backtest`` (score), ``entries`` (every option of the earlier period, its rank
        then and whether it was entered since) and ``backtest_parts`` (what every part adds);
        document ``portfolio_notes``.
    """
    options = inputs.options_as(NetworksOptions)
    now, dropped = trimmed(inputs.result("prepare", "activity_now"), options)
    # each period by its own totals: what comes later must not choose what is tested
    before, _ = trimmed(inputs.result("prepare", "activity_before"), options)
    notes: dict[str, Json] = {"missing": "", "backtest_missing": "", "trimmed": dropped}
    if (
        len(set(text_of(now, "industry"))) < _FEW
        or len(set(text_of(now, "region"))) < _FEW
    ):
        notes["missing"] = "activity (four industries and regions or more)"
        return _nothing(notes)
    events = inputs.result("prepare", "events")
    made = option_scores(now, events, chain_of(inputs))
    notes["complexity_note"] = made.doubt
    notes["parts"] = list(made.parts)
    notes["kept"] = list(made.parts)
    notes["with_partners"] = int(made.has_partners.sum())
    tests: list[Backtest] = []
    entries = no_entries()
    if before.num_rows == 0:
        notes["backtest_missing"] = "activity of an earlier period"
    else:
        tests, entries = _tested(inputs, before, now, notes)
    for test in tests:
        notes[test.score] = _plain(test)
    return StageOutput(
        tables={
            "portfolio": _options_table(made, options, notes),
            "quotients": _quotients(now),
            "backtest": _test_table(tests),
            "entries": entries,
            "backtest_parts": _part_table(notes),
        },
        documents={"portfolio_notes": notes},
    )


def _options_table(
    made: OptionScores, options: NetworksOptions, notes: dict[str, Json]
) -> pa.Table:
    """Give every option with its scores and its quadrant, the best of a region first.

    ``score`` is the mean place by the parts that did not hurt in the back-test (all of them
    with ``score_parts="all"``, or without a test), ``score_all`` that by all parts.
    """
    kept = notes["kept"]
    chosen = (
        made.parts if options.score_parts == "all" else tuple(map(str, _each(kept)))
    )
    there = np.nan_to_num(made.held.values)
    score = mean_place(made.values, chosen, there)
    columns = [k for k in made.values if k not in ("together", "offer")]
    notes["score_of"] = list(chosen)
    rows, cells = option_rows(made, columns, score)
    table = pa.table({**rows, "score_all": made.values["together"][cells]})
    return table.sort_by(
        [("region", "ascending"), ("score", "descending"), ("industry", "ascending")]
    )


def _quotients(now: pa.Table) -> pa.Table:
    """Give the location quotient of every industry that a region has."""
    found = location_quotient(now, value="amount")
    r, i = np.nonzero(found.values > 0)
    return pa.table(
        {
            "region": texts(found.region[r]),
            "industry": texts(found.activity[i]),
            "lq": found.values[r, i],
        }
    )


def _tested(
    inputs: StageInputs, before: pa.Table, now: pa.Table, notes: dict[str, Json]
) -> tuple[list[Backtest], pa.Table]:
    """Make the scores from the earlier period and compare them with the entries since.

    Links count when they are dated not later than that period; without any such link the
    part that rests on partners is left out, and the notes say so.
    """
    options = inputs.options_as(NetworksOptions)
    coverage = inputs.document("prepare", "coverage")
    then_is = str(coverage.get("activity_before")) if isinstance(coverage, dict) else ""
    events = known_until(inputs.result("prepare", "events"), then_is)
    made = option_scores(before, events, chain_of(inputs))
    both = matched(made.held, presence(now, value="amount"))
    then, held, later = made.held, both.held, both.later
    notes["links_before"] = events.num_rows
    scores = dict(made.values)
    scores["ubiquity"] = np.array(np.broadcast_to(then.ubiquity, then.values.shape))
    if not made.has_partners.any():
        # links are not dated before the earlier period: they are no part of this test
        notes["external_missing"] = f"links dated {then_is} or before"
        del scores["external"]
    cut, square = both.cut, both.square
    values = {k: v[cut] for k, v in scores.items()}
    weights = {k: v[square] for k, v in made.weights.items()}
    kept = _judged(
        options, inputs.seed, made, values, (held, later), weights, both.rows, notes
    )
    values["chosen"] = mean_place(values, kept, held)
    tests = backtest(
        values,
        held,
        later,
        made.proximity[square],
        bases={k: v[cut] for k, v in made.bases.items() if k in scores},
        top=options.horizon_top,
        draws=options.backtest_draws,
        seed=inputs.seed,
        level=options.level,
        weights=weights,
        wholes={"together": made.parts, "chosen": kept},
    )
    entries = entry_rows(
        both.region, both.industry, values, values["chosen"], held, later
    )
    return tests, entries


def _judged(
    options: NetworksOptions,
    seed: int,
    made: OptionScores,
    values: dict[str, FloatArray],
    waves: tuple[FloatArray, FloatArray],
    weights: dict[str, FloatArray],
    row: NDArray[np.intp],
    notes: dict[str, Json],
) -> tuple[str, ...]:
    """Say what every part adds, and give the parts that do not hurt."""
    gains = part_gains(
        values,
        made.parts,
        *waves,
        draws=options.backtest_draws,
        seed=seed,
        level=options.level,
    )
    beyond = beyond_density(
        values,
        weights,
        made.links[np.ix_(row, row)],
        *waves,
        draws=options.backtest_draws,
        seed=seed,
    )
    further = {b.part: b for b in beyond}
    adds: dict[str, Json] = {}
    for g in gains:
        part: dict[str, Json] = {
            "gain": finite(g.gain),
            "lower": finite(g.lower),
            "upper": finite(g.upper),
            "verdict": g.verdict,
        }
        if g.part in further:
            b = further[g.part]
            part |= {
                "beyond_auc": finite(b.auc),
                "beyond_null": finite(b.null),
                "beyond_p": b.p,
                "shuffled": b.shuffled,
            }
        adds[g.part] = part
    kept = kept_parts(gains, made.parts)
    notes["adds"] = adds
    notes["kept"] = list(kept)
    return kept


_ADDS = (
    "gain",
    "lower",
    "upper",
    "verdict",
    "beyond_auc",
    "beyond_null",
    "beyond_p",
    "shuffled",
)


def _part_table(notes: dict[str, Json]) -> pa.Table:
    adds = notes.get("adds")
    rows = list(adds.items()) if isinstance(adds, dict) else []
    words = ("verdict", "shuffled")
    columns: dict[str, pa.Array] = {"part": texts([k for k, _ in rows])}
    for name in _ADDS:
        found = [v.get(name) if isinstance(v, dict) else None for _, v in rows]
        kind = pa.string() if name in words else pa.float64()
        columns[name] = pa.array(found, kind)
    return pa.table(columns)


def _each(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _plain(test: Backtest) -> dict[str, Json]:
    precision: dict[str, Json] = {str(k): finite(v) for k, v in test.precision.items()}
    return {
        "auc": finite(test.auc),
        "lower": finite(test.lower),
        "upper": finite(test.upper),
        "null": finite(test.null),
        "p": finite(test.p),
        "pooled_auc": finite(test.pooled_auc),
        "average_precision": finite(test.average_precision),
        "precision": precision,
        "base": test.base,
        "n_regions": test.n_regions,
        "n_options": test.n_options,
        "n_entries": test.n_entries,
    }


def _test_table(tests: list[Backtest]) -> pa.Table:
    rows = [
        {
            "score": t.score,
            "auc": t.auc,
            "lower": t.lower,
            "upper": t.upper,
            "null": t.null,
            "p": t.p,
            "pooled_auc": t.pooled_auc,
            "average_precision": t.average_precision,
            "base": t.base,
            **{f"precision_{k}": v for k, v in t.precision.items()},
        }
        for t in tests
    ]
    return pa.Table.from_pylist(rows) if rows else pa.table({"score": texts([])})


def _nothing(notes: dict[str, Json]) -> StageOutput:
    return StageOutput(
        tables={
            "portfolio": pa.table({"region": texts([]), "industry": texts([])}),
            "quotients": pa.table({"region": texts([]), "industry": texts([])}),
            "backtest": pa.table({"score": texts([])}),
            "entries": no_entries(),
            "backtest_parts": _part_table(notes),
        },
        documents={"portfolio_notes": notes},
    )
