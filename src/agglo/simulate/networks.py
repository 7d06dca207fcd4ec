"""A generated economy of cities and districts tied by branches and patents."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from agglo.core.errors import DataWarning
from agglo.core.options import check_choice, check_number
from agglo.core.parallel import entropy_of, generator
from agglo.simulate import _network_economy as economy
from agglo.simulate import _network_tables as tables

if TYPE_CHECKING:
    import pyarrow as pa

    from agglo.core.typing import IntArray

__all__ = ["NetworkEconomy", "simulate_networks"]

_PLACES, _MASSES, _FIRMS, _BRANCHES, _PATENTS, _DATES, _FLOWS = range(7)
_FEW = 1000


@dataclass(frozen=True, eq=False, kw_only=True)
class NetworkEconomy:
    """A generated economy of two nested levels, and its planted truth.

    Attributes
    ----------
    regions, industries, activity, link_events, patents, input_output, truth
        Tables of the data model. `regions` holds a province, 13 cities and 95 districts;
        `link_events` the branches. Everything in them is generated.
    parameters
        What it was generated from.
    seed
        Seed or drawn entropy.
    generated
        Always true: nothing here is an observation.
    """

    regions: pa.Table
    industries: pa.Table
    activity: pa.Table
    link_events: pa.Table
    patents: pa.Table
    input_output: pa.Table
    truth: pa.Table
    parameters: Mapping[str, float | str]
    seed: int
    generated: bool = True

    def tables(self) -> dict[str, pa.Table]:
        """Give the tables by name."""
        return {
            "regions": self.regions,
            "industries": self.industries,
            "activity": self.activity,
            "link_events": self.link_events,
            "patents": self.patents,
            "input_output": self.input_output,
            "truth": self.truth,
        }

    @property
    def groups(self) -> dict[str, str]:
        """Industry to planted group."""
        return self.planted_labels("industry_group")

    def planted(self, quantity: str) -> dict[str, float]:
        """Give item to planted value of one quantity."""
        rows = self.truth.to_pylist()
        return {r["item"]: r["value"] for r in rows if r["quantity"] == quantity}

    def planted_labels(self, quantity: str) -> dict[str, str]:
        """Give item to planted label of one quantity."""
        rows = self.truth.to_pylist()
        return {r["item"]: r["label"] for r in rows if r["quantity"] == quantity}


def simulate_networks(
    *,
    effect: float = 1.0,
    n_branch: int = 24_000,
    n_patents: int = 16_000,
    masses: Literal["planted", "lognormal"] = "planted",
    partners: float = 0.0,
    seed: int | None = 7,
) -> NetworkEconomy:
    r"""Generate branches and patents of 13 cities and 95 districts whose pattern is known.

    Use it to try the measures of `agglo.networks` where the answer is known; its numbers
    say nothing about any real place. Also: Jiangsu-like economy.

    Parameters
    ----------
    effect
        0: none of the planted structures (the null economy); 1: all of them; between:
        weaker.
    n_branch, n_patents
        Branches and patents.
    masses
        ``"planted"``: cores and tiers; ``"lognormal"``: unequal cities and districts
        without a core.
    partners
        How strongly districts take up, from the first period to the second, what those they
        are tied with hold: the firms of a cell are multiplied by exp(partners x standard
        score of what partners hold of its group of industries). 0: not at all.
    seed
        Seed; the same seed gives the same tables.

    Returns
    -------
    NetworkEconomy
        Tables and truth; well under a second by default.

    Raises
    ------
    OptionError
        If a number is out of range or a choice does not exist.

    Warns
    -----
    DataWarning
        If there are fewer than 1,000 branches or patents.

    Notes
    -----
    Planted: the industry network of C05 is integrated and that of C09 bounded (a share
    :math:`\rho` of links inside the city stays in the group of industries: .1 and .95, .5
    elsewhere); branches have the single core C01, co-patents the cores C01 and C05, with
    three tiers of districts; applicants are large in C01 and smaller in C05; patents of
    high and low technology cross cities more often (.50 and .45 against .25); C01, C02 and
    C05 have more high technology. Links fall with distance to the power -.6. Firms of 2010
    and 2015 share the affinities of districts to groups; branches opened from 2006 to 2015,
    patents are of 2011 to 2015. Industries of a group trade with each other six times as much
    as others. With ``partners=0`` nothing but affinity foresees what a district takes up;
    above 0 what its partners hold does too. The truth table holds ``industry_group``,
    ``integration``, ``core_verdict``, ``core_cities``, ``tiers``, ``tier_branch``,
    ``tier_copatent``, ``layers_differ``, ``complementary_pair``, ``crossing``,
    ``advantage``, ``distance_elasticity`` and ``partners``.

    Examples
    --------
    >>> from agglo.simulate import simulate_networks
    >>> made = simulate_networks(n_branch=2000, n_patents=1000, seed=1)
    >>> made.planted_labels("core_cities")["copatent"]
    'C01 C05'
    """
    check_number("effect", effect, minimum=0, maximum=1)
    check_number("partners", partners, minimum=0, maximum=3)
    check_choice("masses", masses, ("planted", "lognormal"))
    _check_number_of(n_branch=n_branch, n_patents=n_patents)
    entropy = entropy_of(seed)
    places = economy.draw_districts(generator(entropy, _PLACES))
    kinds = economy.industries()
    rng = generator(entropy, _MASSES)
    branch, branch_tier = economy.masses(rng, places, "branch", effect, masses)
    joint, joint_tier = economy.masses(rng, places, "copatent", effect, masses)
    firms = economy.draw_firms(
        generator(entropy, _FIRMS), places, kinds, branch, effect, partners
    )
    branches = economy.draw_branches(
        generator(entropy, _BRANCHES),
        places,
        kinds,
        branch,
        firms.mix,
        effect,
        n_branch,
    )
    made = economy.draw_inventions(
        generator(entropy, _PATENTS),
        places,
        kinds,
        joint,
        firms.mix,
        effect,
        n_patents,
        len(tables.YEARS),
    )
    n = kinds.group.size
    return NetworkEconomy(
        regions=tables.region_table(places),
        industries=tables.industry_table(kinds),
        activity=tables.activity_table(places, firms),
        link_events=tables.event_table(
            places, branches, n, _opened(entropy, branches.origin.size)
        ),
        patents=tables.patent_table(places, made, n),
        input_output=_trade(entropy, kinds),
        truth=tables.truth_table(
            places,
            kinds,
            {"branch": branch_tier, "copatent": joint_tier},
            effect,
            masses,
            float(partners),
        ),
        parameters={
            "effect": float(effect),
            "n_branch": float(n_branch),
            "n_patents": float(n_patents),
            "partners": float(partners),
            "masses": masses,
        },
        seed=entropy,
    )


def _trade(entropy: int, kinds: economy.Industries) -> pa.Table:
    """Draw what industries sell to each other, apart likewise."""
    return tables.flow_table(economy.draw_flows(generator(entropy, _FLOWS), kinds))


def _opened(entropy: int, n: int) -> IntArray:
    """Draw the years in which branches opened, apart, so that they change nothing else."""
    return generator(entropy, _DATES).integers(0, len(tables.OPENED), n)


def _check_number_of(**given: int) -> None:
    for name, value in given.items():
        check_number(name, value, minimum=1, maximum=10**8, integer=True)
        if value < _FEW:
            warnings.warn(
                f"{name}={value}: so few events show no pattern reliably.",
                DataWarning,
                stacklevel=3,
            )
