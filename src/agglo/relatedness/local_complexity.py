"""Complexity inside a country, and whether the data bear out its ranking."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import AlignmentError, NumericsWarning
from agglo.core.options import check_number
from agglo.core.parallel import entropy_of, monte_carlo
from agglo.core.results import ColumnData, Provenance, Result, Undefined, frozen_array
from agglo.relatedness._inputs import by_label, index_of
from agglo.relatedness.convention import Convention, convention_of
from agglo.relatedness.periods import by_period
from agglo.relatedness.presence import MarginChoice, presence_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.tables import RegionActivity
    from agglo.core.typing import BoolArray, FloatArray, IntoFrame
    from agglo.relatedness.complexity_results import Complexity
    from agglo.relatedness.relatedness_results import Presence

__all__ = [
    "SubnationalComplexity",
    "Supermodularity",
    "complexity_subnational",
    "log_supermodularity",
]

_ENOUGH = 0.8


@dataclass(frozen=True, eq=False, kw_only=True)
class SubnationalComplexity(Result):
    """Mean complexity, measured elsewhere, of what a region has.

    Parameters
    ----------
    region
        Labels, shape (n_regions,).
    eci
        In units of the external index; NaN where nothing present is covered.
    coverage
        Share of what is present that has an external index; NaN with nothing present.
    present
        Number of activities present.
    imputed
        Whether the region had no index of its own in the result that gave the external
        one (all True where that is a mapping).
    """

    region: NDArray[np.str_]
    eci: FloatArray
    coverage: FloatArray
    present: FloatArray
    imputed: BoolArray

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per region."""
        return {
            "region": self.region,
            "eci": self.eci,
            "coverage": self.coverage,
            "present": self.present,
            "imputed": self.imputed,
        }

    def summary(self) -> str:
        """Say which region leads and how much is covered."""
        known = np.isfinite(self.eci)
        first = "no region has anything that is covered"
        if known.any():
            top = int(np.nanargmax(self.eci))
            first = f"highest {self.region[top]} ({self.eci[top]:.4f})"
        return (
            f"complexity by an external index of {int(known.sum())} of "
            f"{self.region.size} regions, {int((self.imputed & known).sum())} of them "
            f"imputed: {first}"
        )

    def _draw(self, ax: Axes) -> None:
        ax.scatter(self.present, self.eci, s=12, color="#3b6ea5")
        ax.set_xlabel("activities present")
        ax.set_ylabel("mean external complexity")


