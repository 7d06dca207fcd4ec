"""Who buys from whom: the input-output table in the industries of the study."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.frames import float_column
from agglo.studies.columns import text_of, texts
from agglo.studies.networks.columns import among, commonest, shares_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, Json
    from agglo.studies.contract import StageInputs

__all__ = ["IndustryFlows", "ValueChain", "chain_of", "industry_flows"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueChain:
    """How strongly pairs of industries are linked by what they buy and sell, 0 to 1."""

    industry: tuple[str, ...]
    link: FloatArray

    def among(self, industries: NDArray[np.str_]) -> FloatArray:
        """Give the links between these industries; 0 where nothing is known."""
        at = {c: i for i, c in enumerate(self.industry)}
        place = np.array([at.get(str(c), -1) for c in industries], dtype=np.intp)
        known = np.flatnonzero(place >= 0)
        out = np.zeros((place.size, place.size))
        out[np.ix_(known, known)] = self.link[np.ix_(place[known], place[known])]
        return out


@dataclass(frozen=True, slots=True, kw_only=True)
class IndustryFlows:
    """Flows for `similarity_matrices`.

    `codes` gives the code of every industry in `table` where the table is coarser than the
    industries, or has the same number of them; ``None`` where its codes are theirs.
    """

    table: pa.Table
    codes: dict[str, str] | None


def chain_of(inputs: StageInputs) -> ValueChain | None:
    """Give the links that the stage ``linkage`` measured; ``None`` without any."""
    table = inputs.result("linkage", "value_chain")
    if table.num_rows == 0:
        return None
    one, other = text_of(table, "industry_a"), text_of(table, "industry_b")
    label = sorted({*one, *other})
    at = {c: i for i, c in enumerate(label)}
    link = np.zeros((len(label), len(label)))
    a, b = (np.array([at[c] for c in end], dtype=np.intp) for end in (one, other))
    link[a, b] = link[b, a] = table["link"].to_numpy()
    return ValueChain(industry=tuple(label), link=link)


def industry_flows(
    inputs: StageInputs, industries: Sequence[str], notes: dict[str, Json]
) -> IndustryFlows | None:
    """Give the flows between the industries of the study.

    Where the table has other codes they are looked up in ``concordances``. A table that is
    coarser keeps its codes, and industries of one code share its row; one that is finer is
    added up, a code that belongs to several industries by its shares.

    Parameters
    ----------
    inputs
        Optional tables ``input_output`` and ``concordances``.
    industries
        Industries of the study.
    notes
        Document to add to: which table, and what it does not cover.

    Returns
    -------
    IndustryFlows or None
        ``None`` where there is no table or it has none of the industries; `notes` say so.
    """
    if not inputs.has("input_output"):
        notes["io_missing"] = "input_output"
        return None
    table = _one_table(inputs.table("input_output"), notes)
    if "value" not in table.column_names:
        notes["io_missing"] = "input_output.value"
        return None
    value = float_column(table, "value")
    notes["io_negative"] = int((value < 0).sum())
    known = np.isfinite(value) & (value > 0)
    flows = pa.table(
        {
            "seller": texts(np.array(text_of(table, "seller"))[known]),
            "buyer": texts(np.array(text_of(table, "buyer"))[known]),
            "flow": value[known],
        }
    )
    nodes = sorted({*text_of(flows, "seller"), *text_of(flows, "buyer")})
    if 2 * len(set(industries) & set(nodes)) >= len(set(industries)):
        notes["io_covered"] = len(set(industries) & set(nodes))
        return IndustryFlows(table=flows, codes=None)
    shares = _shares(inputs, industries, set(nodes))
    notes["io_covered"] = len(shares)
    if len(shares) < 2:
        notes["io_missing"] = "input_output (codes of the activity, or concordances)"
        return None
    used = {b for part in shares.values() for b in part}
    if len(used) <= len(shares):
        first = {i: max(sorted(p), key=p.__getitem__) for i, p in shares.items()}
        return IndustryFlows(table=flows, codes=first)
    return IndustryFlows(table=_added_up(flows, nodes, shares), codes=None)


def _one_table(table: pa.Table, notes: dict[str, Json]) -> pa.Table:
    """Choose the last period of the version with most rows."""
    versions = text_of(table, "io_version")
    version = commonest(versions)
    if len(set(versions)) > 1:
        table = among(table, "io_version", [version])
    periods = sorted(set(text_of(table, "period")))
    if len(periods) > 1:
        table = among(table, "period", periods[-1:])
    notes["io_version"] = version
    notes["io_period"] = periods[-1] if periods else ""
    return table


def _shares(
    inputs: StageInputs, industries: Sequence[str], nodes: set[str]
) -> dict[str, dict[str, float]]:
    """Give industry to code of the table to weight.

    An industry without a row of its own takes those of the codes below it, whose first
    characters are its code.
    """
    if not inputs.has("concordances"):
        return {}
    table = among(inputs.table("concordances"), "target", nodes)
    of: dict[str, list[tuple[str, float]]] = {}
    for source, target, share in shares_of(table):
        of.setdefault(source, []).append((target, share))
    below: dict[str, list[str]] = {}
    for source in of:
        for size in range(1, len(source)):
            below.setdefault(source[:size], []).append(source)
    out: dict[str, dict[str, float]] = {}
    for industry in industries:
        found: dict[str, float] = {}
        for source in [industry] if industry in of else below.get(industry, []):
            for target, share in of[source]:
                found[target] = found.get(target, 0.0) + share
        if found:
            out[industry] = found
    return out


def _added_up(
    flows: pa.Table, nodes: list[str], shares: dict[str, dict[str, float]]
) -> pa.Table:
    """Add flows up to industries, a code of several industries by its shares."""
    code = {c: k for k, c in enumerate(nodes)}
    label = sorted(shares)
    split = np.zeros((len(nodes), len(label)))
    for column, industry in enumerate(label):
        for target, share in shares[industry].items():
            split[code[target], column] = share
    total = split.sum(axis=1, keepdims=True)
    split = np.divide(split, total, out=np.zeros_like(split), where=total > 0)
    matrix = np.zeros((len(nodes), len(nodes)))
    i, j = (
        np.array([code[c] for c in text_of(flows, e)], dtype=np.intp)
        for e in ("seller", "buyer")
    )
    np.add.at(matrix, (i, j), flows["flow"].to_numpy())
    made = split.T @ matrix @ split
    a, b = np.nonzero(made > 0)
    name = np.array(label)
    out = pa.table({"seller": texts(name[a]), "buyer": texts(name[b])})
    return out.append_column("flow", pc.cast(pa.array(made[a, b]), pa.float64()))
