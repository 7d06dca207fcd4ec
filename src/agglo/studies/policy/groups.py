"""Stage `groups`: whether groups of sectors answered differently."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.errors import AggloError
from agglo.core.options import Bootstrap
from agglo.econometrics import group_effects
from agglo.studies.columns import joined, labelled, numbers_of, result_table
from agglo.studies.contract import StageOutput
from agglo.studies.policy.model import setup_of

if TYPE_CHECKING:
    from agglo.core.typing import Json
    from agglo.studies.contract import StageInputs
    from agglo.studies.policy.model import Setup

__all__ = ["groups"]

_EMPTY = {
    "outcome": pa.string(),
    "group": pa.string(),
    "kind": pa.string(),
    "effect": pa.string(),
    "value": pa.float64(),
    "p": pa.float64(),
}
_INSIDE = ("ln_rzi", "ln_rdi")


def groups(inputs: StageInputs) -> StageOutput:
    """Fit the main model to outcomes inside groups of sectors, and test differences.

    Parameters
    ----------
    inputs
        With the stage ``prepare``; groups come from a column of ``industries``.

    Returns
    -------
    StageOutput
        Table ``groups`` (without rows where there are no groups); document ``group_notes``.
    """
    setup = setup_of(inputs)
    scope = inputs.document("prepare", "scope")
    held = scope.get("groups") if isinstance(scope, dict) else {}
    columns = (
        {str(c): str(g) for c, g in held.items()} if isinstance(held, dict) else {}
    )
    parts: list[pa.Table] = []
    notes: dict[str, Json] = {}
    for outcome in (o for o in setup.options.outcomes if o in _INSIDE):
        named = {g: c for c, g in columns.items() if c.startswith(f"{outcome}@")}
        empty = {g: _empty_cells(setup, c) for g, c in named.items()}
        lost = [g for g, n in empty.items() if n]
        notes[f"{outcome}@left_out"] = {g: empty[g] for g in lost}
        used = {g: c for g, c in named.items() if g not in lost}
        if len(used) < 2:
            notes[outcome] = (
                "no two groups with known outcomes in every region and period"
            )
            continue
        try:
            found = group_effects(
                setup.panel,
                used,
                covariates=setup.options.covariates,
                start=setup.starts,
                weights=setup.weights,
                durbin_weights=setup.exposure,
                inference=Bootstrap(
                    n=setup.options.group_draws,
                    seed=setup.seed,
                    level=setup.options.level,
                ),
            )
        except AggloError as error:
            notes[outcome] = " ".join(str(error).split())
            continue
        parts.append(labelled(result_table(found), outcome=outcome))
    return StageOutput(
        tables={"groups": joined(parts, _EMPTY)}, documents={"group_notes": notes}
    )


def _empty_cells(setup: Setup, column: str) -> int:
    """Count the cells without a value: no job in the group, or shares as the reference."""
    return int((~np.isfinite(numbers_of(setup.panel, column))).sum())
