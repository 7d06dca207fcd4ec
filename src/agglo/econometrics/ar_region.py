"""What the instruments say of several coefficients together, however weak they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.stats import chi2
from scipy.stats import f as f_law

from agglo.core.errors import OptionError
from agglo.core.options import check_choice, check_number
from agglo.core.results import ColumnData, Provenance, Result, frozen_array
from agglo.econometrics._kernels import anderson_rubin as sets
from agglo.econometrics._kernels import instruments as kernels
from agglo.econometrics.iv import check_clusters, partialled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from agglo.core.typing import FloatArray
    from agglo.econometrics.regression_results import RegressionFit

__all__ = [
    "AndersonRubinRegion",
    "AndersonRubinTest",
    "anderson_rubin_region",
    "anderson_rubin_test",
]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class AndersonRubinRegion(Result):
    """A grid of two coefficients with the p-value of every point.

    Attributes
    ----------
    terms
        The two endogenous columns.
    first, second
        Values of the grid, (m,) each.
    p
        (m, m), first coefficient in rows.
    level
        Coverage; points with p above 1 - level are in the region.
    share
        Share of the box that is in the region.
    reaches_edge
        Whether the region goes on beyond the box.
    """

    terms: tuple[str, str]
    first: FloatArray
    second: FloatArray
    p: FloatArray
    level: float
    share: float
    reaches_edge: bool

    @property
    def empty(self) -> bool:
        """Whether no point of the grid is in the region."""
        return self.share == 0.0

    def bounds(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Give the smallest box around the region; NaN when it is empty."""
        inside = self.p > 1.0 - self.level
        if not inside.any():
            nothing = (float("nan"), float("nan"))
            return nothing, nothing
        rows, columns = (np.flatnonzero(inside.any(axis=k)) for k in (1, 0))
        return (
            (float(self.first[rows[0]]), float(self.first[rows[-1]])),
            (float(self.second[columns[0]]), float(self.second[columns[-1]])),
        )

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per point."""
        m = self.first.size
        return {
            self.terms[0]: np.repeat(self.first, m),
            self.terms[1]: np.tile(self.second, m),
            "p": self.p.ravel(),
            "inside": self.p.ravel() > 1.0 - self.level,
        }

    def summary(self) -> str:
        """Give the box around the region and whether it ends inside the grid."""
        if self.empty:
            return f"Anderson-Rubin region of {self.terms}: no point of the grid"
        (a, b), (c, d) = self.bounds()
        text = f"Anderson-Rubin region at {100 * self.level:g} %: "
        text += f"{self.terms[0]} in [{a:.4f}, {b:.4f}], "
        text += f"{self.terms[1]} in [{c:.4f}, {d:.4f}]"
        return text + ("; it goes on beyond the grid" if self.reaches_edge else "")

    def _draw(self, ax: Axes) -> None:
        ax.contourf(
            self.first,
            self.second,
            self.p.T,
            levels=[1.0 - self.level, 1.0],
            colors=["#0072B2"],
            alpha=0.4,
        )
        ax.set(xlabel=self.terms[0], ylabel=self.terms[1])


def anderson_rubin_region(
    fit: RegressionFit,
    *,
    level: float = 0.95,
    size: int = 200,
    width: float = 10.0,
    form: Literal["score", "wald"] = "score",
) -> AndersonRubinRegion:
    r"""Show which two coefficients the instruments do not reject together.

    Use with two endogenous columns and weak instruments; `anderson_rubin` gives the
    projection on one of them.

    Parameters
    ----------
    fit
        A fit of `fit_iv` with two endogenous columns; its clusters are used.
    level
        Coverage, in (0, 1).
    size
        Points per axis.
    width
        Half the box, in standard errors around the estimate.
    form
        As in `anderson_rubin`.

    Returns
    -------
    AndersonRubinRegion
        p-value of every point; ``reaches_edge`` when the box does not hold the region.

    Raises
    ------
    OptionError
        If `fit` has not two endogenous columns, or an option is out of range.
    NotIdentifiedError
        If there are no more clusters than instruments.

    Notes
    -----
    The box is around limited-information maximum likelihood. Moments are reduced to
    (L, 3) and (3, 3, L, L) once; a point then costs O(L^3).

    References
    ----------
    Anderson and Rubin 1949, doi:10.1214/aoms/1177730090.

    Examples
    --------
    >>> import numpy as np, pyarrow as pa
    >>> from agglo.econometrics import anderson_rubin_region, fit_iv
    >>> z, u = np.random.default_rng(2).normal(size=(2, 2, 5000))
    >>> a, b = z[0] + u[0], z[1] + u[1]
    >>> rows = pa.table({"z": z[0], "w": z[1], "a": a, "b": b, "y": 0.4 * a - b + u[0]})
    >>> fit = fit_iv(rows, outcome="y", endogenous=["a", "b"], instruments=["z", "w"])
    >>> (low, high), _ = anderson_rubin_region(fit, size=60).bounds()
    >>> low < 0.4 < high
    True
    """
    check_choice("form", form, ("score", "wald"))
    check_number("level", level, minimum=0, maximum=1, open_ends=True)
    check_number("size", size, minimum=10, maximum=2000, integer=True)
    check_number("width", width, minimum=0, open_ends=True)
    y, x, z = partialled(fit)
    if x.shape[1] != 2:
        msg = f"fit has {x.shape[1]} endogenous columns; the region is drawn for two."
        raise OptionError(msg)
    n_z = z.shape[1]
    check_clusters(fit, n_z)
    spread = fit.design.spread
    reduced = sets.prepare(y, x, z, spread.clusters, form)
    kappa = kernels.liml_kappa(y, x, z)
    centre = kernels.k_class(y, x, z, kappa)[0]
    axes = [
        np.linspace(c - width * s, c + width * s, size)
        for c, s in zip(centre, fit.se[:2], strict=True)
    ]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    statistic = reduced.at(points)
    if form == "score":
        p = chi2.sf(statistic, n_z)
    else:
        factor = spread.factor(n_z + fit.design.x.shape[1] - 2)
        p = f_law.sf(statistic / (n_z * factor), n_z, spread.df(n_z))
    p = np.asarray(p, dtype=np.float64).reshape(size, size)
    inside = p > 1.0 - level
    edge = np.concatenate([inside[0], inside[-1], inside[:, 0], inside[:, -1]])
    return AndersonRubinRegion(
        provenance=Provenance.of(
            anderson_rubin_region,
            fit.provenance.input_digest,
            parameters={"level": level, "size": size, "width": width, "form": form},
            warnings=fit.provenance.warnings,
        ),
        frame_kind=fit.frame_kind,
        terms=(fit.terms[0], fit.terms[1]),
        first=frozen_array(axes[0]),
        second=frozen_array(axes[1]),
        p=frozen_array(p),
        level=level,
        share=float(inside.mean()),
        reaches_edge=bool(edge.any()),
    )


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class AndersonRubinTest(Result):
    """A test of given values of all endogenous coefficients.

    Attributes
    ----------
    null
        Coefficient to tested value.
    statistic, df, p
        Statistic, its degrees of freedom (as many as instruments) and p-value.
    form
        ``"score"`` or ``"wald"``.
    """

    null: Mapping[str, float]
    statistic: float
    df: int
    p: float
    form: Literal["score", "wald"]

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per coefficient with the joint test."""
        k = len(self.null)
        return {
            "term": list(self.null),
            "null": np.array(list(self.null.values())),
            "statistic": np.full(k, self.statistic),
            "df": [self.df] * k,
            "p": np.full(k, self.p),
        }

    def summary(self) -> str:
        """Give the tested values and the p-value."""
        said = ", ".join(f"{t} = {v:g}" for t, v in self.null.items())
        return f"{said}: {self.form} statistic {self.statistic:.4f}, p = {self.p:.4f}"

    def _draw(self, ax: Axes) -> None:
        grid = np.linspace(0.0, max(2.0 * self.statistic, 3.0 * self.df), 200)
        ax.plot(grid, chi2.pdf(grid, self.df), color="#9CA3AF")
        ax.axvline(self.statistic, color="#D55E00")
        ax.set(xlabel="statistic")


