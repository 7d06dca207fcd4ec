"""Staggered policies with spillovers: what outcomes would have been, cell by cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from agglo.core.errors import NotIdentifiedError
from agglo.core.options import Bootstrap
from agglo.core.parallel import entropy_of, monte_carlo
from agglo.core.results import Provenance, frozen_array
from agglo.core.tables import as_panel
from agglo.core.weights_kinds import Coordinates, Rings
from agglo.econometrics._design import Bias, logdet_of
from agglo.econometrics._kernels.clean_cells import CleanCells
from agglo.econometrics._kernels.effects import solver
from agglo.econometrics._kernels.refits import maximise_many
from agglo.econometrics._kernels.within import lag
from agglo.econometrics._treatment import Treatment, read_treatment
from agglo.econometrics.cohort_saturated import (
    CohortSaturated,
    cells_of_means,
    fit_cohort_saturated,
)
from agglo.econometrics.did_results import GroupMeans, ring_cells

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from agglo.core.tables import Panel
    from agglo.core.typing import BoolArray, FloatArray, IntoFrame
    from agglo.core.weights import SpatialWeights

__all__ = ["ImputationSDM", "fit_imputation_sdm"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ImputationSDM(GroupMeans):
    """Mean effects of a policy against outcomes imputed from untouched cells.

    Attributes
    ----------
    saturated
        The cohort-saturated model whose rho is used.
    group
        ``"treated"``, ``"untreated"``, ``"k=0"``, ..., ``"cohort=2012"``, ..., rings.
    value, se, lower, upper
        Mean effect, bootstrap error, interval.
    cells
        Region-periods in the mean.
    clean
        Region-periods the counterfactual is made of.
    tau
        Effect per period and region, (T, N), noise of the exposed cells included.
    level, draws
        Coverage of the intervals, bootstrap draws that were used.
    """

    saturated: CohortSaturated
    clean: int
    tau: FloatArray
    level: float
    draws: int

    @property
    def rho(self) -> float:
        """Spatial lag parameter, from the cohort-saturated model."""
        return self.saturated.fit.rho

    def summary(self) -> str:
        """Give a line per mean; the method is labelled experimental."""
        return self._told(
            f"Imputed effects on {self.saturated.fit.design.outcome} (experimental), rho "
            f"{self.rho:.4f}, {self.clean} clean cells, wild bootstrap, {self.draws} draws"
        )


def fit_imputation_sdm(
    data: IntoFrame | Panel,
    *,
    outcome: str,
    covariates: Sequence[str] = (),
    weights: SpatialWeights,
    treatment: str | None = None,
    start: Mapping[str, str] | IntoFrame | None = None,
    durbin_weights: SpatialWeights | Rings | None = None,
    bias: Bias = "transform",
    positions: Mapping[str, tuple[float, float]] | None = None,
    ring_edges_km: Sequence[float] = (),
    coordinates: Coordinates = "km",
    inference: Bootstrap = Bootstrap(n=499),  # noqa: B008  frozen
    region: str = "region",
    period: str = "period",
    rho_bounds: tuple[float, float] = (-1.0, 1.0),
) -> ImputationSDM:
    r"""Estimate a staggered policy with spillovers from cells that it did not touch.

    Use beside `fit_cohort_saturated` when effects grow or differ by cohort: no form is
    given to the effects. Experimental: our own combination, no published method.

    Parameters
    ----------
    data
        One row per region and period, balanced; or a `Panel`.
    outcome, covariates
        Columns; finite numbers.
    weights
        Neighbours of the lagged outcome.
    treatment, start
        As in `fit_spatial_did`.
    durbin_weights
        Neighbours whose treatment counts as exposure, default `weights`.
    bias
        Of the cohort-saturated model, as in `fit_spatial_did`.
    positions, ring_edges_km, coordinates
        Rings of the means on untreated cells, as in `SpatialDID.realised`.
    inference
        Draws, seed and coverage of the wild bootstrap.
    region, period
        Columns of labels.
    rho_bounds
        Bounds of the spatial parameter.

    Returns
    -------
    ImputationSDM
        Means over treated and untreated cells, event times, cohorts and rings.

    Raises
    ------
    NotIdentifiedError
        no_controls: a period has no clean cell; collinear: covariates do not vary in clean
        cells; and those of `fit_cohort_saturated`.
    InvalidTableError, AlignmentError, OptionError
        As in `fit_cohort_saturated`.

    Notes
    -----
    rho comes from the cohort-saturated model (that of one coefficient would be biased).
    :math:`u_t = y_t - \rho W y_t`; region and period effects and covariates are fitted by
    least squares to clean cells, :math:`D_{it} = 0` and :math:`(W_x D)_{it} = 0`; elsewhere
    :math:`d = u - \hat u`, on clean cells 0, and :math:`\tau_t = (I - \rho W)^{-1} d_t`.
    Errors: residuals of the saturated model times +-1 per region, through
    :math:`(I - \rho W)^{-1}`, rho estimated again in every draw. In 60 simulated panels their
    95 % intervals cover .90 (treated) and .88 (untreated). Cost: draws times N T.

    References
    ----------
    Borusyak, Jaravel and Spiess 2024, doi:10.1093/restud/rdae007, for the imputation; its
    combination with a spatial lag is ours (inferred).

    Examples
    --------
    >>> import agglo as ag
    >>> from agglo.econometrics import fit_imputation_sdm
    >>> from agglo.simulate import simulate_corridors
    >>> made = simulate_corridors(profile="heterogeneous", seed=1)
    >>> found = fit_imputation_sdm(
    ...     made.panel, outcome="specialisation", covariates=["x"], start=made.starts,
    ...     weights=made.weights, durbin_weights=made.exposure,
    ...     inference=ag.Bootstrap(n=99, seed=1))
    >>> truth = made.planted("specialisation.realised_treated")["all"]
    >>> bool(abs(found.of("treated") / truth - 1) < 0.1)
    True
    """
    saturated = fit_cohort_saturated(
        data,
        outcome=outcome,
        covariates=covariates,
        weights=weights,
        treatment=treatment,
        start=start,
        durbin_weights=durbin_weights,
        bias=bias,
        region=region,
        period=period,
        rho_bounds=rho_bounds,
    )
    needed = [outcome, *([] if treatment is None else [treatment]), *covariates]
    panel = as_panel(data, variables=needed, region=region, period=period)
    treated = read_treatment(panel, treatment=treatment, start=start, region=region)
    setup = _Setup.of(saturated, len(covariates))
    masks = cells_of_means(panel, treated)
    on = treated.d.T
    rings = ring_cells(setup.regions, on, positions, tuple(ring_edges_km), coordinates)
    masks |= dict(rings)
    seed = entropy_of(inference.seed)
    return _result(saturated, setup, masks, inference, seed, treated)


@dataclass(frozen=True, eq=False)
class _Setup:
    """The saturated fit as arrays, and the clean cells."""

    saturated: CohortSaturated
    cells: CleanCells

    @classmethod
    def of(cls, saturated: CohortSaturated, n_covariates: int) -> _Setup:
        design = saturated.fit.design
        last = len(design.variables) - n_covariates
        exposed = _columns_of(saturated, 0, last)
        clean = np.asarray((design.z[:, :, exposed] == 0).all(axis=2))
        empty = np.flatnonzero(~clean.any(axis=1))
        if empty.size:
            listed = [design.periods[i] for i in empty[:10]]
            msg = (
                "[no_controls] no region is both untreated and without treated neighbours "
                f"in {listed}: end the panel before or take nearer neighbours."
            )
            raise NotIdentifiedError(msg)
        x = design.z[:, :, _columns_of(saturated, last, len(design.variables))]
        cells = CleanCells(clean, x)
        if x.shape[2]:
            single = np.linalg.svd(cells.rest, compute_uv=False)
            if single[-1] < 1e-9 * single[0]:
                msg = (
                    "[collinear] covariates are linearly dependent in the clean cells."
                )
                raise NotIdentifiedError(msg)
        return cls(saturated, cells)

    @property
    def regions(self) -> tuple[str, ...]:
        """Labels of the regions."""
        return self.saturated.fit.design.regions

    def tau(self, u: FloatArray, rho: float) -> FloatArray:
        """Give the effect of every cell, (T, N), for one u."""
        gap = np.where(self.cells.clean, 0.0, self.cells.gaps(u[..., None])[..., 0])
        w = self.saturated.fit.design.weights.matrix
        out: FloatArray = solver(w, rho)(np.ascontiguousarray(gap.T), False).T
        return out

    def draws(
        self, rng: np.random.Generator, size: int, masks: list[BoolArray]
    ) -> FloatArray:
        """Give means of a block of bootstrap draws, (size, means); NaN: no maximum."""
        fit = self.saturated.fit
        design, found = fit.design, fit.estimate.fitted
        w, rho = design.weights.matrix, fit.rho
        sign = rng.integers(0, 2, (size, len(design.regions))) * 2.0 - 1.0
        noise = np.moveaxis(sign[:, None, :] * found.e, 0, 2)
        u = design.y - rho * lag(w, design.y)
        centre = u - found.e
        y = _solved(w, rho, centre[..., None] + noise)
        wy = lag(w, y)
        rhos, usable = self._rhos(y, wy, found.z)
        out = np.full((size, len(masks)), np.nan)
        for b in np.flatnonzero(usable):
            tau = self.tau(y[..., b] - rhos[b] * wy[..., b], float(rhos[b]))
            out[b] = [tau[m].mean() for m in masks]
        return out

    def _rhos(
        self, y: FloatArray, wy: FloatArray, z: FloatArray
    ) -> tuple[FloatArray, BoolArray]:
        fit = self.saturated.fit
        design, k, size = fit.design, z.shape[2], y.shape[2]
        flat = z.reshape(-1, k)
        left = design.within(y).reshape(-1, size)
        far = design.within(wy).reshape(-1, size)
        gram = np.empty((size, k + 2, k + 2))
        gram[:, 2:, 2:] = flat.T @ flat
        gram[:, 0, 0] = (left * left).sum(axis=0)
        gram[:, 1, 1] = (far * far).sum(axis=0)
        gram[:, 0, 1] = gram[:, 1, 0] = (left * far).sum(axis=0)
        gram[:, 0, 2:] = gram[:, 2:, 0] = left.T @ flat
        gram[:, 1, 2:] = gram[:, 2:, 1] = far.T @ flat
        fits = maximise_many(
            gram,
            logdet_of(design.weights),
            t_star=design.t_star,
            n_star=design.n_star,
            minus_one=design.transformed,
            bounds=fit.bounds,
        )
        return fits.rho, fits.found


def _columns_of(saturated: CohortSaturated, first: int, last: int) -> list[int]:
    variables = saturated.fit.design.variables[first:last]
    return [c for v in variables for c in v.columns]


def _solved(w: csr_array, rho: float, right: FloatArray) -> FloatArray:
    """Give (I - rho W)^-1 of (T, N, m) columns."""
    t, n, m = right.shape
    flat = np.ascontiguousarray(np.moveaxis(right, 1, 0).reshape(n, t * m))
    out: FloatArray = np.moveaxis(solver(w, rho)(flat, False).reshape(n, t, m), 0, 1)
    return out


def _result(
    saturated: CohortSaturated,
    setup: _Setup,
    masks: dict[str, BoolArray],
    inference: Bootstrap,
    seed: int,
    treated: Treatment,
) -> ImputationSDM:
    fit = saturated.fit
    y = fit.design.y
    tau = setup.tau(y - fit.rho * lag(fit.design.weights.matrix, y), fit.rho)
    wanted = {g: m for g, m in masks.items() if m.any()}
    groups = list(wanted.values())
    value = np.array([tau[m].mean() for m in groups])
    drawn = monte_carlo(
        lambda rng, size: setup.draws(rng, size, groups), n=inference.n, seed=seed
    )
    drawn = drawn[np.isfinite(drawn).all(axis=1)]
    if drawn.shape[0] < 2:
        msg = "[rho_at_boundary] fewer than two bootstrap draws have a maximum inside."
        raise NotIdentifiedError(msg)
    se = drawn.std(axis=0, ddof=1)
    half = float(ndtri(0.5 + inference.level / 2.0)) * se
    lost = inference.n - drawn.shape[0]
    warnings = list(fit.provenance.warnings)
    warnings += [f"{lost} bootstrap draws had no maximum"] if lost else []
    return ImputationSDM(
        saturated=saturated,
        group=tuple(wanted),
        value=frozen_array(value),
        se=frozen_array(se),
        lower=frozen_array(value - half),
        upper=frozen_array(value + half),
        cells=frozen_array(np.array([int(m.sum()) for m in groups], dtype=np.int64)),
        clean=int(setup.cells.clean.sum()),
        tau=frozen_array(tau),
        level=inference.level,
        draws=int(drawn.shape[0]),
        frame_kind=saturated.frame_kind,
        provenance=Provenance.of(
            fit_imputation_sdm,
            fit.provenance.input_digest,
            treated.d,
            parameters={
                **fit.provenance.parameters,
                "n": inference.n,
                "level": inference.level,
            },
            seed=seed,
            warnings=warnings,
        ),
    )
