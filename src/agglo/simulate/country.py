"""A generated country: regions, industries, plants, cells, and what was planted in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from agglo.core.errors import OptionError
from agglo.core.options import check_number
from agglo.core.parallel import entropy_of, generator
from agglo.simulate._places import Industries, Places, draw_industries, draw_places
from agglo.simulate._plants import PlantDraw, draw_plants, location_probabilities
from agglo.simulate._tables import (
    activity_table,
    definition_table,
    establishment_table,
    industry_table,
    region_table,
    truth_table,
)

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray

__all__ = ["Country", "simulate_country"]

_PLACES, _INDUSTRIES, _LOCATIONS, _SIZES, _SECRETS = range(5)


@dataclass(frozen=True, eq=False, kw_only=True)
class Country:
    """A generated country and its planted truth.

    Attributes
    ----------
    regions, industries, establishments, activity, definitions, truth
        Tables of the data model. Everything in them is generated.
    parameters
        What it was generated from.
    seed
        Seed or drawn entropy.
    generated
        Always true: nothing here is an observation.
    """

    regions: pa.Table
    industries: pa.Table
    establishments: pa.Table
    activity: pa.Table
    definitions: pa.Table
    truth: pa.Table
    parameters: Mapping[str, float]
    seed: int
    generated: bool = True

    def tables(self) -> dict[str, pa.Table]:
        """Give the tables by name."""
        return {
            "regions": self.regions,
            "industries": self.industries,
            "establishments": self.establishments,
            "activity": self.activity,
            "definitions": self.definitions,
            "truth": self.truth,
        }

    def planted(self, quantity: str) -> dict[str, float]:
        """Give item to planted value of one quantity."""
        rows = self.truth.to_pylist()
        return {r["item"]: r["value"] for r in rows if r["quantity"] == quantity}


def simulate_country(
    *,
    n_regions: int = 120,
    n_industries: int = 80,
    n_plants: int = 60_000,
    n_periods: int = 3,
    max_gamma: float = 0.08,
    boost: float = 12.0,
    confidential_share: float = 0.03,
    seed: int | None = 7,
) -> Country:
    r"""Generate a country whose concentration is known.

    Use it to try a method where the answer is known; its numbers say nothing about any
    real place.

    Parameters
    ----------
    n_regions
        Regions, 20 or more, grouped into provinces of ten.
    n_industries
        Industries, 20 or more, in ten sectors.
    n_plants
        Plants in the last period, at least 10 per industry.
    n_periods
        Periods, 1 or more; the last one is 2021.
    max_gamma
        Largest planted concentration, in (0, 0.5].
    boost
        How many times likelier than its size a plant of a planted cluster is to choose
        one of the cluster's home regions, 1 or more.
    confidential_share
        Share of the cells with one or two plants that are withheld, in [0, 1].
    seed
        Seed; the same seed gives the same bytes, as long as numpy keeps its streams.

    Returns
    -------
    Country
        Tables of the data model and the truth; well under a second by default.

    Raises
    ------
    OptionError
        If a number is out of range.

    Notes
    -----
    Reference shares :math:`x` are shares of population. An industry with planted
    :math:`\gamma` draws its location probabilities :math:`p` from a Dirichlet
    distribution with parameters :math:`x(1-\gamma)/\gamma`, whose sum is :math:`A =
    (1-\gamma)/\gamma`, hence :math:`E p_m = x_m` and :math:`\mathrm{Var}\,p_m = x_m (1 -
    x_m)/(A + 1) = \gamma x_m (1 - x_m)`: the location model of Ellison and Glaeser (1997,
    https://doi.org/10.1086/262098). Plants then choose independently, and their sizes
    do not depend on where. With plant shares :math:`z`, :math:`H = \sum z^2`, :math:`D =
    1 - \sum x^2` and :math:`G = \sum (s - x)^2`: :math:`E(G \mid p) = \sum (p - x)^2 + H
    \sum p (1 - p)`; the first sum has the expectation :math:`\gamma D`, the second
    :math:`(1 - \gamma) D`; so :math:`E G = D [\gamma + (1 - \gamma) H]`, and the index
    :math:`(G/D - H)/(1 - H)` has the expectation :math:`\gamma` whatever the sizes. A
    quarter of the industries have :math:`\gamma = 0`. The industries of planted clusters
    instead have :math:`p \propto x` times `boost` in two home regions. In three small
    regions one plant employs as many as all others. The truth table
    holds the quantities ``gamma`` (in expectation), ``gamma_realised`` (of the drawn
    probabilities), ``strong_cluster`` (home regions, as label ``cluster``),
    ``specialised_region`` (label: the industry that dominates it), ``growth`` (per
    period, of the industry) and ``employment`` of every withheld cell.

    Examples
    --------
    >>> from agglo.simulate import simulate_country
    >>> country = simulate_country(n_plants=5000, seed=1)
    >>> country.establishments.num_rows
    5000
    """
    parameters = {
        "n_regions": check_number("n_regions", n_regions, minimum=20, integer=True),
        "n_industries": check_number(
            "n_industries", n_industries, minimum=20, integer=True
        ),
        "n_plants": check_number("n_plants", n_plants, minimum=1, integer=True),
        "n_periods": check_number(
            "n_periods", n_periods, minimum=1, maximum=20, integer=True
        ),
        "max_gamma": check_number("max_gamma", max_gamma, minimum=1e-6, maximum=0.5),
        "boost": check_number("boost", boost, minimum=1),
        "confidential_share": check_number(
            "confidential_share", confidential_share, minimum=0, maximum=1
        ),
    }
    if n_plants < 10 * n_industries:
        msg = f"n_plants={n_plants} must be at least 10 × n_industries = {10 * n_industries}."
        raise OptionError(msg)
    entropy = entropy_of(seed)
    places = draw_places(generator(entropy, _PLACES), n_regions)
    industries = draw_industries(
        generator(entropy, _INDUSTRIES), n_industries, max_gamma, places
    )
    shares = location_probabilities(
        generator(entropy, _LOCATIONS), places.share, industries, boost
    )
    plants = draw_plants(
        generator(entropy, _SIZES), shares, industries, places, n_plants
    )
    return _country(places, industries, shares, plants, parameters, entropy)


def _country(
    places: Places,
    industries: Industries,
    shares: FloatArray,
    plants: PlantDraw,
    parameters: Mapping[str, float],
    entropy: int,
) -> Country:
    periods = [str(2021 - k) for k in reversed(range(int(parameters["n_periods"])))]
    activity, withheld = activity_table(
        generator(entropy, _SECRETS),
        places,
        industries,
        plants,
        periods,
        parameters["confidential_share"],
    )
    return Country(
        regions=region_table(places),
        industries=industry_table(industries),
        establishments=establishment_table(places, industries, plants),
        activity=activity,
        definitions=definition_table(industries),
        truth=truth_table(places, industries, shares, withheld),
        parameters=parameters,
        seed=entropy,
    )
