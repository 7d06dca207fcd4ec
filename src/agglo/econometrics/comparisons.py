"""Which comparisons stand behind one coefficient of a staggered policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.results import ColumnData, Provenance, Result, frozen_array
from agglo.core.tables import as_panel
from agglo.econometrics._design import check_balanced
from agglo.econometrics._kernels.bacon import comparison_effects, comparison_weights
from agglo.econometrics._treatment import read_treatment

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from agglo.core.tables import Panel
    from agglo.core.typing import FloatArray, IntArray, IntoFrame

__all__ = ["Comparisons", "staggered_comparisons"]

KINDS = ("never", "later", "earlier")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Comparisons(Result):
    """Two-by-two comparisons and their weights.

    Attributes
    ----------
    treated, control
        First treated periods of the two groups; ``"never"`` for regions never treated.
    kind
        ``"never"``, ``"later"`` (not yet treated) or ``"earlier"``: already treated, the
        comparison that misleads when effects grow or differ.
    n_treated, n_control
        Regions of the two groups.
    weight
        Share of the one coefficient, sums to 1.
    effect
        Two-by-two difference in differences of each; NaN where no outcome was given.
    """

    treated: tuple[str, ...]
    control: tuple[str, ...]
    kind: tuple[str, ...]
    n_treated: IntArray
    n_control: IntArray
    weight: FloatArray
    effect: FloatArray

    @property
    def coefficient(self) -> float:
        """Coefficient of the two-way regression: the weighted mean of the effects."""
        return float(self.weight @ self.effect)

    def mean_effect(self, kind: str) -> float:
        """Give the weighted mean effect of the comparisons of one kind; NaN without any."""
        at = np.array([k == kind for k in self.kind])
        total = float(self.weight[at].sum())
        return float(self.weight[at] @ self.effect[at]) / total if total else np.nan

    def share(self, kind: str) -> float:
        """Give the weight of all comparisons of one kind."""
        return float(
            sum(w for w, k in zip(self.weight, self.kind, strict=True) if k == kind)
        )

    @property
    def forbidden(self) -> float:
        """Weight of comparisons with regions that are already treated."""
        return self.share("earlier")

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per comparison."""
        return {
            "treated": list(self.treated),
            "control": list(self.control),
            "kind": list(self.kind),
            "n_treated": self.n_treated,
            "n_control": self.n_control,
            "weight": self.weight,
            "effect": self.effect,
        }

    def summary(self) -> str:
        """Give the weight of each kind."""
        parts = ", ".join(f"{k} {self.share(k):.1%}" for k in KINDS)
        text = f"Comparisons behind one coefficient, by control group: {parts}"
        if not np.isfinite(self.effect).all():
            return text
        effects = ", ".join(f"{k} {self.mean_effect(k):.4f}" for k in KINDS)
        return f"{text}; effects {effects}; coefficient {self.coefficient:.4f}"

    def _draw(self, ax: Axes) -> None:
        ax.bar(list(KINDS), [self.share(k) for k in KINDS], color="#0072B2")
        ax.set(xlabel="controls", ylabel="weight")


def staggered_comparisons(
    data: IntoFrame | Panel,
    *,
    outcome: str | None = None,
    treatment: str | None = None,
    start: Mapping[str, str] | IntoFrame | None = None,
    region: str = "region",
    period: str = "period",
) -> Comparisons:
    r"""Say which comparisons one two-way coefficient of a staggered policy averages.

    Use before reading one coefficient for all starts: comparisons with regions that are
    already treated subtract their growing effects.

    Parameters
    ----------
    data
        One row per region and period, balanced; or a `Panel`.
    outcome
        Column; with it every comparison also gets its effect.
    treatment, start
        As in `fit_spatial_did`.
    region, period
        Columns of labels.

    Returns
    -------
    Comparisons
        Pairs of starts with weights that sum to 1; with `outcome` the weighted mean of
        their effects is the coefficient of the two-way regression.

    Raises
    ------
    NotIdentifiedError
        As in `fit_spatial_did`.
    OptionError
        Both or neither of `treatment` and `start`.
    InvalidTableError
        With `outcome`: panel_unbalanced, panel_gap, panel_missing.

    Notes
    -----
    Weights of the two-way regression without space and covariates; with them the weights
    differ, the kind of comparison does not. Cost O(starts^2).

    References
    ----------
    Goodman-Bacon 2021, doi:10.1016/j.jeconom.2021.03.014, equations 10a to 10g.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.econometrics import staggered_comparisons
    >>> rows = pa.table({"region": [r for r in "abc" for _ in range(4)],
    ...                  "period": [0, 1, 2, 3] * 3})
    >>> found = staggered_comparisons(rows, start={"a": "1", "b": "2"})
    >>> round(found.forbidden, 3)
    0.2
    """
    needed = [n for n in (outcome, treatment) if n is not None]
    panel = as_panel(data, variables=needed, region=region, period=period)
    treated = read_treatment(panel, treatment=treatment, start=start, region=region)
    t = treated.d.shape[1]
    pairs, weight = comparison_weights(treated.first, t)
    effect = np.full(len(pairs), np.nan)
    if outcome is not None:
        check_balanced(panel, [outcome])
        effect = comparison_effects(panel.variable(outcome), treated.first, pairs)

    def label(first: int) -> str:
        return "never" if first >= t else str(panel.periods[first])

    def count(firsts: list[int]) -> IntArray:
        # whoever is first treated after the last period is never treated
        starts = np.minimum(treated.first, t)
        return frozen_array(
            np.array([(starts == min(a, t)).sum() for a in firsts], int)
        )

    return Comparisons(
        treated=tuple(label(a) for a, _, _ in pairs),
        control=tuple(label(b) for _, b, _ in pairs),
        kind=tuple(k for _, _, k in pairs),
        n_treated=count([a for a, _, _ in pairs]),
        n_control=count([b for _, b, _ in pairs]),
        weight=frozen_array(np.asarray(weight, dtype=np.float64)),
        effect=frozen_array(effect),
        frame_kind=panel.frame_kind,
        provenance=Provenance.of(
            staggered_comparisons, panel, treated.d, parameters={"outcome": outcome}
        ),
    )
