"""Economic size of regions before the policy: what economic neighbours are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agglo.core.frames import require_columns
from agglo.studies.columns import numbers_of, text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agglo.studies.contract import StageInputs
    from agglo.studies.policy.employment import Employment
    from agglo.studies.policy.options import PolicyOptions

__all__ = ["economy_of"]


def economy_of(
    inputs: StageInputs,
    employment: Employment | None,
    options: PolicyOptions,
    regions: Sequence[str],
    starts: Sequence[tuple[str, str, str]],
) -> list[float]:
    """Give, per region, the mean before the first start; NaN where it is not known.

    Later values may be results of the policy themselves, so they are not used.
    """
    name = options.economy_column
    if name:
        table = inputs.table("panel")
        require_columns(
            table, {n: n for n in ("region", "period", name)}, where="panel"
        )
    elif employment is not None:
        table, name = employment.cells, "employment"
    else:
        return [float("nan")] * len(regions)
    first = min((s for _, _, s in starts), default="")
    total: dict[str, float] = {}
    periods: dict[str, set[str]] = {}
    for r, p, v in zip(
        text_of(table, "region"),
        text_of(table, "period"),
        numbers_of(table, name),
        strict=True,
    ):
        if p < first and (employment is None or not np.isnan(v)):
            total[r] = total.get(r, 0.0) + float(v)
            periods.setdefault(r, set()).add(p)
    return [total[r] / len(periods[r]) if r in total else float("nan") for r in regions]
