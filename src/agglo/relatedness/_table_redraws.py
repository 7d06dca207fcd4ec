"""Ways of redrawing a table, and what is measured on every redrawn one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import InvalidTableError, OptionError
from agglo.core.frames import encode_labels, float_column, require_columns, to_arrow
from agglo.core.tables import RegionActivity
from agglo.relatedness import _kernels_complexity as complexity_kernels
from agglo.relatedness import _kernels_options as option_kernels
from agglo.relatedness import _kernels_outlook as outlook_kernels
from agglo.relatedness import _kernels_presence as presence_kernels
from agglo.relatedness import _kernels_proximity as proximity_kernels
from agglo.relatedness._waves import density_of

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntArray, IntoFrame
    from agglo.relatedness.convention import Convention

QUADRANTS = 4
_DENSE = ("density", "outlook")


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """Rows of units (firms, patents): which unit, region, activity, and how much."""

    unit: IntArray
    row: IntArray
    column: IntArray
    amount: FloatArray
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Redraws:
    """A table and how it is redrawn."""

    x: FloatArray
    scheme: str
    prior: float
    variation: float
    units: Units | None

    def table(self, rng: np.random.Generator) -> FloatArray:
        """Give one redrawn table of the same shape."""
        x = self.x
        if self.scheme == "poisson":
            return rng.poisson(x + self.prior).astype(np.float64)
        if self.scheme == "multinomial":
            chance = x.ravel() / x.sum()
            drawn = rng.multinomial(int(x.sum()), chance)
            return drawn.reshape(x.shape).astype(np.float64)
        if self.scheme == "lognormal":
            sd = np.sqrt(np.log1p(self.variation**2))
            out: FloatArray = x * rng.lognormal(-sd * sd / 2, sd, x.shape)
            return out
        if self.units is not None:
            return self._of_units(self.units, rng)
        out = x.copy()
        p = x.shape[1]
        out[:, rng.choice(p, max(1, p // 10), replace=False)] = 0.0
        return out

    def _of_units(self, units: Units, rng: np.random.Generator) -> FloatArray:
        """Draw whole units with replacement: a patent keeps all its classes."""
        times = np.bincount(rng.integers(units.n, size=units.n), minlength=units.n)
        cell = units.row * self.x.shape[1] + units.column
        amount = units.amount * times[units.unit]
        sums = np.bincount(cell, amount, self.x.size).astype(np.float64)
        return sums.reshape(self.x.shape)


def read_units(
    data: IntoFrame | RegionActivity,
    names: tuple[str | None, str, str],
    value: str | None,
) -> tuple[Units, RegionActivity]:
    """Read rows of units, and the table that they add up to."""
    unit, region, activity = names
    if unit is None or isinstance(data, RegionActivity):
        msg = "scheme='units' needs a frame with a row per unit, and unit=, its column."
        raise OptionError(msg)
    table = to_arrow(data)
    wanted = {"unit": unit, "region": region, "activity": activity}
    if value is not None:
        wanted["value"] = value
    require_columns(table, wanted)
    units, u = encode_labels(table, unit)
    regions, r = encode_labels(table, region)
    activities, a = encode_labels(table, activity)
    amount = np.ones(u.size) if value is None else float_column(table, value)
    if not (np.isfinite(amount) & (amount >= 0)).all():
        msg = f"`{value}` must be known, finite and at least 0 in every row of a unit."
        raise InvalidTableError(msg)
    x = np.zeros((regions.size, activities.size))
    np.add.at(x, (r, a), amount)
    whole = RegionActivity.from_arrays(x, region=regions, activity=activities)
    found = Units(unit=u, row=r, column=a, amount=amount, n=units.size)
    return found, whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What is measured on a table: the index, and whether the quadrants too."""

    convention: Convention
    index: str
    quadrants: bool

    def presence(self, x: FloatArray) -> FloatArray:
        """Give the presence in [0, 1]; an empty region or activity has none."""
        quotient = presence_kernels.revealed_advantage(
            x, x.sum(axis=1), x.sum(axis=0), float(x.sum())
        )
        if self.convention.presence == "continuous":
            return presence_kernels.saturating(quotient)
        held = presence_kernels.at_least(quotient, self.convention.threshold)
        return held.astype(np.float64)

    def of(self, m: FloatArray, base: FloatArray | None) -> tuple[FloatArray, IntArray]:
        """Give the index of regions, then activities; and the quadrant of every option.

        Quadrants are -1 where the activity is present or has no score.
        """
        none = np.full(m.shape, -1, dtype=np.int64)
        if self.index not in _DENSE and not self.quadrants:
            return self._index(m, base), none
        kind = self.convention.phi
        phi = np.nan_to_num(proximity_kernels.from_presence(m, kind))
        density = density_of(m, phi, self.convention.self_in_density)
        eigen = complexity_kernels.index_of_presence(m, base)
        pci = eigen[m.shape[0] :]
        quadrant = self._quadrant(m, density, pci) if self.quadrants else none
        if self.index not in _DENSE:
            return self._index(m, base), quadrant
        lacking = np.where(m == 0, 1.0, np.nan)
        if self.index == "density":
            return _means(density * lacking), quadrant
        known = np.nan_to_num(pci)
        gain = outlook_kernels.gain(m, phi, known, "source_norm")
        out = _means(gain * lacking)
        out[: m.shape[0]] = outlook_kernels.outlook(m, density, known)
        return out, quadrant

    def _index(self, m: FloatArray, base: FloatArray | None) -> FloatArray:
        if self.index == "eigen":
            return complexity_kernels.index_of_presence(m, base)
        rows, columns = m.sum(axis=1) > 0, m.sum(axis=0) > 0
        out = np.full(sum(m.shape), np.nan)
        if rows.sum() < 2 or columns.sum() < 2:
            return out
        core = m[np.ix_(rows, columns)]
        rule = self.convention
        if self.index == "fitness":
            found = complexity_kernels.fitness(core, rule.steps, rule.exponent, None)
            parts = found.region, found.activity
        else:
            k_r, k_p = complexity_kernels.reflections(core, rule.steps)
            even, odd = complexity_kernels.orders(rule.steps)
            parts = k_r[:, even], k_p[:, odd]
            if not (parts[0].std() > 0 and parts[1].std() > 0):
                return out
            parts = (
                complexity_kernels.standardised(parts[0], 0),
                complexity_kernels.standardised(parts[1], 0),
            )
        out[: m.shape[0]][rows] = parts[0]
        out[m.shape[0] :][columns] = parts[1]
        return out

    def _quadrant(
        self, m: FloatArray, density: FloatArray, pci: FloatArray
    ) -> IntArray:
        benefit = np.broadcast_to(pci, m.shape)
        scored = (m == 0) & np.isfinite(density) & np.isfinite(benefit)
        high = []
        for values in (density, benefit):
            cut = option_kernels.split_at(values, scored, "median", by_row=True)
            with np.errstate(invalid="ignore"):
                high.append(values >= cut[:, None])
        return np.where(scored, high[0] + 2 * high[1], -1).astype(np.int64)


def _means(values: FloatArray) -> FloatArray:
    """Mean of the known values of every row, then of every column; NaN without any."""
    known = np.isfinite(values)
    total = np.where(known, values, 0.0)
    out = []
    for axis in (1, 0):
        count = known.sum(axis=axis)
        sums = total.sum(axis=axis)
        empty = np.full(count.shape, np.nan)
        out.append(np.divide(sums, count, out=empty, where=count > 0))
    return np.concatenate(out)
