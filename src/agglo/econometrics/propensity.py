"""Regions that could have been treated: propensity scores, matches, weighted designs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa

from agglo.core.errors import AlignmentError, NotIdentifiedError
from agglo.core.options import check_choice, check_number
from agglo.core.results import ColumnData, Provenance, Result, frozen_array
from agglo.core.tables import as_panel
from agglo.econometrics._design import check_balanced
from agglo.econometrics._kernels.propensity import logit, match_shares
from agglo.econometrics._treatment import Treatment, read_treatment
from agglo.econometrics.regression import fit_linear
from agglo.econometrics.regression_vcov import ClusteredBy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from agglo.core.tables import Panel
    from agglo.core.typing import BoolArray, FloatArray, IntArray, IntoFrame
    from agglo.core.weights import SpatialWeights
    from agglo.econometrics.regression_results import RegressionFit

__all__ = ["PropensityMatch", "fit_weighted_did", "match_controls"]

_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Balance:
    """Standardised differences of a covariate before and after matching."""

    covariate: str
    before: float
    after: float


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class PropensityMatch(Result):
    """Weights that make untreated regions look like the treated before the start.

    Attributes
    ----------
    region
        Labels, (n,).
    treated
        Whether ever treated.
    score
        Linear propensity score; of a control the mean over the cohorts it stands for.
    weight
        1 for matched treated regions, summed shares for controls, 0 outside.
    support
        Lowest and highest score that both groups reach.
    unmatched
        Treated regions outside the common support or without a control in the caliper.
    balance
        Standardised differences per covariate.
    """

    region: tuple[str, ...]
    treated: BoolArray
    score: FloatArray
    weight: FloatArray
    support: tuple[float, float]
    unmatched: tuple[str, ...]
    balance: tuple[Balance, ...]

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per region."""
        return {
            "region": list(self.region),
            "treated": self.treated,
            "score": self.score,
            "weight": self.weight,
        }

    def summary(self) -> str:
        """Give counts, common support and balance."""
        used = int(((self.weight > 0) & ~self.treated).sum())
        lines = [
            f"{int((self.weight[self.treated] > 0).sum())} of {int(self.treated.sum())} "
            f"treated regions matched with {used} of {int((~self.treated).sum())} others",
            f"common support of the linear score: {self.support[0]:.3f} to "
            f"{self.support[1]:.3f}; unmatched: {list(self.unmatched[:_SHOWN])}",
        ]
        lines += [
            f"  {b.covariate}: standardised difference {b.before:.3f} before, "
            f"{b.after:.3f} after"
            for b in self.balance
        ]
        return "\n".join([*lines, *self.provenance.warnings])

    def _draw(self, ax: Axes) -> None:
        for on, label in ((True, "treated"), (False, "others")):
            ax.hist(self.score[self.treated == on], alpha=0.6, label=label)
        ax.set(xlabel="linear propensity score", ylabel="regions")
        ax.legend(frameon=False)


def _check_matching(method: str, before: str, neighbours: int, caliper: float) -> None:
    check_choice("method", method, ("nearest", "kernel"))
    check_choice("before", before, ("cohort", "first"))
    check_number("neighbours", neighbours, minimum=1, integer=True)
    check_number("caliper", caliper, minimum=0, open_ends=True)


