"""Economies with a known truth: generated data, and labelled so wherever they are shown."""

from agglo.simulate.country import Country, simulate_country

__all__ = ["Country", "simulate_country"]
