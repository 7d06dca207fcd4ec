"""Activity and links in several versions of a classification, brought to one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.classifications import as_concordance
from agglo.core.errors import OptionError, suggest
from agglo.studies.columns import text_of, texts
from agglo.studies.networks.columns import among, commonest, shares_of

if TYPE_CHECKING:
    from agglo.core.classifications import Concordance
    from agglo.core.typing import Json
    from agglo.studies.contract import StageInputs

__all__ = ["links_in_one_version", "one_version"]

_KEYS = ("region", "industry", "period")


def one_version(
    inputs: StageInputs,
    table: pa.Table,
    value: str,
    wanted: str | None,
    notes: dict[str, Json],
) -> pa.Table:
    """Give the activity in one version of the classification.

    Rows of other versions are converted where ``concordances`` leads from theirs to the one
    studied, for the periods that it does not have itself; the rest is left out and counted.

    Parameters
    ----------
    inputs
        Optional table ``concordances``.
    table
        Rows of ``activity``.
    value
        Column that is studied.
    wanted
        Version that is studied; ``None`` for that of most rows.
    notes
        Document to add to: the version, what was converted with the share mapped, and the
        rows of every version that were left out, with the reason.

    Returns
    -------
    pyarrow.Table
        With the columns region, industry, period and `value`.

    Raises
    ------
    OptionError
        If no row has the version that is wanted.
    """
    said = text_of(table, "industry_version")
    versions = set(said)
    version = commonest(said) if wanted is None else wanted
    if version not in versions:
        msg = f"industry_version={version!r}: no row of activity has it. "
        msg += f"{suggest(version, sorted(versions))} Versions: {sorted(versions)}"
        raise OptionError(msg)
    notes["industry_version"] = version
    # a version of its own when unknown: `among` reads null as an empty text
    kept = table.filter(pa.array([v == version for v in said], pa.bool_()))
    parts = [kept.select([*_KEYS, value])]
    have = set(text_of(kept, "period"))
    converted: dict[str, Json] = {}
    left: dict[str, Json] = {}
    for other in sorted(versions - {version}):
        rows = table.filter(pa.array([v == other for v in said], pa.bool_()))
        new = among(rows, "period", set(text_of(rows, "period")) - have)
        way = _way(inputs, other, version)
        if way is None or new.num_rows == 0:
            why = "no concordance" if way is None else "the periods are there"
            left[other or "unknown"] = {"rows": rows.num_rows, "why": why}
            continue
        found = way.convert(
            new, values=(value,), by=("region", "period"), where="activity"
        )
        parts.append(_alike(found.table, kept, value))
        have |= set(text_of(new, "period"))
        converted[other or "unknown"] = {
            "rows": new.num_rows,
            "mapped_share": found.mapped_share[value],
            "unmapped_codes": len(found.unmapped),
        }
        if rows.num_rows > new.num_rows:
            n = rows.num_rows - new.num_rows
            left[other or "unknown"] = {"rows": n, "why": "the periods are there"}
    notes["versions_converted"] = converted
    notes["versions_left_out"] = left
    lost = [v["rows"] for v in left.values() if isinstance(v, dict)]
    notes["rows_of_other_versions"] = sum(n for n in lost if isinstance(n, int))
    return pa.concat_tables(parts)


def links_in_one_version(
    inputs: StageInputs,
    events: pa.Table,
    industries: set[str],
    notes: dict[str, Json],
) -> pa.Table:
    """Give the industries of links in the codes of the activity, where one leads there.

    A link cannot be split: of several codes it takes the one with the largest share.
    """
    version = str(notes.get("industry_version") or "")
    if not inputs.has("concordances") or not industries:
        return events
    table = among(inputs.table("concordances"), "target", industries)
    if version:
        table = among(table, "target_version", [version])
    best: dict[str, tuple[float, str]] = {}
    for source, target, part in shares_of(table):
        best[source] = max(best.get(source, (-1.0, "")), (part, target))
    changed = 0
    for end in ("origin_industry", "destination_industry"):
        if end not in events.column_names:
            continue
        words = pc.dictionary_encode(texts(text_of(events, end)))
        codes = words.dictionary.to_pylist()
        new = [c if c in industries or c not in best else best[c][1] for c in codes]
        turned = np.array([a != b for a, b in zip(codes, new, strict=True)], dtype=bool)
        changed += int(turned[words.indices.to_numpy()].sum()) if turned.any() else 0
        if turned.any():
            labels = texts(new).take(words.indices)
            at = events.column_names.index(end)
            events = events.set_column(at, end, labels)
    notes["ends_of_links_converted"] = changed
    return events


def _way(inputs: StageInputs, source: str, target: str) -> Concordance | None:
    """Give the concordance between two versions, or the inverse of the opposite one."""
    if not inputs.has("concordances") or not source or not target:
        return None
    table = inputs.table("concordances")
    for one, other, turned in ((source, target, False), (target, source, True)):
        rows = among(among(table, "source_version", [one]), "target_version", [other])
        if rows.num_rows:
            found = as_concordance(rows, where="concordances")
            return found.inverse() if turned else found
    return None


def _alike(table: pa.Table, like: pa.Table, value: str) -> pa.Table:
    """Give converted rows the columns and types of the others."""
    return pa.table(
        {
            **{k: pa.array(text_of(table, k)).cast(like[k].type) for k in _KEYS},
            value: table[value].cast(like[value].type),
        }
    )
