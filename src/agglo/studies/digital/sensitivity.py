"""Stage `sensitivity`: the answer under every combination of rules."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.errors import DataWarning
from agglo.core.inference import mc_pvalue
from agglo.core.options import Permutation
from agglo.matching import (
    NullResult,
    as_belts,
    as_designations,
    as_gazetteer,
    as_industry_tree,
    as_label_dictionary,
    match_designations,
    matching_null,
    matching_sensitivity,
)
from agglo.studies.columns import result_table
from agglo.studies.contract import StageOutput
from agglo.studies.digital.model import PREPARED, universe_of
from agglo.studies.digital.options import DigitalOptions

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray
    from agglo.matching import Matching
    from agglo.studies.contract import StageInputs

__all__ = ["sensitivity"]

_S = (0.0, 0.25, 0.5, 0.75, 1.0)
_Key = tuple[str, str, bool]


def sensitivity(inputs: StageInputs) -> StageOutput:
    """Run all combinations of containment, city rule, links and weight of similar.

    Parameters
    ----------
    inputs
        With the stage ``prepare``; with the table ``node_links`` every combination runs
        with and without.

    Returns
    -------
    StageOutput
        Table ``sensitivity``: at least 30 rows, each with expected value, ratio and p
        under belts relocated (N1) and belts relabelled (N3).
    """
    options = inputs.options_as(DigitalOptions)
    cities = as_gazetteer(inputs.result(PREPARED, "cities"))
    tree = as_industry_tree(inputs.result(PREPARED, "tree"))
    labels = as_label_dictionary(inputs.result(PREPARED, "labels"), tree)
    clusters = as_designations(inputs.result(PREPARED, "clusters"), cities=cities)
    belts = as_belts(inputs.result(PREPARED, "belts"), cities=cities)
    links = inputs.table("node_links") if inputs.has("node_links") else None
    with warnings.catch_warnings():
        # what the warning counts is a table of the study
        warnings.simplefilter("ignore", DataWarning)
        table = result_table(
            matching_sensitivity(
                clusters,
                belts,
                tree,
                labels,
                links=links,
                lang=options.label_language,
                s=_S,
                io_min=options.io_min,
                rel_q=options.rel_q,
            )
        )
        keys: list[_Key] = [
            (str(r["containment"]), str(r["city_rule"]), bool(r["links"]))
            for r in table.to_pylist()
        ]
        tested: dict[_Key, dict[str, FloatArray]] = {}
        distinct = list(dict.fromkeys(keys))
        for done, key in enumerate(distinct):
            inputs.progress(done, len(distinct), "sensitivity")
            found = match_designations(
                clusters,
                belts,
                tree,
                labels,
                links=links if key[2] else None,
                lang=options.label_language,
                city_rule=key[1],  # type: ignore[arg-type]
                containment=key[0],  # type: ignore[arg-type]
                io_min=options.io_min,
                rel_q=options.rel_q,
            )
            tested[key] = _tested(found, inputs)
    return StageOutput(tables={"sensitivity": _with_chance(table, keys, tested)})


def _tested(found: Matching, inputs: StageInputs) -> dict[str, FloatArray]:
    """Draw both nulls of one matching."""
    options = inputs.options_as(DigitalOptions)
    inference = Permutation(n=options.sensitivity_draws, seed=inputs.seed)
    return {
        name: _counts(
            matching_null(
                found,
                statistic=("identical", "similar"),
                scheme=scheme,  # type: ignore[arg-type]
                universe=universe_of(inputs),
                inference=inference,
            )
        )
        for name, scheme in (("n1", "belt_cities"), ("n3", "belt_industries"))
    }


def _with_chance(
    table: pa.Table,
    keys: list[_Key],
    tested: Mapping[_Key, Mapping[str, FloatArray]],
) -> pa.Table:
    """Add expected degree, ratio and p under both nulls."""
    s = np.array(table["s"].to_pylist(), dtype=np.float64)
    for name in ("n1", "n3"):
        columns = [
            _judged(tested[k][name], float(w)) for k, w in zip(keys, s, strict=True)
        ]
        for label, values in zip(
            ("expected", "ratio", "p"), zip(*columns, strict=True), strict=True
        ):
            table = table.append_column(
                f"degree_{label}_{name}", pa.array(values, pa.float64())
            )
    return table


def _counts(null: object) -> FloatArray:
    """Give identical, similar and N: observed in the first row, then every draw."""
    if not isinstance(null, NullResult):
        msg = f"counts of {type(null).__name__} are not defined"
        raise TypeError(msg)
    observed = np.append(null.observed, null.n[0])
    draws = np.column_stack([null.draws, np.full(null.draws.shape[0], null.n[0])])
    return np.vstack([observed, draws])


def _judged(counts: FloatArray, s: float) -> tuple[float, float, float]:
    """Give expected degree, ratio and upper p."""
    if not counts[0, 2] > 0:
        return (np.nan, np.nan, np.nan)
    degree = (counts[:, 0] + s * counts[:, 1]) / counts[:, 2]
    expected = float(degree[1:].mean())
    ratio = float(degree[0] / expected) if expected > 0 else np.nan
    return expected, ratio, float(mc_pvalue(degree[0], degree[1:], "greater"))
