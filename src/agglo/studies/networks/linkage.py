"""Stage `linkage`: industries near in space and in trade, and what groups of them are worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.errors import AlignmentError
from agglo.core.options import Permutation
from agglo.networks import qap_correlation
from agglo.relatedness import (
    candidate_definitions,
    compare_definitions,
    score_definitions,
    similarity_matrices,
)
from agglo.studies.columns import text_of, texts
from agglo.studies.contract import StageOutput
from agglo.studies.facts import finite
from agglo.studies.networks.columns import among, stacked
from agglo.studies.networks.groups import assigned_clusters
from agglo.studies.networks.integration import groups_of
from agglo.studies.networks.options import NetworksOptions
from agglo.studies.networks.trimming import trimmed
from agglo.studies.networks.value_chain import industry_flows

if TYPE_CHECKING:
    from agglo.core.typing import Json
    from agglo.relatedness import DefinitionScores, SimilarityMatrices
    from agglo.studies.contract import StageInputs

__all__ = ["linkage"]

STUDY_GROUPS, OWN = "study", "own"
_FEW = 4
_MANY_PAIRS = 200_000
_MATRICES = {"LC-Emp": "colocation", "IO": "trade", "LC-IO": "both"}
_PAIRS = {
    "industry_a": pa.string(),
    "industry_b": pa.string(),
    "link": pa.float64(),
    "colocation": pa.float64(),
}
_SCORES = {
    "definition": pa.string(),
    "matrix": pa.string(),
    "score": pa.string(),
    "value": pa.float64(),
    "random_mean": pa.float64(),
    "random_low": pa.float64(),
    "random_high": pa.float64(),
}
_AGREE = {
    "one": pa.string(),
    "other": pa.string(),
    "industries": pa.int64(),
    "clusters_one": pa.int64(),
    "clusters_other": pa.int64(),
    "adjusted_rand": pa.float64(),
    "mutual_information": pa.float64(),
}


def linkage(inputs: StageInputs) -> StageOutput:
    """Measure who trades with whom beside who locates near whom, and judge groups by both.

    Parameters
    ----------
    inputs
        With the stages ``prepare`` and ``groups``; optional tables ``input_output``,
        ``concordances`` and ``definitions``.

    Returns
    -------
    StageOutput
        Tables ``value_chain`` (pairs of industries that trade), ``validation`` (scores of
        the groups of the study, of the own benchmark definition and of given ones),
        ``agreement`` (of these with each other) and ``own_definition``; document
        ``linkage_notes``. Empty without flows and definitions: nothing else is waited for.
    """
    options = inputs.options_as(NetworksOptions)
    notes: dict[str, Json] = {"missing": ""}
    now, _ = trimmed(inputs.result("prepare", "activity_now"), options)
    industries = sorted(set(text_of(now, "industry")))
    few = min(len(industries), len(set(text_of(now, "region")))) < _FEW
    given = {} if few else _given(inputs, options, industries)
    flows = None if few else industry_flows(inputs, industries, notes)
    if few or (flows is None and not given):
        notes["missing"] = (
            "activity (four industries and regions or more)"
            if few
            else "input_output or definitions"
        )
        return _nothing(notes)
    matrices = similarity_matrices(
        now,
        value="amount",
        input_output=None if flows is None else flows.table,
        input_output_codes=None if flows is None else flows.codes,
    )
    notes["industries"] = len(industries)
    pairs = _pairs(matrices)
    if "IO" in matrices.name:
        notes["likeness"] = _likeness(matrices, options, inputs.seed)
    definitions = {STUDY_GROUPS: groups_of(inputs)} | given
    definitions = {k: v for k, v in definitions.items() if len(set(v.values())) > 1}
    own = _own(matrices, definitions, options, inputs.seed, notes)
    definitions[OWN] = own
    tables = _judged(matrices, definitions, options, inputs.seed, notes)
    return StageOutput(
        tables={
            "value_chain": pairs,
            "own_definition": pa.table(
                {"industry": texts(list(own)), "cluster": texts(list(own.values()))}
            ),
            **tables,
        },
        documents={"linkage_notes": notes},
    )


def _given(
    inputs: StageInputs, options: NetworksOptions, industries: list[str]
) -> dict[str, dict[str, str]]:
    """Give name of every given definition to industry to cluster, of these industries."""
    if not inputs.has("definitions"):
        return {}
    table = among(inputs.table("definitions"), "industry", industries)
    if options.definition_kind != "all" and "kind" in table.column_names:
        table = among(table, "kind", [options.definition_kind])
    out = {}
    for name in sorted(set(text_of(table, "definition"))):
        found = assigned_clusters(among(table, "definition", [name]))
        if len(set(found.values())) > 1:
            out[name or "definitions"] = found
    return out


def _pairs(matrices: SimilarityMatrices) -> pa.Table:
    """Give the pairs of industries that trade, the closest first."""
    if "IO" not in matrices.name:
        return stacked([], _PAIRS)
    link, near = matrices.matrix("IO"), matrices.matrix("LC-Emp")
    a, b = np.triu_indices(matrices.industry.size, 1)
    keep = np.flatnonzero(np.nan_to_num(link[a, b]) > 0)
    a, b = a[keep], b[keep]
    order = np.lexsort((b, a, -link[a, b]))
    a, b = a[order], b[order]
    return pa.table(
        {
            "industry_a": texts(matrices.industry[a]),
            "industry_b": texts(matrices.industry[b]),
            "link": link[a, b],
            "colocation": near[a, b],
        }
    )


def _likeness(
    matrices: SimilarityMatrices, options: NetworksOptions, seed: int
) -> dict[str, Json]:
    """Correlate co-location and trade over pairs, tested by permuting industries."""
    link, near = matrices.matrix("IO"), matrices.matrix("LC-Emp")
    a, b = np.triu_indices(matrices.industry.size, 1)
    table = pa.table(
        {
            "origin": texts(matrices.industry[a]),
            "destination": texts(matrices.industry[b]),
            "trade": link[a, b],
            "colocation": near[a, b],
        }
    )
    # a draw costs as much as there are pairs: with many industries fewer say the same
    draws = options.dyad_draws if a.size < _MANY_PAIRS else min(199, options.dyad_draws)
    found = qap_correlation(
        table,
        one="trade",
        other="colocation",
        directed=False,
        missing="pairwise",
        inference=Permutation(n=draws, seed=seed),
    )
    return {
        "correlation": finite(found.r),
        "p": finite(found.p),
        "pairs": found.n_pairs,
        "draws": draws,
    }


def _own(
    matrices: SimilarityMatrices,
    definitions: dict[str, dict[str, str]],
    options: NetworksOptions,
    seed: int,
    notes: dict[str, Json],
) -> dict[str, str]:
    """Give the best of Ward's groupings: as many clusters as the other definitions have."""
    n = matrices.industry.size
    sizes = {len(set(d.values())) for d in definitions.values()} or {options.k_min}
    k = sorted({min(max(s, 2), n - 1) for s in sizes})
    found = candidate_definitions(
        matrices,
        k=k,
        functions=("ward",),
        names=[m for m in _MATRICES if m in matrices.name],
        seed=seed,
    )
    scores = [
        score_definitions(
            found.definition(c), matrices, n_random=0, unlabelled="list", seed=seed
        ).overall
        for c in range(found.k.size)
    ]
    best = int(np.nanargmax(scores)) if np.isfinite(scores).any() else 0
    notes["own"] = {
        "matrix": _MATRICES[str(found.matrix[best])],
        "function": "ward",
        "clusters": int(found.k[best]),
        "candidates": int(found.k.size),
    }
    return {str(i): str(c) for i, c in found.definition(best).items()}


