"""Small indicator tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

# spec/formation.md section 14
HAND = {"x": [10.0, 20, 25, 40], "y": [4.0, 9, 2, 6], "z": [0.2, 0.1, 0.4, 0.2]}


def long(
    columns: Mapping[str, Sequence[float | None]],
    *,
    negative: Sequence[str] = (),
    pillar: Mapping[str, str] | None = None,
) -> pa.Table:
    """A long table of indicators; units are a, b, c, ..."""
    n = len(next(iter(columns.values())))
    names = [c for c in columns for _ in range(n)]
    units = [f"u{i:02d}" if n > 26 else chr(97 + i) for i in range(n)]
    return pa.table(
        {
            "unit": units * len(columns),
            "indicator": names,
            "value": pa.array(
                [v for x in columns.values() for v in x], type=pa.float64()
            ),
            "direction": ["negative" if c in negative else "positive" for c in names],
            "pillar": [(pillar or {}).get(c, "p") for c in names],
        }
    )


def drawn(n: int, k: int, seed: int = 1, pillars: int = 1) -> pa.Table:
    """Indicators drawn at random."""
    x = np.random.default_rng(seed).lognormal(0, 0.5, (k, n))
    return long(
        {f"i{j:02d}": x[j].tolist() for j in range(k)},
        pillar={f"i{j:02d}": f"p{j % pillars}" for j in range(k)},
    )
