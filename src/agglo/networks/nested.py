"""Two nested scales side by side: cores, tiers and dominant flows of cities and districts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core import sizes as size_statistics
from agglo.core.frames import frame_kind, to_arrow
from agglo.core.options import Bootstrap, MonteCarlo, check_number
from agglo.core.parallel import entropy_of
from agglo.core.results import ColumnData, Provenance, Result, Undefined, frozen_array
from agglo.networks._network import Direction, check_direction, parents_of, read_ties
from agglo.networks.cores import core_count, core_count_bootstrap
from agglo.networks.hierarchy import dominant_flow, tiers
from agglo.networks.hierarchy_results import (
    CoreCount,
    CoreFrequencies,
    DominantFlow,
    Tiers,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, FrameKind, IntArray, IntoFrame

__all__ = ["NestedHierarchy", "Scale", "nested_hierarchy"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Scale:
    """What one scale shows.

    Attributes
    ----------
    name
        ``"city"`` or ``"district"``.
    cores, tiers, flow
        Core count, tiers and dominant-flow forest.
    frequencies
        Cores of resampled events; ``None`` when not asked for.
    """

    name: str
    cores: CoreCount
    tiers: Tiers
    flow: DominantFlow
    frequencies: CoreFrequencies | None


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class NestedHierarchy(Result):
    """Cores, tiers and flows at two nested scales, and whether they agree.

    Attributes
    ----------
    city, district
        The two scales.
    parent
        City of every district, position in the nodes of `city`.
    first_share
        Share of every city's strength that its first district holds.
    theil_between, theil_within
        Inequality of districts between and within cities.
    consistent
        Whether all district cores lie in core cities; ``None`` when either scale has no
        core, so that there is nothing to compare.
    """

    city: Scale
    district: Scale
    parent: IntArray
    first_share: FloatArray
    theil_between: float
    theil_within: float
    consistent: bool | None

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per node and scale; `first_share` is NaN for districts."""
        blank = np.full(self.parent.size, np.nan)
        parts = [_rows(self.city), _rows(self.district)]
        names = self.city.cores.nodes
        whole = {k: np.concatenate([p[k] for p in parts]) for k in parts[0]}
        whole["city"] = np.concatenate([names, names[self.parent]])
        whole["first_share"] = np.concatenate([self.first_share, blank])
        return whole

    def summary(self) -> str:
        """Give both verdicts and their consistency."""
        lines = [
            f"{s.name}: {s.cores.verdict} ({', '.join(s.cores.cores) or 'no core'}), "
            f"{s.tiers.n_tiers} tiers, dominant-flow depth {s.flow.depth}"
            for s in (self.city, self.district)
        ]
        agree = {True: "yes", False: "no", None: "nothing to compare"}[self.consistent]
        lines += [
            f"Theil of districts: {self.theil_between:.3f} between cities, "
            f"{self.theil_within:.3f} within",
            f"all district cores in core cities: {agree}",
        ]
        return "\n".join(lines)

    def _draw(self, ax: Axes) -> None:
        for scale, colour in ((self.city, "#D55E00"), (self.district, "#0072B2")):
            s = np.sort(scale.cores.strength[scale.cores.strength > 0])[::-1]
            ax.loglog(np.arange(1, s.size + 1), s, "o-", ms=3, color=colour)
        ax.set(xlabel="rank", ylabel="strength", title="cities and districts")


def _rows(scale: Scale) -> dict[str, NDArray[np.generic]]:
    flow, nodes = scale.flow, scale.cores.nodes
    return {
        "scale": np.full(nodes.size, scale.name),
        "node": nodes,
        "value": scale.cores.strength,
        "is_core": scale.cores.is_core,
        "tier": scale.tiers.tier,
        "parent": flow.nodes[flow.parent],
        "level": flow.level,
    }


