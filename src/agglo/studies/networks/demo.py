"""The generated example: an economy of two levels whose pattern is known."""

from __future__ import annotations

from agglo.simulate import simulate_networks
from agglo.studies.contract import Demo
from agglo.studies.example import example

__all__ = ["demo"]


def demo(seed: int) -> Demo:
    """Generate the example as source files with their imports.

    Parameters
    ----------
    seed
        Seed of the generator.

    Returns
    -------
    Demo
        Small tables as CSV, large ones as Parquet; the study keeps its defaults.
    """
    made = simulate_networks(seed=seed)
    return example(
        made.tables(),
        prefix="networks_",
        title=f"Generated network economy, seed {seed}",
        title_zh=f"模拟网络经济，种子 {seed}",
        generator="simulate_networks",
        parquet=("activity", "link_events", "patents"),
    )
