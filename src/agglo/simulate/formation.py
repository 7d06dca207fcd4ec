"""Generated clusters whose elements and stages are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agglo.core.options import check_number
from agglo.core.parallel import entropy_of, generator
from agglo.simulate._formation_elements import draw_groups, draw_sites, size_class
from agglo.simulate._formation_life import draw_trajectories
from agglo.simulate._formation_tables import (
    answer_table,
    cluster_ids,
    edge_table,
    event_table,
    link_table,
    member_table,
    panel_table,
    region_table,
    truth_table,
)

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["FormationEconomy", "simulate_formation"]

_TOWNS, _SITES, _GROUPS, _LIFE, _LINKS, _CELLS, _ANSWERS = range(7)
_WIDE_KM = 600.0
_N_TOWNS = 60


@dataclass(frozen=True, eq=False, kw_only=True)
class FormationEconomy:
    """Generated groups of firms, life-cycle trajectories and the planted truth.

    Attributes
    ----------
    regions
        Names of the regions.
    members
        Members of every group with place, industry, jobs and size class; then firms that
        belong to none (cluster ``*``).
    edges
        Ties among members and with other firms.
    industry_links
        Relatedness of industries.
    cluster_panel
        Employment, establishments and payroll by region, group, sub-industry and year.
    events, answers
        Dated events, at planted changes of stage; questionnaires of every second cluster.
    truth
        Planted elements, kinds and stages.
    parameters
        What it was generated from.
    seed
        Seed or drawn entropy.
    generated
        Always true: nothing here is an observation.
    """

    regions: pa.Table
    members: pa.Table
    edges: pa.Table
    industry_links: pa.Table
    cluster_panel: pa.Table
    events: pa.Table
    answers: pa.Table
    truth: pa.Table
    parameters: Mapping[str, float]
    seed: int
    generated: bool = True

    def tables(self) -> dict[str, pa.Table]:
        """Give the tables by name."""
        return {
            "regions": self.regions,
            "members": self.members,
            "edges": self.edges,
            "industry_links": self.industry_links,
            "cluster_panel": self.cluster_panel,
            "events": self.events,
            "answers": self.answers,
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


def simulate_formation(
    *,
    per_kind: int = 5,
    n_members: int = 40,
    n_sites: int = 3000,
    per_plan: int = 7,
    n_others: int = 150,
    noise: float = 0.01,
    seed: int | None = 7,
) -> FormationEconomy:
    r"""Generate groups that have or lack each element of a cluster, and lives with known stages.

    Use it to see what the three-element test and the stage rules find where the answer is
    known; its numbers say nothing about any real place.

    Parameters
    ----------
    per_kind
        Groups of each of the eight combinations of elements.
    n_members
        Members of a group.
    n_sites
        Firms of no group, around 60 towns on a plane of 600 km.
    per_plan
        Units of each of the six planned lives.
    n_others
        Further regions with the same industries and no plan.
    noise
        Standard deviation of the logarithm of a unit's employment.
    seed
        Seed; the same seed gives the same tables.

    Returns
    -------
    FormationEconomy
        Tables and truth.

    Raises
    ------
    OptionError
        If a number is out of range.

    Notes
    -----
    Proximity: members lie around a town with a standard deviation of 10 km, or on the
    places of random firms. Connection: five industries of one block of twelve, or any five
    of sixty. Cooperation: members and twice as many other firms are tied with chances
    :math:`0.9 \theta_i \theta_j / n`, times 8 inside the group or not. Lives last 24
    years: growth by 9 % (emergence and renewal 7 and 6 %) beyond the nation, decline by 5 %, diversity falling in growth and
    decline and rising in emergence and renewal, which also brings a new sub-industry.
    Truth: ``formation_proximity``, ``formation_connection``, ``formation_cooperation``
    (0 or 1), ``formation_kind`` and ``formation_stage`` (item region|group|year).

    Examples
    --------
    >>> from agglo.simulate import simulate_formation
    >>> made = simulate_formation(per_kind=1, n_sites=500, per_plan=1, n_others=5, seed=1)
    >>> len(made.planted("formation_proximity"))
    8
    """
    whole = {
        "per_kind": (per_kind, 1, 1000),
        "n_members": (n_members, 5, 1000),
        "n_sites": (n_sites, 100, 1_000_000),
        "per_plan": (per_plan, 1, 1000),
        "n_others": (n_others, 2, 10_000),
    }
    for name, (value, low, high) in whole.items():
        check_number(name, value, minimum=low, maximum=high, integer=True)
    check_number("n_sites", n_sites, minimum=3 * n_members)
    check_number("noise", noise, minimum=0, maximum=1)
    entropy = entropy_of(seed)
    rng = generator(entropy, _TOWNS)
    towns = rng.uniform(0, _WIDE_KM, (_N_TOWNS, 2))
    weight = rng.lognormal(0, 0.8, _N_TOWNS)
    sites = draw_sites(generator(entropy, _SITES), towns, weight, int(n_sites))
    groups = draw_groups(
        generator(entropy, _GROUPS), sites, int(per_kind), int(n_members), towns
    )
    life = draw_trajectories(
        generator(entropy, _LIFE), int(per_plan), int(n_others), noise
    )
    ids = cluster_ids(groups.has.shape[0], int((life.plan >= 0).sum()))
    panel, years = panel_table(generator(entropy, _CELLS), life)
    return FormationEconomy(
        regions=region_table(panel, ids),
        members=member_table(groups, sites, ids, size_class(groups.jobs)),
        edges=edge_table(groups),
        industry_links=link_table(generator(entropy, _LINKS)),
        cluster_panel=panel,
        events=event_table(life, years),
        answers=answer_table(generator(entropy, _ANSWERS), ids),
        truth=truth_table(groups, ids, life, years),
        parameters={**{k: float(v[0]) for k, v in whole.items()}, "noise": noise},
        seed=entropy,
    )
