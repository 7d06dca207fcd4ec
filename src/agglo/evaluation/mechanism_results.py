"""Results about the mechanisms behind a cluster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import AlignmentError, suggest
from agglo.core.results import ColumnData, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray, FloatArray, IntArray

__all__ = ["LocalSupply", "MechanismProfile", "RelatedEntry", "StructuralBreaks"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class MechanismProfile(Result):
    """Every indicator of every mechanism for every cluster, computed or not.

    Attributes
    ----------
    cluster, mechanism, indicator
        Labels of the rows, (n,).
    value
        NaN unless the status is computed or proxy.
    percentile
        Among the clusters of the same category with a value, in (0, 1).
    status
        ``computed``, ``proxy``, ``suppressed`` or ``needs_data``.
    needs
        What is missing; empty where there is a value.
    unit
        Unit of the value.
    direction
        1, or 0 where neither end speaks for the mechanism.
    """

    cluster: NDArray[np.str_]
    mechanism: NDArray[np.str_]
    indicator: NDArray[np.str_]
    value: FloatArray
    percentile: FloatArray
    status: NDArray[np.str_]
    needs: NDArray[np.str_]
    unit: NDArray[np.str_]
    direction: IntArray

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per cluster and indicator."""
        return {
            "cluster": self.cluster,
            "mechanism": self.mechanism,
            "indicator": self.indicator,
            "value": self.value,
            "percentile": self.percentile,
            "status": self.status,
            "needs": self.needs,
            "unit": self.unit,
            "direction": self.direction,
        }

    def assessed(self) -> dict[tuple[str, str], float]:
        """Give (cluster, mechanism) to its mean percentile, NaN below two computed ones.

        Returns
        -------
        dict
            Only indicators with a direction and status computed enter.
        """
        held = (self.status == "computed") & (self.direction == 1)
        out: dict[tuple[str, str], float] = {}
        keys = np.char.add(np.char.add(self.cluster, "\x1f"), self.mechanism)
        names, code = np.unique(keys, return_inverse=True)
        n = np.bincount(code, (self.status == "computed"), names.size)
        m = np.bincount(code, held, names.size)
        total = np.bincount(code, np.where(held, self.percentile, 0.0), names.size)
        for name, k, signed, mass in zip(names, n, m, total, strict=True):
            cluster, _, mechanism = str(name).partition("\x1f")
            usable = k >= 2 and signed > 0
            out[cluster, mechanism] = float(mass / signed) if usable else float("nan")
        return out

    def summary(self) -> str:
        """Count statuses, and mechanisms that can be assessed."""
        words, n = np.unique(self.status, return_counts=True)
        told = ", ".join(
            f"{c} {w.replace('_', ' ')}" for w, c in zip(words, n, strict=True)
        )
        means = list(self.assessed().values())
        known = sum(not np.isnan(v) for v in means)
        return (
            f"{self.value.size} indicators of {np.unique(self.cluster).size} clusters: {told}."
            f"\n{known} of {len(means)} mechanisms are assessed (two computed indicators)."
        )

    def _draw(self, ax: Axes) -> None:
        names, code = np.unique(self.indicator, return_inverse=True)
        known = np.bincount(code, ~np.isnan(self.value), names.size)
        ax.barh([str(n) for n in names], known / np.bincount(code))
        ax.invert_yaxis()
        ax.set_xlabel("share of clusters with a value")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class StructuralBreaks(Result):
    """Breaks of every series, and how events lie to them.

    Attributes
    ----------
    cluster
        Sorted labels, (n,).
    value
        Number of breaks; NaN where the series is too short or broken.
    periods
        First period of every later segment, joined by ``;``.
    bic_gain
        BIC without a break less BIC of the choice.
    events, hits
        Dated events, and those within the tolerance of a break; NaN without events.
    p
        Chance of as many hits with events at random dates.
    """

    cluster: NDArray[np.str_]
    value: FloatArray
    periods: NDArray[np.str_]
    bic_gain: FloatArray
    events: FloatArray
    hits: FloatArray
    p: FloatArray

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per cluster."""
        return {
            "cluster": self.cluster,
            "value": self.value,
            "periods": self.periods,
            "bic_gain": self.bic_gain,
            "events": self.events,
            "hits": self.hits,
            "p": self.p,
        }

    def summary(self) -> str:
        """Count series with breaks, and events at breaks."""
        known = ~np.isnan(self.value)
        text = f"{int((self.value[known] > 0).sum())} of {int(known.sum())} series have a break."
        if (~np.isnan(self.events)).any():
            text += (
                f" {np.nansum(self.hits):.0f} of {np.nansum(self.events):.0f} events lie "
                "at one."
            )
        return text

    def _draw(self, ax: Axes) -> None:
        ax.hist(self.value[~np.isnan(self.value)], bins=9, range=(-0.5, 8.5))
        ax.set_xlabel("breaks")
        ax.set_ylabel("series")


def trade_coefficients(
    seller: FloatArray, buyer: FloatArray, scale: FloatArray, own: BoolArray
) -> FloatArray:
    """Give the share of an input that the region could supply itself.

    Parameters
    ----------
    seller, buyer
        Location quotients of sellers and buyers that broadcast.
    scale
        Size factor of the region.
    own
        Where seller and buyer are the same industry.

    Returns
    -------
    numpy.ndarray of float64
        Flegg's quotient, at most 1; NaN for a buyer that is not there.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        cross = np.where(own, seller, seller / buyer)
        local: FloatArray = np.minimum(1.0, cross * scale)
    return local


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class LocalSupply(Result):
    """Share of inputs that the region itself could supply, by region and buyer.

    Attributes
    ----------
    region, buyer
        Labels of the rows, (n,): regions with the buyer.
    value
        Weighted mean of the trade coefficients; NaN for a buyer without known inputs.
    inputs
        Inputs per unit of output that enter.
    delta
        Exponent of the size of the region.
    places, codes
        All regions and industries of the data.
    needs
        Input per unit of output by seller and buyer, (n_codes, n_codes).
    quotient, scale
        Location quotients (n_places, n_codes) and size factors (n_places,).
    """

    region: NDArray[np.str_]
    buyer: NDArray[np.str_]
    value: FloatArray
    inputs: FloatArray
    delta: float
    places: NDArray[np.str_]
    codes: NDArray[np.str_]
    needs: FloatArray
    quotient: FloatArray
    scale: FloatArray

    def leakage(self, region: str, buyers: Mapping[str, float]) -> dict[str, float]:
        """Give what a mix of buyers of a region would have to bring in, by seller.

        Parameters
        ----------
        region
            Label of the region.
        buyers
            Industry to its share in the mix; those without known inputs are left out and
            the others scaled to sum 1.

        Returns
        -------
        dict
            Seller to input per unit of output of the mix, the largest first; empty without
            a buyer whose inputs are known.

        Raises
        ------
        AlignmentError
            If there is no such region.
        """
        at = int(np.searchsorted(self.places, region))
        if at == self.places.size or self.places[at] != region:
            msg = f"region={region!r} is not in the data. "
            raise AlignmentError(msg + suggest(region, self.places.tolist()))
        place = {str(c): k for k, c in enumerate(self.codes)}
        mass = np.zeros(self.codes.size)
        for code, share in buyers.items():
            if code in place:
                mass[place[code]] += share
        mass[self.needs.sum(axis=0) == 0] = 0.0
        if mass.sum() <= 0:
            return {}
        slq = self.quotient[at]
        own = np.eye(self.codes.size, dtype=np.bool_)
        met = trade_coefficients(slq[:, None], slq[None, :], self.scale[at], own)
        held = mass > 0
        gone = self.needs[:, held] * (1.0 - met[:, held])
        lost = gone @ (mass[held] / mass.sum())
        order = np.argsort(-np.nan_to_num(lost), kind="stable")
        return {str(self.codes[k]): float(lost[k]) for k in order if lost[k] > 0}

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per region and buyer."""
        return {
            "region": self.region,
            "buyer": self.buyer,
            "value": self.value,
            "inputs": self.inputs,
        }

    def summary(self) -> str:
        """Give the median."""
        known = self.value[~np.isnan(self.value)]
        middle = float(np.median(known)) if known.size else float("nan")
        return (
            f"Local supply (model, FLQ with delta = {self.delta:g}) of {self.value.size} "
            f"region-industries: median {middle:.3f}."
        )

    def _draw(self, ax: Axes) -> None:
        ax.hist(self.value[~np.isnan(self.value)], bins=40, range=(0, 1))
        ax.set_xlabel("local supply share")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class RelatedEntry(Result):
    """Logit of entry on relatedness density.

    Attributes
    ----------
    value
        Coefficients: constant and slope.
    standard_error
        Of the coefficients.
    marginal_effect, lower, upper
        Mean change of the probability of entry per unit of density, and its 95 % interval.
    n, entries
        Pairs that could be entered, and those that were.
    converged
        Whether the iteration settled.
    """

    value: FloatArray
    standard_error: FloatArray
    marginal_effect: float
    lower: float
    upper: float
    n: int
    entries: int
    converged: BoolArray

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per coefficient."""
        return {
            "term": ["constant", "density"],
            "value": self.value,
            "standard_error": self.standard_error,
        }

    def summary(self) -> str:
        """Give the marginal effect."""
        return (
            f"{self.entries} entries among {self.n} pairs: a unit of density changes the "
            f"probability by {self.marginal_effect:.4f} ({self.lower:.4f} to "
            f"{self.upper:.4f})."
        )

    def _draw(self, ax: Axes) -> None:
        ax.errorbar([0, 1], self.value, yerr=1.96 * self.standard_error, fmt="o")
        ax.set_xticks([0, 1], ["constant", "density"])