def match_controls(
    data: IntoFrame | Panel,
    *,
    covariates: Sequence[str],
    treatment: str | None = None,
    start: Mapping[str, str] | IntoFrame | None = None,
    method: Literal["nearest", "kernel"] = "nearest",
    neighbours: int = 1,
    caliper: float = 0.2,
    before: Literal["cohort", "first"] = "cohort",
    region: str = "region",
    period: str = "period",
) -> PropensityMatch:
    r"""Find never-treated regions that looked like the treated before the policy.

    Use before a difference-in-differences when treated regions were special. Not a cure
    for what the covariates miss. Also: propensity score matching, PSM.

    Parameters
    ----------
    data
        One row per region and period, balanced; or a `Panel`.
    covariates
        Columns read in the period before the start.
    treatment, start
        As in `fit_spatial_did`. Candidates are the regions that are never treated.
    method
        ``"nearest"`` with replacement, or ``"kernel"`` (Epanechnikov).
    neighbours
        Controls per treated region for ``"nearest"``; ties in the order of labels.
    caliper
        Largest distance, in standard deviations of the linear score; for ``"kernel"``
        the width at which weights end.
    before
        ``"cohort"``: the period before each cohort's start, matched within the cohort,
        one logit with an intercept per cohort. ``"first"``: the period before the first
        start for all.
    region, period
        Columns of labels.

    Returns
    -------
    PropensityMatch
        Weights per region, common support, balance before and after.

    Raises
    ------
    NotIdentifiedError
        separation (covariates tell the groups apart without error), collinear,
        no_controls, no_match; and those of `fit_spatial_did`.
    InvalidTableError
        panel_unbalanced, panel_gap, panel_missing.
    OptionError
        An option outside its range.

    Notes
    -----
    Treated regions outside the range of scores that both groups reach are dropped first.
    Standardised difference: difference of means over the root of the mean of both
    variances, before matching in both columns. Cost O(treated x controls) per cohort.

    References
    ----------
    Rosenbaum and Rubin 1985, doi:10.1080/00031305.1985.10479383. Austin 2011,
    doi:10.1002/pst.433, for the caliper.

    See Also
    --------
    fit_weighted_did : A difference-in-differences with these weights.

    Examples
    --------
    >>> import numpy as np, pyarrow as pa
    >>> from agglo.econometrics import match_controls
    >>> rng, n = np.random.default_rng(2), 80
    >>> ids, x = [f"r{i:02d}" for i in range(n)], rng.normal(size=n)
    >>> chosen = rng.random(n) < 1 / (1 + np.exp(1 - x))
    >>> rows = pa.table({"region": np.repeat(ids, 3), "period": np.tile(range(3), n),
    ...                  "x": np.repeat(x, 3)})
    >>> start = {r: "2" for r, on in zip(ids, chosen, strict=True) if on}
    >>> found = match_controls(rows, covariates=["x"], start=start)
    >>> bool(abs(found.balance[0].after) < abs(found.balance[0].before))
    True
    """
    _check_matching(method, before, neighbours, caliper)
    needed = [*([] if treatment is None else [treatment]), *covariates]
    panel = as_panel(data, variables=needed, region=region, period=period)
    check_balanced(panel, needed)
    treated = read_treatment(panel, treatment=treatment, start=start, region=region)
    unit, cohort, x = _stack(panel, treated, covariates, before)
    ever = treated.first < panel.periods.size
    on = ever[unit]
    intercepts = (cohort[:, None] == np.unique(cohort)).astype(np.float64)
    scaled = (x - x.mean(axis=0)) / np.where(np.ptp(x, axis=0) > 0, x.std(axis=0), 1.0)
    _, score, fault = logit(np.hstack([intercepts, scaled]), on.astype(np.float64))
    if fault:
        msg = f"[{fault}] the logit of the treatment on {list(covariates)} has no maximum."
        raise NotIdentifiedError(msg)
    low = max(score[on].min(), score[~on].min())
    high = min(score[on].max(), score[~on].max())
    width = caliper * float(score.std())
    share = _shares(
        score,
        np.where(on, (score >= low) & (score <= high), True),
        on,
        cohort,
        width=width,
        nearest=neighbours if method == "nearest" else None,
    )
    if not share.any():
        msg = f"[no_match] no control lies within {width:.4g} of any treated region."
        raise NotIdentifiedError(msg)
    n = panel.regions.size
    weight = np.bincount(unit, share, n).astype(np.float64)
    rows_of = np.maximum(np.bincount(unit, minlength=n), 1)
    mean = np.bincount(unit, score, n).astype(np.float64) / rows_of
    lost = [str(r) for r in panel.regions[ever & (weight == 0)]]
    return PropensityMatch(
        region=tuple(str(r) for r in panel.regions),
        treated=frozen_array(ever),
        score=frozen_array(mean),
        weight=frozen_array(weight),
        support=(float(low), float(high)),
        unmatched=tuple(lost),
        balance=_balance(x, on, share, covariates),
        frame_kind=panel.frame_kind,
        provenance=Provenance.of(
            match_controls,
            panel,
            treated.d,
            parameters={
                "covariates": list(covariates),
                "method": method,
                "neighbours": neighbours,
                "caliper": caliper,
                "before": before,
            },
            warnings=[f"{len(lost)} treated regions have no match"] if lost else [],
        ),
    )


