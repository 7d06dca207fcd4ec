"""Tests and intervals with few clusters: the wild cluster bootstrap."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import OptionError
from agglo.core.inference import mc_pvalue
from agglo.core.options import Bootstrap, check_number
from agglo.core.parallel import entropy_of, monte_carlo
from agglo.core.results import ColumnData, Provenance, Result, Undefined
from agglo.econometrics._kernels import wild_cluster as kernels
from agglo.econometrics.iv import partialled
from agglo.econometrics.regression_results import RegressionFit

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from agglo.core.typing import FloatArray, IntArray

__all__ = ["WildBootstrap", "wild_bootstrap"]

_TIE = 1e-9
_BLOCK = 1024


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class WildBootstrap(Result):
    """Bootstrap p-value and interval of one coefficient.

    Attributes
    ----------
    term, value, null
        Coefficient, its estimate and the tested value.
    statistic
        t at the tested value.
    p
        (1 + draws at least as large) / (1 + draws).
    lower, upper
        Interval by inversion; NaN when not asked for, infinite when no end was found.
    level
        Coverage.
    n_draws, n_clusters
        Draws and clusters.
    signs
        ``"two points"`` or ``"six points"`` (fewer than 12 clusters).
    """

    term: str
    value: float
    null: float
    statistic: float
    p: float
    lower: float
    upper: float
    level: float
    n_draws: int
    n_clusters: int
    signs: str

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row."""
        return {
            "term": [self.term],
            "value": np.array([self.value]),
            "null": np.array([self.null]),
            "statistic": np.array([self.statistic]),
            "p": np.array([self.p]),
            "lower": np.array([self.lower]),
            "upper": np.array([self.upper]),
            "n_draws": np.array([self.n_draws]),
        }

    def summary(self) -> str:
        """Give the test, the interval and how they were made."""
        lines = [
            f"{self.term} = {self.value:.4f}, wild cluster bootstrap p = {self.p:.4f} "
            f"at {self.null:g}",
            f"{100 * self.level:g} % interval [{self.lower:.4f}, {self.upper:.4f}]",
            f"{self.n_draws} draws, {self.signs}, {self.n_clusters} clusters",
        ]
        return "\n".join([*lines, *self.provenance.warnings])

    def _draw(self, ax: Axes) -> None:
        ax.plot([self.lower, self.upper], [0, 0], lw=3, color="#0072B2")
        ax.plot([self.value], [0], "o", color="#D55E00")
        ax.axvline(self.null, color="#9CA3AF", ls=":")
        ax.set_yticks([0], [self.term])
        ax.set(xlabel=f"p = {self.p:.3f}")


def wild_bootstrap(
    fit: RegressionFit,
    *,
    term: str,
    null: float = 0.0,
    inference: Bootstrap = Bootstrap(n=9999),  # noqa: B008  frozen
    interval: bool = True,
    n_jobs: int | None = None,
) -> WildBootstrap:
    r"""Test a coefficient when clusters are few.

    Also: WCR bootstrap, boottest, WRE. Use below about 30 clusters.

    Parameters
    ----------
    fit
        A fit of `fit_linear`, or of `fit_iv` by two stages with one endogenous column,
        with one-way clusters.
    term
        Coefficient; the endogenous one for `fit_iv`.
    null
        Tested value.
    inference
        Number of draws, seed, level of the interval.
    interval
        Whether to invert the test.
    n_jobs
        Workers, as in `core.parallel.monte_carlo`; no influence on the numbers.

    Returns
    -------
    WildBootstrap
        p-value and interval.

    Raises
    ------
    OptionError
        If `fit` is by another method, or not clustered one way, or `term` does not fit.

    Notes
    -----
    The null is imposed; signs are +-1 per cluster, Webb's six points below 12 clusters;
    effects are removed again from every draw, which is linear: the answer of scores to
    the sign of each cluster is computed once, O(rows x clusters), a draw then costs
    O(clusters^2). For least squares t* is a ratio of quadratics in the tested value, so
    the interval needs no further work. For 2SLS the first stage is efficient (it uses the
    structural residual).

    References
    ----------
    Cameron, Gelbach and Miller 2008, doi:10.1162/rest.90.3.414. Davidson and MacKinnon
    2010, doi:10.1198/jbes.2009.07221. Webb 2023, doi:10.1111/caje.12661.

    Examples
    --------
    >>> import numpy as np, pyarrow as pa
    >>> from agglo import Bootstrap, ClusteredBy, fit_linear, wild_bootstrap
    >>> rng, g = np.random.default_rng(3), np.repeat(np.arange(15), 20)
    >>> x = rng.normal(size=300)
    >>> rows = pa.table({"g": g, "x": x, "y": 0.5 * x + rng.normal(size=300)})
    >>> fit = fit_linear(rows, outcome="y", covariates=["x"], vcov=ClusteredBy(("g",)))
    >>> wild_bootstrap(fit, term="x", inference=Bootstrap(n=999, seed=1)).p
    0.001
    """
    check_number("null", null)
    clusters = _one_clustering(fit)
    place = fit.place(term)
    entropy = entropy_of(inference.seed)
    n_clusters = int(clusters.max()) + 1
    v = monte_carlo(
        partial(kernels.signs, n_clusters=n_clusters),
        n=inference.n,
        seed=entropy,
        block_size=_BLOCK,
        n_jobs=n_jobs,
    )
    if fit.method == "2sls":
        if place > 0 or fit.design.n_endogenous != 1:
            msg = f"term={term!r}: with instruments only a single endogenous column."
            raise OptionError(msg)
        test = _by_instruments(fit, v)
    else:
        test = _by_least_squares(fit, place, v)
    statistic, p = test(null)
    lower = upper = float("nan")
    if interval:
        width = max(float(fit.se[place]), 1e-12)
        estimate = float(fit.values[place])
        lower = _end(test, estimate, -width, 1.0 - inference.level)
        upper = _end(test, estimate, width, 1.0 - inference.level)
    few = n_clusters < kernels.FEW
    asked = Undefined(reason="the interval was not asked for", item=term, n=2)
    return WildBootstrap(
        provenance=Provenance.of(
            wild_bootstrap,
            fit.provenance.input_digest,
            parameters={
                "term": term,
                "null": null,
                "n": inference.n,
                "interval": interval,
            },
            seed=entropy,
            warnings=(),
        ),
        frame_kind=fit.frame_kind,
        undefined=() if interval else (asked,),
        term=term,
        value=float(fit.values[place]),
        null=null,
        statistic=statistic,
        p=p,
        lower=lower,
        upper=upper,
        level=inference.level,
        n_draws=inference.n,
        n_clusters=n_clusters,
        signs="six points" if few else "two points",
    )


