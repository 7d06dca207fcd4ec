"""A generated digital economy: clusters, on-line belts, and how they match by design."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.errors import OptionError
from agglo.core.options import check_number
from agglo.core.parallel import entropy_of, generator
from agglo.simulate._digital_clusters import KINDS, draw_clusters, presence
from agglo.simulate._digital_names import (
    Written,
    alias_rows,
    label_zh,
    write_cities,
    write_labels,
)
from agglo.simulate._digital_places import draw_belts, draw_cities, draw_products
from agglo.simulate._digital_tables import (
    alias_table,
    belt_nodes,
    belt_table,
    city_table,
    designation_table,
    label_table,
    tree_table,
    truth_table,
)

if TYPE_CHECKING:
    from agglo.simulate._digital_clusters import Clusters
    from agglo.simulate._digital_places import Belts, Cities, Products

__all__ = ["DigitalEconomy", "simulate_digital"]

_CITIES, _PRODUCTS, _BELTS, _CLUSTERS, _NAMES = range(5)
_Kinds = tuple[float, float, float]
_Names = tuple[Written, Written, Written, Written]

# name: smallest, largest, whole number
_RANGES: Mapping[str, tuple[float, float, bool]] = {
    "n_cities": (20, 9999, True),
    "n_belts": (1, 1_000_000, True),
    "n_clusters": (3, 1_000_000, True),
    "n_sectors": (1, 26, True),
    "n_divisions": (2, 9, True),
    "n_leaves": (2, 9, True),
    "size_sigma": (0, 3, False),
    "size_classes": (0, 1000, True),
    "belt_exponent": (0, 3, False),
    "cluster_exponent": (0, 3, False),
    "profile": (0, 0.9, False),
    "broad_share": (0, 1, False),
    "multi_city_share": (0, 1, False),
    "n_periods": (1, 20, True),
    "shift_km": (0, 1000, False),
    "shift_bearing": (0, 360, False),
    "ambiguous_share": (0, 1, False),
    "unmapped_share": (0, 1, False),
}


@dataclass(frozen=True, eq=False, kw_only=True)
class DigitalEconomy:
    """A generated list of clusters, a generated list of belts, and the planted truth.

    Attributes
    ----------
    regions, designations, belts, industries, labels, aliases, truth
        Tables of the data model; `regions` are cities, `industries` is a tree of three
        levels, `labels` the dictionary of labels, `aliases` other names of cities (one
        name in two rows is ambiguous). Everything in them is generated.
    parameters
        What it was generated from.
    seed
        Seed or drawn entropy.
    generated
        Always true: nothing here is an observation.
    """

    regions: pa.Table
    designations: pa.Table
    belts: pa.Table
    industries: pa.Table
    labels: pa.Table
    aliases: pa.Table
    truth: pa.Table
    parameters: Mapping[str, float]
    seed: int
    generated: bool = True

    def tables(self) -> dict[str, pa.Table]:
        """Give the tables by name."""
        return {
            "regions": self.regions,
            "designations": self.designations,
            "belts": self.belts,
            "industries": self.industries,
            "labels": self.labels,
            "aliases": self.aliases,
            "truth": self.truth,
        }

    def planted(self, quantity: str) -> dict[str, float]:
        """Give item to planted value of one quantity."""
        rows = self.truth.to_pylist()
        return {r["item"]: r["value"] for r in rows if r["quantity"] == quantity}

    def planted_labels(self, quantity: str) -> dict[str, str]:
        """Give item to planted label of one quantity."""
        rows = self.truth.to_pylist()
        return {r["item"]: r["label"] for r in rows if r["quantity"] == quantity}


def simulate_digital(
    *,
    n_cities: int = 337,
    n_belts: int = 600,
    n_clusters: int = 159,
    n_sectors: int = 8,
    n_divisions: int = 4,
    n_leaves: int = 4,
    size_sigma: float = 1.0,
    size_classes: int = 0,
    belt_exponent: float = 1.0,
    cluster_exponent: float = 1.0,
    profile: float = 0.05,
    kinds: _Kinds | None = (0.45, 0.40, 0.15),
    broad_share: float = 0.05,
    multi_city_share: float = 0.3,
    n_periods: int = 1,
    shift_km: float = 0.0,
    shift_bearing: float = 90.0,
    disturb: bool = False,
    ambiguous_share: float = 0.02,
    unmapped_share: float = 0.05,
    seed: int | None = 7,
) -> DigitalEconomy:
    r"""Generate clusters and on-line belts whose match is known.

    Use it to try the matching, its nulls and the centre of a list where the answer is
    known; its numbers say nothing about any real place.

    Parameters
    ----------
    n_cities, n_belts, n_clusters
        Cities (20 to 9,999), belts (one city each) and clusters (3 or more).
    n_sectors, n_divisions, n_leaves
        Sectors (1 to 26), divisions per sector and leaves per division (2 to 9).
    size_sigma
        Standard deviation of the logarithm of city size.
    size_classes
        0: sizes are log-normal; k: cities in k equal groups share the mean of their group,
        so that strata of size are exact.
    belt_exponent, cluster_exponent
        Belts and clusters choose cities with chances proportional to size to this power; 0
        makes all cities equally likely.
    profile
        How far the products of a city differ from the national mix, in [0, 0.9]; 0: every
        belt draws from the national mix.
    kinds
        Shares of identical, similar and none, which add up to 1. ``None``: products of
        clusters are drawn from the national mix and their cities by size alone,
        independent of the belts; the kind is then what chance gives.
    broad_share
        Share of belts whose label names a whole division.
    multi_city_share
        Share of clusters that bid with one or two of the nearest cities.
    n_periods
        Years in which clusters are designated, the last one 2021; equal numbers in each.
    shift_km, shift_bearing
        How far, and where to (degrees clockwise from north), the expected centre of the
        lead cities moves from year to year.
    disturb
        Write places and labels as files do: without suffix, as a county, full width, in
        English, by a synonym, some ambiguous or in no dictionary. The column city then
        holds the string, the truth its code. The economy is the same as undisturbed.
    ambiguous_share, unmapped_share
        Shares of place strings that can mean two cities, and of cluster labels that no
        dictionary holds; only with `disturb`.
    seed
        Seed; the same seed gives the same tables.

    Returns
    -------
    DigitalEconomy
        Tables and truth; well under a second by default.

    Raises
    ------
    OptionError
        If a number is out of range, `kinds` are no shares, no city can have a kind that
        is asked for, or the shift leaves the map.

    Notes
    -----
    City mixes are Dirichlet with mean the national mix :math:`x` and parameters
    :math:`x(1-\gamma)/\gamma`, :math:`\gamma` = `profile`. The kind of a cluster is drawn
    first, then its lead city by size among those that can have the kind, then its leaf:
    identical, a leaf of a belt in one of its cities; similar, a leaf with a sibling's belt
    there, none of its own and none of the whole division; none, a leaf of a division
    without a belt there. Containment counts as identical. Forced clusters therefore choose
    cities with belts more often than size alone would make them. A shift tilts the chances
    by :math:`e^{\lambda'x}`, with :math:`\lambda` such that their mean moves by exactly the
    distance asked for.

    The truth table holds ``kind`` (0 none, 1 similar, 2 identical), ``cluster_node``,
    ``belt_node``, ``share`` (of the kinds, ``matched``, ``coexistence``),
    ``planted_share``, ``centre_x_km`` and ``centre_y_km`` per year (Albers for China), and
    with `disturb` ``cluster_city`` (item cluster|string), ``belt_city`` and what was done
    to each string (``cluster_city_written``, ``cluster_label_written``,
    ``belt_city_written``, ``belt_label_written``).

    Examples
    --------
    >>> from agglo.simulate import simulate_digital
    >>> made = simulate_digital(n_clusters=40, seed=1)
    >>> len(made.planted("kind"))
    40
    """
    given: dict[str, float] = {
        "n_cities": n_cities,
        "n_belts": n_belts,
        "n_clusters": n_clusters,
        "n_sectors": n_sectors,
        "n_divisions": n_divisions,
        "n_leaves": n_leaves,
        "size_sigma": size_sigma,
        "size_classes": size_classes,
        "belt_exponent": belt_exponent,
        "cluster_exponent": cluster_exponent,
        "profile": profile,
        "broad_share": broad_share,
        "multi_city_share": multi_city_share,
        "n_periods": n_periods,
        "shift_km": shift_km,
        "shift_bearing": shift_bearing,
        "ambiguous_share": ambiguous_share,
        "unmapped_share": unmapped_share,
    }
    numbers = {
        name: check_number(name, value, minimum=low, maximum=high, integer=whole)
        for name, value in given.items()
        for low, high, whole in (_RANGES[name],)
    }
    return _generate(numbers, _shares(kinds), disturb=disturb, seed=seed)


def _shares(kinds: _Kinds | None) -> _Kinds | None:
    if kinds is None:
        return None
    if len(kinds) != 3 or abs(sum(kinds) - 1.0) > 1e-9 or min(kinds) < 0:
        msg = f"kinds={kinds!r} must be three shares (identical, similar, none) adding up to 1."
        raise OptionError(msg)
    identical, similar, none = kinds
    return none, similar, identical


def _generate(
    numbers: Mapping[str, float],
    kinds: _Kinds | None,
    *,
    disturb: bool,
    seed: int | None,
) -> DigitalEconomy:
    entropy = entropy_of(seed)
    cities = draw_cities(
        generator(entropy, _CITIES),
        int(numbers["n_cities"]),
        numbers["size_sigma"],
        int(numbers["size_classes"]),
    )
    products = draw_products(
        generator(entropy, _PRODUCTS),
        *(int(numbers[n]) for n in ("n_sectors", "n_divisions", "n_leaves")),
    )
    belts = draw_belts(generator(entropy, _BELTS), cities, products, numbers)
    held = presence(belts, products, cities.code.size)
    clusters = draw_clusters(
        generator(entropy, _CLUSTERS), cities, products, held, kinds, numbers
    )
    names = _write(entropy, cities, products, belts, clusters, numbers)
    places, labels, belt_places, belt_labels = (
        [w.text for w in names]
        if disturb
        else _clean(cities, products, belts, clusters)
    )
    aliases = alias_rows(cities)
    if disturb:
        aliases += [*names[0].aliases, *names[2].aliases]
    leaves = products.leaf[clusters.leaf].tolist()
    planted = dict(zip(KINDS, kinds or (), strict=False))
    return DigitalEconomy(
        regions=city_table(cities),
        designations=designation_table(clusters, places, labels, leaves),
        belts=belt_table(belts, belt_places, belt_labels, belt_nodes(belts, products)),
        industries=tree_table(products),
        labels=label_table(products),
        aliases=alias_table(aliases),
        truth=truth_table(
            cities, products, belts, clusters, held, kinds, names if disturb else None
        ),
        parameters={**numbers, **planted, "disturb": float(disturb)},
        seed=entropy,
    )


def _links(clusters: Clusters) -> list[int]:
    return [c for cities in clusters.city for c in cities]


def _clean(
    cities: Cities, products: Products, belts: Belts, clusters: Clusters
) -> tuple[list[str], list[str], list[str], list[str]]:
    """Give codes of cities and names of nodes."""
    return (
        cities.code[_links(clusters)].tolist(),
        [label_zh(c) for c in products.leaf[clusters.leaf].tolist()],
        cities.code[belts.city].tolist(),
        [label_zh(c) for c in belt_nodes(belts, products)],
    )


def _write(
    entropy: int,
    cities: Cities,
    products: Products,
    belts: Belts,
    clusters: Clusters,
    numbers: Mapping[str, float],
) -> _Names:
    """Write places and labels of both lists as files do."""
    rng = generator(entropy, _NAMES)
    ambiguous = numbers["ambiguous_share"]
    link = np.array(_links(clusters), dtype=np.int64)
    leaves = products.leaf[clusters.leaf].tolist()
    return (
        write_cities(rng, cities, link, ambiguous, "集"),
        write_labels(rng, leaves, numbers["unmapped_share"], "集"),
        write_cities(rng, cities, belts.city, ambiguous, "带"),
        # a belt without a node would change the truth of other clusters
        write_labels(rng, belt_nodes(belts, products), 0.0, "带"),
    )
