"""Does a pool matter because of whose knowledge it is: shuffle knowledge over industries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.core.errors import AlignmentError, NotIdentifiedError, OptionError, Problem
from agglo.core.frames import as_text, encode_text, require_columns, to_arrow
from agglo.core.inference import mc_pvalue
from agglo.core.options import Permutation, check_choice, check_number
from agglo.core.parallel import entropy_of, monte_carlo
from agglo.core.results import ColumnData, Provenance, Result, frozen_array
from agglo.econometrics._regression_input import clean
from agglo.econometrics.knowledge import DIRECTIONS, pair_weights
from agglo.econometrics.link_classes import CLASSES, LinkClasses

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from agglo.core.typing import FloatArray, IntArray, IntoFrame
    from agglo.econometrics.knowledge import KnowledgeStock
    from agglo.econometrics.regression_results import RegressionFit

__all__ = ["PoolPermutation", "pool_permutation"]

_BLOCK = 64
_TIE = 1e-9


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class PoolPermutation(Result):
    """A log pool against pools of the same weights and shuffled knowledge.

    Attributes
    ----------
    term
        The pool in the fit.
    value
        Its coefficient when the mean of the shuffled pools is subtracted from it.
    plain
        Its coefficient in the fit.
    statistic, null_sd
        Covariance of the outcome with the recentred pool, and its spread under shuffling.
    p
        Two-sided.
    n_draws, n
        Permutations and rows.
    drawn
        The statistic under shuffling, (n_draws,).
    """

    term: str
    value: float
    plain: float
    statistic: float
    null_sd: float
    p: float
    n_draws: int
    n: int
    drawn: FloatArray

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row."""
        return {
            "term": [self.term],
            "value": np.array([self.value]),
            "plain": np.array([self.plain]),
            "statistic": np.array([self.statistic]),
            "null_sd": np.array([self.null_sd]),
            "p": np.array([self.p]),
            "n_draws": np.array([self.n_draws]),
        }

    def summary(self) -> str:
        """Give the recentred coefficient and its p-value."""
        return (
            f"{self.term} recentred = {self.value:.4f} (plain {self.plain:.4f}), "
            f"p = {self.p:.4f} by {self.n_draws} shuffles of knowledge over industries"
        )

    def _draw(self, ax: Axes) -> None:
        ax.hist(self.drawn, bins=40, color="#9CA3AF")
        ax.axvline(self.statistic, color="#D55E00")
        ax.set(xlabel=f"covariance with {self.term}")


@dataclass(frozen=True, slots=True)
class _Pools:
    """Log pools of shuffled knowledge on the rows of a fit, what the fit explains removed."""

    fit: RegressionFit
    weights: FloatArray
    stock: FloatArray
    cell: IntArray
    lag: int
    controls: FloatArray

    def at(self, orders: IntArray) -> FloatArray:
        """Give (rows, draws): effects and other regressors removed."""
        shuffled = self.stock[orders]
        t = self.stock.shape[1]
        past = shuffled[:, :, : t - self.lag]
        pool = np.zeros(shuffled.shape)
        if self.weights.shape[0] == 1:
            pool[:, :, self.lag :] = self.weights[0] @ past
        else:
            pool[:, :, self.lag :] = np.einsum(
                "tij,djt->dit", self.weights[self.lag :], past, optimize=True
            )
        log = np.log(np.where(pool > 0, pool, 1.0)).reshape(orders.shape[0], -1)
        away = clean(self.fit.design.rows, log[:, self.cell].T)
        return np.asarray(away - self.controls @ (self.controls.T @ away))

    def draw(self, rng: np.random.Generator, size: int) -> FloatArray:
        """Give the shuffled pools, one per row."""
        n = self.stock.shape[0]
        orders = np.stack([rng.permutation(n) for _ in range(size)])
        return np.ascontiguousarray(self.at(orders).T)