def _judged(
    matrices: SimilarityMatrices,
    definitions: dict[str, dict[str, str]],
    options: NetworksOptions,
    seed: int,
    notes: dict[str, Json],
) -> dict[str, pa.Table]:
    """Score every definition by every matrix, and compare them with each other."""
    names = [m for m in _MATRICES if m in matrices.name]
    scores: list[pa.Table] = []
    overall: dict[str, Json] = {}
    for name, definition in definitions.items():
        found = score_definitions(
            definition,
            matrices,
            names=names,
            n_random=options.label_random,
            unlabelled="list",
            seed=seed,
        )
        scores.append(_score_table(name, found))
        random = float(found.random_mean[: len(names) - ("LC-IO" in names)].mean())
        overall[name] = {
            "score": finite(found.overall),
            "random": finite(random),
            "clusters": int(found.cluster.size),
            "industries": int(found.size.sum()),
        }
    notes["overall"] = overall
    rows = []
    order = list(definitions)
    for a, one in enumerate(order):
        for other in order[a + 1 :]:
            row = _agreement(one, definitions[one], other, definitions[other])
            rows += [] if row is None else [row]
    agree = pa.Table.from_pylist(rows, schema=pa.schema(list(_AGREE.items())))
    notes["agreement"] = {f"{r['one']} / {r['other']}": dict(r) for r in rows}
    return {"validation": stacked(scores, _SCORES), "agreement": agree}


def _agreement(
    one: str, first: dict[str, str], other: str, second: dict[str, str]
) -> dict[str, Json] | None:
    """Compare two definitions over the industries that both have."""
    try:
        found = compare_definitions(first, second)
    except AlignmentError:
        return None
    return {
        "one": one,
        "other": other,
        "industries": found.n,
        "clusters_one": found.k_one,
        "clusters_other": found.k_other,
        "adjusted_rand": finite(found.adjusted_rand),
        "mutual_information": finite(found.mutual_information),
    }


def _score_table(name: str, found: DefinitionScores) -> pa.Table:
    table = pa.table({k: pa.array(v) for k, v in found.columns().items()})
    words = [_MATRICES.get(m, m) for m in text_of(table, "matrix")]
    table = table.set_column(0, "matrix", texts(words))
    return table.add_column(0, "definition", texts([name] * table.num_rows))


def _nothing(notes: dict[str, Json]) -> StageOutput:
    own = pa.table({"industry": texts([]), "cluster": texts([])})
    return StageOutput(
        tables={
            "value_chain": stacked([], _PAIRS),
            "validation": stacked([], _SCORES),
            "agreement": stacked([], _AGREE),
            "own_definition": own,
        },
        documents={"linkage_notes": notes},
    )