@by_period
def complexity_subnational(
    data: IntoFrame | RegionActivity | Presence,
    external: Complexity | Mapping[str, float],
    *,
    convention: str | Convention = "atlas",
    region: str = "region",
    activity: str = "industry",
    value: str = "employment",
    period: str | None = None,
    margins: MarginChoice = "refuse",
) -> SubnationalComplexity:
    r"""Measure the complexity of regions by an index of activities measured elsewhere.

    Use for regions too few or too small to measure the index of activities on them (the
    world's, a nation's); also for regions left out by `trim`, whose index is then imputed.

    Parameters
    ----------
    data
        Activity table, `RegionActivity`, or a `Presence` (taken as it is).
    external
        Result of `complexity` on other regions, or activity to index.
    convention
        Name in `CONVENTIONS` or a `Convention`: its fields of presence.
    region, activity, value
        Columns of a frame.
    period
        Which period of a frame of several; default each by itself: `PeriodResults`.
    margins
        As in `as_region_activity`: what the totals are when cells are unknown.

    Returns
    -------
    SubnationalComplexity
        ``eci``, ``coverage`` and ``imputed`` of shape (n_regions,).

    Raises
    ------
    InvalidTableError
        If the table breaks its schema.
    AlignmentError
        If no activity is in common.
    OptionError
        If a choice does not exist.

    Notes
    -----
    .. math:: ECI_r = \frac{\sum_p M_{rp} PCI_p}{\sum_p M_{rp}}

    over the activities with an index. A region with nothing covered, or an unknown cell,
    is NaN, listed. With the national index in Atlas scaling it is the region's own ECI.
    O(n_regions n_activities).

    References
    ----------
    Practice of the Atlas: Hausmann et al. 2014, doi:10.7551/mitpress/9647.001.0001.

    See Also
    --------
    complexity : Both indices from one table.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.relatedness import complexity_subnational
    >>> jobs = pa.table({"region": list("aab"), "industry": list("xyy"),
    ...     "employment": [4.0, 1.0, 5.0]})
    >>> complexity_subnational(jobs, {"x": 2.0, "y": -1.0}).eci.tolist()
    [2.0, -1.0]
    """
    held = presence_of(
        data,
        convention_of(convention),
        region=region,
        activity=activity,
        value=value,
        period=period,
        margins=margins,
    )
    pci = index_of(external, held.activity)
    covered = np.isfinite(pci)
    m = held.values
    weight = m[:, covered].sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        eci = m[:, covered] @ pci[covered] / weight
        coverage = weight / held.diversity
    missing = int(np.sum(~covered))
    notes = (f"{missing} activities have no external index",) if missing else ()
    return SubnationalComplexity(
        provenance=Provenance.of(
            complexity_subnational,
            held.provenance.input_digest,
            pci,
            parameters={"presence": dict(held.provenance.parameters)},
            warnings=(*held.provenance.warnings, *notes),
        ),
        frame_kind=held.frame_kind,
        undefined=tuple(
            Undefined(reason="nothing present is covered, or unknown", region=str(r))
            for r in held.region[np.isnan(eci)]
        ),
        region=held.region,
        eci=frozen_array(eci),
        coverage=frozen_array(coverage),
        present=held.diversity,
        imputed=frozen_array(_imputed(held.region, external)),
    )


def _imputed(
    region: NDArray[np.str_], external: Complexity | Mapping[str, float]
) -> BoolArray:
    if isinstance(external, Mapping):
        return np.ones(region.size, dtype=bool)
    own = external.region[np.isfinite(external.eci)]
    out: BoolArray = ~np.isin(region, own)
    return out


