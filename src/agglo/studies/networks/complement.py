"""Stage `complement`: sizes of the firms that tie the cities, and pairs that complement."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.options import Permutation
from agglo.networks import complementarity, pair_crosstab, profiles
from agglo.studies.columns import result_table, text_of, texts
from agglo.studies.contract import StageOutput
from agglo.studies.networks.integration import groups_of, hierarchy_table
from agglo.studies.networks.layers import COPATENT, rows_of
from agglo.studies.networks.options import NetworksOptions

if TYPE_CHECKING:
    from agglo.core.typing import Json
    from agglo.networks import Complementarity, PairCrosstab, Profiles
    from agglo.studies.contract import StageInputs

__all__ = ["complement", "oriented_crosstab", "pair_verdict"]

_TOP = 0.10


def complement(inputs: StageInputs) -> StageOutput:
    """Compare the cities by the sizes of the firms that invent together.

    Parameters
    ----------
    inputs
        With the stages ``prepare``, ``groups`` and ``hierarchy``.

    Returns
    -------
    StageOutput
        Tables ``size_profiles``, ``size_group_profiles``, ``complementarity``,
        ``size_crosstab``; document ``complement_notes`` with the verdict.
    """
    options = inputs.options_as(NetworksOptions)
    notes: dict[str, Json] = {"missing": _missing(inputs)}
    if notes["missing"]:
        return StageOutput(
            tables={k: pa.table({"region": texts([])}) for k in _TABLES},
            documents={"complement_notes": notes},
        )
    events = rows_of(inputs.result("prepare", "events"), COPATENT)
    regions = hierarchy_table(inputs)
    sizes = profiles(events, level="city", regions=regions, confidence=options.level)
    pairs = complementarity(
        sizes, inference=Permutation(n=options.class_draws, seed=inputs.seed)
    )
    pair, notes["pair_from"] = _pair(inputs, pairs)
    notes["classes"] = sizes.klass.tolist()
    tables = {
        "size_profiles": result_table(sizes),
        "size_group_profiles": result_table(_by_group(inputs, events, regions, sizes)),
        "complementarity": result_table(pairs),
        "size_crosstab": pa.table({"class_a": texts([])}),
    }
    if pair is not None:
        table = oriented_crosstab(events, regions, pair, options)
        tables["size_crosstab"] = result_table(table)
        notes.update(pair_verdict(pairs, table, options.alpha))
    return StageOutput(tables=tables, documents={"complement_notes": notes})


_TABLES = ("size_profiles", "size_group_profiles", "complementarity", "size_crosstab")


def pair_verdict(
    pairs: Complementarity, table: PairCrosstab, alpha: float
) -> dict[str, Json]:
    """Judge one pair of cities.

    Complementary: the odds ratio differs from 1, the profiles are among the tenth of the
    pairs that differ most with p at most `alpha`, and large firms of one work with smaller
    ones of the other more often than pooled ends give. Similar: no difference at all.
    """
    at = {str(r): i for i, r in enumerate(pairs.region)}
    a, b = at[table.place_a], at[table.place_b]
    rank, p = float(pairs.rank[a, b]), float(pairs.p[a, b])
    k = float(pairs.difference[a, b])
    excludes = bool(table.lower > 1.0 or table.upper < 1.0)
    top = rank <= max(1.0, math.floor(_TOP * pairs.n_pairs))
    more = table.large_with_small > table.large_with_small_expected
    verdict = "undecided"
    if excludes and top and p <= alpha and more:
        verdict = "complementary"
    elif not excludes and p > alpha:
        verdict = "similar"
    return {
        "verdict": verdict,
        "pair": [table.place_a, table.place_b],
        "difference": k,
        "rank": rank,
        "n_pairs": pairs.n_pairs,
        "p": p,
        "n_draws": pairs.n_draws,
        "odds_ratio": table.odds_ratio,
        "odds_lower": table.lower,
        "odds_upper": table.upper,
        "odds_p": table.p,
        "large_with_small": table.large_with_small,
        "large_with_small_expected": table.large_with_small_expected,
        "events": table.events,
    }


def _pair(
    inputs: StageInputs, pairs: Complementarity
) -> tuple[tuple[str, str] | None, str]:
    """Give the two cores of the innovation layer, else the two strongest cities."""
    notes = inputs.document("hierarchy", "hierarchy_notes")
    layer = notes.get(COPATENT) if isinstance(notes, dict) else None
    city = layer.get("city") if isinstance(layer, dict) else None
    cores = city.get("cores") if isinstance(city, dict) else None
    known = set(pairs.region.tolist())
    if isinstance(cores, list) and len(cores) == 2 and {*map(str, cores)} <= known:
        return (str(cores[0]), str(cores[1])), "cores"
    table = inputs.result("hierarchy", "hierarchy")
    rows = [
        r
        for r in table.to_pylist()
        if r["layer"] == COPATENT and r["scale"] == "city" and r["node"] in known
    ]
    rows.sort(key=lambda r: (-r["value"], r["node"]))
    if len(rows) < 2:
        return None, ""
    return (str(rows[0]["node"]), str(rows[1]["node"])), "strongest"


def oriented_crosstab(
    events: pa.Table, regions: pa.Table, pair: tuple[str, str], options: NetworksOptions
) -> PairCrosstab:
    """Put the city with more large firms first."""
    table = _crosstab(events, regions, pair, options)
    if np.isfinite(table.odds_ratio) and table.odds_ratio < 1.0:
        return _crosstab(events, regions, pair[::-1], options)
    return table


def _crosstab(
    events: pa.Table, regions: pa.Table, pair: tuple[str, ...], options: NetworksOptions
) -> PairCrosstab:
    return pair_crosstab(
        events,
        place_a=pair[0],
        place_b=pair[1],
        large=options.large,
        level="city",
        regions=regions,
        confidence=options.level,
    )


def _by_group(
    inputs: StageInputs, events: pa.Table, regions: pa.Table, otherwise: Profiles
) -> Profiles:
    of = groups_of(inputs)
    if not of or "origin_industry" not in events.column_names:
        return otherwise
    used = {
        i
        for end in ("origin", "destination")
        for i in text_of(events, f"{end}_industry")
        if i != "unknown"
    }
    if not used & set(of):
        return otherwise
    known = {**dict.fromkeys(used, "unknown"), **of}
    return profiles(
        events, by=("size", "group"), groups=known, level="city", regions=regions
    )


def _missing(inputs: StageInputs) -> str:
    events = inputs.result("prepare", "events")
    rows = rows_of(events, COPATENT)
    if rows.num_rows == 0:
        coverage = inputs.document("prepare", "coverage")
        lacking = coverage.get("missing") if isinstance(coverage, dict) else {}
        named = lacking.get(COPATENT) if isinstance(lacking, dict) else None
        return str(named or "patents")
    sizes = {
        s for end in ("origin", "destination") for s in text_of(rows, f"{end}_size")
    }
    if len(sizes - {"unknown", ""}) < 2:
        return "patents.size (two classes or more)"
    return ""
