"""The matching of the study, as every stage that needs it sees it."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.errors import DataWarning
from agglo.core.frames import float_column
from agglo.matching import (
    as_belts,
    as_designations,
    as_gazetteer,
    match_designations,
    size_strata,
)
from agglo.studies.columns import text_of
from agglo.studies.digital.options import DigitalOptions

if TYPE_CHECKING:
    from agglo.matching import Matching
    from agglo.studies.contract import StageInputs

__all__ = ["PREPARED", "city_sizes", "matching_of", "strata_of", "universe_of"]

PREPARED = "prepare"


def matching_of(
    inputs: StageInputs,
    *,
    containment: Literal["identical", "similar"] | None = None,
) -> Matching:
    """Match the prepared lists.

    Parameters
    ----------
    inputs
        With the stage ``prepare``; optional tables ``node_links`` and
        ``match_decisions``.
    containment
        Instead of the option.

    Returns
    -------
    Matching
        The same for every stage; labels that no dictionary knows are in its audit.
    """
    options = inputs.options_as(DigitalOptions)
    cities = as_gazetteer(inputs.result(PREPARED, "cities"))
    links = inputs.table("node_links") if inputs.has("node_links") else None
    decided = inputs.table("match_decisions") if inputs.has("match_decisions") else None
    with warnings.catch_warnings():
        # what the warning counts is a table of the study
        warnings.simplefilter("ignore", DataWarning)
        return match_designations(
            as_designations(inputs.result(PREPARED, "clusters"), cities=cities),
            as_belts(inputs.result(PREPARED, "belts"), cities=cities),
            inputs.result(PREPARED, "tree"),
            inputs.result(PREPARED, "labels"),
            links=links if options.use_links else None,
            lang=options.label_language,
            city_rule=options.city_rule,
            containment=containment or options.containment,
            io_min=options.io_min,
            rel_q=options.rel_q,
            overrides=decided,
        )


def universe_of(inputs: StageInputs) -> tuple[str, ...]:
    """Give the codes of the cities that belts could lie in."""
    cities = inputs.result(PREPARED, "cities")
    return tuple(text_of(cities.filter(cities["in_universe"]), "region"))


def city_sizes(inputs: StageInputs) -> tuple[dict[str, float], str]:
    """Give the sizes of the cities of the universe, and what they are.

    Parameters
    ----------
    inputs
        With the stage ``prepare``; optional table ``activity``.

    Returns
    -------
    tuple
        Code to positive size, cities of unknown size left out; ``"population"``,
        ``"employment"`` (of the last period in ``activity``) or ``""`` when no size is
        known.
    """
    cities = inputs.result(PREPARED, "cities")
    inside = set(universe_of(inputs))
    codes = text_of(cities, "region")
    people = float_column(cities, "population")
    sizes = {c: float(p) for c, p in zip(codes, people, strict=True) if p > 0}
    if sizes:
        return {c: v for c, v in sizes.items() if c in inside}, "population"
    if not inputs.has("activity"):
        return {}, ""
    jobs = inputs.table("activity")
    if "employment" not in jobs.column_names:
        return {}, ""
    jobs = jobs.filter(pc.is_in(jobs["region"], pa.array(sorted(inside), pa.string())))
    if jobs.num_rows == 0:
        return {}, ""
    last = max(text_of(jobs, "period"))
    jobs = jobs.filter(pa.array(np.array(text_of(jobs, "period")) == last))
    total: dict[str, float] = {}
    values = np.nan_to_num(float_column(jobs, "employment"))
    for code, value in zip(text_of(jobs, "region"), values, strict=True):
        total[code] = total.get(code, 0.0) + float(value)
    return {c: v for c, v in total.items() if v > 0}, "employment"


def strata_of(inputs: StageInputs) -> tuple[dict[str, str], str]:
    """Put the cities of the universe into classes of size.

    Parameters
    ----------
    inputs
        As for `city_sizes`.

    Returns
    -------
    tuple
        Code to class (``"unknown"`` where the size is), and what the size is; empty
        without sizes.
    """
    options = inputs.options_as(DigitalOptions)
    sizes, kind = city_sizes(inputs)
    if not sizes:
        return {}, ""
    classes = size_strata(sizes, n_strata=options.n_strata)
    return {
        c: str(classes[c]) if c in classes else "unknown" for c in universe_of(inputs)
    }, kind
