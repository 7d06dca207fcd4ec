"""The same model with neighbours up to growing distances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from agglo.core.errors import OptionError
from agglo.core.options import check_number
from agglo.core.results import ColumnData, Provenance, Result, frozen_array
from agglo.core.tables import as_panel
from agglo.core.weights_kinds import Coordinates, distance_matrix
from agglo.econometrics._design import Bias, Effects, Model
from agglo.econometrics.distance_weights import distance_weights
from agglo.econometrics.results import EFFECTS, two_sided
from agglo.econometrics.spatial_did import fit_spatial_did
from agglo.econometrics.vcov import Clustered, Covariance

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from agglo.core.tables import Panel
    from agglo.core.typing import FloatArray, IntArray, IntoFrame
    from agglo.econometrics.did_results import SpatialDID

__all__ = ["DistanceSweep", "distance_sweep"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class DistanceSweep(Result):
    """Effects of one treatment by the reach of the weights.

    Attributes
    ----------
    cutoff_km
        Reach, (m,).
    value, se
        Direct, indirect, total, (m, 3).
    rho, loglik
        Per reach.
    islands
        Regions without a neighbour at that reach; they were tied to their nearest.
    n_links
        Mean number of neighbours.
    errors
        Words for the kind of standard errors.
    """

    cutoff_km: FloatArray
    value: FloatArray
    se: FloatArray
    rho: FloatArray
    loglik: FloatArray
    islands: IntArray
    n_links: FloatArray
    errors: str

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per reach and effect."""
        half = float(ndtri(0.975)) * self.se.ravel()
        at: IntArray = np.arange(self.cutoff_km.size).repeat(3)
        return {
            "cutoff_km": self.cutoff_km[at],
            "effect": list(EFFECTS) * self.cutoff_km.size,
            "value": self.value.ravel(),
            "se": self.se.ravel(),
            "lower": self.value.ravel() - half,
            "upper": self.value.ravel() + half,
            "p": two_sided(self.value.ravel() / self.se.ravel()),
            "rho": self.rho[at],
            "loglik": self.loglik[at],
            "islands": self.islands[at],
            "n_links": self.n_links[at],
        }

    def summary(self) -> str:
        """Give a line per reach."""
        lines = [
            f"Effects by the reach of inverse-distance weights ({self.errors} errors)"
        ]
        lines += [
            f"  {c:g} km: rho {r:.3f}, direct {v[0]:.4f} ({s[0]:.4f}), indirect "
            f"{v[1]:.4f} ({s[1]:.4f}), {i} islands"
            for c, r, v, s, i in zip(
                self.cutoff_km, self.rho, self.value, self.se, self.islands, strict=True
            )
        ]
        return "\n".join(lines)

    def _draw(self, ax: Axes) -> None:
        half = float(ndtri(0.975)) * self.se
        for i, effect in enumerate(EFFECTS[:2]):
            ax.errorbar(
                self.cutoff_km,
                self.value[:, i],
                yerr=half[:, i],
                fmt="o-",
                label=effect,
            )
        ax.axhline(0.0, color="#9CA3AF", lw=0.8)
        ax.set(xlabel="reach of the weights, km", ylabel="effect")
        ax.legend(frameon=False)


