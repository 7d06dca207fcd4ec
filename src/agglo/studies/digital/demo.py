"""The generated example: clusters and belts whose match is known."""

from __future__ import annotations

from agglo.simulate import simulate_digital
from agglo.studies.contract import Demo
from agglo.studies.example import example

__all__ = ["demo"]


def demo(seed: int) -> Demo:
    """Generate the example as source files with their imports.

    Places and labels are written as files write them (counties, synonyms, full width,
    some ambiguous or in no dictionary), and the centre of the clusters moves from year to
    year.

    Parameters
    ----------
    seed
        Seed of the generator.

    Returns
    -------
    Demo
        CSV files; the study keeps its defaults.
    """
    made = simulate_digital(
        disturb=True, n_periods=4, shift_km=120.0, shift_bearing=60.0, seed=seed
    )
    return example(
        made.tables(),
        prefix="digital_",
        title=f"Generated clusters and belts, seed {seed}",
        title_zh=f"模拟集群与产业带，种子 {seed}",
        generator="simulate_digital",
    )
