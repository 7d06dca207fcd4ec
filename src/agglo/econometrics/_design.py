"""From a panel and weights to the checked arrays of the estimators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias
from weakref import WeakKeyDictionary

import numpy as np

from agglo.core.errors import (
    AlignmentError,
    InvalidTableError,
    NotIdentifiedError,
    OptionError,
    Problem,
)
from agglo.core.options import check_choice
from agglo.core.tables import as_panel
from agglo.core.weights import SpatialWeights
from agglo.core.weights_kinds import Rings
from agglo.econometrics._changing import Weights, by_period
from agglo.econometrics._kernels.logdet import LogDet, build_logdet
from agglo.econometrics._kernels.within import demean, lag

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from agglo.core.tables import Panel
    from agglo.core.typing import FloatArray, IntoFrame

__all__ = [
    "Bias",
    "Design",
    "Effects",
    "Form",
    "Model",
    "Variable",
    "Weights",
    "build_design",
    "check_balanced",
    "exposures_of",
    "panel_with_gaps",
]

Bias: TypeAlias = Literal["none", "bc", "transform"]
Model: TypeAlias = Literal["sar", "sem", "slx", "sdm", "sdem", "sac"]
Effects: TypeAlias = tuple[str, ...] | None
# how a treatment enters its lags: W D; the ring of the nearest treated region, where D is
# 0; W D apart where D is 0 and where it is 1
Form: TypeAlias = Literal["linear", "nearest", "split"]

MODELS = ("sar", "sem", "slx", "sdm", "sdem", "sac")
# number of the exposure that is `weights` itself when durbin_weights is another
OF_WEIGHTS = -1
_ROW_SUM = 1e-8
_SHOWN = 20

_LOGDETS: WeakKeyDictionary[SpatialWeights, LogDet] = WeakKeyDictionary()


def logdet_of(weights: SpatialWeights) -> LogDet:
    """Give the log-determinant of these weights, computed once per object."""
    if weights not in _LOGDETS:
        _LOGDETS[weights] = build_logdet(weights.matrix)
    return _LOGDETS[weights]


@dataclass(frozen=True, slots=True)
class Variable:
    """A regressor: position of its own column, and per exposure (number, column).

    ``more``: columns that are zero when one region is treated alone, so they count in
    realised effects only.
    """

    name: str
    own: int
    lagged: tuple[tuple[int, int], ...] = ()
    more: tuple[int, ...] = ()

    @property
    def columns(self) -> tuple[int, ...]:
        """Give every column that the variable enters by."""
        return (self.own, *(at for _, at in self.lagged), *self.more)


@dataclass(frozen=True, eq=False, kw_only=True)
class Design:
    """Checked arrays: outcome (T, N), regressors with their lags (T, N, k), weights."""

    regions: tuple[str, ...]
    periods: tuple[str, ...]
    outcome: str
    y: FloatArray
    z: FloatArray
    terms: tuple[str, ...]
    variables: tuple[Variable, ...]
    weights: SpatialWeights
    durbin: SpatialWeights | Rings
    model: Model
    unit: bool
    period: bool
    bias: Bias
    form: Form = "linear"
    frame_kind: Literal["pandas", "polars", "pyarrow"] = "pyarrow"

    @property
    def has_lag(self) -> bool:
        """Whether the outcome is lagged."""
        return self.model in ("sar", "sdm", "sac")

    @property
    def has_error(self) -> bool:
        """Whether the error is lagged."""
        return self.model in ("sem", "sdem", "sac")

    @property
    def which(self) -> str:
        """Name the one spatial parameter, or say ``"both"`` or nothing."""
        if self.model == "sac":
            return "both"
        return "lag" if self.has_lag else "error" if self.has_error else ""

    @property
    def transformed(self) -> bool:
        """Whether period effects are rotated out of the likelihood."""
        return self.bias == "transform" and self.period

    @property
    def t_star(self) -> float:
        """Number of log-determinants in the likelihood."""
        if self.changing:
            # one determinant of all periods together
            return 1.0
        rotated = self.bias == "transform" and self.unit
        return float(len(self.periods) - (1 if rotated else 0))

    @property
    def n_star(self) -> float:
        """Number of observations after the effects."""
        if self.changing:
            return float(self.y.size)
        units = len(self.regions) - (1 if self.transformed else 0)
        return float(units * self.t_star)

    @property
    def changing(self) -> bool:
        """Whether every period has weights of its own (the matrix is block diagonal)."""
        return self.weights.n > len(self.regions)

    @property
    def exposures(self) -> tuple[csr_array, ...]:
        """Weights of the lagged regressors other than W itself."""
        if isinstance(self.durbin, Rings):
            return tuple(w.matrix for w in self.durbin.members)
        return () if self.durbin is self.weights else (self.durbin.matrix,)

    def within(self, a: FloatArray) -> FloatArray:
        """Remove the effects."""
        return demean(a, unit=self.unit, period=self.period)

    @cached_property
    def arrays(self) -> tuple[FloatArray, FloatArray]:
        """Give [y, Wy, Z] and M [y, Wy, Z] after the effects, (T, N, k + 2)."""
        w = self.weights.matrix
        wy = lag(w, self.y) if self.has_lag else np.zeros_like(self.y)
        raw = np.concatenate([self.y[..., None], wy[..., None], self.z], axis=2)
        x1 = lag(w, raw) if self.has_error else np.zeros((0, 0, 0))
        return self.within(raw), self.within(x1) if self.has_error else x1


def build_design(
    panel: Panel,
    *,
    outcome: str,
    columns: Sequence[tuple[str, FloatArray]],
    weights: Weights,
    durbin_weights: SpatialWeights | Rings | None,
    durbin: Sequence[str],
    plain: Sequence[str] = (),
    model: Model,
    effects: Effects,
    bias: Bias,
    split: bool = False,
) -> Design:
    """Check everything that does not need a fit, then lag and stack the regressors.

    `columns` are (name, (N, T)) regressors; `durbin` names those that get
    lags, `plain` those among them that keep `weights` whatever `durbin_weights` is.
    `split`: the lag of the first regressor apart for treated and untreated cells.
    """
    unit, period = _check_options(model, effects, bias)
    regions = tuple(str(r) for r in panel.regions)
    if not isinstance(weights, SpatialWeights):
        weights, durbin_weights = by_period(weights, durbin_weights, panel, bias)
    else:
        _check_weights(weights, durbin_weights, panel, islands_matter=model != "slx")
    other = weights if durbin_weights is None else durbin_weights
    form = _form(columns, other, durbin, plain, split=split)
    if bias != "none" and period and model != "slx":
        _check_row_sums(weights, bias)
    t, n = panel.periods.size, len(regions)
    if unit and t < 2:
        msg = "[one_period] region effects need two periods or more."
        raise NotIdentifiedError(msg)
    own = [np.asarray(v, np.float64).T for _, v in columns]
    names = [name for name, _ in columns]
    stack, terms, variables = _lagged(own, names, weights, other, durbin, plain, form)
    if not unit and not period:
        stack.append(np.ones((t, n)))
        terms.append("constant")
    z = np.stack(stack, axis=2) if stack else np.zeros((t, n, 0))
    design = Design(
        regions=regions,
        periods=tuple(str(p) for p in panel.periods),
        outcome=outcome,
        y=np.ascontiguousarray(panel.variable(outcome).T),
        z=z,
        terms=tuple(terms),
        variables=tuple(variables),
        weights=weights,
        durbin=other,
        model=model,
        unit=unit,
        period=period,
        bias=bias,
        form=form,
        frame_kind=panel.frame_kind,
    )
    _check_rank(design)
    return design


def _check_options(model: str, effects: Effects, bias: str) -> tuple[bool, bool]:
    check_choice("model", model, MODELS)
    check_choice("bias", bias, ("none", "bc", "transform"))
    for effect in effects or ():
        check_choice("effects", effect, ("region", "period"))
    if bias == "bc" and model not in ("sar", "sdm", "slx"):
        msg = f"[bias_unsupported] bias='bc' is not defined for '{model}'; use 'transform'."
        raise OptionError(msg)
    return "region" in (effects or ()), "period" in (effects or ())


def check_balanced(
    panel: Panel, names: Sequence[str], *, absent_allowed: bool = False
) -> None:
    """Refuse absent cells and missing values, all at once with their labels."""
    problems = []
    absent = np.argwhere(~panel.observed)
    if absent.size and not absent_allowed:
        cells = [f"{panel.regions[i]}/{panel.periods[j]}" for i, j in absent[:_SHOWN]]
        full = int(panel.observed.all(axis=1).sum())
        problems.append(
            Problem(
                code="panel_unbalanced",
                what=f"{len(absent)} region-periods are absent: {', '.join(cells)}",
                where="data",
                fix=f"{full} of {panel.regions.size} regions have every period; keep those",
            )
        )
    for name in names:
        bad = np.argwhere(panel.observed & ~np.isfinite(panel.variable(name)))
        if bad.size:
            cells = [f"{panel.regions[i]}/{panel.periods[j]}" for i, j in bad[:_SHOWN]]
            problems.append(
                Problem(
                    code="panel_missing",
                    what=f"{len(bad)} values are missing or infinite: {', '.join(cells)}",
                    where="data",
                    column=name,
                    fix="drop the regions or fill the values with a stated rule",
                )
            )
    if panel.periods.size > 2 and all(p.lstrip("-").isdigit() for p in panel.periods):
        step = np.diff([int(p) for p in panel.periods])
        if np.unique(step).size > 1:
            after = panel.periods[int(np.argmax(step))]
            problems.append(
                Problem(
                    code="panel_gap",
                    what=f"periods are not evenly spaced: a gap after {after}",
                    where="data",
                    fix="give consecutive periods",
                )
            )
    if problems:
        msg = "The panel cannot be used as it is."
        raise InvalidTableError(msg, problems)


def panel_with_gaps(
    data: IntoFrame | Panel,
    outcome: str,
    covariates: Sequence[str],
    treatment: str | None,
    region: str,
    period: str,
) -> Panel:
    """Read a panel whose rows may be absent, where the policy is given by its starts."""
    needed = [outcome, *([] if treatment is None else [treatment]), *covariates]
    panel = as_panel(data, variables=needed, region=region, period=period)
    absent = int((~panel.observed).sum())
    if absent and treatment is not None:
        msg = f"{absent} region-periods are absent: give the policy by start, not treatment."
        raise OptionError(msg)
    check_balanced(panel, [outcome, *covariates], absent_allowed=True)
    return panel


def _check_weights(
    weights: SpatialWeights,
    durbin_weights: SpatialWeights | Rings | None,
    panel: Panel,
    *,
    islands_matter: bool,
) -> None:
    weights.aligned(panel.regions)
    if isinstance(durbin_weights, Rings):
        durbin_weights.members[0].aligned(panel.regions)
    elif durbin_weights is not None:
        durbin_weights.aligned(panel.regions)
    if islands_matter and weights.islands:
        msg = (
            f"[weights_islands] {len(weights.islands)} regions have no neighbour: "
            f"{list(weights.islands[:_SHOWN])}. Tie them (islands='nearest') or drop them."
        )
        raise AlignmentError(msg)


def _check_row_sums(weights: SpatialWeights, bias: str) -> None:
    sums = np.asarray(weights.matrix.sum(axis=1)).ravel()
    bad = np.flatnonzero(np.abs(sums - 1.0) > _ROW_SUM)
    if bad.size:
        msg = (
            f"[needs_row_standardised] bias='{bias}' with period effects needs rows that "
            f"sum to 1; {bad.size} do not, for example '{weights.ids[bad[0]]}' "
            f"({sums[bad[0]]:.4g}). Use weights.standardised('row') or bias='none'."
        )
        raise OptionError(msg)


def _form(
    columns: Sequence[tuple[str, FloatArray]],
    other: SpatialWeights | Rings,
    durbin: Sequence[str],
    plain: Sequence[str],
    *,
    split: bool,
) -> Form:
    """Say how the first regressor enters its lags; the forms that need a 0/1 treatment."""
    nearest = isinstance(other, Rings) and other.exposure == "nearest"
    if not nearest and not split:
        return "linear"
    what = "exposure='nearest'" if nearest else "split"
    if nearest and split:
        msg = (
            "split and exposure='nearest' exclude each other: that is 0 where treated."
        )
        raise OptionError(msg)
    first = columns[0][0] if columns else ""
    lagged = [d for d in durbin if d not in plain]
    if first not in lagged or (nearest and lagged != [first]):
        msg = f"{what} needs one treatment with a lag: use fit_spatial_did."
        raise OptionError(msg)
    if not np.isin(columns[0][1], (0.0, 1.0)).all():
        msg = f"{what} needs a treatment of 0 and 1; '{first}' has other values."
        raise OptionError(msg)
    return "nearest" if nearest else "split"


def exposures_of(
    d: FloatArray, members: Sequence[csr_array], form: Form
) -> tuple[list[FloatArray], list[FloatArray]]:
    """Give the exposure columns of a treatment (T, N) per weights, and those of the treated.

    ``"nearest"``: 1 in untreated cells whose nearest treated region lies in that ring.
    ``"split"``: lags in untreated cells first, in treated cells second.
    """
    lags = [lag(w, d) for w in members]
    if form == "split":
        return [(1.0 - d) * v for v in lags], [d * v for v in lags]
    if form == "linear":
        return lags, []
    free, out = 1.0 - d, []
    for v in lags:
        out.append(free * (v > 0.0))
        free = free * (v <= 0.0)
    return out, []


def _lagged(
    own: list[FloatArray],
    names: list[str],
    weights: SpatialWeights,
    other: SpatialWeights | Rings,
    durbin: Sequence[str],
    plain: Sequence[str],
    form: Form,
) -> tuple[list[FloatArray], list[str], list[Variable]]:
    members = other.members if isinstance(other, Rings) else (other,)
    labels = [f"W[{m.kind}]" for m in members] if isinstance(other, Rings) else ["W"]
    stack, terms = list(own), list(names)
    lagged: dict[str, list[tuple[int, int]]] = {n: [] for n in names}
    more: list[int] = []
    made: dict[str, list[FloatArray]] = {}
    for name in (d for d in durbin if d not in plain):
        form_here: Form = form if name == names[0] else "linear"
        made[name], treated = exposures_of(
            own[names.index(name)], [m.matrix for m in members], form_here
        )
        for label, column in zip(labels, treated, strict=False):
            more.append(len(stack))
            stack.append(column)
            terms.append(f"{label}*{name} of treated")
    for number, label in enumerate(labels):
        for name, columns in made.items():
            lagged[name].append((number, len(stack)))
            stack.append(columns[number])
            apart = form == "split" and name == names[0]
            terms.append(f"{label}*{name} of untreated" if apart else f"{label}*{name}")
    for name in (d for d in durbin if d in plain):
        lagged[name].append((OF_WEIGHTS, len(stack)))
        stack.append(lag(weights.matrix, own[names.index(name)]))
        terms.append(f"W*{name}")
    variables = [
        Variable(
            name=name,
            own=i,
            lagged=tuple(lagged[name]),
            more=tuple(more) if i == 0 else (),
        )
        for i, name in enumerate(names)
    ]
    return stack, terms, variables


def _check_rank(design: Design) -> None:
    z = design.arrays[0][:, :, 2:].reshape(-1, design.z.shape[2])
    raw = design.z.reshape(-1, design.z.shape[2])
    k = z.shape[1]
    spatial = 2 if design.model == "sac" else 1 if design.which else 0
    if k + spatial + 1 >= design.n_star:
        msg = (
            f"[too_few_observations] {k + spatial + 1} parameters for "
            f"{design.n_star:g} observations after the effects."
        )
        raise NotIdentifiedError(msg)
    length, before = np.linalg.norm(z, axis=0), np.linalg.norm(raw, axis=0)
    gone = length <= 1e-11 * np.maximum(before, 1e-300)
    if gone.any():
        lost = [design.terms[i] for i in np.flatnonzero(gone)]
        msg = f"[collinear] nothing is left after the effects of: {lost}."
        raise NotIdentifiedError(msg)
    if k == 0:
        return
    gram = (z / length).T @ (z / length)
    values, vectors = np.linalg.eigh(gram)
    if values[0] < 1e-11 * values[-1]:
        # the Gram matrix squares the condition: look again at the columns themselves
        _, single, right = np.linalg.svd(z / length, full_matrices=False)
        if single[-1] < 1e-9 * single[0]:
            vectors = right.T[:, ::-1]
            share = np.abs(vectors[:, 0])
            lost = [design.terms[i] for i in np.flatnonzero(share > 1e-3 * share.max())]
            msg = f"[collinear] after the effects these are linearly dependent: {lost}."
            raise NotIdentifiedError(msg)
    y = design.arrays[0][:, :, 0]
    if np.linalg.norm(y) <= 1e-11 * max(float(np.linalg.norm(design.y)), 1e-300):
        msg = f"[collinear] nothing is left of '{design.outcome}' after the effects."
        raise NotIdentifiedError(msg)
