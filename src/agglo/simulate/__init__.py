"""Economies with a known truth: generated data, and labelled so wherever they are shown."""

from agglo.simulate.country import Country, simulate_country
from agglo.simulate.digital import DigitalEconomy, simulate_digital

__all__ = ["Country", "DigitalEconomy", "simulate_country", "simulate_digital"]
