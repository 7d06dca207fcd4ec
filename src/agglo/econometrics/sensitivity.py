"""The same model under other weights: does the answer hang on W."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from agglo.core.errors import NotIdentifiedError, OptionError
from agglo.core.results import ColumnData, Provenance, Result, Undefined, frozen_array
from agglo.core.tables import as_panel
from agglo.econometrics._design import Bias, Effects, Model
from agglo.econometrics.results import EFFECTS, two_sided
from agglo.econometrics.spatial_did import fit_spatial_did
from agglo.econometrics.vcov import Clustered, Covariance

if TYPE_CHECKING:
    from typing import TypeAlias

    from matplotlib.axes import Axes

    from agglo.core.tables import Panel
    from agglo.core.typing import FloatArray, IntArray, IntoFrame
    from agglo.core.weights import SpatialWeights
    from agglo.core.weights_kinds import Rings
    from agglo.econometrics.did_results import SpatialDID

    _Pair: TypeAlias = tuple[str, SpatialWeights, str, SpatialWeights | Rings | None]

__all__ = ["WeightsSensitivity", "weights_sensitivity"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class WeightsSensitivity(Result):
    """Effects of one treatment under several weights.

    Attributes
    ----------
    name
        Names of the weights of the outcome, (m,).
    durbin
        Names of the weights that lag treatment and covariates, (m,).
    rho, loglik
        Per weights; likelihoods of different W are comparable, the data are the same.
    value, se
        Direct, indirect, total, (m, 3).
    n_links
        Mean number of neighbours.
    same_sign
        Per effect, share of weights with the sign of the first and p < 0.05, (3,); weights
        under which nothing can be estimated count as not.
    undefined
        Pairs of weights that cannot be estimated, with the reason; their numbers are NaN.
    """

    name: tuple[str, ...]
    durbin: tuple[str, ...]
    rho: FloatArray
    loglik: FloatArray
    value: FloatArray
    se: FloatArray
    n_links: FloatArray
    same_sign: FloatArray

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per weights and effect."""
        half = float(ndtri(0.975)) * self.se.ravel()
        links: IntArray = np.arange(len(self.name)).repeat(3)
        return {
            "weights": [n for n in self.name for _ in EFFECTS],
            "durbin_weights": [n for n in self.durbin for _ in EFFECTS],
            "effect": list(EFFECTS) * len(self.name),
            "value": self.value.ravel(),
            "se": self.se.ravel(),
            "lower": self.value.ravel() - half,
            "upper": self.value.ravel() + half,
            "p": two_sided(self.value.ravel() / self.se.ravel()),
            "rho": self.rho[links],
            "loglik": self.loglik[links],
            "n_links": self.n_links[links],
        }

    def _labels(self) -> list[str]:
        pairs = zip(self.name, self.durbin, strict=True)
        return [n if n == d else f"{n}, lags by {d}" for n, d in pairs]

    def summary(self) -> str:
        """Give a line per weights and how often the answer stays."""
        rows = [
            f"  {n}: rho {r:.3f}, direct {v[0]:.4f} ({s[0]:.4f}), indirect {v[1]:.4f} "
            f"({s[1]:.4f})"
            for n, r, v, s in zip(
                self._labels(), self.rho, self.value, self.se, strict=True
            )
        ]
        last = ", ".join(
            f"{e} {x:.0%}" for e, x in zip(EFFECTS, self.same_sign, strict=True)
        )
        return "\n".join(
            ["Effects under other weights", *rows, f"same sign and p < 0.05: {last}"]
        )

    def _draw(self, ax: Axes) -> None:
        place = np.arange(len(self.name), dtype=float)
        half = float(ndtri(0.975)) * self.se
        for i, effect in enumerate(EFFECTS[:2]):
            ax.errorbar(
                place + 0.15 * i,
                self.value[:, i],
                yerr=half[:, i],
                fmt="o",
                label=effect,
            )
        ax.axhline(0.0, color="#9CA3AF", lw=0.8)
        ax.set_xticks(place, self._labels(), rotation=20)
        ax.legend(frameon=False)


