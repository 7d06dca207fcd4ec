"""The links of both layers, from whatever the project has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.errors import InvalidTableError
from agglo.core.frames import as_text
from agglo.networks import as_link_events, branch_events, copatent_events
from agglo.studies.columns import text_of
from agglo.studies.networks.columns import among, with_column

if TYPE_CHECKING:
    from agglo.core.typing import Json
    from agglo.networks import LinkEvents
    from agglo.studies.contract import StageInputs
    from agglo.studies.networks.options import NetworksOptions

__all__ = [
    "BRANCH",
    "COPATENT",
    "branch_layer",
    "copatent_layer",
    "note_part",
    "patents_of",
    "rows_of",
]

BRANCH, COPATENT = "branch", "copatent"


def branch_layer(
    inputs: StageInputs,
    options: NetworksOptions,
    districts: set[str],
    notes: dict[str, Json],
) -> pa.Table | None:
    """Give the branch layer: ready links, or made from establishments.

    Parameters
    ----------
    inputs
        Optional tables ``link_events``, or ``establishments`` and ``ownership``.
    options
        Options of the study.
    districts
        Regions that count; links with another end are left out and counted.
    notes
        Document to add to.

    Returns
    -------
    pyarrow.Table or None
        In the shape of ``link_events``; ``None`` when there is nothing to make it from.
    """
    ready = _ready(inputs, BRANCH, districts, notes, options.branch_layer)
    if ready is not None:
        return ready
    missing = note_part(notes, "missing")
    if options.branch_layer != BRANCH:
        missing[BRANCH] = f"link_events (layer {options.branch_layer})"
        return None
    if not inputs.has("establishments"):
        missing[BRANCH] = "link_events (layer branch) or establishments"
        return None
    table = inputs.table("establishments")
    lacking = [c for c in ("firm", "region", "is_hq") if c not in table.column_names]
    if lacking:
        missing[BRANCH] = ", ".join(f"establishments.{c}" for c in lacking)
        return None
    ultimate = options.branch_model == "ultimate"
    if ultimate and not inputs.has("ownership"):
        missing[BRANCH] = "ownership"
        return None
    found = branch_events(
        among(table, "region", districts),
        model=options.branch_model,
        ownership=inputs.table("ownership") if ultimate else None,
        weight=options.branch_weight,
    )
    notes["branch_counts"] = {k: float(v) for k, v in found.counts.items()}
    notes["firms_left_out"] = int(found.excluded_firm.size)
    return _plain(found.link_events)


def copatent_layer(
    inputs: StageInputs,
    options: NetworksOptions,
    districts: set[str],
    notes: dict[str, Json],
    counting: str | None = None,
) -> pa.Table | None:
    """Give the co-patent layer: from patents, otherwise ready links.

    Parameters
    ----------
    inputs
        Optional tables ``patents`` or ``link_events``.
    options, districts, notes
        As in `branch_layer`.
    counting
        Instead of the option.

    Returns
    -------
    pyarrow.Table or None
        In the shape of ``link_events``; ``None`` when there is nothing to make it from.
    """
    if options.joint_layer != COPATENT:
        named = _ready(inputs, COPATENT, districts, notes, options.joint_layer)
        if named is None:
            note_part(notes, "missing")[COPATENT] = (
                f"link_events (layer {options.joint_layer})"
            )
        return named
    table = patents_of(inputs, districts)
    if table is None or table.num_rows == 0:
        ready = _ready(inputs, COPATENT, districts, notes)
        if ready is None:
            note_part(notes, "missing")[COPATENT] = (
                "patents (or link_events, layer copatent)"
            )
        return ready
    kinds = options.entities if "entity_type" in table.column_names else ()
    kinds = kinds if kinds and set(kinds) & set(text_of(table, "entity_type")) else ()
    try:
        found = copatent_events(
            table,
            counting=counting or options.counting,  # type: ignore[arg-type]  # checked there
            entities=kinds or None,
        )
    except InvalidTableError as error:
        if {p.code for p in error.problems} != {"empty_layer"}:
            raise
        note_part(notes, "missing")[COPATENT] = "patents with two located applicants"
        return None
    notes["copatent_counts"] = {k: float(v) for k, v in found.counts.items()}
    return _plain(found.link_events)


def patents_of(inputs: StageInputs, districts: set[str]) -> pa.Table | None:
    """Give the patents that have an applicant in the regions, with all their applicants.

    Applicants elsewhere lose their region: they stay in the number of applicants.
    """
    if not inputs.has("patents"):
        return None
    table = inputs.table("patents")
    if "region" not in table.column_names:
        return None
    ours = among(table, "region", districts)
    table = among(table, "patent", text_of(ours, "patent"))
    inside = pc.is_in(
        as_text(table["region"]), value_set=pa.array(sorted(districts), pa.string())
    )
    region = pc.if_else(inside, as_text(table["region"]), pa.scalar(None, pa.string()))
    at = table.column_names.index("region")
    return table.set_column(at, "region", region)


def _ready(
    inputs: StageInputs,
    layer: str,
    districts: set[str],
    notes: dict[str, Json],
    named: str | None = None,
) -> pa.Table | None:
    """Give the ready links of a layer, which the table may know by another name."""
    if not inputs.has("link_events"):
        return None
    table = inputs.table("link_events")
    if "layer" not in table.column_names:
        return None
    table = among(table, "layer", [named or layer])
    if table.num_rows == 0:
        return None
    table = with_column(table, "layer", [layer] * table.num_rows)
    kept = among(among(table, "origin", districts), "destination", districts)
    note_part(notes, "left_out")[layer] = int(table.num_rows - kept.num_rows)
    return _plain(as_link_events(kept)) if kept.num_rows else None


def _plain(events: LinkEvents) -> pa.Table:
    return events.to_arrow().replace_schema_metadata(None)


def note_part(notes: dict[str, Json], name: str) -> dict[str, Json]:
    """Give a part of a document, made when it is not there."""
    part = notes.setdefault(name, {})
    return part if isinstance(part, dict) else {}


def rows_of(table: pa.Table, layer: str) -> pa.Table:
    """Give the links of one layer."""
    keep = np.array(text_of(table, "layer"), dtype=np.str_) == layer
    return table.filter(pa.array(keep))
