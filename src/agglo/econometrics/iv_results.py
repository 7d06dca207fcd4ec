"""Results on instruments: their strength, and sets that do not depend on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.stats import chi2
from scipy.stats import f as f_law

from agglo.core.results import ColumnData, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from agglo.core.typing import FloatArray

__all__ = ["BIASES", "AndersonRubin", "WeakInstruments"]

BIASES = (0.05, 0.10, 0.20, 0.30)
_RULE = 10.0


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class WeakInstruments(Result):
    """How strongly instruments move the endogenous covariates.

    Attributes
    ----------
    endogenous
        Names of the endogenous columns.
    n_instruments
        Number of excluded instruments.
    kp_wald, kp_lm, kp_df, kp_f
        Kleibergen-Paap rank statistics, degrees, and the F form.
    cragg_donald
        Its version under equal variances.
    effective_f, effective_degrees, critical
        Montiel Olea-Pflueger F, and degrees and 5 % critical values for a relative bias
        of 5, 10, 20, 30 %; NaN with several endogenous columns.
    conditional_f
        Sanderson-Windmeijer F, one per endogenous column.
    hansen_j, sargan
        Overidentification; NaN when there is nothing to test.
    exogeneity
        F of the first-stage residuals added to least squares (Durbin-Wu-Hausman).
    df
        Denominator degrees of freedom.
    """

    endogenous: tuple[str, ...]
    n_instruments: int
    kp_wald: float
    kp_lm: float
    kp_df: int
    kp_f: float
    cragg_donald: float
    effective_f: float
    effective_degrees: FloatArray
    critical: FloatArray
    conditional_f: FloatArray
    hansen_j: float
    sargan: float
    exogeneity: float
    df: float

    @property
    def weak(self) -> bool:
        """Whether the t-interval should not be trusted."""
        if len(self.endogenous) == 1:
            return bool(self.effective_f < self.critical[1])
        return bool(self.kp_f < _RULE)

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per statistic; p of F forms is not given where none is exact."""
        k, n_z = len(self.endogenous), self.n_instruments
        over = n_z - k
        rows: list[tuple[str, str, float, float, float, float]] = [
            (
                "Kleibergen-Paap Wald",
                "",
                self.kp_wald,
                self.kp_df,
                _p(self.kp_wald, self.kp_df),
                np.nan,
            ),
            (
                "Kleibergen-Paap LM",
                "",
                self.kp_lm,
                self.kp_df,
                _p(self.kp_lm, self.kp_df),
                np.nan,
            ),
            ("Kleibergen-Paap F", "", self.kp_f, n_z, np.nan, _RULE),
            ("Cragg-Donald F", "", self.cragg_donald, n_z, np.nan, np.nan),
            ("effective F", "", self.effective_f, n_z, np.nan, float(self.critical[1])),
            *[
                ("conditional F", name, float(f), n_z - k + 1, np.nan, np.nan)
                for name, f in zip(self.endogenous, self.conditional_f, strict=True)
            ],
            ("Hansen J", "", self.hansen_j, over, _p(self.hansen_j, over), np.nan),
            ("Sargan", "", self.sargan, over, _p(self.sargan, over), np.nan),
            (
                "exogeneity F",
                "",
                self.exogeneity,
                k,
                float(f_law.sf(self.exogeneity, k, self.df)),
                np.nan,
            ),
        ]
        names = ("statistic", "term", "value", "df", "p", "critical")
        return {n: [row[i] for row in rows] for i, n in enumerate(names)}

    def summary(self) -> str:
        """Give the verdict and the statistics behind it."""
        verdict = "WEAK: report the Anderson-Rubin set" if self.weak else "strong"
        lines = [
            f"{self.n_instruments} instruments for {', '.join(self.endogenous)}: {verdict}",
            f"Kleibergen-Paap F {self.kp_f:.2f}, LM {self.kp_lm:.2f} "
            f"(p = {_p(self.kp_lm, self.kp_df):.4f})",
        ]
        if len(self.endogenous) == 1:
            lines.append(
                f"effective F {self.effective_f:.2f}, critical {self.critical[1]:.2f} "
                "(bias at most 10 %)"
            )
        lines.append(
            "conditional F "
            + ", ".join(
                f"{n} {f:.2f}"
                for n, f in zip(self.endogenous, self.conditional_f, strict=True)
            )
        )
        if np.isfinite(self.hansen_j):
            over = self.n_instruments - len(self.endogenous)
            lines.append(
                f"Hansen J {self.hansen_j:.3f} (p = {_p(self.hansen_j, over):.3f})"
            )
        return "\n".join([*lines, *self.provenance.warnings])

    def _draw(self, ax: Axes) -> None:
        place = np.arange(len(self.endogenous))
        ax.barh(place, self.conditional_f, color="#0072B2")
        ax.axvline(_RULE, color="#9CA3AF", ls=":")
        ax.set_yticks(place, self.endogenous)
        ax.set(xlabel="conditional first-stage F")


