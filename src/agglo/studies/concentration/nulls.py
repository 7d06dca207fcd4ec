"""Stage `nulls`: the raw concentration of every industry beside draws of null models."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.concentration import concentration_null
from agglo.concentration.agglomeration_null import NULL_MODELS
from agglo.core.options import MonteCarlo
from agglo.studies.columns import labelled, texts
from agglo.studies.concentration.cells import (
    counts_of,
    has_plants,
    jobs_of,
    plants_of,
)
from agglo.studies.concentration.options import ConcentrationOptions
from agglo.studies.contract import StageOutput

if TYPE_CHECKING:
    from collections.abc import Callable

    from agglo.concentration.agglomeration_results import ConcentrationNull
    from agglo.core.typing import Json
    from agglo.studies.contract import StageInputs

__all__ = ["nulls"]

# plants thrown or dealt by one null model; where there are more, draws are fewer
_MOST = 400_000_000
_FEWEST = 99


def nulls(inputs: StageInputs) -> StageOutput:
    """Draw every null model, with the plants where they are known, else with cell means.

    Parameters
    ----------
    inputs
        Tables of stage `prepare`; optional ``establishments``.

    Returns
    -------
    StageOutput
        Tables ``nulls`` (observed, expected, p) and ``null_draws`` (value and number of
        draws, the observed value beside them); document ``null_notes``. Without plants
        and without plant counts there are no tables, and the document says why.
    """
    options = inputs.options_as(ConcentrationOptions)
    measure, number = _measure(inputs)
    if measure is None:
        reason = "no plant counts: there is nothing that could fall elsewhere"
        facts: dict[str, Json] = {"reason": reason, "draws": 0, "notes": []}
        return StageOutput(documents={"null_notes": facts})
    draws = min(options.null_draws, max(_FEWEST, int(_MOST // max(number, 1.0))))
    rows, counted, kind = [], [], ""
    notes: list[Json] = []
    for done, name in enumerate(NULL_MODELS):
        inputs.progress(done, len(NULL_MODELS), name)
        found = measure(null=name, inference=MonteCarlo(n=draws, seed=inputs.seed))
        rows.append(_rows(found))
        counted.append(_draws(found))
        kind, notes = found.herfindahl_kind, [*found.provenance.warnings]
    if kind == "lower_bound":
        notes.append(
            "plants are taken as equal within their cell, so draws vary too little and "
            "p-values are too small"
        )
    facts = {
        "reason": "",
        "draws": draws,
        "draws_asked": options.null_draws,
        "plants": number,
        "herfindahl": kind,
        "null_models": [*NULL_MODELS],
        "notes": notes,
    }
    tables = {"nulls": pa.concat_tables(rows), "null_draws": pa.concat_tables(counted)}
    return StageOutput(tables=tables, documents={"null_notes": facts})


def _measure(
    inputs: StageInputs,
) -> tuple[Callable[..., ConcentrationNull] | None, float]:
    """Give the draws as a function of the null model, and the number of plants."""
    jobs = jobs_of(inputs)
    if has_plants(inputs):
        plants = plants_of(inputs, jobs, disclosed=False)
        return partial(concentration_null, plants), float(plants.num_rows)
    counts = counts_of(inputs)
    if counts is None or not jobs.total > 0:
        return None, 0.0
    from_cells = partial(
        concentration_null,
        jobs,
        herfindahl="cell_means",
        establishments=counts,
        missing="zero",
    )
    return from_cells, float(np.nansum(counts.values))


def _rows(found: ConcentrationNull) -> pa.Table:
    table = pa.table(
        {
            "industry": texts(found.activity),
            "plants": found.n,
            "observed": found.observed,
            "expected": found.expected,
            "sd": found.sd,
            "z": found.z,
            "p": found.p,
            "n_draws": np.full(found.n.size, found.n_draws),
            "status": texts(found.status),
        }
    )
    return labelled(table, null=found.null)


def _draws(found: ConcentrationNull) -> pa.Table:
    place, value, draws = found.histogram()
    table = pa.table(
        {
            "industry": texts(found.activity[place]),
            "value": value,
            "draws": draws,
            "observed": found.observed[place],
        }
    )
    return labelled(table, null=found.null)
