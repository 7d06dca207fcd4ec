"""The generated example: groups with known elements, lives with known stages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agglo.simulate import simulate_formation
from agglo.studies.contract import Demo
from agglo.studies.example import example

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agglo.core.typing import Json

__all__ = ["demo"]

_SHORTER: Mapping[str, Json] = {"draws": 499, "n_init": 4, "rank_draws": 299}


def demo(seed: int) -> Demo:
    """Generate the example as source files with their imports.

    Parameters
    ----------
    seed
        Seed of the generator.

    Returns
    -------
    Demo
        CSV files; fewer draws than by default, so that it takes seconds.
    """
    made = simulate_formation(seed=seed)
    return example(
        made.tables(),
        prefix="formation_",
        title=f"Generated clusters, seed {seed}",
        title_zh=f"模拟集群，种子 {seed}",
        generator="simulate_formation",
        options=_SHORTER,
    )
