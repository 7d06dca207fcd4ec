"""Stage `crossing`: inventions that cross cities, and who is strong in which technology."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa

from agglo.core.errors import NotIdentifiedError
from agglo.networks import advantage, cross_regional_propensity
from agglo.studies.columns import result_table, texts
from agglo.studies.contract import StageOutput
from agglo.studies.networks.integration import hierarchy_table
from agglo.studies.networks.inventions import CLASSES
from agglo.studies.networks.options import NetworksOptions

if TYPE_CHECKING:
    from agglo.core.typing import Json
    from agglo.networks import CrossRegionalPropensity
    from agglo.studies.contract import StageInputs

__all__ = ["crossing"]

_ADJUST: tuple[Literal["mantel_haenszel", "logit"] | None, ...] = (
    None,
    "mantel_haenszel",
    "logit",
)


def crossing(inputs: StageInputs) -> StageOutput:
    """Compare the classes of technology by how often patents cross cities.

    Parameters
    ----------
    inputs
        With the stage ``prepare``.

    Returns
    -------
    StageOutput
        Tables ``propensity`` (class and adjustment) and ``advantage`` (city and class);
        document ``crossing_notes`` with the verdicts.
    """
    options = inputs.options_as(NetworksOptions)
    patents = inputs.result("prepare", "inventions")
    notes: dict[str, Json] = {"missing": _missing(inputs)}
    if notes["missing"]:
        return _nothing(notes)
    regions = hierarchy_table(inputs)
    parts = []
    try:
        for adjust in _ADJUST:
            found = cross_regional_propensity(
                patents,
                level="city",
                regions=regions,
                adjust=adjust,
                confidence=options.level,
                alpha=options.alpha,
            )
            parts.append(result_table(found, adjust=found.adjust))
            if adjust is None:
                notes.update(_verdicts(found))
    except NotIdentifiedError as error:
        notes["missing"] = f"patents with two located applicants ({error.message})"
        return _nothing(notes)
    where = advantage(
        patents, level="city", regions=regions, confidence=1.0 - options.alpha
    )
    places: dict[str, Json] = {
        str(k): list(where.places(str(k))) for k in where.klass.tolist()
    }
    notes["advantage"] = places
    notes["order"] = [c for c in CLASSES if c in where.klass.tolist()]
    return StageOutput(
        tables={
            "propensity": pa.concat_tables(parts),
            "advantage": result_table(where),
        },
        documents={"crossing_notes": notes},
    )


def _verdicts(found: CrossRegionalPropensity) -> dict[str, Json]:
    words: dict[str, Json] = dict(
        zip(found.klass.tolist(), found.verdict.tolist(), strict=True)
    )
    joint = float(found.joint.sum())
    outside = [u.n for u in found.undefined if u.item == "patents"]
    known = found.p_holm[np.isfinite(found.p_holm)]
    return {
        "verdicts": words,
        "share": float(found.crossing.sum()) / joint,
        "joint": joint,
        "without_class": outside[0] if outside else 0,
        "smallest_p": float(known.min()) if known.size else None,
    }


def _missing(inputs: StageInputs) -> str:
    coverage = inputs.document("prepare", "coverage")
    lacking = coverage.get("missing") if isinstance(coverage, dict) else {}
    named = lacking.get("inventions") if isinstance(lacking, dict) else None
    return str(named) if named else ""


def _nothing(notes: dict[str, Json]) -> StageOutput:
    return StageOutput(
        tables={
            "propensity": pa.table({"adjust": texts([]), "class": texts([])}),
            "advantage": pa.table({"region": texts([]), "class": texts([])}),
        },
        documents={"crossing_notes": notes},
    )