def _shares(
    score: FloatArray,
    usable: BoolArray,
    on: BoolArray,
    cohort: IntArray,
    *,
    width: float,
    nearest: int | None,
) -> FloatArray:
    """Give 1 for matched treated rows and summed shares for controls, by cohort."""
    share = np.zeros(score.size)
    for group in np.unique(cohort):
        rows = np.flatnonzero((cohort == group) & on & usable)
        others = np.flatnonzero((cohort == group) & ~on)
        shares = match_shares(score[rows], score[others], width=width, nearest=nearest)
        share[others] += shares.sum(axis=0)
        share[rows] = (shares.sum(axis=1) > 0).astype(np.float64)
    return share


def _stack(
    panel: Panel, treated: Treatment, covariates: Sequence[str], before: str
) -> tuple[IntArray, IntArray, FloatArray]:
    """Give region, cohort and covariates of every row: a cohort with all its candidates."""
    t = panel.periods.size
    never = np.flatnonzero(treated.first >= t)
    if never.size == 0:
        msg = "[no_controls] every region is treated at some time."
        raise NotIdentifiedError(msg)
    values = np.stack([panel.variable(c) for c in covariates], axis=2)
    starts = np.unique(treated.first[treated.first < t])
    if before == "first":
        groups = [(int(starts[0]), np.flatnonzero(treated.first < t))]
    else:
        groups = [(int(s), np.flatnonzero(treated.first == s)) for s in starts]
    unit = [np.concatenate([members, never]) for _, members in groups]
    cohort = [np.full(u.size, s) for (s, _), u in zip(groups, unit, strict=True)]
    x = [values[u, s - 1] for (s, _), u in zip(groups, unit, strict=True)]
    return np.concatenate(unit), np.concatenate(cohort), np.concatenate(x)


def _balance(
    x: FloatArray, on: BoolArray, share: FloatArray, covariates: Sequence[str]
) -> tuple[Balance, ...]:
    spread = np.sqrt((x[on].var(axis=0) + x[~on].var(axis=0)) / 2.0)

    def gap(weight: FloatArray) -> FloatArray:
        means = [weight[m] @ x[m] / weight[m].sum() for m in (on, ~on)]
        out: FloatArray = np.divide(
            means[0] - means[1],
            spread,
            out=np.full(spread.size, np.nan),
            where=spread > 0,
        )
        return out

    first, last = gap(np.ones(on.size)), gap(share)
    return tuple(
        Balance(c, float(a), float(b))
        for c, a, b in zip(covariates, first, last, strict=True)
    )


