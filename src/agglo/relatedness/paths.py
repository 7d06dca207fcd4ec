"""Paths through the network of activities: what follows what, and the cheapest way up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.core.errors import (
    AlignmentError,
    InvalidTableError,
    NotIdentifiedError,
    OptionError,
)
from agglo.core.options import check_choice, check_number
from agglo.core.parallel import entropy_of, generator
from agglo.core.results import Provenance, Undefined, frozen_array
from agglo.relatedness import _kernels_options as kernels
from agglo.relatedness._inputs import by_label, index_of, places
from agglo.relatedness.option_results import DiffusionPath, OptimalEntries

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntArray
    from agglo.relatedness.complexity_results import Complexity
    from agglo.relatedness.relatedness_results import Proximity, RelatednessDensity

__all__ = ["diffusion_path", "optimise_complexity"]

_STRATEGIES = ("greedy", "majority", "high_degree", "low_degree", "random")
_TIE = 1e-12


def diffusion_path(
    proximity: Proximity,
    active: Sequence[str],
    *,
    threshold: float = 0.55,
    base: float = 1.0,
    exponent: float = 1.0,
    strategy: Literal[
        "greedy", "majority", "high_degree", "low_degree", "random"
    ] = "greedy",
    seed: int | None = None,
) -> DiffusionPath:
    r"""Order the activities a place could take up, and say how long it would take.

    Use to compare strategies of diversification; not as a forecast of dates.

    Parameters
    ----------
    proximity
        Result of `proximity` of activities; pairs of at least `threshold` are neighbours.
    active
        Activities that are there at the start.
    threshold
        Smallest proximity of neighbours.
    base
        B in (0, 1]: chance per period with all neighbours active.
    exponent
        alpha, at least 0: how much the share of active neighbours matters.
    strategy
        Next is the one with the highest chance (``"greedy"``), the most active neighbours
        (``"majority"``), the most or fewest neighbours, or a ``"random"`` one; only what
        has an active neighbour can be next. The first of equals is taken.
    seed
        Of ``"random"``; ``None`` draws entropy and records it.

    Returns
    -------
    DiffusionPath
        One row per step; ``total_periods`` in periods.

    Raises
    ------
    AlignmentError
        If `active` names an unknown activity or `proximity` compares regions.
    InvalidTableError
        If the proximity is not symmetric.
    OptionError
        If a choice does not exist or a number is out of range.

    Notes
    -----
    The chance of i is :math:`p_i = B (a_i / d_i)^\alpha` with d neighbours of which a are
    active; its expected time is :math:`1 / p_i`. What no path leads to, isolated
    activities among them, is unreachable and listed. How ``"majority"`` ranks is
    inferred. O(n^2).

    References
    ----------
    Alshamsi, Pinheiro and Hidalgo 2018, doi:10.1038/s41467-018-03740-9.

    See Also
    --------
    optimise_complexity : The cheapest set for a target.

    Examples
    --------
    >>> import pyarrow as pa, agglo.relatedness as rel
    >>> jobs = pa.table({"region": list("aabbcc"), "industry": list("wxxyyz"),
    ...     "employment": [4.0, 4.0, 3.0, 3.0, 5.0, 5.0]})
    >>> path = rel.diffusion_path(rel.proximity(jobs), ["w"], threshold=0.5)
    >>> path.activity.tolist(), path.total_periods
    (['x', 'y', 'z'], 5.0)
    """
    check_number("threshold", threshold, minimum=1e-12)
    check_number("base", base, minimum=1e-12, maximum=1.0)
    check_number("exponent", exponent, minimum=0.0)
    check_choice("strategy", strategy, _STRATEGIES)
    entropy = entropy_of(seed)
    if proximity.by != "activity":
        msg = "`proximity` compares regions; a path needs one of activities."
        raise AlignmentError(msg)
    phi = np.nan_to_num(proximity.values)
    if not np.allclose(phi, phi.T):
        msg = f"`proximity` ('{proximity.kind}') is not symmetric: neighbours are undefined."
        raise InvalidTableError(msg)
    near = phi >= threshold * (1 - _TIE)
    np.fill_diagonal(near, val=False)
    held = np.zeros(phi.shape[0], dtype=bool)
    held[_positions(proximity.label, active)] = True
    order, chance = kernels.diffusion(
        near, held, base, exponent, strategy, generator(entropy, 0)
    )
    lost = ~held
    lost[order] = False
    return DiffusionPath(
        provenance=Provenance.of(
            diffusion_path,
            proximity.provenance.input_digest,
            phi,
            parameters={
                "active": list(map(str, active)),
                "threshold": threshold,
                "base": base,
                "exponent": exponent,
                "strategy": strategy,
            },
            seed=entropy if strategy == "random" else None,
        ),
        frame_kind=proximity.frame_kind,
        undefined=tuple(
            Undefined(reason="no path leads there", activity=str(a))
            for a in proximity.label[lost]
        ),
        activity=frozen_array(proximity.label[order]),
        chance=frozen_array(chance),
        expected_periods=frozen_array(1.0 / chance),
        unreachable=frozen_array(proximity.label[lost]),
        strategy=strategy,
    )


def _positions(label: np.ndarray, active: Sequence[str]) -> IntArray:
    if isinstance(active, str) or not isinstance(active, Sequence):
        msg = "active= must be a list of activities."
        raise OptionError(msg)
    words = np.array([str(a) for a in active], dtype=np.str_)
    at = places(label, words)
    if (at < 0).any():
        msg = f"active= names unknown activities: {words[at < 0][:5].tolist()}."
        raise AlignmentError(msg)
    return at


def optimise_complexity(
    density: RelatednessDensity,
    complexity: Complexity | Mapping[str, float],
    *,
    target_region: str,
    target: float,
    cost: Mapping[str, float] | None = None,
) -> OptimalEntries:
    r"""Find the cheapest entries that lift the mean complexity of a region to a target.

    Use to see how far a goal is; not as a plan: costs are distances by default.

    Parameters
    ----------
    density
        Result of `relatedness_density`.
    complexity
        Result of `complexity`, or activity to index; without an index it is no option.
    target_region
        The region.
    target
        Mean index of what is present, to be reached, in units of `complexity`.
    cost
        Activity to cost, at least 0; default the distance, 1 - density (inferred).

    Returns
    -------
    OptimalEntries
        What to take up, its cost and the mean reached; nothing when it is reached already.

    Raises
    ------
    AlignmentError
        If the region is unknown, or `complexity` or `cost` has none of the activities.
    NotIdentifiedError
        If the target cannot be reached; the message says the best mean.
    OptionError
        If a cost is negative or `target` no number.

    Notes
    -----
    .. math:: \min_z \sum_p c_p z_p \quad \text{subject to} \quad
        \sum_p z_p (PCI_p - T) \ge T k_r - \sum_{held} PCI_p, \; z_p \in \{0, 1\}

    over the options of the region, solved exactly by branch and bound
    (``scipy.optimize.milp``). Exponential at worst, in practice well below a second.

    References
    ----------
    After Stojkoski and Hidalgo 2026 (inferred: the paper's own cost was not available).

    See Also
    --------
    diffusion_path : Step by step.

    Examples
    --------
    >>> import pyarrow as pa, agglo.relatedness as rel
    >>> jobs = pa.table({"region": list("aaabbbccd"), "industry": list("wxyxyzyzz"),
    ...     "employment": [5.0, 4.0, 2.0, 4.0, 3.0, 2.0, 4.0, 4.0, 9.0]})
    >>> near, index = rel.relatedness_density(jobs), rel.complexity(jobs)
    >>> found = rel.optimise_complexity(near, index, target_region="b", target=0.8)
    >>> found.activity.tolist(), round(found.total_cost, 3)
    (['w'], 0.667)
    """
    if not isinstance(target, (int, float)) or not np.isfinite(target):
        msg = f"target={target!r} must be a finite number."
        raise OptionError(msg)
    row = places(density.region, np.array([str(target_region)]))[0]
    if row < 0:
        msg = (
            f"target_region={target_region!r} is not among the regions, for example "
            f"{density.region[:5].tolist()}."
        )
        raise AlignmentError(msg)
    pci = index_of(complexity, density.activity)
    price = _price(density, row, cost)
    m = density.presence[row]
    held = pci[(m == 1) & np.isfinite(pci)]
    options = np.flatnonzero((m == 0) & np.isfinite(pci) & np.isfinite(price))
    start = float(held.mean()) if held.size else float("nan")
    chosen = options[:0]
    if not start >= target:
        chosen = options[_cheapest(pci[options], price[options], held, float(target))]
    reached = float(np.concatenate([held, pci[chosen]]).mean())
    skipped = int(np.sum(np.isnan(pci)))
    return OptimalEntries(
        provenance=Provenance.of(
            optimise_complexity,
            density.provenance.input_digest,
            density.values,
            pci,
            price,
            parameters={"target_region": target_region, "target": target},
            warnings=(f"{skipped} activities without an index",) if skipped else (),
        ),
        frame_kind=density.frame_kind,
        activity=frozen_array(density.activity[chosen]),
        cost=frozen_array(price[chosen]),
        complexity=frozen_array(pci[chosen]),
        total_cost=float(price[chosen].sum()),
        start=start,
        reached=reached,
        target=float(target),
        region=str(target_region),
    )


def _price(
    density: RelatednessDensity, row: int, cost: Mapping[str, float] | None
) -> FloatArray:
    if cost is None:
        out: FloatArray = 1.0 - density.values[row] / density.scale
        return out
    price = by_label("cost", cost, density.activity)
    if (price < 0).any():
        msg = f"cost= must be at least 0; it is not for {density.activity[price < 0][:5].tolist()}."
        raise OptionError(msg)
    return price


def _cheapest(
    pci: FloatArray, price: FloatArray, held: FloatArray, target: float
) -> IntArray:
    """Give the positions of the cheapest set of options that reaches the target."""
    from scipy import optimize

    best = np.sort(pci)[::-1]
    sizes = held.size + np.arange(best.size + 1)
    sums = held.sum() + np.concatenate([[0.0], np.cumsum(best)])
    means = sums[sizes > 0] / sizes[sizes > 0]
    highest = float(means.max()) if means.size else float("nan")
    if not highest >= target - _TIE:
        msg = (
            f"target={target:g} cannot be reached: the best mean over all sets of the "
            f"{pci.size} options is {highest:.6g}."
        )
        raise NotIdentifiedError(msg)
    rows = [pci - target]
    low = [float(target * held.size - held.sum()) - _TIE]
    if not held.size:
        # an empty region has no mean: something must be taken up
        rows, low = [*rows, np.ones(pci.size)], [*low, 1.0]
    found = optimize.milp(
        price,
        integrality=np.ones(pci.size, dtype=np.int64),
        bounds=optimize.Bounds(0, 1),
        constraints=optimize.LinearConstraint(np.vstack(rows), low, np.inf),
    )
    if found.x is None:
        msg = f"No set of entries was found for target={target:g}: {found.message}"
        raise NotIdentifiedError(msg)
    return np.flatnonzero(found.x > 0.5)
