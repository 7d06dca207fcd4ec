"""Inference on a shift-share regressor: errors correlate where shares are similar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.stats import norm

from agglo.core.frames import to_arrow
from agglo.core.options import check_choice, check_number
from agglo.core.results import ColumnData, Provenance, Result
from agglo.econometrics._exposure_input import Exposed, independent, read_exposure
from agglo.econometrics._kernels import shares as kernels
from agglo.econometrics._regression_input import Effect, check_rank, clean, read_rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from agglo.core.typing import FrameKind, IntoFrame

__all__ = ["ExposureErrors", "exposure_errors"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ExposureErrors(Result):
    """A coefficient on a shift-share regressor with errors by shift.

    Attributes
    ----------
    term
        The regressor.
    value
        Coefficient.
    se, p, lower, upper
        Exposure-robust error, p-value and interval around the estimate.
    intervals
        Interval with the null imposed (better coverage); a union, ends possibly infinite.
    robust_se
        Heteroskedasticity-robust error by unit, for comparison.
    effective_shifts
        1 / sum of squared mean shares.
    n, n_shifts, n_clusters
        Rows, shifts and clusters of shifts.
    method
        ``"bhj"`` or ``"akm"``.
    level
        Coverage.
    """

    term: str
    value: float
    se: float
    p: float
    lower: float
    upper: float
    intervals: tuple[tuple[float, float], ...]
    robust_se: float
    effective_shifts: float
    n: int
    n_shifts: int
    n_clusters: int
    method: Literal["akm", "bhj"]
    level: float

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per interval of the null-imposed set."""
        k = len(self.intervals)
        return {
            "term": [self.term] * k,
            "value": np.full(k, self.value),
            "se": np.full(k, self.se),
            "p": np.full(k, self.p),
            "lower": np.full(k, self.lower),
            "upper": np.full(k, self.upper),
            "null_lower": np.array([a for a, _ in self.intervals]),
            "null_upper": np.array([b for _, b in self.intervals]),
            "robust_se": np.full(k, self.robust_se),
            "effective_shifts": np.full(k, self.effective_shifts),
        }

    def summary(self) -> str:
        """Give the coefficient, both intervals and the number of effective shifts."""
        text = " and ".join(f"[{a:.4f}, {b:.4f}]" for a, b in self.intervals)
        lines = [
            f"{self.term} = {self.value:.4f} ({self.se:.4f}; by unit "
            f"{self.robust_se:.4f}), {self.method}, n = {self.n}",
            f"{100 * self.level:g} % interval with the null imposed: {text}",
            f"{self.n_shifts} shifts, {self.effective_shifts:.1f} effective",
        ]
        return "\n".join([*lines, *self.provenance.warnings])

    def _draw(self, ax: Axes) -> None:
        half = norm.ppf(0.5 + self.level / 2) * np.array([self.robust_se, self.se])
        ax.errorbar([self.value] * 2, [0, 1], xerr=half, fmt="o", color="#0072B2")
        reach = 4.0 * float(half.max())
        for low, high in self.intervals:
            ends = np.clip([low, high], self.value - reach, self.value + reach)
            ax.plot(ends, [2, 2], lw=3, color="#D55E00")
        ax.set_yticks([0, 1, 2], ["by unit", self.method, "null imposed"])
        ax.set(xlabel=self.term)


