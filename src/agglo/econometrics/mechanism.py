"""Do flows of knowledge follow the direction of moves: citations, joint patents, people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.checks import flag_rows, repeated
from agglo.core.errors import NotIdentifiedError, Problem
from agglo.core.frames import as_text, frame_kind, require_columns, to_arrow
from agglo.core.options import check_number
from agglo.core.tables._columns import labels_of, numbers_of, raise_problems
from agglo.econometrics.regression import fit_poisson
from agglo.econometrics.regression_vcov import Dyadic

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import IntoFrame
    from agglo.econometrics.regression_results import RegressionFit

__all__ = ["fit_mechanism"]

Keys = list[tuple[str, str, int]]


def fit_mechanism(
    flows: IntoFrame,
    dyads: IntoFrame,
    *,
    source: str = "source",
    target: str = "target",
    value: str = "value",
    anchor: str = "anchor",
    mover: str = "mover",
    weight: str = "weight",
    period: str = "period",
    covariates: Sequence[str] = (),
    lag: int = 1,
    pair_effects: bool = True,
) -> RegressionFit:
    r"""Estimate whether knowledge flows follow who moved towards whom.

    Use for citations made by `source` to `target`, joint patents, or moves of inventors:
    outcomes of proximity. Never add them as controls to the production function.

    Parameters
    ----------
    flows
        One row per ordered pair and period; absent rows are 0 between all industries and
        periods that occur; flows of an industry with itself are left out.
    dyads
        One row per ordered pair and period with its weight; absent = 0.
    source, target, value
        Columns of `flows`.
    anchor, mover, weight
        Columns of `dyads`.
    period
        Column of both; whole numbers.
    covariates
        Further columns of `dyads`, for example linkages, read as [source = mover,
        target = anchor]; absent = 0.
    lag
        Periods between weight and flow.
    pair_effects
        Absorb ordered pairs, so that only changes of weights count; needs weights that
        change. Without them common causes of pairs stay in the weights.

    Returns
    -------
    RegressionFit
        ``moved_to``: the weight of source moving towards target; ``came_from``: of target
        moving towards source; then `covariates`. Dyadic-robust errors.

    Raises
    ------
    InvalidTableError
        Duplicate keys, negative flows, periods that are no whole numbers.
    NotIdentifiedError
        If weights do not move within the effects, or no period has both.

    Notes
    -----
    Poisson pseudo-likelihood with effects source x period, target x period and pairs.
    Knowledge that follows the mover makes ``moved_to`` positive. O(I^2 T) per round.

    References
    ----------
    Aronow, Samii and Assenova 2015, doi:10.1093/pan/mpv018 (errors). Santos Silva and
    Tenreyro 2006, doi:10.1162/rest.88.4.641.

    Examples
    --------
    >>> import numpy as np, pyarrow as pa
    >>> from agglo.econometrics import fit_mechanism
    >>> rng, n = np.random.default_rng(1), 30
    >>> a, b, t = (v.ravel() for v in np.meshgrid(*[range(n)] * 2, range(4), indexing="ij"))
    >>> w = rng.gamma(1.0, 1.0, a.size)
    >>> dyads = pa.table({"anchor": b, "mover": a, "period": t, "weight": w})
    >>> flows = {"source": a, "target": b, "period": t + 1, "value": rng.poisson(np.exp(0.5 * w))}
    >>> round(fit_mechanism(pa.table(flows), dyads).coefficient("moved_to"), 1)
    0.5
    """
    check_number("lag", lag, minimum=0, integer=True)
    kind, flow, pair = frame_kind(flows), to_arrow(flows), to_arrow(dyads)
    require_columns(
        flow, {"source": source, "target": target, "value": value, "period": period}
    )
    named = {"anchor": anchor, "mover": mover, "weight": weight, "period": period}
    more = {f"covariates[{i}]": c for i, c in enumerate(covariates)}
    require_columns(pair, {**named, **more})
    y, names, years = _cube(flow, (source, target, period, value), None, "flows")
    # [mover, anchor]: the weight of the first moving towards the second
    w, _, when = _cube(pair, (mover, anchor, period, weight), names, "dyads")
    shared = [t for t in years if t - lag in when]
    if not shared:
        msg = f"No period of `flows` has weights {lag} before it."
        raise NotIdentifiedError(msg, [Problem(code="no_period", what="no overlap")])
    at = np.array([years.index(t) for t in shared])
    past = np.array([when.index(t - lag) for t in shared])
    off = np.nonzero(~np.eye(names.size, dtype=bool))
    n, size = len(shared), off[0].size
    first, second = np.tile(names[off[0]], n), np.tile(names[off[1]], n)
    columns: dict[str, object] = {
        "source": first.tolist(),
        "target": second.tolist(),
        "period": np.repeat(shared, size),
        "value": np.concatenate([y[t][off] for t in at]),
        "moved_to": np.concatenate([w[t][off] for t in past]),
        "came_from": np.concatenate([w[t].T[off] for t in past]),
    }
    for name in covariates:
        other, _, _ = _cube(pair, (mover, anchor, period, name), names, "dyads")
        columns[name] = np.concatenate([other[t][off] for t in past])
    rows = pa.table(columns)
    effects: list[str | tuple[str, ...]] = [("source", "period"), ("target", "period")]
    if pair_effects:
        effects.append(("source", "target"))
    fit = fit_poisson(
        rows,
        outcome="value",
        covariates=["moved_to", "came_from", *covariates],
        effects=effects,
        vcov=Dyadic("source", "target"),
    )
    return replace(fit, frame_kind=kind)


def _cube(
    table: pa.Table,
    columns: tuple[str, str, str, str],
    known: NDArray[np.str_] | None,
    where: str,
) -> tuple[np.ndarray, NDArray[np.str_], list[int]]:
    """Give values (T, I, I), industries and periods; absent is 0."""
    problems: list[Problem] = []
    one, a = labels_of(table, columns[0], problems, where)
    two, b = labels_of(table, columns[1], problems, where)
    amount = numbers_of(table, columns[3], problems, where, missing=False)
    text = [str(v) for v in as_text(table[columns[2]]).to_pylist()]
    whole = np.array([v.lstrip("-").isdigit() for v in text], dtype=bool)
    problems += flag_rows(
        ~whole,
        code="not_a_period",
        what=f"column '{columns[2]}' is no whole number",
        where=where,
        fix="write periods as years",
    )
    raise_problems(problems, where)
    years, t = np.unique(np.array([int(v) for v in text]), return_inverse=True)
    names = np.unique(np.concatenate([one, two])) if known is None else known
    inside = np.isin(one[a], names) & np.isin(two[b], names)
    i, j = (np.searchsorted(names, v) for v in (one[a][inside], two[b][inside]))
    t, amount = t[inside], amount[inside]
    problems += flag_rows(
        repeated((t * names.size + i) * names.size + j),
        code="duplicate_key",
        what="the same pair and period occur more than once",
        where=where,
        fix="add them up",
    )
    raise_problems(problems, where)
    out = np.zeros((years.size, names.size, names.size))
    out[t, i, j] = amount
    return out, names, [int(v) for v in years]