def nested_hierarchy(
    data: IntoFrame,
    regions: IntoFrame,
    *,
    event: str | None = "event",
    origin: str = "origin",
    destination: str = "destination",
    weight: str | None = "weight",
    directed: bool = True,
    direction: Direction = "total",
    self_loops: bool = False,
    region: str = "region",
    parent: str = "parent",
    transpose: bool = False,
    k_max: int = 6,
    min_gap: float = 0.4054651081081644,
    null: MonteCarlo = MonteCarlo(n=9999, seed=1),  # noqa: B008  frozen
    inference: Bootstrap | None = None,
) -> NestedHierarchy:
    """Compare the hierarchy of cities with that of the districts inside them.

    Use where a system may have one core among cities and several tiers among districts:
    the same rule at both scales, and whether the two agree.

    Parameters
    ----------
    data
        One row per elementary tie between districts.
    regions
        One row per region with its parent; every region that has one and shares its
        parent's name with a district of the data is a district, tied or not.
    event
        Column of events, for resampling; ``None``: pairs are the units.
    origin, destination, weight, directed, direction, self_loops
        As in `strength_distribution`. Ties inside a city are ties between its districts,
        and ties of the city with itself.
    region, parent
        Columns of `regions`.
    transpose
        Whether dominant flows run against the ties, as for headquarters to branch.
    k_max, min_gap, null
        The rule of `core_count`, at both scales.
    inference
        Resamples for the frequencies of core sets; ``None`` for none.

    Returns
    -------
    NestedHierarchy
        Both scales; NaN and reasons as in `core_count` and `tiers`.

    Raises
    ------
    InvalidTableError
        If there is no tie, a weight is negative, missing or infinite, or a region has two
        parents.
    AlignmentError
        If an end of a tie is no region or has no parent.
    OptionError
        If an option is not admissible.

    Notes
    -----
    Each scale costs what `core_count`, `tiers` and `dominant_flow` cost. Districts
    without a tie are nodes when their city has a tied district.

    References
    ----------
    Two scales as in Shen et al. 2025, doi:10.1007/s11769-025-1566-6; the rules are ours
    (inferred).

    See Also
    --------
    theil_nested : The inequality alone.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> regions = pa.table({"region": list("abcd"), "parent": list("xxyy")})
    >>> ties = pa.table({"event": [1, 2, 3], "origin": list("aab"),
    ...                  "destination": list("bcd"), "weight": [4.0, 2.0, 1.0]})
    >>> found = ag.nested_hierarchy(ties, regions)
    >>> round(found.theil_between, 4)
    0.1736
    """
    check_direction("direction", direction)
    k_max = int(check_number("k_max", k_max, minimum=2, maximum=50, integer=True))
    table = to_arrow(data)
    columns = {"origin": origin, "destination": destination, "weight": weight}
    tied, start, end, _ = read_ties(table, {"event": event, **columns}, None)
    parents_of(regions, tied, region=region, parent=parent)
    districts = _with_siblings(regions, tied, region, parent)
    cities, inside = parents_of(regions, districts, region=region, parent=parent)
    place = inside[np.searchsorted(districts, tied)]
    above = _renamed(table, columns, cities, place[start], place[end])
    options: _Options = _Options(
        event=event,
        columns=columns,
        directed=directed,
        direction=direction,
        self_loops=self_loops,
        transpose=transpose,
        k_max=k_max,
        min_gap=min_gap,
        null=null,
        inference=inference,
    )
    city = _scale("city", above, cities, options)
    district = _scale("district", table, districts, options)
    s = district.cores.strength
    parts = size_statistics.theil_parts(s, inside, cities.size)
    return _joined(city, district, inside, parts, frame_kind(data), options)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Options:
    event: str | None
    columns: Mapping[str, str | None]
    directed: bool
    direction: Direction
    self_loops: bool
    transpose: bool
    k_max: int
    min_gap: float
    null: MonteCarlo
    inference: Bootstrap | None


