"""Sites, pools and ties of the three elements as arrays, and the comparison with draws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.errors import AlignmentError, Problem
from agglo.core.frames import as_text, encode_labels
from agglo.core.inference import mc_pvalue
from agglo.core.results import Undefined, frozen_array
from agglo.evaluation._element_input import (
    Grouped,
    bounds_of,
    labels,
    numbers,
    raise_all,
    read_grouped,
    read_table,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray, FloatArray, IntArray, IntoFrame

__all__ = [
    "Sites",
    "Ties",
    "against",
    "around",
    "at_one_place",
    "member_rows",
    "pools",
    "positions",
    "sites_of",
    "statuses",
    "strata_of",
    "ties_of",
    "untested",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sites:
    """Places sorted by cluster, or candidates sorted by stratum.

    Attributes
    ----------
    cluster, code
        Sorted labels and the cluster of each site; empty for candidates.
    x, y, weight
        Planar coordinates and weights.
    stratum
        Label of each site's stratum.
    """

    cluster: NDArray[np.str_]
    code: IntArray
    x: FloatArray
    y: FloatArray
    weight: FloatArray
    stratum: NDArray[np.str_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ties:
    """Undirected ties without loops, each pair once."""

    names: NDArray[np.str_]
    u: IntArray
    v: IntArray
    w: FloatArray
    loops: int


def sites_of(
    data: IntoFrame,
    where: str,
    cluster: str | None,
    columns: tuple[str, str, str | None, str | None],
) -> Sites:
    """Read places; candidates come without cluster and are sorted by stratum."""
    x, y, weight, stratum = columns
    asked = {"cluster": cluster, "x": x, "y": y, "weight": weight, "stratum": stratum}
    table, problems = read_table(data, where, asked)
    raise_all(problems, where)
    xs, ys = (numbers(table, c, where, problems, negative=True) for c in (x, y))
    w = numbers(table, weight, where, problems)
    raise_all(problems, where)
    names, code = np.array([""]), np.zeros(table.num_rows, dtype=np.int64)
    if cluster is not None:
        names, code = labels(table, cluster, where)
    kinds, kind = np.array([""]), np.zeros(table.num_rows, dtype=np.int64)
    if stratum is not None:
        kinds, kind = labels(table, stratum, where)
    order = np.lexsort((w, ys, xs, kind, code))
    return Sites(
        cluster=names,
        code=code[order],
        x=xs[order],
        y=ys[order],
        weight=w[order],
        stratum=kinds[kind[order]],
    )


def strata_of(members: Sites, pool: Sites) -> tuple[IntArray, IntArray]:
    """Give the bounds of the strata of the candidates, and each member's stratum.

    Raises
    ------
    InvalidTableError
        If a cluster has more members of a stratum than there are candidates to draw.
    """
    kinds, kind = np.unique(pool.stratum, return_inverse=True)
    usable = np.bincount(kind, pool.weight > 0, minlength=kinds.size)
    at = np.searchsorted(kinds, members.stratum)
    known = (at < kinds.size) & (
        kinds[np.minimum(at, kinds.size - 1)] == members.stratum
    )
    problems = [
        Problem(
            code="too_few_candidates",
            what=f"no candidate is of stratum {str(s)!r}",
            where="candidates",
            fix="merge strata, or give all establishments as candidates",
        )
        for s in np.unique(members.stratum[~known])
    ]
    raise_all(problems, "candidates")
    cell = members.code * kinds.size + at
    needed, n = np.unique(cell, return_counts=True)
    problems = [
        Problem(
            code="too_few_candidates",
            what=f"cluster {members.cluster[c // kinds.size]!r} has {k} members of stratum "
            f"{str(kinds[c % kinds.size])!r}, and only {int(usable[c % kinds.size])} "
            "candidates have a chance",
            where="candidates",
            fix="merge strata, or give all establishments as candidates",
        )
        for c, k in zip(needed, n, strict=True)
        if k > usable[c % kinds.size]
    ]
    raise_all(problems, "candidates")
    return bounds_of(kind.astype(np.int64), kinds.size), at.astype(np.int64)


def at_one_place(members: Sites, start: IntArray) -> BoolArray:
    """Say which clusters have all their members at one place."""
    same = np.ones(start.size - 1, dtype=np.bool_)
    for v in (members.x, members.y):
        first = start[:-1]
        same &= np.maximum.reduceat(v, first) == np.minimum.reduceat(v, first)
    return same


def positions(
    wanted: NDArray[np.str_], known: NDArray[np.str_], what: str, where: str
) -> IntArray:
    """Find labels in a sorted list.

    Raises
    ------
    AlignmentError
        If some are not there.
    """
    at = np.minimum(np.searchsorted(known, wanted), known.size - 1)
    lost = np.unique(wanted[known[at] != wanted])
    if lost.size:
        msg = (
            f"{lost.size} {what} are not in `{where}`: {lost[:10].tolist()}. Leave them "
            "out, or add their pairs."
        )
        raise AlignmentError(msg)
    out: IntArray = at.astype(np.int64)
    return out


def pools(
    present: IntoFrame | None,
    cluster: str,
    activity: str,
    rows: Grouped,
    known: NDArray[np.str_],
) -> tuple[IntArray, IntArray]:
    """Give the industries that each cluster's draws come from, and their bounds."""
    n = rows.cluster.size
    if present is None:
        pool = np.tile(np.arange(known.size), n)
        return pool, np.arange(n + 1) * known.size
    given = read_grouped(
        present, cluster=cluster, item=activity, weight=None, what="activity"
    )
    at = positions(rows.cluster, given.cluster, "clusters", "present")
    item = positions(given.item, known, "industries", "relatedness")
    parts = [item[given.start[c] : given.start[c + 1]] for c in at]
    sizes = np.array([p.size for p in parts], dtype=np.int64)
    bounds = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    return np.concatenate(parts), bounds


