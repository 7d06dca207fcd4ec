"""Stage `priorities`: what regions have declared, beside what they are strong in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.frames import float_column
from agglo.studies.columns import text_of
from agglo.studies.contract import StageOutput

if TYPE_CHECKING:
    from agglo.core.typing import Json
    from agglo.studies.contract import StageInputs

__all__ = ["priorities"]

_COPIED = ("lq", "lq_lower", "lq_upper", "rank")


def priorities(inputs: StageInputs) -> StageOutput:
    """Put declared priorities beside revealed strengths.

    Parameters
    ----------
    inputs
        Tables of stage `quotients`; optional ``priorities``.

    Returns
    -------
    StageOutput
        Table ``priorities``: one row per declared region and industry with the quotient,
        its interval and rank, and `revealed`: ``strong`` (the interval lies above 1),
        ``above`` or ``below`` (the interval covers 1, or there is none), ``weak`` (it lies
        below 1), ``absent`` (no jobs), ``hidden``. Empty without a list. Document
        ``priority_notes`` counts them.
    """
    cells = inputs.result("quotients", "region_industries")
    if not inputs.has("priorities"):
        return _given([], [], [], {n: np.zeros(0) for n in _COPIED}, [])
    table = inputs.table("priorities")
    region, industry = text_of(table, "region"), text_of(table, "industry")
    source = text_of(table, "source", "")
    at = {
        key: k
        for k, key in enumerate(
            zip(text_of(cells, "region"), text_of(cells, "industry"), strict=True)
        )
    }
    pairs = zip(region, industry, strict=True)
    place = np.array([at.get(pair, -1) for pair in pairs], dtype=np.int64)
    there = place >= 0
    numbers = {}
    for name in _COPIED:
        column = float_column(cells, name)
        numbers[name] = np.full(place.size, np.nan)
        numbers[name][there] = column[place[there]]
    # an absent cell is a true zero
    numbers["lq"][~there] = 0.0
    return _given(region, industry, source, numbers, _revealed(numbers, there))


def _revealed(numbers: dict[str, np.ndarray], there: np.ndarray) -> list[str]:
    """Say what the quotient shows, by its interval where there is one."""
    lq, low, high = (numbers[k] for k in ("lq", "lq_lower", "lq_upper"))
    found = np.where(lq >= 1, "above", "below").astype(object)
    found[np.isnan(lq)] = "hidden"
    found[low > 1] = "strong"
    found[high < 1] = "weak"
    found[~there] = "absent"
    return [str(v) for v in found]


def _given(
    region: list[str],
    industry: list[str],
    source: list[str],
    numbers: dict[str, np.ndarray],
    revealed: list[str],
) -> StageOutput:
    counts: dict[str, Json] = {
        word: revealed.count(word) for word in sorted(set(revealed))
    }
    return StageOutput(
        tables={
            "priorities": pa.table(
                {
                    "region": pa.array(region, pa.string()),
                    "industry": pa.array(industry, pa.string()),
                    **{k: pa.array(v, pa.float64()) for k, v in numbers.items()},
                    "revealed": pa.array(revealed, pa.string()),
                    "source": pa.array(source, pa.string()),
                }
            )
        },
        documents={"priority_notes": {"n": len(region), "revealed": counts}},
    )
