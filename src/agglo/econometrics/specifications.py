"""One effect under many defensible choices: the specification table and curve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.special import ndtri

from agglo.core.errors import AggloError, OptionError
from agglo.core.options import check_number
from agglo.core.results import ColumnData, Provenance, Result, Undefined, frozen_array
from agglo.core.tables import as_panel
from agglo.econometrics._design import Bias, Effects, Model
from agglo.econometrics._restricted import (
    without_periods,
    without_regions,
    without_units,
)
from agglo.econometrics._treatment import starts_from
from agglo.econometrics.results import EFFECTS, two_sided
from agglo.econometrics.spatial_did import fit_spatial_did
from agglo.econometrics.vcov import Clustered, Covariance

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from agglo.core.tables import Panel
    from agglo.core.typing import FloatArray, IntArray, IntoFrame
    from agglo.core.weights import SpatialWeights
    from agglo.core.weights_kinds import Rings
    from agglo.econometrics.did_results import SpatialDID

__all__ = ["Specification", "SpecificationTable", "specification_table"]

ROWS = (*EFFECTS, "treated", "untreated")
_SAME = "same"


@dataclass(frozen=True, slots=True, kw_only=True)
class Specification:
    """What differs from the first specification; None is as there.

    Parameters
    ----------
    name
        Name in the table.
    outcome, covariates, weights, durbin_weights, model, effects, bias, vcov
        As in `fit_spatial_did`. ``effects=()`` is no effects.
    drop_regions, drop_periods
        Left out; rows of the weights are standardised again.
    shift
        Periods by which every start is moved, for example 1 for a year later.
    winsor
        Share in [0, 0.5) of cells at each end pulled in to that quantile.
    """

    name: str
    outcome: str | None = None
    covariates: tuple[str, ...] | None = None
    weights: SpatialWeights | None = None
    durbin_weights: SpatialWeights | Rings | Literal["same"] | None = None
    model: Model | None = None
    effects: Effects = None
    bias: Bias | None = None
    vcov: Covariance | None = None
    drop_regions: tuple[str, ...] = ()
    drop_periods: tuple[str, ...] = ()
    shift: int = 0
    winsor: float = 0.0

    def __post_init__(self) -> None:
        """Check the fields."""
        check_number("shift", self.shift, integer=True)
        check_number("winsor", self.winsor, minimum=0.0, maximum=0.499)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class SpecificationTable(Result):
    """One treatment under many specifications.

    Attributes
    ----------
    name
        Names, (m,); the first is the yardstick.
    value, se
        (m, 5): direct, indirect, total, realised on treated, realised on untreated cells;
        NaN where the specification cannot be estimated, with the reason in ``undefined``.
    rho, nobs
        Per specification.
    """

    name: tuple[str, ...]
    value: FloatArray
    se: FloatArray
    rho: FloatArray
    nobs: IntArray

    def share(self, effect: str) -> float:
        """Give the share of specifications with the first one's sign and p < 0.05."""
        i = ROWS.index(effect)
        known = np.isfinite(self.se[:, i])
        z = self.value[known, i] / self.se[known, i]
        agree = (np.sign(z) == np.sign(self.value[0, i])) & (two_sided(z) < 0.05)
        return float(agree.mean()) if agree.size else float("nan")

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per specification and effect."""
        at: IntArray = np.arange(len(self.name)).repeat(len(ROWS))
        value, se = self.value.ravel(), self.se.ravel()
        half = float(ndtri(0.975)) * se
        return {
            "specification": [self.name[i] for i in at],
            "effect": list(ROWS) * len(self.name),
            "value": value,
            "se": se,
            "lower": value - half,
            "upper": value + half,
            "p": two_sided(value / se),
            "rho": self.rho[at],
            "nobs": self.nobs[at],
        }

    def summary(self) -> str:
        """Give a line per specification and how often the answer stays."""
        lines = ["Effects under other choices"]
        lines += [
            f"  {n}: direct {v[0]:.4f} ({s[0]:.4f}), indirect {v[1]:.4f} ({s[1]:.4f}), "
            f"treated {v[3]:.4f}, untreated {v[4]:.4f}"
            for n, v, s in zip(self.name, self.value, self.se, strict=True)
        ]
        last = ", ".join(f"{e} {self.share(e):.0%}" for e in ROWS)
        return "\n".join([*lines, f"same sign and p < 0.05: {last}"])

    def _draw(self, ax: Axes) -> None:
        order = np.argsort(self.value[:, 0], kind="stable")
        half = float(ndtri(0.975)) * self.se[order, 0]
        ax.errorbar(np.arange(order.size), self.value[order, 0], yerr=half, fmt="o")
        ax.axhline(0.0, color="#9CA3AF", lw=0.8)
        ax.set_xticks(np.arange(order.size), [self.name[i] for i in order], rotation=90)
        ax.set(ylabel="direct effect")


def specification_table(
    data: IntoFrame | Panel,
    specifications: Sequence[Specification],
    *,
    outcome: str,
    start: Mapping[str, str] | IntoFrame,
    weights: SpatialWeights,
    durbin_weights: SpatialWeights | Rings | None = None,
    covariates: Sequence[str] = (),
    variables: Sequence[str] = (),
    model: Model = "sdm",
    effects: Effects = ("region", "period"),
    bias: Bias = "transform",
    vcov: Covariance = Clustered("region"),  # noqa: B008  frozen
    region: str = "region",
    period: str = "period",
) -> SpecificationTable:
    """Estimate one policy under a list of choices.

    Use to show that an answer does not hang on one choice: every choice that a reader could
    have made belongs in the list, not the ones that agree.

    Parameters
    ----------
    data
        One row per region and period, balanced; or a `Panel` with all variables.
    specifications
        What differs from the options below, one by one; these options themselves come
        first, as ``"main"``.
    outcome, start, weights, durbin_weights, covariates
        As in `fit_spatial_did`.
    variables
        Further columns that specifications use.
    model, effects, bias, vcov
        As in `fit_spatial_did`.
    region, period
        Columns of labels.

    Returns
    -------
    SpecificationTable
        Five effects per specification. One that cannot be estimated stays in the table as
        NaN with its reason.

    Raises
    ------
    OptionError
        If names repeat.
    AlignmentError
        As in `fit_spatial_did`, for the first specification.
    InvalidTableError
        As in `fit_spatial_did`, for the first specification.
    NotIdentifiedError
        As in `fit_spatial_did`, for the first specification.

    Notes
    -----
    The list is no sample: the share of specifications that agree is no probability. One
    fit per specification.

    References
    ----------
    Simonsohn, Simmons and Nelson 2020, doi:10.1038/s41562-020-0912-z.

    Examples
    --------
    >>> from agglo.econometrics import Specification, specification_table
    >>> from agglo.simulate import simulate_corridors
    >>> made = simulate_corridors(seed=1)
    >>> found = specification_table(
    ...     made.panel, [Specification(name="plain", bias="none"),
    ...                  Specification(name="a year later", shift=1)],
    ...     outcome="diversification", covariates=["x"], start=made.starts,
    ...     weights=made.weights, durbin_weights=made.exposure)
    >>> found.share("direct")
    1.0
    """
    main = Specification(name="main")
    every = [main, *specifications]
    if len({s.name for s in every}) != len(every):
        msg = f"names of specifications repeat: {[s.name for s in every]}."
        raise OptionError(msg)
    asked = [n for s in every for n in (s.outcome, *(s.covariates or ())) if n]
    needed = list(dict.fromkeys([outcome, *covariates, *variables, *asked]))
    panel = as_panel(data, variables=needed, region=region, period=period)
    starts = starts_from(start, panel, region)
    base = Specification(
        name="main",
        outcome=outcome,
        covariates=tuple(covariates),
        weights=weights,
        durbin_weights=durbin_weights,
        model=model,
        effects=effects or (),
        bias=bias,
        vcov=vcov,
    )
    fits: list[SpatialDID | str] = []
    for spec in every:
        try:
            fits.append(_fit(panel, starts, _merged(base, spec)))
        except AggloError as error:
            if spec is main:
                raise
            fits.append(" ".join(str(error).split()))
    return _result(every, fits)


def _merged(base: Specification, spec: Specification) -> Specification:
    """Fill what a specification leaves open; `same` weights of the treatment are W."""
    given = {
        name: getattr(spec, name)
        for name in Specification.__slots__
        if getattr(spec, name) is not None
    }
    return replace(base, **given)


def _fit(panel: Panel, starts: dict[str, str], spec: Specification) -> SpatialDID:
    assert spec.weights is not None  # noqa: S101  filled by the first specification
    w, exposure = spec.weights, spec.durbin_weights
    if spec.drop_regions:
        panel = without_regions(panel, spec.drop_regions)
        w = without_units(w, spec.drop_regions)
        starts = {k: v for k, v in starts.items() if k not in spec.drop_regions}
        if exposure is not None and not isinstance(exposure, str):
            exposure = without_units(exposure, spec.drop_regions)
    moved = _moved(panel, starts, spec.shift)
    if spec.drop_periods:
        panel = without_periods(panel, spec.drop_periods)
    if spec.winsor:
        panel = _winsorised(panel, str(spec.outcome), spec.winsor)
    return fit_spatial_did(
        panel,
        outcome=str(spec.outcome),
        covariates=spec.covariates or (),
        weights=w,
        durbin_weights=None if isinstance(exposure, str) else exposure,
        start=moved,
        model=spec.model or "sdm",
        effects=spec.effects or None,
        bias=spec.bias or "transform",
        vcov=spec.vcov or Clustered("region"),
    )


def _moved(panel: Panel, starts: dict[str, str], shift: int) -> dict[str, str]:
    """Move starts by positions in the panel; a start after its end is no treatment."""
    if not shift:
        return starts
    place = {str(p): i for i, p in enumerate(panel.periods)}
    last = panel.periods.size
    out = {}
    for name, when in starts.items():
        if when in place and 0 <= place[when] + shift < last:
            out[name] = str(panel.periods[place[when] + shift])
        elif when not in place:
            out[name] = when
    return out


def _winsorised(panel: Panel, name: str, share: float) -> Panel:
    values = panel.values.copy()
    at = panel.names.index(name)
    low, high = np.nanquantile(values[:, :, at], [share, 1.0 - share])
    values[:, :, at] = np.clip(values[:, :, at], low, high)
    return replace(panel, values=frozen_array(values))


def _result(
    every: Sequence[Specification], fits: Sequence[SpatialDID | str]
) -> SpecificationTable:
    m = len(every)
    value, se = np.full((m, len(ROWS)), np.nan), np.full((m, len(ROWS)), np.nan)
    rho, nobs = np.full(m, np.nan), np.zeros(m, dtype=np.int64)
    undefined = []
    for i, (spec, fit) in enumerate(zip(every, fits, strict=True)):
        if isinstance(fit, str):
            undefined.append(Undefined(reason=fit, item=spec.name))
            continue
        done = fit.realised()
        value[i] = [*fit.impacts.value[0], *done.value[:2]]
        se[i] = [*fit.impacts.se[0], *done.se[:2]]
        rho[i], nobs[i] = fit.rho, fit.nobs
    first = fits[0]
    assert not isinstance(first, str)  # noqa: S101  its error was raised
    return SpecificationTable(
        name=tuple(s.name for s in every),
        value=frozen_array(value),
        se=frozen_array(se),
        rho=frozen_array(rho),
        nobs=frozen_array(nobs),
        undefined=tuple(undefined),
        frame_kind=first.frame_kind,
        provenance=Provenance.of(
            specification_table,
            first.provenance.input_digest,
            parameters={
                **first.provenance.parameters,
                "specifications": [s.name for s in every],
            },
            warnings=first.provenance.warnings,
        ),
    )
