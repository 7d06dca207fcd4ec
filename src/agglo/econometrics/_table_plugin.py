"""What maketables reads from a fit, so that tables of any kind are one call away.

maketables takes any object with these names: no import of it is needed here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    import pandas as pd

    from agglo.econometrics.regression_results import RegressionFit

__all__ = [
    "DEFAULT_STATISTICS",
    "LABELS",
    "coefficient_frame",
    "effects_text",
    "statistic",
]

# the names that maketables has for what stands below a table
DEFAULT_STATISTICS = ["N", "groups", "fit", "errors"]
LABELS = {
    "N": "Observations",
    "groups": "Groups",
    "fit": "R2 within",
    "deviance": "Deviance",
    "errors": "Errors",
}


def coefficient_frame(fit: RegressionFit) -> pd.DataFrame:
    """Give coefficients as maketables wants them: b, se, t, p, interval."""
    table = cast("pd.DataFrame", fit.to_frame("pandas")).set_index("term")
    names = {"value": "b", "lower": "ci95l", "upper": "ci95u"}
    table = table.rename(columns=names)
    table.index.name = "Coefficient"
    return table


def effects_text(fit: RegressionFit) -> str | None:
    """Name the absorbed effects: joined by plus, combinations by a caret."""
    effects = fit.design.rows.effects
    parts = [e if isinstance(e, str) else "^".join(e) for e in effects]
    return "+".join(parts) or None


def statistic(fit: RegressionFit, key: str) -> float | int | str | None:
    """Give one line below the table; ``None`` for what a fit has not."""
    poisson = fit.method.startswith("poisson")
    if key == "N":
        return fit.n
    if key == "groups":
        return fit.n_groups
    if key == "errors":
        return fit.vcov.label
    if key == "deviance":
        return fit.fit if poisson else None
    if key in ("fit", "r2_within"):
        return None if poisson or fit.method == "negative binomial" else fit.fit
    return None
