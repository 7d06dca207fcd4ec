"""Stage `rates`: co-existence, identical, similar, matched, and the degree index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast

import pyarrow as pa

from agglo.core.options import Bootstrap
from agglo.matching import matching_rates
from agglo.studies.columns import result_table, texts
from agglo.studies.contract import StageOutput
from agglo.studies.digital.model import matching_of
from agglo.studies.digital.options import DigitalOptions

if TYPE_CHECKING:
    from agglo.core.typing import Json
    from agglo.matching import Matching, Rates
    from agglo.studies.contract import StageInputs

__all__ = ["rates"]

_By = Literal["programme", "industry", "city", "province", "batch", "status"]
_Counting = Literal["full", "fractional"]
_GROUPINGS: tuple[tuple[_By | None, _Counting], ...] = (
    (None, "full"),
    ("programme", "full"),
    ("industry", "full"),
    ("industry", "fractional"),
    ("city", "full"),
    ("city", "fractional"),
    ("province", "full"),
    ("province", "fractional"),
    ("batch", "full"),
    ("status", "full"),
)


def rates(inputs: StageInputs) -> StageOutput:
    """Give every rate with a Wilson interval and a city-block interval.

    Parameters
    ----------
    inputs
        With the stage ``prepare``.

    Returns
    -------
    StageOutput
        Tables ``rates`` (all groupings and variants of the rules) and ``degree``; document
        ``rate_notes``.
    """
    options = inputs.options_as(DigitalOptions)
    found = matching_of(inputs)
    turned = matching_of(
        inputs,
        containment="similar" if options.containment == "identical" else "identical",
    )
    inference = Bootstrap(n=options.block_draws, seed=inputs.seed, level=options.level)

    def rate(matching: Matching, **given: object) -> Rates:
        return matching_rates(
            matching,
            by=cast("_By | None", given.get("by")),
            counting=cast("_Counting", given.get("counting", "full")),
            s=options.s,
            level=options.level,
            dedupe=given.get("dedupe") is True,
            unmapped="none" if given.get("unmapped") else "exclude",
            inference=inference,
        )

    parts: list[pa.Table] = []
    degree: list[pa.Table] = []
    once = rate(found, dedupe=True)
    known = any(_provinces(found))
    for by, counting in _GROUPINGS:
        if by == "province" and not known:
            continue
        one = rate(found, by=by, counting=counting)
        parts.append(_rows(one, "main", counting))
        if by in (None, "programme"):
            table = one.degree_table()
            degree.append(table.add_column(0, "by", texts([by or ""] * table.num_rows)))
    for name, other in (
        ("containment", rate(turned)),
        ("joint_once", once),
        ("unmapped_as_none", rate(found, unmapped=True)),
    ):
        parts.append(_rows(other, name, "full"))
    notes: dict[str, Json] = {
        "n_before_joint_once": once.n_before,
        "n_after_joint_once": once.n_after,
        "provinces": known,
        "draws": options.block_draws,
    }
    return StageOutput(
        tables={"rates": pa.concat_tables(parts), "degree": pa.concat_tables(degree)},
        documents={"rate_notes": notes},
    )


def _provinces(found: Matching) -> tuple[str, ...]:
    """Give the provinces of the cities of the lists; empty where none is known."""
    cities = found.clusters.gazetteer
    return () if cities is None else cities.province_key


def _rows(one: Rates, variant: str, counting: str) -> pa.Table:
    table = result_table(one)
    n = table.num_rows
    table = table.add_column(0, "counting", texts([counting] * n))
    return table.add_column(0, "variant", texts([variant] * n))
