"""The generated example: plants and patents whose directional spillovers are known."""

from __future__ import annotations

from agglo.simulate import simulate_coagglomeration
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
    made = simulate_coagglomeration(seed=seed)
    return example(
        made.tables(),
        prefix="coagglomeration_",
        title=f"Generated plants and patents, seed {seed}",
        title_zh=f"模拟企业与专利，种子 {seed}",
        generator="simulate_coagglomeration",
        parquet=("establishments", "patents", "links"),
        named=("panel",),  # research is no column of the schema
    )