def anderson_rubin_test(
    fit: RegressionFit,
    *,
    null: Mapping[str, float] | None = None,
    form: Literal["score", "wald"] = "score",
) -> AndersonRubinTest:
    r"""Test values of all endogenous coefficients at once, whatever the instruments' strength.

    Parameters
    ----------
    fit
        A fit of `fit_iv`; its clusters are used.
    null
        Endogenous column to tested value; columns that are not named are tested at 0.
    form
        As in `anderson_rubin`.

    Returns
    -------
    AndersonRubinTest
        Statistic with as many degrees of freedom as instruments, and p-value.

    Raises
    ------
    OptionError
        If a name is not endogenous, or `form` is unknown.
    NotIdentifiedError
        If there are no more clusters than instruments.

    Notes
    -----
    No projection and so no loss: the size is right for the whole vector. With more
    instruments than coefficients a rejection may also mean that the instruments are not
    valid. O(rows (L K)^2).

    References
    ----------
    Anderson and Rubin 1949, doi:10.1214/aoms/1177730090.

    Examples
    --------
    >>> import numpy as np, pyarrow as pa
    >>> from agglo.econometrics import anderson_rubin_test, fit_iv
    >>> z, u = np.random.default_rng(2).normal(size=(2, 2, 5000))
    >>> a, b = z[0] + u[0], z[1] + u[1]
    >>> rows = pa.table({"z": z[0], "w": z[1], "a": a, "b": b, "y": 0.4 * a - b + u[0]})
    >>> fit = fit_iv(rows, outcome="y", endogenous=["a", "b"], instruments=["z", "w"])
    >>> anderson_rubin_test(fit, null={"a": 0.4, "b": -1.0}).p > 0.05
    True
    """
    check_choice("form", form, ("score", "wald"))
    y, x, z = partialled(fit)
    k, n_z = x.shape[1], z.shape[1]
    check_clusters(fit, n_z)
    names = fit.terms[:k]
    asked = dict.fromkeys(names, 0.0) | dict(null or {})
    for name, value in asked.items():
        check_number(f"null[{name!r}]", value)
    unknown = [n for n in asked if n not in names]
    if unknown:
        msg = f"null names {unknown}, endogenous are {list(names)}."
        raise OptionError(msg)
    values = np.array([[asked[n] for n in names]])
    spread = fit.design.spread
    found = float(sets.prepare(y, x, z, spread.clusters, form).at(values)[0])
    p = float(chi2.sf(found, n_z))
    if form == "wald":
        found /= n_z * spread.factor(n_z + fit.design.x.shape[1] - k)
        p = float(f_law.sf(found, n_z, spread.df(n_z)))
    return AndersonRubinTest(
        provenance=Provenance.of(
            anderson_rubin_test,
            fit.provenance.input_digest,
            parameters={"null": dict(asked), "form": form},
            warnings=fit.provenance.warnings,
        ),
        frame_kind=fit.frame_kind,
        null=dict(asked),
        statistic=found,
        df=n_z,
        p=p,
        form=form,
    )
