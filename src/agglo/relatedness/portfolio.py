"""What a region could specialise in: options by cost and benefit, and by its partners."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.core.errors import AlignmentError, OptionError
from agglo.core.options import check_choice
from agglo.core.results import Provenance, Undefined, frozen_array
from agglo.relatedness import _kernels_options as kernels
from agglo.relatedness._inputs import by_label, index_of, links_between, places
from agglo.relatedness.option_results import ComplementarityDensity, Portfolio
from agglo.relatedness.periods import by_period
from agglo.relatedness.relatedness_results import sealed

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntoFrame
    from agglo.relatedness.backtest import EntryBacktest
    from agglo.relatedness.complexity_results import Complexity
    from agglo.relatedness.intervals import ComplexityIntervals
    from agglo.relatedness.relatedness_results import RelatednessDensity

__all__ = ["complementarity_density", "portfolio"]

_HALF = 0.5
_QUADRANTS = np.array(["dead_end", "slow_road", "casino", "high_road", "unscored"])


@by_period
def portfolio(
    density: RelatednessDensity,
    complexity: Complexity | Mapping[str, float],
    *,
    split: Literal["median", "mean"] = "median",
    scope: Literal["region", "all"] = "region",
    size: Mapping[str, float] | None = None,
    growth: Mapping[str, float] | None = None,
    backtest: EntryBacktest | None = None,
    intervals: ComplexityIntervals | None = None,
) -> Portfolio:
    """Sort what every region lacks by how near and how complex it is.

    Also: smart-specialisation portfolio. Use to lay out options for a discussion; not as
    a recommendation before `backtest_entries` has shown that density foretells entry.

    Parameters
    ----------
    density
        Result of `relatedness_density`; what is absent is an option, with a continuous
        presence what is below one half: less than the region's share.
    complexity
        Result of `complexity`, or activity to index; activities without are unscored.
    split
        Where low ends: at the ``"median"`` or the ``"mean"`` of the scored options.
    scope
        Of the options of the ``"region"`` or of ``"all"`` regions.
    size, growth
        Activity to a number that is carried along.
    backtest
        Result of `backtest_entries`, carried along and named in the summary.
    intervals
        Result of `complexity_intervals` with ``quadrants=True`` on the same table: gives
        every option the share of draws in which it falls in its quadrant.

    Returns
    -------
    Portfolio
        One row per region and option. Near and complex ``"high_road"``, near and simple
        ``"slow_road"``, far and complex ``"casino"``, far and simple ``"dead_end"``;
        without a density or an index ``"unscored"``.

    Raises
    ------
    AlignmentError
        If `complexity`, `size` or `growth` has none of the activities, or `intervals` is
        of other regions or activities.
    OptionError
        If a choice does not exist, `density` was measured for what is held only, or
        `intervals` has no quadrants (they are of medians of the region only).

    Notes
    -----
    A value equal to the split counts as high. A region that has everything has no row.
    O(n_regions n_activities).

    References
    ----------
    Balland, Boschma, Crespo and Rigby 2019, doi:10.1080/00343404.2018.1437900.

    See Also
    --------
    backtest_entries : Whether density foretells entry.

    Examples
    --------
    >>> import pyarrow as pa, agglo.relatedness as rel
    >>> jobs = pa.table({"region": list("aaabbbccd"), "industry": list("wxyxyzyzz"),
    ...     "employment": [5.0, 4.0, 2.0, 4.0, 3.0, 2.0, 4.0, 4.0, 9.0]})
    >>> found = rel.portfolio(rel.relatedness_density(jobs), rel.complexity(jobs))
    >>> int((found.quadrant == "high_road").sum())
    4
    """
    check_choice("split", split, ("median", "mean"))
    check_choice("scope", scope, ("region", "all"))
    if density.provenance.parameters.get("subset") == "held":
        msg = "`density` leaves out what a region lacks: measure it with subset='all'."
        raise OptionError(msg)
    pci = index_of(complexity, density.activity)
    near = density.values / density.scale
    benefit = np.broadcast_to(pci, near.shape)
    # a continuous presence is one half where the region has its share of the activity
    options = density.presence < _HALF
    scored = options & np.isfinite(near) & np.isfinite(benefit)
    cuts = [
        kernels.split_at(v, scored, split, scope == "region") for v in (near, benefit)
    ]
    with np.errstate(invalid="ignore"):
        high = [v >= c[:, None] for v, c in zip((near, benefit), cuts, strict=True)]
    kind = np.where(scored, high[0] + 2 * high[1], 4)
    row, column = np.nonzero(options)
    sure = _certainty(density, intervals, kind, (split, scope))
    given = {n: by_label(n, v, density.activity) for n, v in _extra(size, growth)}
    return Portfolio(
        provenance=Provenance.of(
            portfolio,
            density.provenance.input_digest,
            density.values,
            pci,
            parameters={"split": split, "scope": scope},
            warnings=density.provenance.warnings,
        ),
        frame_kind=density.frame_kind,
        undefined=tuple(
            Undefined(
                reason="no density or no complexity: unscored",
                activity=str(density.activity[p]),
                n=int(n),
            )
            for p, n in enumerate(np.sum(options & ~scored, axis=0))
            if n
        ),
        region=frozen_array(density.region[row]),
        activity=frozen_array(density.activity[column]),
        density=frozen_array(near[row, column]),
        complexity=frozen_array(pci[column]),
        quadrant=frozen_array(_QUADRANTS[kind[row, column]]),
        certainty=frozen_array(sure[row, column]),
        size=frozen_array(given["size"][column]),
        growth=frozen_array(given["growth"][column]),
        density_split=frozen_array(cuts[0][row]),
        complexity_split=frozen_array(cuts[1][row]),
        backtest=backtest,
    )


def _certainty(
    density: RelatednessDensity,
    intervals: ComplexityIntervals | None,
    kind: FloatArray,
    how: tuple[str, str],
) -> FloatArray:
    """Share of draws in which an option falls in its quadrant; NaN without intervals."""
    out = np.full(kind.shape, np.nan)
    if intervals is None:
        return out
    if not intervals.quadrant_share.size or how != ("median", "region"):
        msg = (
            "intervals= needs complexity_intervals(..., quadrants=True), with "
            "split='median' and scope='region' here."
        )
        raise OptionError(msg)
    row = places(intervals.region, density.region)
    column = places(intervals.activity, density.activity)
    if (row < 0).any() or (column < 0).any():
        msg = "`intervals` is of other regions or activities than `density`."
        raise AlignmentError(msg)
    share = intervals.quadrant_share[:, row][:, :, column]
    chosen = np.take_along_axis(share, np.minimum(kind, 3)[None], axis=0)[0]
    return np.where(kind < 4, chosen, np.nan)


def _extra(
    size: Mapping[str, float] | None, growth: Mapping[str, float] | None
) -> tuple[tuple[str, Mapping[str, float] | None], ...]:
    return ("size", size), ("growth", growth)


@by_period
def complementarity_density(
    density: RelatednessDensity,
    links: IntoFrame,
    *,
    origin: str = "origin",
    destination: str = "destination",
    weight: str | None = "weight",
    directed: bool = False,
) -> ComplementarityDensity:
    r"""Measure the related capabilities that a region lacks and its partners have.

    Use beside the density to see which options partners could help with; not as evidence
    that they did.

    Parameters
    ----------
    density
        Result of `relatedness_density`: its presence and its neighbours are used.
    links
        One row per link between regions (branches, co-patents, commuters), added up when
        repeated; at least 0. Self-loops are ignored and counted.
    origin, destination, weight
        Columns of `links`; ``weight=None`` counts every row 1.
    directed
        Whether only the destinations of a region are its partners.

    Returns
    -------
    ComplementarityDensity
        ``values`` of shape (n_regions, n_activities) in [0, 1]; 0 and ``has_links``
        False for a region without partners.

    Raises
    ------
    InvalidTableError
        If a link names an unknown region or its weight is negative, infinite or empty.
    ColumnNotFoundError
        If a column is absent.

    Notes
    -----
    .. math:: c_{rp} = \sum_s l_{rs} \frac{\sum_q \phi_{qp} (1 - M_{rq}) M_{sq}}
        {\sum_q \phi_{qp}}, \qquad l_{rs} = L_{rs} / \sum_s L_{rs}

    The normalisation is inferred. An activity without neighbours is NaN, a region with
    an unknown cell too. O(n_regions n_activities (n_regions + n_activities)).

    References
    ----------
    Idea: Balland and Boschma 2021, doi:10.1080/00343404.2020.1861240.

    See Also
    --------
    relatedness_density : What the region has itself.

    Examples
    --------
    >>> import pyarrow as pa, agglo.relatedness as rel
    >>> jobs = pa.table({"region": list("aabbc"), "industry": list("xyyzz"),
    ...     "employment": [4.0, 4.0, 3.0, 3.0, 5.0]})
    >>> ties = pa.table({"origin": ["a"], "destination": ["b"], "weight": [2.0]})
    >>> near = rel.relatedness_density(jobs)
    >>> rel.complementarity_density(near, ties).values.round(3).tolist()[0]
    [0.0, 0.25, 0.667]
    """
    ties, loops = links_between(
        links,
        density.region,
        origin=origin,
        destination=destination,
        weight=weight,
        directed=directed,
    )
    linked = ties.sum(axis=1) > 0
    m = density.presence
    unknown = np.isnan(m).any(axis=1)
    values = kernels.complementarity(np.nan_to_num(m), density.weights, ties)
    # a partner with an unknown cell leaves open what it could offer
    open_end = unknown | ((ties > 0) @ unknown)
    values[open_end] = np.nan
    alone = density.weights.sum(axis=0) == 0
    notes = [f"{loops} links of a region with itself are ignored"] if loops else []
    if not linked.all():
        notes.append(f"{int(np.sum(~linked))} regions have no partner")
    return ComplementarityDensity(
        provenance=Provenance.of(
            complementarity_density,
            density.provenance.input_digest,
            density.values,
            ties,
            parameters={"directed": directed},
            warnings=(*density.provenance.warnings, *notes),
        ),
        frame_kind=density.frame_kind,
        undefined=(
            *(
                Undefined(reason="no neighbour", activity=str(a), n=density.region.size)
                for a in density.activity[alone]
            ),
            *(
                Undefined(
                    reason="a cell of the region or of a partner is unknown",
                    region=str(r),
                    n=density.activity.size,
                )
                for r in density.region[open_end]
            ),
        ),
        region=density.region,
        activity=density.activity,
        values=sealed(values),
        has_links=frozen_array(linked),
    )
