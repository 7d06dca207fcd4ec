"""Spatial autocorrelation: whether neighbours are alike, in all and one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from agglo.concentration._kernels import autocorrelation as kernels
from agglo.concentration.autocorrelation_results import LocalMoran, Moran
from agglo.core.errors import AlignmentError, InvalidTableError, OptionError
from agglo.core.frames import (
    float_column,
    frame_kind,
    require_columns,
    string_column,
    to_arrow,
)
from agglo.core.inference import fdr as false_discovery_rate
from agglo.core.inference import mc_pvalue
from agglo.core.options import Permutation, check_choice
from agglo.core.parallel import entropy_of, monte_carlo
from agglo.core.results import Provenance, Undefined, frozen_array

if TYPE_CHECKING:
    from agglo.core.typing import Alternative, FloatArray, FrameKind, IntoFrame
    from agglo.core.weights import SpatialWeights

__all__ = ["local_moran", "moran"]

# standard scores are of order one
_TIE = 1e-10

Transform: TypeAlias = Literal["none", "log1p", "rank"]


def moran(
    data: IntoFrame,
    weights: SpatialWeights,
    *,
    region: str = "region",
    value: str = "value",
    lagged: str | None = None,
    base: str | None = None,
    transform: Transform = "none",
    alternative: Alternative = "two-sided",
    inference: Permutation = Permutation(),  # noqa: B008  frozen
) -> Moran:
    r"""Measure whether neighbours are alike.

    Use to see whether a map has any pattern; not for where it is (see `local_moran`).

    Parameters
    ----------
    data
        One row per region; every unit of `weights` once.
    weights
        Neighbours; rows are standardised here unless they already are.
    region, value
        Column names; values must be known.
    lagged
        Another column whose neighbours' mean is compared with `value` (bivariate). It
        mixes in the plain correlation of the two: a description, not a test of influence.
    base
        Column of what the counts in `value` are out of (people, firms), above 0. The index
        is then that of empirical-Bayes scores of the rates value / base: rates of small
        places vary more, and raw ones give a pattern of population.
    transform
        ``"none"``, ``"log1p"`` for counts, or ``"rank"`` (mean ranks for ties).
    alternative
        Side of the permutation p-value.
    inference
        Number of permutations and seed.

    Returns
    -------
    Moran
        I, its expectation −1/(n−1) and standard deviation under normality, z, and the
        permutation p-value. Near 1: like beside like; below 0: unlike.

    Raises
    ------
    AlignmentError
        If regions and units differ, or a region occurs twice.
    InvalidTableError
        If a value is missing or infinite, a count is negative with ``"log1p"`` or `base`,
        or a base is not above 0.
    OptionError
        If an option has no such choice, or `base` meets `lagged` or a transform.

    Notes
    -----
    With z the deviations from the mean and W row-standardised, :math:`I = (n/S_0)\,
    z'Wz / z'z`. Islands have a lag of zero. A constant has no I: NaN with a reason.
    Moments under normality: Cliff and Ord (1981). With `base` x and counts y the scores
    are :math:`(y_i/x_i - b)/\sqrt{a + b/x_i}`, :math:`b = \sum y/\sum x`, :math:`a =
    \sum x (y/x - b)^2/\sum x - b/\bar x`; where :math:`a + b/x_i` is not positive
    :math:`b/x_i` stands for it; scores are permuted. Cost O(draws × neighbours).

    References
    ----------
    Moran 1950, doi:10.1093/biomet/37.1-2.17; rates: Assunção and Reis 1999,
    doi:10.1002/(SICI)1097-0258(19990830)18:16<2147::AID-SIM179>3.0.CO;2-I.

    See Also
    --------
    local_moran : Which places make the pattern.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> w = ag.SpatialWeights.from_links(list("abbccd"), list("bacbdc"))
    >>> data = pa.table({"region": list("abcd"), "value": [1.0, 2.0, 3.0, 4.0]})
    >>> round(ag.moran(data, w, inference=ag.Permutation(n=99, seed=1)).i, 4)
    0.4
    """
    check_choice("transform", transform, ("none", "log1p", "rank"))
    check_choice("alternative", alternative, ("greater", "less", "two-sided"))
    w = weights if weights.standardisation == "row" else weights.standardised("row")
    named = {"region": region, "value": value, "lagged": lagged, "base": base}
    require_columns(to_arrow(data), named)
    _refuse_mixed(base, lagged, transform)
    kind, y = _values(data, w, region, value, transform, base)
    other = y if lagged is None else _values(data, w, region, lagged, transform)[1]
    z, u = kernels.standard_scores(y), kernels.standard_scores(other)
    entropy = entropy_of(inference.seed)
    expectation, sd = kernels.normal_moments(w.matrix)
    parameters = {
        "value": value,
        "lagged": lagged,
        "base": base,
        "transform": transform,
        "alternative": alternative,
        "n": inference.n,
        "weights": w.kind,
    }
    undefined: tuple[Undefined, ...] = ()
    if np.isnan(z).any() or np.isnan(u).any():
        observed = p = np.nan
        undefined = (Undefined(reason="the values are constant", item="I"),)
        simulated = np.full(inference.n, np.nan)
    else:
        observed = float(kernels.cross_moran(z, u, w.matrix)[0])
        simulated = monte_carlo(
            lambda rng, size: kernels.permuted_moran(rng, size, z, u, w.matrix),
            n=inference.n,
            seed=entropy,
        )
        p = float(mc_pvalue(observed, _tied(simulated, observed), alternative))
    return Moran(
        i=observed,
        expectation=expectation,
        sd_normal=sd,
        z_normal=np.nan if lagged is not None else (observed - expectation) / sd,
        p=p,
        simulated=frozen_array(simulated),
        n=w.n,
        n_draws=inference.n,
        alternative=alternative,
        weights_kind=w.kind,
        lagged=lagged or "",
        frame_kind=kind,
        undefined=undefined,
        provenance=Provenance.of(
            moran, y, other, w.digest, parameters=parameters, seed=entropy
        ),
    )


def local_moran(
    data: IntoFrame,
    weights: SpatialWeights,
    *,
    region: str = "region",
    value: str = "value",
    base: str | None = None,
    transform: Transform = "none",
    fdr: Literal["bh", "by"] = "bh",
    inference: Permutation = Permutation(),  # noqa: B008  frozen
) -> LocalMoran:
    r"""Find the places whose neighbours are alike, or unlike, beyond chance.

    Also: LISA. Use after `moran`; a place is no cluster of firms because it is high among
    high neighbours.

    Parameters
    ----------
    data, weights, region, value, base, transform
        As in :func:`moran`.
    fdr
        ``"bh"`` or ``"by"`` over all places.
    inference
        Permutations of the other places' values, and seed.

    Returns
    -------
    LocalMoran
        Per place I, quadrant (``high-high``, ``low-low``, ``high-low``, ``low-high``),
        two-sided p and q.

    Raises
    ------
    AlignmentError
        If regions and units differ, or a region occurs twice.
    InvalidTableError
        If a value is missing or infinite, or a base is not above 0.
    OptionError
        If an option has no such choice, or `base` meets a transform.

    Notes
    -----
    :math:`I_i = z_i \sum_j w_{ij} z_j / m_2` with :math:`m_2 = \sum z^2/n`. Conditional
    permutation: place i keeps its value, its neighbours get values of the other n − 1
    places without replacement. Islands are NaN with a reason. Cost O(draws × neighbours).

    References
    ----------
    Anselin 1995, doi:10.1111/j.1538-4632.1995.tb00338.x.

    See Also
    --------
    moran : One number for the whole map.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> w = ag.SpatialWeights.from_links(list("abbccd"), list("bacbdc"))
    >>> data = pa.table({"region": list("abcd"), "value": [1.0, 2.0, 3.0, 4.0]})
    >>> found = ag.local_moran(data, w, inference=ag.Permutation(n=99, seed=1))
    >>> [round(float(v), 2) for v in found.i]
    [0.6, 0.2, 0.2, 0.6]
    """
    check_choice("transform", transform, ("none", "log1p", "rank"))
    check_choice("fdr", fdr, ("bh", "by"))
    w = weights if weights.standardisation == "row" else weights.standardised("row")
    require_columns(to_arrow(data), {"region": region, "value": value, "base": base})
    _refuse_mixed(base, None, transform)
    kind, y = _values(data, w, region, value, transform, base)
    z = kernels.standard_scores(y)
    entropy = entropy_of(inference.seed)
    lag = w.lag(np.nan_to_num(z))
    island = np.diff(w.matrix.indptr) == 0
    reasons = [
        Undefined(reason="no neighbour", region=str(i), item="I") for i in w.ids[island]
    ]
    if np.isnan(z).any():
        reasons = [Undefined(reason="the values are constant", item="I", n=w.n)]
    known = ~island & ~np.isnan(z)
    statistic = np.where(known, z * lag, np.nan)
    simulated = monte_carlo(
        lambda rng, size: kernels.conditional_lags(
            rng, size, np.nan_to_num(z), w.matrix
        ),
        n=inference.n,
        seed=entropy,
    )
    p = mc_pvalue(np.where(known, lag, np.nan), _tied(simulated, lag), "two-sided")
    return LocalMoran(
        region=frozen_array(w.ids),
        i=frozen_array(statistic),
        value=frozen_array(y),
        lag=frozen_array(np.where(known, lag, np.nan)),
        quadrant=frozen_array(kernels.quadrants(np.where(known, z, np.nan), lag)),
        p=frozen_array(p),
        q=frozen_array(false_discovery_rate(p, method=fdr)),
        n_draws=inference.n,
        weights_kind=w.kind,
        frame_kind=kind,
        undefined=tuple(reasons),
        provenance=Provenance.of(
            local_moran,
            y,
            w.digest,
            parameters={
                "value": value,
                "base": base,
                "transform": transform,
                "fdr": fdr,
                "n": inference.n,
            },
            seed=entropy,
        ),
    )


def _tied(simulated: FloatArray, observed: FloatArray | float) -> FloatArray:
    """Make sums of the same values equal again: their order decides the last digit."""
    out: FloatArray = np.where(
        np.abs(simulated - observed) <= _TIE, observed, simulated
    )
    return out


def _refuse_mixed(base: str | None, lagged: str | None, transform: str) -> None:
    if base is None:
        return
    for name, given in (("lagged", lagged), ("transform", transform)):
        if given not in (None, "none"):
            msg = f"base={base!r} cannot go with {name}={given!r}: scores of rates stand alone."
            raise OptionError(msg)


def _values(
    data: IntoFrame,
    weights: SpatialWeights,
    region: str,
    value: str,
    transform: str,
    base: str | None = None,
) -> tuple[FrameKind, FloatArray]:
    """Give the values in the order of the weights."""
    kind = frame_kind(data)
    table = to_arrow(data)
    require_columns(table, {"region": region, "value": value})
    labels = string_column(table, region).astype(np.str_)
    if np.unique(labels).size != labels.size:
        msg = f"Column '{region}' names a region more than once; aggregate first."
        raise AlignmentError(msg)
    weights.aligned(labels)
    order = np.argsort(labels, kind="stable")
    y = _known(float_column(table, value)[order], value)
    if base is not None:
        x = _known(float_column(table, base)[order], base)
        if (x <= 0).any() or (y < 0).any():
            msg = (
                f"Rates need counts ≥ 0 in '{value}' and a base above 0 in '{base}': "
                f"{int((y < 0).sum())} counts and {int((x <= 0).sum())} bases are not so; "
                "leave these regions out of data and weights."
            )
            raise InvalidTableError(msg)
        return kind, kernels.rate_scores(y, x)
    if transform == "log1p":
        if (y < 0).any():
            msg = f"transform='log1p' needs values ≥ 0; column '{value}' has negative ones."
            raise InvalidTableError(msg)
        return kind, np.log1p(y)
    if transform == "rank":
        from scipy.stats import rankdata

        return kind, np.asarray(rankdata(y), dtype=np.float64)
    return kind, y


def _known(y: FloatArray, name: str) -> FloatArray:
    if not np.isfinite(y).all():
        lost = int((~np.isfinite(y)).sum())
        msg = (
            f"Column '{name}' is missing or infinite in {lost} regions: leave these "
            "regions out of data and weights, an unknown value has no neighbour's mean."
        )
        raise InvalidTableError(msg)
    return y