def pool_permutation(
    fit: RegressionFit,
    dyads: IntoFrame,
    stock: KnowledgeStock,
    *,
    term: str,
    direction: Literal["active", "passive"],
    links: LinkClasses | None = None,
    link: str = "all",
    lag: int = 1,
    anchor: str = "anchor",
    mover: str = "mover",
    weight: str = "weight",
    pair_period: str | None = None,
    industry: str = "industry",
    period: str = "period",
    inference: Permutation = Permutation(n=999),  # noqa: B008  frozen
    n_jobs: int | None = None,
) -> PoolPermutation:
    r"""Test a log pool by giving every industry the knowledge history of another.

    Use where `exposure_errors` cannot be: a log of a weighted sum is no shift-share. The
    weights stay, so industries with many partners keep them; only whose knowledge
    it is changes.

    Parameters
    ----------
    fit
        A fit of `fit_linear` with the log pool among its covariates (log where above 0,
        else 0), as `knowledge_pools` gives it.
    dyads, stock
        What the pool was built from.
    term
        Name of the pool in `fit`.
    direction
        Which pool it is.
    links, link, lag
        Classes, class (``"all"`` without them) and lag of the pool.
    anchor, mover, weight, pair_period
        Columns of `dyads`, the last one only when weights change over time.
    industry, period
        Columns of the data behind `fit`.
    inference
        Permutations and seed.
    n_jobs
        Workers; no influence on the numbers.

    Returns
    -------
    PoolPermutation
        Recentred coefficient and permutation p-value.

    Raises
    ------
    OptionError
        If `fit` is no least squares, or `term`, `direction` or `link` is unknown.
    AlignmentError
        If a row of `fit` has an industry or period that is not in `stock`.
    NotIdentifiedError
        no_variation: shuffling does not move the pool.

    Notes
    -----
    :math:`T = \sum \ddot y (x - \bar x^*)`, the outcome without effects and other
    regressors, :math:`\bar x^*` the mean shuffled pool; p counts draws with as large a
    statistic. Exact when histories are exchangeable across industries and the pool has
    no effect; other pools in the fit are held as they are. O(draws I^2 T).

    References
    ----------
    Borusyak and Hull 2023, doi:10.3982/ECTA19367 (recentring; randomisation inference).

    Examples
    --------
    >>> import numpy as np, pyarrow as pa
    >>> from agglo import Permutation, fit_linear, knowledge_pools, knowledge_stock
    >>> from agglo.econometrics import pool_permutation
    >>> rng, names = np.random.default_rng(3), [f"i{k:02d}" for k in range(20)]
    >>> patents = pa.table({"industry": np.repeat(names, 8), "period": np.tile(range(8), 20),
    ...     "patents": rng.lognormal(3.0, 1.0, 160)})
    >>> pairs = pa.table({"anchor": np.roll(names, 3), "mover": names, "weight": np.ones(20)})
    >>> stock = knowledge_stock(patents)
    >>> pool = np.log(knowledge_pools(pairs, stock, lag=0).values["active", "all"]).ravel()
    >>> rows = patents.append_column("pool", pa.array(pool))
    >>> rows = rows.append_column("y", pa.array(0.5 * pool + 0.1 * rng.normal(size=160)))
    >>> fit = fit_linear(rows, outcome="y", covariates=["pool"], effects=["industry", "period"])
    >>> pool_permutation(fit, pairs, stock, term="pool", direction="active", lag=0,
    ...                  inference=Permutation(n=199, seed=1)).p
    0.005
    """
    check_choice("direction", direction, DIRECTIONS)
    check_number("lag", lag, minimum=0, maximum=stock.periods.size - 1, integer=True)
    place = fit.place(term)
    if fit.method != "least squares":
        msg = f"fit is by {fit.method}; pool_permutation needs least squares."
        raise OptionError(msg)
    m = pair_weights(dyads, stock, (anchor, mover, weight, pair_period))
    m = m * _membership(links, link)
    others = np.delete(fit.design.x, place, axis=1)
    pools = _Pools(
        fit=fit,
        weights=m if direction == "passive" else np.swapaxes(m, 1, 2),
        stock=np.asarray(stock.values),
        cell=_cells(fit, stock, industry, period),
        lag=lag,
        controls=np.linalg.qr(others)[0] if others.shape[1] else others,
    )
    own = pools.at(np.arange(stock.industries.size)[None])[:, 0]
    entropy = entropy_of(inference.seed)
    drawn = monte_carlo(
        pools.draw, n=inference.n, seed=entropy, block_size=_BLOCK, n_jobs=n_jobs
    )
    y = fit.design.y - pools.controls @ (pools.controls.T @ fit.design.y)
    centre = drawn.mean(axis=0)
    recentred, null = own - centre, (drawn - centre) @ y
    size = float(recentred @ own)
    if not float(null.std()) > 1e-12 * max(float(np.linalg.norm(y)), 1e-300):
        msg = f"Shuffling knowledge does not move `{term}`."
        problem = Problem(code="no_variation", what="every shuffle gives the same pool")
        raise NotIdentifiedError(msg, [problem])
    statistic = float(recentred @ y)
    # products of the same numbers in another order differ in their last digits
    least = abs(statistic) * (1.0 - _TIE)
    return PoolPermutation(
        provenance=Provenance.of(
            pool_permutation,
            fit.provenance.input_digest,
            stock.provenance.input_digest,
            parameters={"term": term, "direction": direction, "link": link, "lag": lag},
            seed=entropy,
        ),
        frame_kind=fit.frame_kind,
        term=term,
        value=statistic / size,
        plain=float(fit.values[place]),
        statistic=statistic,
        null_sd=float(null.std()),
        p=float(mc_pvalue(least, np.abs(null), alternative="greater")),
        n_draws=inference.n,
        n=fit.n,
        drawn=frozen_array(null),
    )


def _membership(links: LinkClasses | None, link: str) -> FloatArray:
    if links is None:
        check_choice("link", link, ("all",))
        return np.ones((1, 1))
    check_choice("link", link, ("all", *CLASSES))
    member = links.membership.get(link)
    return np.ones((1, 1)) if member is None else np.asarray(member)


def _cells(
    fit: RegressionFit, stock: KnowledgeStock, industry: str, period: str
) -> IntArray:
    """Give the cell of the stock behind every row of the fit."""
    table = to_arrow(fit.design.rows.table)
    require_columns(table, {"industry": industry, "period": period})
    found = []
    for column, known in ((industry, stock.industries), (period, stock.periods)):
        labels, code = encode_text(as_text(table[column]))
        at = {str(v): i for i, v in enumerate(known)}
        lost = [str(v) for v in labels if str(v) not in at]
        if lost:
            msg = f"{column}: {lost[:5]} are not in the knowledge stock."
            raise AlignmentError(
                msg, [Problem(code="unknown_id", what=v, column=column) for v in lost]
            )
        found.append(np.array([at[str(v)] for v in labels], dtype=np.int64)[code])
    return found[0] * stock.periods.size + found[1]
