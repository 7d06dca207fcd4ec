"""Stage `nulls`: what relocated or relabelled belts would give, beside every rate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa

from agglo.core.options import Permutation
from agglo.matching import NullResult, hypergeometric_curve, matching_null
from agglo.studies.columns import result_table, texts
from agglo.studies.contract import StageOutput
from agglo.studies.digital.model import (
    city_sizes,
    matching_of,
    strata_of,
    universe_of,
)
from agglo.studies.digital.options import DigitalOptions

if TYPE_CHECKING:
    from agglo.core.typing import Json
    from agglo.matching import Matching
    from agglo.studies.contract import StageInputs

__all__ = ["nulls"]

_Scheme = Literal["belt_cities", "belt_cities_strata", "belt_industries", "both"]
# of the published abstract: cities with both, cities with clusters, cities in all
_PUBLISHED = (72, 79, 337)


def nulls(inputs: StageInputs) -> StageOutput:
    """Draw every null, and the exact curve of co-existence.

    Parameters
    ----------
    inputs
        With the stage ``prepare``; city sizes from its cities or from ``activity``.

    Returns
    -------
    StageOutput
        Tables ``nulls``, ``null_draws`` (value and number of draws), ``hypergeometric``;
        document ``null_notes``.
    """
    options = inputs.options_as(DigitalOptions)
    found = matching_of(inputs)
    universe = universe_of(inputs)
    strata, kind = strata_of(inputs)
    sizes, _ = city_sizes(inputs)
    plans: list[tuple[str, _Scheme, Mapping[str, str] | None, bool]] = [
        ("N1", "belt_cities", None, False),
        ("N3", "belt_industries", None, False),
        ("N4", "both", None, False),
    ]
    if strata:
        plans.insert(1, ("N2", "belt_cities_strata", strata, False))
    if set(universe) <= set(sizes):
        plans.insert(2, ("N2 by size", "belt_cities_strata", None, True))
    rows, draws = [], []
    results: dict[str, NullResult] = {}
    for done, (name, scheme, classes, by_size) in enumerate(plans):
        inputs.progress(done, len(plans), name)
        one = matching_null(
            found,
            scheme=scheme,
            universe=universe,
            strata=classes,
            size={c: sizes[c] for c in universe} if by_size else None,
            by="programme",
            s=options.s,
            inference=Permutation(n=options.null_draws, seed=inputs.seed),
        )
        if isinstance(one, NullResult):
            results[name] = one
            table = result_table(one)
            rows.append(table.add_column(0, "null", texts([name] * table.num_rows)))
            draws.append(_histogram(name, one))
    notes: dict[str, Json] = {
        "universe": len(universe),
        "n_hosts": results["N1"].n_hosts,
        "outside": [str(c) for c in results["N1"].outside],
        "size": kind,
        "sizes_known": len(set(sizes) & set(universe)),
        "n_strata": len(set(strata.values())),
        "draws": options.null_draws,
        "exact": _exact_check(results["N1"], options.null_draws),
        "not_applicable": (
            []
            if strata
            else ["N2: no size of cities is known (column population of regions)"]
        ),
    }
    return StageOutput(
        tables={
            "nulls": pa.concat_tables(rows),
            "null_draws": pa.concat_tables(draws),
            "hypergeometric": _curves(found, results["N1"], options.level),
        },
        documents={"null_notes": notes},
    )


def _histogram(name: str, one: NullResult) -> pa.Table:
    """Count the draws of each value, for all programmes together."""
    out = []
    for k in np.flatnonzero(one.group == ""):
        column = one.draws[:, k]
        values, counts = np.unique(column[np.isfinite(column)], return_counts=True)
        out.append(
            pa.table(
                {
                    "null": texts([name] * values.size),
                    "statistic": texts([str(one.statistic[k])] * values.size),
                    "value": values,
                    "draws": counts,
                }
            )
        )
    return pa.concat_tables(out)


def _exact_check(one: NullResult, draws: int) -> dict[str, Json]:
    """Compare the simulated with the exact p of co-existence."""
    row = one.row("coexistence")
    exact, simulated = row["exact_p"], row["p_upper"]
    error = float(np.sqrt(max(exact * (1.0 - exact), 0.0) / draws))
    # the simulated p counts the observed value once, so it is larger by about 1/draws
    within = abs(simulated - exact) <= 3.0 * error + 1.0 / draws
    return {
        "exact_p": exact,
        "simulated_p": simulated,
        "exact_expected": row["exact_expected"],
        "within_three_standard_errors": bool(within),
    }


def _curves(found: Matching, one: NullResult, level: float) -> pa.Table:
    """Give p of an overlap by the number of belt cities: published headline, own lists."""
    inside = np.isin(found.clusters.city, one.universe)
    own = (
        int(one.row("coexistence")["observed"]),
        int(inside.sum()),
        int(one.universe.size),
    )
    parts = []
    for name, (overlap, cities, universe) in (("published", _PUBLISHED), ("own", own)):
        curve = hypergeometric_curve(
            overlap, cluster_cities=cities, universe=universe, level=1.0 - level
        )
        table = result_table(curve)
        n = table.num_rows
        given = {
            "overlap": overlap,
            "cluster_cities": cities,
            "universe": universe,
            "informative_below": curve.informative_below,
        }
        for key, value in given.items():
            table = table.append_column(key, pa.array([value] * n, pa.int64()))
        parts.append(table.add_column(0, "headline", texts([name] * n)))
    return pa.concat_tables(parts)
