"""Economies with a known truth: generated data, and labelled so wherever they are shown."""

from agglo.simulate.coagglomeration import (
    CoagglomerationEconomy,
    simulate_coagglomeration,
)
from agglo.simulate.country import Country, simulate_country
from agglo.simulate.digital import DigitalEconomy, simulate_digital
from agglo.simulate.formation import FormationEconomy, simulate_formation
from agglo.simulate.knowledge import KnowledgeEconomy, simulate_knowledge
from agglo.simulate.networks import NetworkEconomy, simulate_networks
from agglo.simulate.policy import CorridorCountry, simulate_corridors

__all__ = [
    "CoagglomerationEconomy",
    "CorridorCountry",
    "Country",
    "DigitalEconomy",
    "FormationEconomy",
    "KnowledgeEconomy",
    "NetworkEconomy",
    "simulate_coagglomeration",
    "simulate_corridors",
    "simulate_country",
    "simulate_digital",
    "simulate_formation",
    "simulate_knowledge",
    "simulate_networks",
]