def weights_sensitivity(
    data: IntoFrame | Panel,
    *,
    outcome: str,
    covariates: Sequence[str] = (),
    weights: Mapping[str, SpatialWeights],
    durbin_weights: Mapping[str, SpatialWeights | Rings] | None = None,
    treatment: str | None = None,
    start: Mapping[str, str] | IntoFrame | None = None,
    model: Model = "sdm",
    effects: Effects = ("region", "period"),
    bias: Bias = "transform",
    vcov: Covariance = Clustered("region"),  # noqa: B008  frozen
    region: str = "region",
    period: str = "period",
) -> WeightsSensitivity:
    """Fit one difference-in-differences under several weights.

    Use always: W is an assumption. For a distance sweep give inverse-distance weights with
    growing cut-offs.

    Parameters
    ----------
    data, outcome, covariates
        As in `fit_spatial_did`.
    weights
        Name to weights; the first is the yardstick.
    durbin_weights
        Name to weights that lag treatment and covariates: every pair with `weights` is
        fitted, the first pair the yardstick. Default: those of the outcome.
    treatment, start, model, effects, bias, vcov, region, period
        As in `fit_spatial_did`.

    Returns
    -------
    WeightsSensitivity
        Effects per weights, and how often sign and significance stay.

    Raises
    ------
    OptionError
        If no weights are given.
    AlignmentError
        As in `fit_spatial_did`.
    InvalidTableError
        As in `fit_spatial_did`.
    NotIdentifiedError
        As in `fit_spatial_did`, if it concerns the first weights.

    Notes
    -----
    One fit per weights; see `fit_spatial_did` for the model.

    References
    ----------
    LeSage and Pace 2014, doi:10.3390/econometrics2040217.

    Examples
    --------
    >>> import numpy as np, pyarrow as pa, agglo as ag
    >>> from agglo.econometrics import weights_sensitivity
    >>> rng, n, t = np.random.default_rng(3), 60, 8
    >>> ids = [f"r{i:02d}" for i in range(n)]
    >>> x, y = rng.random((2, n))
    >>> w = {f"{k} nearest": ag.SpatialWeights.build_knn(x, y, ids, k=k).standardised()
    ...      for k in (4, 6)}
    >>> d = (np.arange(t) >= np.where(np.arange(n) % 3, t, 4)[:, None]) * 1.0
    >>> rows = pa.table({"region": np.repeat(ids, t), "period": np.tile(range(t), n),
    ...                  "y": (d + rng.normal(size=(n, t)) / 3).ravel(), "d": d.ravel()})
    >>> found = weights_sensitivity(rows, outcome="y", treatment="d", weights=w)
    >>> float(found.same_sign[0])
    1.0
    """
    if not weights:
        msg = "weights is empty; give at least one named set of weights."
        raise OptionError(msg)
    needed = [outcome, *([] if treatment is None else [treatment]), *covariates]
    panel = as_panel(data, variables=needed, region=region, period=period)
    pairs: list[_Pair] = []
    for name, w in weights.items():
        if durbin_weights:
            pairs += [(name, w, other, ring) for other, ring in durbin_weights.items()]
        else:
            pairs.append((name, w, name, None))
    fits, undefined = _fits(
        pairs,
        lambda w, ring: fit_spatial_did(
            panel,
            outcome=outcome,
            covariates=covariates,
            weights=w,
            durbin_weights=ring,
            treatment=treatment,
            start=start,
            model=model,
            effects=effects,
            bias=bias,
            vcov=vcov,
            region=region,
        ),
    )
    lost = np.full(3, np.nan)
    value = np.array([lost if f is None else f.impacts.value[0] for f in fits])
    se = np.array([lost if f is None else f.impacts.se[0] for f in fits])
    agree = (np.sign(value) == np.sign(value[0])) & (two_sided(value / se) < 0.05)
    first = next(f for f in fits if f is not None)
    return WeightsSensitivity(
        name=tuple(name for name, _, _, _ in pairs),
        durbin=tuple(other for _, _, other, _ in pairs),
        rho=frozen_array(np.array([np.nan if f is None else f.rho for f in fits])),
        loglik=frozen_array(
            np.array([np.nan if f is None else f.loglik for f in fits])
        ),
        value=frozen_array(value),
        se=frozen_array(se),
        n_links=frozen_array(np.array([w.matrix.nnz / w.n for _, w, _, _ in pairs])),
        same_sign=frozen_array(agree.mean(axis=0)),
        undefined=tuple(undefined),
        frame_kind=panel.frame_kind,
        provenance=Provenance.of(
            weights_sensitivity,
            panel,
            *weights.values(),
            *(w for _, _, _, w in pairs if w is not None),
            parameters={
                **first.provenance.parameters,
                "weights": list(weights),
                "durbin_weights": list(durbin_weights or ()),
            },
            warnings=first.provenance.warnings,
        ),
    )


def _fits(
    pairs: Sequence[_Pair],
    fit: Callable[[SpatialWeights, SpatialWeights | Rings | None], SpatialDID],
) -> tuple[list[SpatialDID | None], list[Undefined]]:
    """Fit under every pair; what cannot be estimated is None, with the reason."""
    fits: list[SpatialDID | None] = []
    undefined = []
    for name, w, other, ring in pairs:
        try:
            fits.append(fit(w, ring))
        except NotIdentifiedError as error:
            # without the first there is nothing to compare with
            if not fits:
                raise
            fits.append(None)
            reason = " ".join(str(error).split())
            undefined.append(Undefined(item=f"{name} / {other}", reason=reason))
    return fits, undefined