Test = Callable[[float], tuple[float, float]]


def _root(fit: RegressionFit) -> FloatArray:
    weights = fit.design.rows.weights
    return np.ones(fit.n) if weights is None else np.sqrt(weights)


def _cleaner(fit: RegressionFit, basis: FloatArray) -> kernels.Cleaner:
    return kernels.Cleaner(
        basis=np.linalg.qr(basis)[0],
        codes=fit.design.rows.codes,
        root=_root(fit),
        cluster=fit.design.spread.clusters[0],
    )


def _one_clustering(fit: RegressionFit) -> IntArray:
    """Give the cluster of every row, or say which fits can be resampled."""
    clusters = fit.design.spread.clusters
    if fit.method not in ("least squares", "2sls") or len(clusters) != 1:
        msg = (
            f"fit is by {fit.method} with errors {fit.vcov.label}; wild_bootstrap needs "
            "least squares or 2sls with ClusteredBy one column."
        )
        raise OptionError(msg)
    found: IntArray = clusters[0]
    return found


def _by_least_squares(fit: RegressionFit, place: int, v: FloatArray) -> Test:
    design = fit.design
    x = design.x[:, place]
    others = np.delete(design.x, place, axis=1)
    alone = x
    if others.shape[1]:
        alone = x - others @ np.linalg.lstsq(others, x, rcond=None)[0]
    setup = kernels.LinearSetup(
        e=design.residual,
        x=np.asarray(alone, dtype=np.float64),
        cleaner=_cleaner(fit, design.x),
    )
    parts = setup.parts(v)
    factor = design.spread.factor(len(fit.terms))
    variance = setup.variance()

    def test(null: float) -> tuple[float, float]:
        gap = float(fit.values[place]) - null
        squared = gap**2 / variance
        drawn = kernels.at_null(parts, gap)
        p = mc_pvalue(squared * (1.0 - _TIE), drawn, alternative="greater")
        return float(np.sign(gap) * np.sqrt(squared / factor)), float(p)

    return test


def _by_instruments(fit: RegressionFit, v: FloatArray) -> Test:
    y, x, z = partialled(fit)
    setup = kernels.InstrumentSetup.build(
        y, x[:, 0], z, _cleaner(fit, fit.design.x[:, 1:])
    )
    factor = fit.design.spread.factor(len(fit.terms))

    def test(null: float) -> tuple[float, float]:
        squared = setup.observed(null)
        drawn = setup.draws(v, null)
        p = mc_pvalue(squared * (1.0 - _TIE), drawn, alternative="greater")
        side = float(np.sign(fit.values[0] - null))
        return side * float(np.sqrt(squared / factor)), float(p)

    return test


def _end(test: Test, estimate: float, step: float, alpha: float) -> float:
    """Find the null on one side where p crosses `alpha`: doubling, then halving."""
    near, far = estimate, estimate + 2.0 * step
    for _ in range(12):
        if test(far)[1] <= alpha:
            break
        near, far = far, estimate + 2.0 * (far - estimate)
    else:
        return float(np.sign(step) * np.inf)
    for _ in range(14):
        middle = (near + far) / 2.0
        if test(middle)[1] <= alpha:
            far = middle
        else:
            near = middle
    return (near + far) / 2.0