def fit_weighted_did(
    data: IntoFrame | Panel,
    *,
    outcome: str,
    match: PropensityMatch,
    weights: SpatialWeights,
    covariates: Sequence[str] = (),
    treatment: str | None = None,
    start: Mapping[str, str] | IntoFrame | None = None,
    split: bool = False,
    region: str = "region",
    period: str = "period",
) -> RegressionFit:
    r"""Estimate a policy and its exposure on matched regions, with the whole map kept.

    Use with `match_controls` when a fit on the matched regions alone would cut their
    neighbours away: exposure here counts every treated neighbour, matched or not. No
    lagged outcome. Also: PSM-DID; Delgado-Florax; with ``split`` Chagas-Azzoni-Almeida.

    Parameters
    ----------
    data
        One row per region and period, balanced; or a `Panel`.
    outcome
        Column of finite numbers.
    match
        Weights per region; every region of the panel.
    weights
        Neighbours whose treatment counts; rows may be empty.
    covariates
        Columns of finite numbers.
    treatment, start
        As in `fit_spatial_did`.
    split
        Exposure apart for treated cells and untreated cells.
    region, period
        Columns of labels.

    Returns
    -------
    RegressionFit
        Terms ``treatment`` and ``exposure``; with `split` ``exposure of treated`` and
        ``exposure of untreated``. Errors clustered by region; they take the match as
        given.

    Raises
    ------
    AlignmentError
        weights_ids; `match` and panel differ in regions.
    NotIdentifiedError
        collinear; and those of `fit_spatial_did`.
    InvalidTableError
        panel_unbalanced, panel_gap, panel_missing.

    Notes
    -----
    Region and period effects, least squares weighted by the match:
    :math:`y_{it} = \alpha D_{it} + \theta (W D)_{it} + X b + \mu_i + \lambda_t + e_{it}`;
    split: :math:`\theta_1 D (WD) + \theta_0 (1-D)(WD)`. With all weights 1 this is the
    design of Delgado and Florax. The split is inferred: the paper's text was not read.

    References
    ----------
    Delgado and Florax 2015, doi:10.1016/j.econlet.2015.10.024. Chagas, Azzoni and Almeida
    2016, doi:10.1016/j.regsciurbeco.2016.04.007.

    Examples
    --------
    >>> import numpy as np, pyarrow as pa, agglo as ag
    >>> from agglo.econometrics import fit_weighted_did, match_controls
    >>> rng, n, t = np.random.default_rng(2), 90, 6
    >>> ids, x = [f"r{i:02d}" for i in range(n)], rng.normal(size=n)
    >>> w = ag.SpatialWeights.build_knn(rng.random(n), rng.random(n), ids).standardised()
    >>> d = (np.arange(t) >= 3) * (rng.random(n) < 1 / (1 + np.exp(1 - x)))[:, None] * 1.0
    >>> y = 2 * d + w.lag(d) + np.arange(t) * x[:, None] + 0.1 * rng.normal(size=(n, t))
    >>> rows = pa.table({"region": np.repeat(ids, t), "period": np.tile(range(t), n),
    ...                  "y": y.ravel(), "x": np.repeat(x, t), "d": d.ravel()})
    >>> match = match_controls(rows, covariates=["x"], treatment="d", caliper=0.1)
    >>> fit = fit_weighted_did(rows, outcome="y", treatment="d", match=match, weights=w)
    >>> round(fit.coefficient("treatment"))
    2
    """
    needed = [outcome, *([] if treatment is None else [treatment]), *covariates]
    panel = as_panel(data, variables=needed, region=region, period=period)
    check_balanced(panel, needed)
    treated = read_treatment(panel, treatment=treatment, start=start, region=region)
    weights.aligned(panel.regions)
    _check_regions(match, panel)
    d = treated.d
    exposure = np.asarray(weights.matrix @ d, dtype=np.float64)
    terms = {"exposure": exposure}
    if split:
        terms = {
            "exposure of treated": d * exposure,
            "exposure of untreated": (1.0 - d) * exposure,
        }
    t = panel.periods.size
    table = pa.table(
        {
            "region": np.repeat(panel.regions, t),
            "period": np.tile(panel.periods, panel.regions.size),
            "match weight": np.repeat(match.weight, t),
            outcome: panel.variable(outcome).ravel(),
            "treatment": d.ravel(),
            **{name: a.ravel() for name, a in terms.items()},
            **{c: panel.variable(c).ravel() for c in covariates},
        }
    )
    return fit_linear(
        table,
        outcome=outcome,
        covariates=["treatment", *terms, *covariates],
        effects=["region", "period"],
        weights="match weight",
        vcov=ClusteredBy(("region",)),
    )


def _check_regions(match: PropensityMatch, panel: Panel) -> None:
    if match.region != tuple(str(r) for r in panel.regions):
        lost = sorted(set(match.region) ^ {str(r) for r in panel.regions})
        msg = f"[weights_ids] match and data have other regions: {lost[:_SHOWN]}."
        raise AlignmentError(msg)
