"""What entry and exit go with: density, complexity and their product."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa

from agglo.core.errors import (
    AlignmentError,
    InvalidTableError,
    MissingExtraError,
    NotIdentifiedError,
    OptionError,
)
from agglo.core.frames import float_column, require_columns, string_column, to_arrow
from agglo.core.options import check_choice, check_number
from agglo.core.results import ColumnData, Provenance, Result, Undefined, frozen_array
from agglo.relatedness._waves import Waves, changes, known_at, waves_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntoFrame

__all__ = ["EntryModel", "fit_entry_model"]

_KEYS = ("region", "industry", "period")
_COLUMNS = ("estimate", "error", "low", "high", "p_value")
_OWN = ("density", "complexity", "density x complexity")


@dataclass(frozen=True, eq=False, kw_only=True)
class EntryModel(Result):
    """Coefficients of a model of entry or exit.

    Parameters
    ----------
    name
        Regressors, each in standard deviations: density, complexity, their product,
        controls.
    estimate, error, low, high, p_value
        Coefficient, its clustered standard error, interval and two-sided p-value; NaN
        for what the effects leave nothing of.
    outcome, model
        ``"entry"`` or ``"exit"``; ``"lpm"`` or ``"logit"``.
    effects, cluster
        Of which keys effects were taken out, and by which errors are clustered.
    n, n_regions
        Rows and regions used.
    n_events
        Entries (or exits) among them.
    n_unmatched
        Rows without a regressor, left out.
    n_constant, n_constant_regions
        Rows and whole regions that the logit leaves out, since their outcome does not
        vary within an effect.
    level
        Of the intervals.
    """

    name: tuple[str, ...]
    estimate: FloatArray
    error: FloatArray
    low: FloatArray
    high: FloatArray
    p_value: FloatArray
    outcome: str
    model: str
    effects: tuple[str, ...]
    cluster: tuple[str, ...]
    n: int
    n_regions: int
    n_events: int
    n_unmatched: int
    n_constant: int
    n_constant_regions: int
    level: float

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per regressor."""
        return {
            "regressor": list(self.name),
            "estimate": self.estimate,
            "error": self.error,
            "lo": self.low,
            "hi": self.high,
            "p_value": self.p_value,
        }

    def summary(self) -> str:
        """Give the coefficients and what they rest on."""
        lines = [
            f"{self.outcome} by '{self.model}': {self.n_events} in {self.n} cells of "
            f"{self.n_regions} regions; effects of {', '.join(self.effects) or 'none'}, "
            f"errors clustered by {', '.join(self.cluster)}"
        ]
        lines += [
            f"{n}: {e:.4f} (error {s:.4f}, p = {p:.3f}) per standard deviation"
            for n, e, s, p in zip(
                self.name, self.estimate, self.error, self.p_value, strict=True
            )
        ]
        if self.n_constant:
            lines.append(
                f"{self.n_constant} cells, {self.n_constant_regions} whole regions, are "
                "left out: their outcome does not vary"
            )
        return "\n".join([*lines, *(f"note: {w}" for w in self.provenance.warnings)])

    def _draw(self, ax: Axes) -> None:
        place = np.arange(len(self.name))
        ax.hlines(place, self.low, self.high, color="0.6")
        ax.plot(self.estimate, place, "o")
        ax.axvline(0.0, color="0.8", lw=0.8)
        ax.set_yticks(place, self.name)
        ax.set_xlabel(f"{self.outcome} ({self.model}), per standard deviation")