def exposure_errors(
    data: IntoFrame,
    shares: IntoFrame,
    shifts: IntoFrame,
    *,
    outcome: str,
    regressor: str,
    instrument: str | None = None,
    controls: Sequence[str] = (),
    effects: Sequence[Effect] = (),
    unit: str = "unit",
    shift: str = "shift",
    share: str = "share",
    value: str = "value",
    period: str | None = None,
    method: Literal["bhj", "akm"] = "bhj",
    level: float = 0.95,
) -> ExposureErrors:
    r"""Give errors of a shift-share coefficient that follow the shifts, not the units.

    Units with similar shares have correlated errors, whatever their cluster. Also:
    Adao-Kolesar-Morales, Borusyak-Hull-Jaravel, exposure-robust errors. For regressors
    that are no weighted sum (logs of pools) use a permutation of the shifts instead.

    Parameters
    ----------
    data
        One row per unit (and period).
    shares
        One row per unit and shift with the share, at least 0; absent = 0.
    shifts
        One row per shift (and period) with its value.
    outcome, regressor, instrument
        Columns of `data`. The shift-share variable is `instrument`, or `regressor` when
        there is none.
    controls
        Columns of `data`. When shares do not sum to 1 their sum (by period) is added.
    effects
        Columns whose levels are absorbed, in `data`.
    unit, shift, share, value, period
        Column names; `period` is in `data` and `shifts`, and clusters are shifts over
        all periods.
    method
        ``"bhj"`` (default): the known shifts, less their weighted mean by shift and
        period. ``"akm"``: shifts fitted from the residual instrument; refused when
        the shares have condition above 1e8 or shifts are not fewer than rows.
    level
        Coverage.

    Returns
    -------
    ExposureErrors
        Prefer ``intervals`` (null imposed).

    Raises
    ------
    AlignmentError
        If a unit has no share or a shift no value.
    NotIdentifiedError
        collinear, ill_conditioned, too_many_shifts, one_shift.
    OptionError
        If an option has no such choice.

    Notes
    -----
    se = sqrt(sum_k g_k^2 R_k^2) / abs(Z'x), R_k = sum_i w_ik e_i, summed inside a shift over
    periods first. Fewer than 20 effective shifts is warned of. O(rows x shifts).

    References
    ----------
    Adao, Kolesar and Morales 2019, doi:10.1093/qje/qjz025. Borusyak, Hull and Jaravel
    2022, doi:10.1093/restud/rdab030.

    Examples
    --------
    >>> import numpy as np, pyarrow as pa
    >>> from agglo.econometrics import exposure_errors
    >>> rng = np.random.default_rng(5)
    >>> w, g = rng.dirichlet(np.ones(30), 200), rng.normal(size=30)
    >>> rows = pa.table({"unit": range(200), "x": w @ g, "y": w @ g / 2 + rng.normal(size=200) / 99})
    >>> long = pa.table({"unit": np.repeat(range(200), 30),
    ...     "shift": np.tile(range(30), 200), "share": w.ravel()})
    >>> moved = pa.table({"shift": range(30), "value": g})
    >>> round(exposure_errors(rows, long, moved, outcome="y", regressor="x").value, 2)
    0.5
    """
    check_choice("method", method, ("bhj", "akm"))
    check_number("level", level, minimum=0, maximum=1, open_ends=True)
    moved = [] if instrument is None else [instrument]
    rows = read_rows(
        data,
        outcome=outcome,
        covariates=[regressor, *moved, *controls],
        effects=effects,
        labels=[unit] if period is None else [unit, period],
    )
    columns = (unit, shift, share, value, period)
    exposed = read_exposure(rows.table, shares, shifts, columns)
    both = clean(rows, np.column_stack([rows.y, rows.x, exposed.sums()]))
    y, x, rest = both[:, 0], both[:, 1], both[:, 2:]
    z = x if instrument is None else rest[:, 0]
    control = independent(rest[:, len(moved) :])
    away = np.column_stack([x, z, control]) if moved else np.column_stack([x, control])
    raw = np.column_stack([rows.x[:, : 1 + len(moved)], control])
    names = (regressor, *moved, *[f"control {i}" for i in range(control.shape[1])])
    check_rank(away, raw, names)
    given = exposed.cleaned() if method == "bhj" else None
    if method == "akm":
        exposed.check_fitted(rows.y.size)
    found = kernels.exposure((y, z, x), exposed.shares, control, exposed.cluster, given)
    return _finish(
        found,
        method,
        level,
        exposed,
        Provenance.of(
            exposure_errors,
            rows.digest,
            to_arrow(shares),
            to_arrow(shifts),
            parameters={
                "outcome": outcome,
                "regressor": regressor,
                "instrument": instrument,
                "controls": list(controls),
                "effects": list(effects),
                "method": method,
                "level": level,
            },
            warnings=exposed.notes(),
        ),
        (rows.frame_kind, regressor),
        1 + control.shape[1],
    )


def _finish(
    found: kernels.Exposure,
    method: Literal["akm", "bhj"],
    level: float,
    exposed: Exposed,
    provenance: Provenance,
    labels: tuple[FrameKind, str],
    k: int,
) -> ExposureErrors:
    b, n = found.b, found.y.size
    e = found.y - b * found.x
    scale = kernels.scale_of(found, known=method == "bhj")
    score = kernels.shift_score(found, e)
    critical = float(norm.ppf(0.5 + level / 2.0))
    se = float(np.sqrt(score @ score)) / scale
    by_unit = float(np.sqrt(np.sum((found.z * e) ** 2) * n / max(n - k, 1)))
    return ExposureErrors(
        provenance=provenance,
        frame_kind=labels[0],
        term=labels[1],
        value=b,
        se=se,
        p=float(2.0 * norm.sf(abs(b) / se)) if se > 0 else 0.0,
        lower=b - critical * se,
        upper=b + critical * se,
        intervals=kernels.null_interval(
            score, kernels.shift_score(found, found.x), b, scale, critical
        ),
        robust_se=by_unit / float(abs(found.z @ found.x)),
        effective_shifts=exposed.effective,
        n=n,
        n_shifts=exposed.n_shifts,
        n_clusters=int(exposed.cluster.max()) + 1,
        method=method,
        level=level,
    )