def distance_sweep(
    data: IntoFrame | Panel,
    *,
    outcome: str,
    positions: Mapping[str, tuple[float, float]],
    cutoffs_km: Sequence[float] = (100, 150, 200, 250, 300, 350, 400, 450, 500),
    power: float = 1.0,
    coordinates: Coordinates = "degrees",
    covariates: Sequence[str] = (),
    treatment: str | None = None,
    start: Mapping[str, str] | IntoFrame | None = None,
    model: Model = "sdm",
    effects: Effects = ("region", "period"),
    bias: Bias = "transform",
    vcov: Covariance = Clustered("region"),  # noqa: B008  frozen
    region: str = "region",
    period: str = "period",
) -> DistanceSweep:
    """Fit one difference-in-differences with neighbours up to growing distances.

    Use to see how far spillovers have to be let in before they stop changing; the reach is
    an assumption, so no single row is the answer.

    Parameters
    ----------
    data, outcome
        As in `fit_spatial_did`.
    positions
        Region to (longitude, latitude) or (x, y).
    cutoffs_km
        Increasing reaches; inverse-distance weights up to each, for outcome and treatment.
    power, coordinates
        As in `distance_weights`.
    covariates, treatment, start, model, effects, bias, vcov, region, period
        As in `fit_spatial_did`.

    Returns
    -------
    DistanceSweep
        Effects, rho, islands and mean links per reach.

    Raises
    ------
    OptionError
        If reaches do not increase.
    AlignmentError
        As in `fit_spatial_did`.
    InvalidTableError
        As in `fit_spatial_did`.
    NotIdentifiedError
        As in `fit_spatial_did`.

    Notes
    -----
    Regions without a neighbour within the reach are tied to their nearest; ``islands``
    counts them. One fit per reach.

    See Also
    --------
    weights_sensitivity : Weights of any kind.

    Examples
    --------
    >>> import numpy as np, pyarrow as pa
    >>> from agglo.econometrics import distance_sweep
    >>> rng, n, t = np.random.default_rng(3), 60, 8
    >>> ids = [f"r{i:02d}" for i in range(n)]
    >>> at = {i: (x, y) for i, x, y in zip(ids, *rng.uniform(0, 500, (2, n)))}
    >>> d = (np.arange(t) >= np.where(np.arange(n) % 3, t, 4)[:, None]) * 1.0
    >>> rows = pa.table({"region": np.repeat(ids, t), "period": np.tile(range(t), n),
    ...                  "y": (d + rng.normal(size=(n, t)) / 3).ravel(), "d": d.ravel()})
    >>> found = distance_sweep(rows, outcome="y", treatment="d", positions=at,
    ...                        coordinates="km", cutoffs_km=(100, 200))
    >>> [round(float(v)) for v in found.value[:, 0]]
    [1, 1]
    """
    reach = [
        check_number("cutoffs_km", c, minimum=0, open_ends=True) for c in cutoffs_km
    ]
    if not reach or (np.diff(reach) <= 0).any():
        msg = f"cutoffs_km={tuple(cutoffs_km)} must be increasing distances."
        raise OptionError(msg)
    needed = [outcome, *([] if treatment is None else [treatment]), *covariates]
    panel = as_panel(data, variables=needed, region=region, period=period)
    fits = [
        fit_spatial_did(
            panel,
            outcome=outcome,
            covariates=covariates,
            weights=distance_weights(
                positions, cutoff_km=c, power=power, coordinates=coordinates
            ),
            treatment=treatment,
            start=start,
            model=model,
            effects=effects,
            bias=bias,
            vcov=vcov,
            region=region,
        )
        for c in reach
    ]
    return _result(fits, np.array(reach), positions, coordinates)


def _result(
    fits: Sequence[SpatialDID],
    reach: FloatArray,
    positions: Mapping[str, tuple[float, float]],
    coordinates: Coordinates,
) -> DistanceSweep:
    first = fits[0]
    xy = np.array([positions[r] for r in sorted(positions)], dtype=np.float64)
    distance = distance_matrix(xy[:, 0], xy[:, 1], coordinates=coordinates)
    np.fill_diagonal(distance, np.inf)
    links = np.array([(distance <= c).sum(axis=1) for c in reach])
    return DistanceSweep(
        cutoff_km=frozen_array(reach),
        value=frozen_array(np.array([f.impacts.value[0] for f in fits])),
        se=frozen_array(np.array([f.impacts.se[0] for f in fits])),
        rho=frozen_array(np.array([f.rho for f in fits])),
        loglik=frozen_array(np.array([f.loglik for f in fits])),
        islands=frozen_array((links == 0).sum(axis=1).astype(np.int64)),
        n_links=frozen_array(links.mean(axis=1)),
        errors=first.vcov.label,
        frame_kind=first.frame_kind,
        provenance=Provenance.of(
            distance_sweep,
            first.provenance.input_digest,
            xy,
            parameters={
                **first.provenance.parameters,
                "cutoffs_km": reach.tolist(),
                "coordinates": coordinates,
            },
            warnings=first.provenance.warnings,
        ),
    )