def _p(value: float, df: int) -> float:
    return float(chi2.sf(value, df)) if np.isfinite(value) and df > 0 else float("nan")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class AndersonRubin(Result):
    """Values of a coefficient that the instruments do not reject.

    Attributes
    ----------
    term
        The coefficient.
    intervals
        Union of intervals, ends possibly infinite; empty when nothing is compatible.
    level
        Coverage.
    null, statistic, p
        Tested value, its statistic and p-value.
    form
        ``"score"`` or ``"wald"``.
    projection
        Whether other endogenous coefficients were minimised over (conservative).
    estimate
        LIML estimate, at the heart of the set.
    """

    term: str
    intervals: tuple[tuple[float, float], ...]
    level: float
    null: float
    statistic: float
    p: float
    form: Literal["score", "wald"]
    projection: bool
    estimate: float

    @property
    def bounded(self) -> bool:
        """Whether every end is finite."""
        return bool(np.isfinite(np.array(self.intervals)).all())

    @property
    def status(self) -> str:
        """Give ``"empty"``, ``"whole line"``, ``"unbounded"`` or ``"bounded"``."""
        if not self.intervals:
            return "empty"
        if self.intervals[0] == (-np.inf, np.inf):
            return "whole line"
        return "bounded" if self.bounded else "unbounded"

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per interval."""
        ends = self.intervals or ((np.nan, np.nan),)
        n = len(ends)
        return {
            "term": [self.term] * n,
            "lower": np.array([a for a, _ in ends]),
            "upper": np.array([b for _, b in ends]),
            "status": [self.status] * n,
            "level": np.full(n, self.level),
            "null": np.full(n, self.null),
            "statistic": np.full(n, self.statistic),
            "p": np.full(n, self.p),
        }

    def summary(self) -> str:
        """Give the set and the test at the null value."""
        text = " and ".join(f"[{a:.4g}, {b:.4g}]" for a, b in self.intervals) or "empty"
        how = f"{self.form} form" + (", projection" if self.projection else "")
        return "\n".join(
            [
                f"{self.term}: {100 * self.level:g} % Anderson-Rubin set {text} ({how})",
                f"at {self.null:g}: {self.statistic:.3f}, p = {self.p:.4f}",
                *self.provenance.warnings,
            ]
        )

    def _draw(self, ax: Axes) -> None:
        for low, high in self.intervals:
            left = low if np.isfinite(low) else self.estimate - 10.0
            right = high if np.isfinite(high) else self.estimate + 10.0
            ax.plot([left, right], [0, 0], lw=4, color="#0072B2")
        ax.plot([self.estimate], [0], "o", color="#D55E00")
        ax.set_yticks([0], [self.term])
        ax.set(xlabel=f"{100 * self.level:g} % Anderson-Rubin set ({self.status})")