def _joined(
    city: Scale,
    district: Scale,
    inside: IntArray,
    parts: size_statistics.TheilParts,
    kind: FrameKind,
    options: _Options,
) -> NestedHierarchy:
    s = district.cores.strength
    total = np.bincount(inside, s, minlength=city.cores.nodes.size)
    first = np.zeros(total.size)
    np.maximum.at(first, inside, s)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = first / total
    undefined = (*city.cores.undefined, *district.cores.undefined)
    undefined += tuple(
        Undefined(reason="the city has no strength", region=str(c))
        for c in city.cores.nodes[np.isnan(share)]
    )
    above = set(city.cores.cores)
    mine = {str(city.cores.nodes[c]) for c in inside[district.cores.is_core]}
    seed = None if options.inference is None else entropy_of(options.inference.seed)
    return NestedHierarchy(
        city=city,
        district=district,
        parent=frozen_array(inside),
        first_share=frozen_array(share),
        theil_between=parts.between,
        theil_within=parts.within,
        consistent=mine <= above if mine and above else None,
        frame_kind=kind,
        undefined=undefined,
        provenance=Provenance.of(
            nested_hierarchy,
            city.flow.provenance.input_digest,
            district.flow.provenance.input_digest,
            inside,
            parameters={
                "k_max": options.k_max,
                "min_gap": options.min_gap,
                "direction": options.direction,
                "self_loops": options.self_loops,
                "transpose": options.transpose,
                "null": options.null,
                "inference": options.inference,
            },
            seed=seed,
        ),
    )


def _with_siblings(
    regions: IntoFrame, tied: NDArray[np.str_], region: str, parent: str
) -> NDArray[np.str_]:
    """Add the districts without a tie whose city has a tied one."""
    table = to_arrow(regions, where="regions")
    pairs = [
        (str(r), str(p))
        for r, p in zip(
            table[region].to_pylist(), table[parent].to_pylist(), strict=True
        )
        if p is not None
    ]
    known = set(tied.tolist())
    theirs = {p for r, p in pairs if r in known}
    return np.unique([*known, *(r for r, p in pairs if p in theirs)])


def _renamed(
    table: pa.Table,
    columns: Mapping[str, str | None],
    cities: NDArray[np.str_],
    start: IntArray,
    end: IntArray,
) -> pa.Table:
    for key, code in (("origin", start), ("destination", end)):
        name = str(columns[key])
        at = table.column_names.index(name)
        table = table.set_column(at, name, pa.array(cities[code].tolist(), pa.string()))
    return table


def _scale(
    name: str, table: pa.Table, nodes: NDArray[np.str_], options: _Options
) -> Scale:
    labels: Sequence[str] = nodes.tolist()
    origin, destination = (str(options.columns[k]) for k in ("origin", "destination"))
    weight = options.columns["weight"]
    cores = core_count(
        table,
        origin=origin,
        destination=destination,
        weight=weight,
        directed=options.directed,
        nodes=labels,
        direction=options.direction,
        self_loops=options.self_loops,
        k_max=options.k_max,
        min_gap=options.min_gap,
        inference=options.null,
    )
    strengths = dict(zip(labels, cores.strength.tolist(), strict=True))
    flow = dominant_flow(
        table,
        origin=origin,
        destination=destination,
        weight=weight,
        directed=options.directed,
        nodes=labels,
        transpose=options.transpose,
    )
    frequencies = None
    if options.inference is not None:
        frequencies = core_count_bootstrap(
            table,
            event=options.event,
            origin=origin,
            destination=destination,
            weight=weight,
            nodes=labels,
            direction=options.direction if options.directed else "total",
            self_loops=options.self_loops,
            k_max=options.k_max,
            min_gap=options.min_gap,
            null=options.null,
            inference=options.inference,
        )
    return Scale(
        name=name,
        cores=cores,
        tiers=tiers(strengths, k_max=options.k_max),
        flow=flow,
        frequencies=frequencies,
    )
