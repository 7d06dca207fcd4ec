"""The generated example: a country whose concentration is known."""

from __future__ import annotations

from agglo.simulate import simulate_country
from agglo.studies.contract import Demo
from agglo.studies.example import example

__all__ = ["demo"]


def demo(seed: int) -> Demo:
    """Generate the example country as source files with their imports.

    Parameters
    ----------
    seed
        Seed of the generator.

    Returns
    -------
    Demo
        Small tables as CSV, large ones as Parquet; the study keeps its defaults.
    """
    country = simulate_country(seed=seed)
    return example(
        country.tables(),
        prefix="",
        title=f"Generated country, seed {seed}",
        generator="simulate_country",
        parquet=("establishments", "activity", "truth"),
    )
