"""Mean effects over several periods since the start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from agglo.core.errors import OptionError
from agglo.core.results import ColumnData, Provenance, Result, frozen_array
from agglo.econometrics._average import effect_jacobian
from agglo.econometrics.results import EFFECTS, two_sided

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from agglo.core.typing import FloatArray
    from agglo.econometrics.event_results import SpatialEventStudy

__all__ = ["EventMeans", "event_means"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class EventMeans(Result):
    """Means of effects over periods since the start.

    Attributes
    ----------
    name
        Names of the spans, (m,).
    value, se, lower, upper
        Direct, indirect, total, (m, 3), with delta-method errors.
    errors
        Words for the kind of standard errors.
    """

    name: tuple[str, ...]
    value: FloatArray
    se: FloatArray
    lower: FloatArray
    upper: FloatArray
    errors: str

    def of(self, name: str) -> dict[str, float]:
        """Give direct, indirect and total of one span."""
        row = self.value[self.name.index(name)]
        return dict(zip(EFFECTS, row.tolist(), strict=True))

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per span and effect."""
        return {
            "span": [n for n in self.name for _ in EFFECTS],
            "effect": list(EFFECTS) * len(self.name),
            "value": self.value.ravel(),
            "se": self.se.ravel(),
            "lower": self.lower.ravel(),
            "upper": self.upper.ravel(),
            "p": two_sided(self.value.ravel() / self.se.ravel()),
        }

    def summary(self) -> str:
        """Give a line per span."""
        lines = [f"Mean effects over spans ({self.errors} errors)"]
        lines += [
            f"  {n}: direct {v[0]:.4f} ({s[0]:.4f}), indirect {v[1]:.4f} ({s[1]:.4f})"
            for n, v, s in zip(self.name, self.value, self.se, strict=True)
        ]
        return "\n".join(lines)

    def _draw(self, ax: Axes) -> None:
        place = np.arange(len(self.name), dtype=float)
        for i, effect in enumerate(EFFECTS[:2]):
            half = self.upper[:, i] - self.value[:, i]
            ax.errorbar(
                place + 0.15 * i, self.value[:, i], yerr=half, fmt="o", label=effect
            )
        ax.axhline(0.0, color="#9CA3AF", lw=0.8)
        ax.set_xticks(place, list(self.name))
        ax.legend(frameon=False)


def event_means(
    event: SpatialEventStudy, spans: Mapping[str, tuple[int, int]]
) -> EventMeans:
    """Average the effects of an event study over spans of periods since the start.

    Use for a dip and a recovery: single periods are noisy, and reading the largest of them
    is not a test.

    Parameters
    ----------
    event
        An event study.
    spans
        Name to first and last period since the start, both included. The base counts as 0.

    Returns
    -------
    EventMeans
        Means with the errors of the event study's model.

    Raises
    ------
    OptionError
        If there is no span, or a span has no period of the event study.

    Notes
    -----
    Plain means over periods, each with the same weight whatever its number of cells.

    Examples
    --------
    >>> import agglo as ag
    >>> from agglo.econometrics import event_means, fit_spatial_event_study
    >>> from agglo.simulate import simulate_corridors
    >>> made = simulate_corridors(seed=1)
    >>> found = fit_spatial_event_study(
    ...     made.panel, outcome="specialisation", covariates=["x"], start=made.starts,
    ...     weights=made.weights, bands=ag.Bootstrap(n=99, seed=1))
    >>> means = event_means(found, {"dip": (0, 2), "recovery": (4, 7)})
    >>> means.of("dip")["direct"] < 0 < means.of("recovery")["direct"]
    True
    """
    if not spans:
        msg = "spans is empty; name at least one, for example {'early': (0, 2)}."
        raise OptionError(msg)
    jac = effect_jacobian(event.fit.design, event.fit.estimate)[1]
    events = event.k[event.k != event.base]
    value, se = np.zeros((len(spans), 3)), np.zeros((len(spans), 3))
    for row, (name, (low, high)) in enumerate(spans.items()):
        inside = (event.k >= low) & (event.k <= high)
        if not inside.any():
            msg = f"span '{name}' ({low} to {high}) holds no period since the start."
            raise OptionError(msg)
        value[row] = event.value[inside].mean(axis=0)
        at = np.flatnonzero((events >= low) & (events <= high))
        slope = jac[at].sum(axis=0) / int(inside.sum())
        variance = np.einsum("ep,pq,eq->e", slope, event.fit.cov, slope)
        se[row] = np.sqrt(np.maximum(variance, 0.0))
    half = float(ndtri(0.5 + event.fit.level / 2.0)) * se
    return EventMeans(
        name=tuple(spans),
        value=frozen_array(value),
        se=frozen_array(se),
        lower=frozen_array(value - half),
        upper=frozen_array(value + half),
        errors=event.fit.vcov.label,
        frame_kind=event.frame_kind,
        provenance=Provenance.of(
            event_means,
            event.provenance.input_digest,
            parameters={
                **event.provenance.parameters,
                "spans": {n: list(s) for n, s in spans.items()},
            },
            warnings=event.provenance.warnings,
        ),
    )