def fit_entry_model(
    data: IntoFrame,
    *,
    outcome: Literal["entry", "exit"] = "entry",
    model: Literal["lpm", "logit"] = "lpm",
    interaction: bool = True,
    controls: IntoFrame | None = None,
    covariates: Sequence[str] = (),
    dated: str | None = None,
    effects: Sequence[str] = _KEYS,
    cluster: Sequence[str] = ("region", "industry"),
    period: str = "period",
    rule: Literal["threshold", "robust"] = "threshold",
    threshold: float = 1.0,
    self_in_density: bool = False,
    level: float = 0.95,
    region: str = "region",
    activity: str = "industry",
    value: str = "employment",
) -> EntryModel:
    r"""Measure how entry (or exit) of activities goes with density and complexity.

    Also: related diversification model. Use for the average relation in the sample; for
    how well options can be ranked out of time use `backtest_entries`. Needs the extra
    ``entry`` (pyfixest).

    Parameters
    ----------
    data
        Activity table of two or more periods; periods are put in the order of their text.
    outcome
        Entry of what was absent at t, or exit of what was present.
    model
        ``"lpm"``: least squares; ``"logit"``: with the effects as dummies, whose
        coefficients are biased away from 0 when regions have few options.
    interaction
        Whether the product of density and complexity is added.
    controls
        Further regressors, one row per region, industry and period, or per some of these
        (the columns `region`, `activity` and `period` that it has); matched at t.
    covariates
        Columns of `controls`.
    dated
        Column of `controls` with the period its numbers are of: later than t is refused.
    effects
        Of ``"region"``, ``"industry"``, ``"period"``; may be empty.
    cluster
        One or two of them.
    period
        Column of the period.
    rule, threshold
        As in `entry_exit`.
    self_in_density
        Whether an activity is its own neighbour.
    level
        Of the intervals.
    region, activity, value
        Columns of the frame.

    Returns
    -------
    EntryModel
        One row per regressor.

    Raises
    ------
    ColumnNotFoundError
        If a column is absent.
    InvalidTableError
        If the table of a period breaks its schema, a cell is unknown, or `controls`
        repeats its keys, is not finite or is dated after t.
    AlignmentError
        If `controls` has none of the keys, or no row of it matches.
    NotIdentifiedError
        If there is one period only, nothing or everything entered, or the effects leave
        nothing of any regressor.
    OptionError
        If a choice does not exist or a number is out of range.
    MissingExtraError
        If pyfixest is not installed.

    Notes
    -----
    .. math:: E_{rp,t+1} = b_1 \omega_{rpt} + b_2 K_{pt} + b_3 \omega_{rpt} K_{pt}
        + c' x_{rpt} + \alpha_r + \gamma_p + \delta_t + \epsilon

    Density and the index of activities are measured at t, each wave by itself, so nothing
    dated later is among the regressors. All are divided by their deviation in the sample,
    the product is that of the standardised. With one step and effects of the industry,
    complexity is absorbed: NaN, listed. Design after the paper below; its sample rules
    and controls are not known to us. O(cells), and the fixed effects.

    References
    ----------
    Balland, Boschma, Crespo and Rigby 2019, doi:10.1080/00343404.2018.1437900.

    See Also
    --------
    backtest_entries : Out of time, within regions.

    Examples
    --------
    >>> import numpy as np, pyarrow as pa, agglo.relatedness as rel
    >>> rng, (r, i) = np.random.default_rng(1), np.divmod(np.arange(600), 20)
    >>> x = np.exp(2 * rng.normal(size=(30, 4)))[r, i // 5] * rng.lognormal(0, 1, (2, 600))
    >>> jobs = pa.table({"period": np.repeat(["1", "2"], 600), "region": np.tile(r, 2).astype(str),
    ...     "industry": np.tile(i, 2).astype(str), "employment": x.ravel()})
    >>> rel.fit_entry_model(jobs, effects=("region",)).n_events
    76
    """
    check_choice("outcome", outcome, ("entry", "exit"))
    check_choice("model", model, ("lpm", "logit"))
    check_choice("rule", rule, ("threshold", "robust"))
    check_number("threshold", threshold, minimum=1e-12)
    check_number("level", level, minimum=0.0, maximum=1.0, open_ends=True)
    effects, cluster = _checked(effects, cluster)
    waves = waves_of(data, region, activity, value, period)
    sample = _sample(waves, outcome, rule, threshold, self_in_density)
    extra = np.empty((sample.y.size, 0))
    if covariates or controls is not None:
        keys = {"region": region, "industry": activity, "period": period}
        extra = _matched(controls, list(covariates), sample, keys, dated)
    names = (*_OWN[: 3 if interaction else 2], *map(str, covariates))
    y, x, codes = _complete(sample, extra, outcome, interaction)
    table, used, notes = _fit(y, x, codes, model, effects, cluster, level)
    lost = [n for n, e in zip(names, table[:, 0], strict=True) if np.isnan(e)]
    if len(lost) == len(names):
        msg = f"The effects of {', '.join(effects)} leave nothing of {', '.join(lost)}."
        raise NotIdentifiedError(msg)
    kept = np.unique(codes["region"][used])
    return EntryModel(
        provenance=Provenance.of(
            fit_entry_model,
            *waves.digest,
            extra,
            parameters={
                "outcome": outcome,
                "model": model,
                "rule": rule,
                "threshold": threshold,
                "self_in_density": self_in_density,
                "effects": list(effects),
                "cluster": list(cluster),
                "covariates": list(covariates),
                "level": level,
            },
            warnings=notes,
        ),
        frame_kind=waves.kind,
        undefined=tuple(
            Undefined(reason="the effects or other regressors leave nothing", item=n)
            for n in lost
        ),
        name=names,
        **{n: frozen_array(c.copy()) for n, c in zip(_COLUMNS, table.T, strict=True)},
        outcome=outcome,
        model=model,
        effects=effects,
        cluster=cluster,
        n=int(used.sum()),
        n_regions=int(kept.size),
        n_events=int(y[used].sum()),
        n_unmatched=int(sample.y.size - y.size),
        n_constant=int((~used).sum()),
        n_constant_regions=int(np.unique(codes["region"]).size - kept.size),
        level=float(level),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sample:
    """Cells with an outcome; labels by key, and their codes."""

    y: FloatArray
    density: FloatArray
    complexity: FloatArray
    labels: Mapping[str, NDArray[np.str_]]
    codes: Mapping[str, NDArray[np.int64]]


def _checked(
    effects: Sequence[str], cluster: Sequence[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    out = []
    for name, given in (("effects", effects), ("cluster", cluster)):
        if isinstance(given, str) or len(set(given)) != len(given):
            msg = f"{name}={given!r} must be a list of different keys of {list(_KEYS)}."
            raise OptionError(msg)
        out.append(tuple(check_choice(name, g, _KEYS) for g in given))
    if not 1 <= len(out[1]) <= 2:
        msg = f"cluster={list(cluster)} must name one or two keys."
        raise OptionError(msg)
    return out[0], out[1]


def _sample(
    waves: Waves, outcome: str, rule: str, threshold: float, own: bool
) -> _Sample:
    result = changes(waves.quotient, threshold, rule)[0 if outcome == "entry" else 1]
    step, row, column = np.nonzero(np.isfinite(result))
    before = [known_at(q, threshold, own) for q in waves.quotient[:-1]]
    density = np.stack([b.density for b in before])
    index = np.stack([b.complexity for b in before])
    labels = {
        "region": waves.region,
        "industry": waves.activity,
        "period": np.array(waves.period[:-1], dtype=np.str_),
    }
    codes = dict(zip(_KEYS, (row, column, step), strict=True))
    return _Sample(
        y=result[step, row, column],
        density=density[step, row, column],
        complexity=index[step, column],
        labels=labels,
        codes={k: v.astype(np.int64) for k, v in codes.items()},
    )


def _complete(
    sample: _Sample, extra: FloatArray, outcome: str, interaction: bool
) -> tuple[FloatArray, FloatArray, dict[str, NDArray[np.int64]]]:
    """Give outcome, standardised regressors and codes of the cells that have them all."""
    x = np.column_stack([sample.density, sample.complexity, extra])
    whole = np.isfinite(x).all(axis=1)
    y = sample.y[whole]
    if not 0 < y.sum() < y.size:
        msg = f"{int(y.sum())} of {y.size} cells have an {outcome}: nothing to explain."
        raise NotIdentifiedError(msg)
    x = _standardised(x[whole])
    if interaction:
        x = np.insert(x, 2, x[:, 0] * x[:, 1], axis=1)
    return y, x, {k: v[whole] for k, v in sample.codes.items()}


def _standardised(x: FloatArray) -> FloatArray:
    sd = x.std(axis=0)
    return (x - x.mean(axis=0)) / np.where(sd > 0, sd, 1.0)


def _matched(
    controls: IntoFrame | None,
    covariates: list[str],
    sample: _Sample,
    keys: Mapping[str, str],
    dated: str | None,
) -> FloatArray:
    """Give the controls of every cell of the sample, NaN where there is no row."""
    if controls is None or not covariates:
        msg = (
            "controls= and covariates= go together: a table, and which of its columns."
        )
        raise OptionError(msg)
    table = to_arrow(controls, where="controls")
    require_columns(table, {f"covariate '{c}'": c for c in covariates})
    there = [k for k, column in keys.items() if column in table.column_names]
    if not there:
        msg = f"`controls` has none of the columns {list(keys.values())}: nothing to match by."
        raise AlignmentError(msg)
    if dated is not None:
        _not_later(table, dated, keys["period"])
    words = [string_column(table, keys[k]) for k in there]
    rows = [tuple(str(w) for w in row) for row in zip(*words, strict=True)]
    place = {row: k for k, row in enumerate(rows)}
    if len(place) < len(rows):
        msg = f"`controls` repeats {len(rows) - len(place)} rows of {there}: one row each."
        raise InvalidTableError(msg)
    x = np.column_stack([float_column(table, c) for c in covariates])
    wanted = zip(*(sample.labels[k][sample.codes[k]] for k in there), strict=True)
    at = np.array([place.get(tuple(str(w) for w in row), -1) for row in wanted])
    if (at < 0).all():
        msg = f"No row of `controls` matches a cell by {there}, for example {rows[:3]}."
        raise AlignmentError(msg)
    return np.where((at >= 0)[:, None], x[at], np.nan)


def _not_later(table: pa.Table, dated: str, period: str) -> None:
    require_columns(table, {"dated": dated, "period": period})
    of = np.array([str(d) for d in string_column(table, dated)])
    late = of > np.array([str(t) for t in string_column(table, period)])
    if late.any():
        msg = (
            f"{int(late.sum())} rows of `controls` are dated after the period they are "
            f"matched to (leakage), the first is of {of[late][0]}."
        )
        raise InvalidTableError(msg)


def _fit(
    y: FloatArray,
    x: FloatArray,
    codes: Mapping[str, NDArray[np.int64]],
    model: str,
    effects: tuple[str, ...],
    cluster: tuple[str, ...],
    level: float,
) -> tuple[FloatArray, NDArray[np.bool_], list[str]]:
    """Estimate, error, interval, p-value per regressor; rows used; remarks."""
    try:
        import pandas as pd
        import pyfixest
    except ImportError as error:
        raise MissingExtraError("pyfixest", "entry", "fit_entry_model") from error
    columns = [f"x{j}" for j in range(x.shape[1])]
    frame = pd.DataFrame({"y": y, **dict(zip(columns, x.T, strict=True)), **codes})
    formula = f"y ~ {' + '.join(columns)}"
    if effects:
        formula += f" | {' + '.join(effects)}"
    errors = {"CRV1": "+".join(cluster)}
    # what the package says of dropped regressors and rows is counted here
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            if model == "lpm":
                fit = pyfixest.feols(formula, data=frame, vcov=errors)
            else:
                fit = pyfixest.feglm(formula, data=frame, family="logit", vcov=errors)
        except ValueError as error:
            msg = f"The model of {y.size} cells cannot be fitted: {error}"
            raise NotIdentifiedError(msg) from error
        tidy = fit.tidy(alpha=1 - level)
    out = np.full((len(columns), 5), np.nan)
    for j, column in enumerate(columns):
        if column in tidy.index:
            out[j] = tidy.loc[column].to_numpy(dtype=float)[[0, 1, 4, 5, 3]]
    used = np.ones(y.size, dtype=bool)
    left = np.array(sorted(getattr(fit, "_na_index", ())), dtype=np.int64)
    used[left] = False
    notes = [f"pyfixest {pyfixest.__version__}"]
    if model == "logit" and effects:
        notes.append("effects as dummies: biased away from 0 where options are few")
    return out, used, notes