@dataclass(frozen=True, eq=False, kw_only=True)
class Supermodularity(Result):
    """Share of sampled quadruples in which complex regions gain more in complex activities.

    Parameters
    ----------
    share
        Share of the used quadruples; NaN when none could be used.
    used, skipped
        Quadruples without and with an empty or unknown cell.
    """

    share: float
    used: int
    skipped: int

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row."""
        return {
            "share": [self.share],
            "used": [self.used],
            "skipped": [self.skipped],
        }

    def summary(self) -> str:
        """Give the share and what it rests on."""
        return "\n".join(
            [
                f"log-supermodular in {self.share:.3f} of {self.used} quadruples "
                f"({self.skipped} skipped: an empty cell)",
                *(f"note: {w}" for w in self.provenance.warnings),
            ]
        )

    def _draw(self, ax: Axes) -> None:
        ax.bar(["share"], [self.share], color="#3b6ea5")
        ax.axhline(_ENOUGH, color="0.6", lw=0.8)
        ax.set_ylim(0, 1)


@by_period
def log_supermodularity(
    presence: Presence,
    complexity: Complexity,
    *,
    n: int = 100_000,
    seed: int | None = None,
    n_jobs: int | None = None,
) -> Supermodularity:
    r"""Test whether the ranking by complexity is one the quotients bear out.

    Use before reading complexity as an order of capabilities; a low share says that
    complex regions are not relatively better at complex activities.

    Parameters
    ----------
    presence
        Result of `presence`: its quotients are used.
    complexity
        Result of `complexity` on the same table.
    n
        Sampled quadruples.
    seed
        ``None`` draws entropy and records it.
    n_jobs
        Workers.

    Returns
    -------
    Supermodularity
        The share, 0 to 1; one half without any relation.

    Raises
    ------
    AlignmentError
        If `complexity` has fewer than 2 of the regions or of the activities.
    OptionError
        If a number is out of range.

    Warns
    -----
    NumericsWarning
        If the share is below 0.8.

    Notes
    -----
    The share of random :math:`i' > i` (by ECI) and :math:`j' > j` (by PCI) with

    .. math:: \ln RCA_{i'j'} + \ln RCA_{ij} > \ln RCA_{i'j} + \ln RCA_{ij'} .

    Quadruples with an empty cell, or equal indices, are skipped and counted (inferred).
    O(n).

    References
    ----------
    Schetter 2019, A structural ranking of economic complexity, working paper (from
    memory, not re-checked).

    See Also
    --------
    complexity : The ranking.

    Examples
    --------
    >>> import numpy as np
    >>> from agglo import RegionActivity
    >>> from agglo.relatedness import complexity, log_supermodularity, presence
    >>> able, hard = np.linspace(0, 2, 6)[:, None], np.linspace(0, 2, 7)
    >>> held = presence(RegionActivity.from_arrays(np.exp(able * hard)))
    >>> log_supermodularity(held, complexity(held), n=500, seed=1, n_jobs=1).share
    1.0
    """
    check_number("n", n, minimum=1, integer=True)
    eci = by_label(
        "complexity",
        dict(zip(complexity.region.tolist(), complexity.eci.tolist(), strict=True)),
        presence.region,
    )
    pci = index_of(complexity, presence.activity)
    rows, columns = np.flatnonzero(np.isfinite(eci)), np.flatnonzero(np.isfinite(pci))
    if rows.size < 2 or columns.size < 2:
        msg = "`complexity` has fewer than 2 of the regions or of the activities."
        raise AlignmentError(msg)
    rows = rows[np.argsort(eci[rows], kind="stable")]
    columns = columns[np.argsort(pci[columns], kind="stable")]
    with np.errstate(divide="ignore"):
        logs = np.log(presence.advantage[np.ix_(rows, columns)])
    logs[~np.isfinite(logs)] = np.nan
    entropy = entropy_of(seed)
    orders = eci[rows], pci[columns]

    def draw(rng: np.random.Generator, size: int) -> FloatArray:
        return _sampled(logs, orders, rng, size)

    found = monte_carlo(draw, n=int(n), seed=entropy, block_size=8192, n_jobs=n_jobs)
    used = np.isfinite(found)
    share = float(found[used].mean()) if used.any() else float("nan")
    notes: tuple[str, ...] = ()
    if share < _ENOUGH:
        notes = (f"share {share:.3f} is below {_ENOUGH}: the ranking is not borne out",)
        warnings.warn(notes[0], NumericsWarning, stacklevel=2)
    return Supermodularity(
        provenance=Provenance.of(
            log_supermodularity,
            presence.provenance.input_digest,
            eci,
            pci,
            parameters={"n": n},
            seed=entropy,
            warnings=notes,
        ),
        frame_kind=presence.frame_kind,
        undefined=()
        if used.any()
        else (Undefined(reason="every sampled quadruple has an empty cell"),),
        share=share,
        used=int(used.sum()),
        skipped=int(np.sum(~used)),
    )


def _sampled(
    logs: FloatArray,
    orders: tuple[FloatArray, FloatArray],
    rng: np.random.Generator,
    size: int,
) -> FloatArray:
    """1 or 0 per quadruple; NaN for an empty cell or equal indices."""
    pairs = []
    for order in orders:
        low = rng.integers(order.size, size=size)
        high = (low + rng.integers(1, order.size, size=size)) % order.size
        pairs.append((np.minimum(low, high), np.maximum(low, high)))
    (i, above), (j, right) = pairs
    gain = logs[above, right] + logs[i, j] - logs[above, j] - logs[i, right]
    same = (orders[0][i] == orders[0][above]) | (orders[1][j] == orders[1][right])
    return np.where(np.isfinite(gain) & ~same, (gain > 1e-12).astype(float), np.nan)
