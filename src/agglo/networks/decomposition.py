"""Mixing inside and between groups: E-I index, assortativity, modularity, with nulls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.core.inference import mc_pvalue
from agglo.core.options import Permutation, check_choice
from agglo.core.parallel import entropy_of, monte_carlo
from agglo.core.results import Provenance, Undefined, frozen_array
from agglo.networks._grouping import Grouped, grouped
from agglo.networks._kernels import mixing as kernels
from agglo.networks._kernels.cells import distinct_per_cell
from agglo.networks.decomposition_results import Mixing
from agglo.networks.events import EventSource, LinkEvents, one_layer
from agglo.networks.flow_results import sums
from agglo.networks.levels import needed_regions

if TYPE_CHECKING:
    from agglo.core.tables import Regions
    from agglo.core.typing import BoolArray, FloatArray, IntArray, IntoFrame

__all__ = ["label_null", "mixing"]


def mixing(
    data: EventSource,
    *,
    groups: Mapping[str, str] | None = None,
    of: Literal["industry", "region"] = "industry",
    layer: str | None = None,
    period: str | None = None,
    level: str | None = None,
    regions: IntoFrame | Regions | None = None,
    null: Literal["labels", "configuration"] = "labels",
    inference: Permutation | None = Permutation(),  # noqa: B008  frozen
) -> Mixing:
    r"""Measure how far links stay inside groups of industries or of regions.

    Use to describe one network beside its null; to compare places that make different
    things use `boundary_index`, because E-I and r depend on what a place makes.

    Parameters
    ----------
    data
        Table ``link_events`` or ``links``, or `LinkEvents`.
    groups
        Industry (or region) to group; ``None``: each is its own.
    of
        What is grouped.
    layer, period
        Which links; `layer` may be left out when there is only one.
    level, regions
        Level at which regions are told apart (and grouped), as in `build_links`.
    null
        ``"labels"``: group labels permuted over the nodes, sizes kept;
        ``"configuration"``: ends of links meet at random, strengths kept.
    inference
        Draws; ``None`` for none.

    Returns
    -------
    Mixing
        Mixing matrix, expected weights, log-odds; E-I global, per group and per node; r
        and Q; 2 x 2 tables by region; null.

    Raises
    ------
    InvalidTableError
        If the table breaks its rules or the layer is empty.
    AlignmentError
        Listing nodes without a group, unknown regions.
    OptionError
        If a choice does not exist.

    Notes
    -----
    :math:`EI = (E - I)/(E + I)` with E the weight between groups and I that within, links
    inside a node included. :math:`r = (\sum_k e_{kk} - \sum_k a_k b_k)/(1 - \sum_k a_k b_k)`,
    :math:`Q = \sum_k (e_{kk} - a_k b_k)`; with one group r is NaN. An undirected layer is
    taken as :math:`A_{ab} = A_{ba} = w, A_{aa} = 2w`. Expected weights are
    :math:`s_k^{out} s_l^{in}/W`, log-odds add 0.5 to empty cells, :math:`z` is log-odds
    times :math:`\sqrt{w_{kl}}`, for counts. `boundary_share` counts each link once. p is
    two-sided. Links of unknown industries are left out and counted.
    O(draws × linked pairs of nodes), for ``"configuration"`` O(draws × links).

    References
    ----------
    Krackhardt and Stern 1988, doi:10.2307/2786835; Newman 2003,
    doi:10.1103/PhysRevE.67.026126.

    See Also
    --------
    boundary_index : The same question, corrected for what places make.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> rows = pa.table({"origin": list("aab"), "destination": list("bcc"),
    ...                  "weight": [6.0, 1.0, 1.0]})
    >>> two = {"a": "x", "b": "x", "c": "y"}
    >>> ag.mixing(rows, of="region", groups=two, inference=None).ei
    -0.5
    """
    check_choice("of", of, ("industry", "region"))
    check_choice("null", null, ("labels", "configuration"))
    events = one_layer(data, layer, period)
    if level is not None:
        events = events.at_level(needed_regions(level, regions), level)
    found = grouped(events, of, groups)
    weight = events.weight[found.kept]
    directed = bool(events.directed[0])
    one, other = found.groups
    raw = kernels.group_matrix(one, other, weight, found.group.size)
    matrix = kernels.symmetrised(raw, directed)
    total = float(weight.sum())
    observed = _indices(matrix, raw, total)
    entropy = None if inference is None else entropy_of(inference.seed)
    draws = _draws(found, weight, directed, null, inference, entropy)
    mean, sd, z, p = _against(observed, draws)
    expected, odds, score = _odds(matrix, total)
    asked = {"of": of, "layer": layer, "period": period, "level": level, "null": null}
    return Mixing(
        provenance=Provenance.of(
            mixing,
            events,
            parameters={
                **asked,
                "groups": None if groups is None else dict(groups),
                "n": None if inference is None else inference.n,
            },
            seed=entropy,
        ),
        frame_kind=events.frame_kind,
        undefined=_reasons(events, found, observed[1], total),
        group=frozen_array(found.group),
        weight=frozen_array(_once(raw, directed)),
        share=frozen_array(matrix / matrix.sum() if total > 0 else matrix * np.nan),
        expected=frozen_array(expected),
        log_odds=frozen_array(odds),
        z=frozen_array(score),
        ei=float(observed[0]),
        r=float(observed[1]),
        q=float(observed[2]),
        ei_group=frozen_array(_ei_of(found, weight, groups=True)),
        boundary_share=frozen_array(_leaving(raw, directed)),
        node=frozen_array(found.node),
        node_group=frozen_array(found.group[found.group_of]),
        ei_node=frozen_array(_ei_of(found, weight, groups=False)),
        same_group_region=frozen_array(_two_by_two(events, found, weight)),
        events_same=frozen_array(_events_two_by_two(events, found)),
        null=null,
        null_mean=frozen_array(mean),
        null_sd=frozen_array(sd),
        null_z=frozen_array(z),
        p=frozen_array(p),
        expected_between=_closed_form(found),
        n_draws=0 if inference is None else inference.n,
        directed=directed,
        layer=str(events.layer[0]),
    )


def _indices(matrix: FloatArray, raw: FloatArray, total: float) -> FloatArray:
    """Give E-I, r and Q."""
    r, q = kernels.assortativity(matrix)
    ei = 1.0 - 2.0 * float(np.trace(raw)) / total if total > 0 else np.nan
    return np.array([ei, r, q])


def label_null(
    found: Grouped,
    weight: FloatArray,
    directed: bool,
    n: int,
    seed: int,
    stream: int = 0,
) -> FloatArray:
    """Give E-I, r and Q of permuted group labels, shape (n, 3)."""
    size = found.node.size
    key, cell = np.unique(found.start * size + found.end, return_inverse=True)
    pair = sums(cell.reshape(-1).astype(np.int64), weight, key.size)
    start, end = (key // size).astype(np.int64), (key % size).astype(np.int64)

    def draw(rng: np.random.Generator, draws: int) -> FloatArray:
        labels = rng.permuted(np.tile(found.group_of, (draws, 1)), axis=1)
        return kernels.label_draws(start, end, pair, labels, found.group.size, directed)

    out = monte_carlo(draw, n=n, seed=seed, stream=stream)
    out[:, 0] = 2.0 * out[:, 0] - 1.0
    return out


def _draws(
    found: Grouped,
    weight: FloatArray,
    directed: bool,
    null: str,
    inference: Permutation | None,
    entropy: int | None,
) -> FloatArray:
    if inference is None or entropy is None or not weight.size:
        return np.full((0, 3), np.nan)
    if null == "labels":
        return label_null(found, weight, directed, inference.n, entropy)
    one, other = found.groups
    ends = weight.size if directed else 2 * weight.size

    def draw(rng: np.random.Generator, draws: int) -> FloatArray:
        order = rng.permuted(np.tile(np.arange(ends), (draws, 1)), axis=1)
        return kernels.rewired_draws(one, other, weight, order, directed)

    # small blocks: a block holds a whole order of the ends per draw
    block = max(1, min(64, 20_000_000 // max(ends, 1)))
    within = monte_carlo(draw, n=inference.n, seed=entropy, block_size=block)
    share = within / weight.sum()
    matrix = kernels.symmetrised(
        kernels.group_matrix(one, other, weight, found.group.size), directed
    )
    e = matrix / matrix.sum()
    chance = float(e.sum(axis=1) @ e.sum(axis=0))
    rest = 1.0 - chance if chance < 1.0 - 1e-12 else np.nan
    return np.column_stack([1.0 - 2.0 * share, (share - chance) / rest, share - chance])


def _against(
    observed: FloatArray, draws: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    nothing = np.full(3, np.nan)
    if not draws.shape[0]:
        return nothing, nothing.copy(), nothing.copy(), nothing.copy()
    known = np.isfinite(draws).any(axis=0)
    mean, sd = nothing.copy(), nothing.copy()
    mean[known] = np.nanmean(draws[:, known], axis=0)
    sd[known] = np.nanstd(draws[:, known], axis=0, ddof=1)
    # labels that give the same value on paper may differ in the last bit
    same = np.abs(draws - observed) <= 1e-12
    p = mc_pvalue(observed, np.where(same, observed, draws), "two-sided")
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(sd > 1e-12, (observed - mean) / sd, np.nan)
    return mean, sd, z, p


def _odds(
    matrix: FloatArray, total: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    if total <= 0:
        none = np.full(matrix.shape, np.nan)
        return none, none.copy(), none.copy()
    return kernels.log_odds(matrix)


def _once(raw: FloatArray, directed: bool) -> FloatArray:
    if directed:
        return raw
    both = raw + raw.T
    np.fill_diagonal(both, np.diag(raw))
    return np.triu(both)


def _ei_of(found: Grouped, weight: FloatArray, *, groups: bool) -> FloatArray:
    """Give E-I of every group or node, a link counting once for each label at its ends."""
    of_one, of_other = found.groups
    leaves: BoolArray = of_one != of_other
    one, other = (of_one, of_other) if groups else (found.start, found.end)
    n = found.group.size if groups else found.node.size
    loop = one == other
    outside = sums(one, weight * leaves, n) + sums(other, weight * leaves * ~loop, n)
    inside = sums(one, weight * ~leaves, n) + sums(other, weight * ~leaves * ~loop, n)
    with np.errstate(divide="ignore", invalid="ignore"):
        out: FloatArray = (outside - inside) / (outside + inside)
    return out


def _leaving(raw: FloatArray, directed: bool) -> FloatArray:
    inside = np.diag(raw)
    leaving = raw.sum(axis=1) - inside
    if not directed:
        leaving = leaving + raw.sum(axis=0) - inside
    with np.errstate(divide="ignore", invalid="ignore"):
        out: FloatArray = leaving / (leaving + inside)
    return out


def _cell(events: LinkEvents, found: Grouped) -> IntArray:
    one, other = found.groups
    here = events.origin[found.kept] == events.destination[found.kept]
    return ((one == other) * 2 + here).astype(np.int64)


def _two_by_two(events: LinkEvents, found: Grouped, weight: FloatArray) -> FloatArray:
    return sums(_cell(events, found), weight, 4).reshape(2, 2)


def _events_two_by_two(events: LinkEvents, found: Grouped) -> IntArray:
    cell = _cell(events, found)
    return distinct_per_cell(cell, events.event[found.kept], 4).reshape(2, 2)


def _closed_form(found: Grouped) -> float:
    """Give the between share under permuted labels, for links without loops."""
    n = found.node.size
    size = np.bincount(found.group_of).astype(np.float64)
    if n < 2:
        return float("nan")
    return float(1.0 - (size * (size - 1.0)).sum() / (n * (n - 1.0)))


def _reasons(
    events: LinkEvents, found: Grouped, r: float, total: float
) -> tuple[Undefined, ...]:
    out = []
    lost = int((~found.kept).sum())
    if lost:
        out.append(
            Undefined(reason="an end has no known industry", item="links", n=lost)
        )
    if total > 0 and np.isnan(r):
        out.append(Undefined(reason="one group only", item="r"))
    if total <= 0:
        why = f"no link of layer {events.layer[0]} has two known ends"
        out.append(Undefined(reason=why, item="all"))
    return tuple(out)
