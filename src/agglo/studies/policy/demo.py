"""The generated example: corridors whose effects are known."""

from __future__ import annotations

from agglo.simulate import simulate_corridors
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
        Small tables as CSV, large ones as Parquet. Two options differ from the defaults,
        because they describe the generated world: its covariate, and the ring of 100 to
        250 km in which its spillovers arise.
    """
    made = simulate_corridors(tables=True, seed=seed)
    return example(
        made.tables(),
        prefix="policy_",
        title=f"Generated corridors, seed {seed}",
        title_zh=f"模拟走廊，种子 {seed}",
        generator="simulate_corridors",
        parquet=("panel", "activity"),
        named=("panel",),  # outcomes and covariates are no columns of the schema
        options={"covariates": ["x"], "exposure_ring_km": [100.0, 250.0]},
    )