def member_rows(members: IntoFrame, cluster: str, member: str) -> Grouped:
    """Read who belongs where."""
    return read_grouped(
        members, cluster=cluster, item=member, weight=None, what="member"
    )


def ties_of(
    data: IntoFrame,
    origin: str,
    destination: str,
    weight: str | None,
    members: NDArray[np.str_],
) -> Ties:
    """Read ties; both directions and repeated rows are added up, loops left out."""
    asked = {"origin": origin, "destination": destination, "weight": weight}
    table, _ = read_table(data, "data", asked)
    problems: list[Problem] = []
    w = numbers(table, weight, "data", problems)
    raise_all(problems, "data")
    if table.num_rows:
        ends = [as_text(table[c]).combine_chunks() for c in (origin, destination)]
        both = pa.table({"end": pa.chunked_array([*ends], pa.string())})
        found, code = encode_labels(both, "end")
    else:
        found, code = np.array([], dtype=np.str_), np.array([], dtype=np.int64)
    names = np.unique(np.concatenate([found, members]))
    code = np.searchsorted(names, found)[code].astype(np.int64)
    a, b = code[: table.num_rows], code[table.num_rows :]
    loop = a == b
    key = np.minimum(a, b)[~loop] * names.size + np.maximum(a, b)[~loop]
    pair, inverse = np.unique(key, return_inverse=True)
    total = np.bincount(inverse.reshape(-1), w[~loop], minlength=pair.size)
    held = total > 0
    return Ties(
        names=names,
        u=(pair // names.size)[held].astype(np.int64),
        v=(pair % names.size)[held].astype(np.int64),
        w=total[held].astype(np.float64),
        loops=int(loop.sum()),
    )


def around(
    net: Ties, within: FloatArray, rows: Grouped, who: IntArray, code: IntArray
) -> tuple[dict[str, FloatArray], IntArray]:
    """Give outside weight, E-I, the quick expectation, coverage; and ties that touch."""
    n, nodes = rows.cluster.size, net.names.size
    strength = np.bincount(net.u, net.w, nodes) + np.bincount(net.v, net.w, nodes)
    degree = np.bincount(net.u, minlength=nodes) + np.bincount(net.v, minlength=nodes)
    own = np.bincount(code, strength[who], n)
    squares = np.bincount(code, strength[who] ** 2, n)
    external = own - 2.0 * within
    # rounding must not make an outside weight negative
    external = np.where(np.abs(external) < 1e-9 * np.maximum(own, 1.0), 0.0, external)
    both = within + external
    ei = np.full(n, np.nan)
    np.divide(external - within, both, out=ei, where=both > 0)
    mass = 2.0 * net.w.sum()
    quick = np.full(n, np.nan)
    np.divide((own**2 - squares) / 2.0, mass, out=quick, where=mass > 0)
    covered = np.bincount(code, degree[who] > 0, n) / rows.size
    ones = Ties(names=net.names, u=net.u, v=net.v, w=np.ones(net.u.size), loops=0)
    touching = np.bincount(code, degree[who], n) - _inside(ones, who, code, n)
    extra = {
        "external": external,
        "ei": ei,
        "expected_quick": quick,
        "coverage": covered,
    }
    return extra, np.rint(touching).astype(np.int64)


def _inside(net: Ties, who: IntArray, code: IntArray, n: int) -> FloatArray:
    from agglo.evaluation._kernels import rewiring

    order = np.lexsort((code, who))
    start = bounds_of(who[order], net.names.size)
    return rewiring.inside(net.u, net.v, net.w, code[order], start, n)


def against(
    value: FloatArray, drawn: FloatArray, reason: NDArray[np.str_], *, low: bool
) -> dict[str, FloatArray]:
    """Compare statistics with their draws; `low`: small values are the strong ones."""
    usable = reason == ""
    sims = np.where(usable[None, :], drawn, np.nan)
    p = np.where(usable, mc_pvalue(value, sims, "less" if low else "greater"), np.nan)
    n = np.maximum((~np.isnan(sims)).sum(axis=0), 1)
    beyond = (sims > value) if low else (sims < value)
    score = np.where(usable, beyond.sum(axis=0) / n, np.nan)
    ties = np.where(usable, (sims == value).sum(axis=0) / n, np.nan)
    shown = np.full((3, value.size), np.nan)
    tested = np.flatnonzero(usable & ~np.isnan(sims).all(axis=0))
    if tested.size:
        some = sims[:, tested]
        shown[0, tested] = some.mean(axis=0)
        shown[1:, tested] = np.quantile(some, [0.05, 0.95], axis=0)
    parts = {
        "value": value,
        "expected": shown[0],
        "lower": shown[1],
        "upper": shown[2],
        "score": score,
        "percentile": score + 0.5 * ties,
        "p": p,
    }
    return {k: frozen_array(np.asarray(v, dtype=np.float64)) for k, v in parts.items()}


def statuses(passed: BoolArray, reason: NDArray[np.str_]) -> NDArray[np.str_]:
    """Give pass, fail or not_testable."""
    return np.where(reason != "", "not_testable", np.where(passed, "pass", "fail"))


def untested(
    cluster: NDArray[np.str_], value: FloatArray, reason: NDArray[np.str_]
) -> tuple[Undefined, ...]:
    """Say why numbers are missing, one entry per reason."""
    out = [
        Undefined(
            reason=str(why),
            item=", ".join(cluster[reason == why][:5].tolist()),
            n=int((reason == why).sum()),
        )
        for why in np.unique(reason)
        if why
    ]
    if not out and np.isnan(value).any():
        out.append(Undefined(reason="no pair", n=int(np.isnan(value).sum())))
    return tuple(out)
