"""Stage `prepare`: both lists with their cities found, the tree, the labels, the audits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.errors import OptionError, suggest
from agglo.core.frames import require_columns
from agglo.matching import as_belts, as_designations
from agglo.sources import industry_tree, label_dictionary
from agglo.studies.columns import text_of, texts
from agglo.studies.contract import StageOutput
from agglo.studies.digital.columns import counted
from agglo.studies.digital.labels import audit_labels, labels_of
from agglo.studies.digital.options import DigitalOptions
from agglo.studies.digital.places import find_places
from agglo.studies.digital.rows import PlacedRows, place_rows

if TYPE_CHECKING:
    from agglo.core.typing import BoolArray, Json
    from agglo.studies.contract import StageInputs
    from agglo.studies.digital.places import Places

__all__ = ["prepare"]

_KEYS = {"designations": "cluster", "belts": "belt"}
_TREE = ("industry", "name_en", "name_zh", "level", "parent")


def prepare(inputs: StageInputs) -> StageOutput:
    """Find cities and labels of both lists; nothing is dropped without a row in an audit.

    Parameters
    ----------
    inputs
        Tables ``designations`` and ``belts``; optional ``regions``, ``industries`` and
        ``labels`` (else the shipped ones) and ``aliases``.

    Returns
    -------
    StageOutput
        Tables ``cities``, ``clusters``, ``belts``, ``tree``, ``labels``, ``city_audit``,
        ``label_audit``, ``left_out``; document ``coverage``.

    Raises
    ------
    ColumnNotFoundError
        If a list lacks a column.
    InvalidTableError
        With every problem of a list, a tree or a dictionary.
    AlignmentError
        If no place is a known city.
    OptionError
        If an option names a programme or version that is not there.
    """
    options = inputs.options_as(DigitalOptions)
    chosen = {name: _chosen(inputs.table(name), name, options) for name in _KEYS}
    strings = [c for table, _ in chosen.values() for c in text_of(table, "city")]
    provinces = [p for table, _ in chosen.values() for p in text_of(table, "province")]
    places = find_places(inputs, strings, provinces, options.region_version)
    placed: dict[str, PlacedRows] = {}
    start = 0
    for name, (table, _) in chosen.items():
        matches = places.matches[start : start + table.num_rows]
        start += table.num_rows
        placed[name] = place_rows(table, _KEYS[name], matches, places.gazetteer)
    # the lists are checked here, so that a bad row stops the study before any number
    clusters = as_designations(placed["designations"].rows, cities=places.gazetteer)
    belts = as_belts(placed["belts"].rows, cities=places.gazetteer)
    tree, words, shipped = _tree(inputs)
    labels = labels_of(words, tree)
    audit, quality = audit_labels(
        {"designations": clusters, "belts": belts},
        tree,
        labels,
        options,
        _translations(inputs, options),
    )
    audits = pa.concat_tables([p.audit for p in placed.values()])
    left = pa.concat_tables([p.left_out for p in placed.values()])
    coverage: dict[str, Json] = {
        "region_version": places.version,
        "shipped": [*(["regions"] if places.embedded else []), *shipped],
        "universe": int(_universe(places, options).sum()),
        "unsourced_dropped": {k: dropped for k, (_, dropped) in chosen.items()},
        "label_quality": quality,
        **{name: _counts(placed[name]) for name in _KEYS},
    }
    return StageOutput(
        tables={
            "cities": _with_universe(places, options),
            "clusters": placed["designations"].rows,
            "belts": placed["belts"].rows,
            "tree": tree,
            "labels": labels.to_arrow(),
            "city_audit": audits,
            "label_audit": audit,
            "left_out": left,
        },
        documents={"coverage": coverage},
    )


def _chosen(
    table: pa.Table, name: str, options: DigitalOptions
) -> tuple[pa.Table, int]:
    """Keep the wanted rows of a list; also count the rows that were not sourced."""
    label = "industry_label"
    if options.label_language == "en":
        label = "industry_label_en"
    key = _KEYS[name]
    require_columns(table, {key: key, "city": "city", "label": label}, where=name)
    if label != "industry_label":
        kept = [c for c in table.column_names if c != "industry_label"]
        table = table.select(kept).rename_columns(
            ["industry_label" if c == label else c for c in kept]
        )
    keep: BoolArray = np.ones(table.num_rows, dtype=bool)
    if name == "designations" and options.programmes:
        own = np.array(text_of(table, "programme"))
        for programme in options.programmes:
            if programme not in own:
                known = sorted(set(own.tolist()))
                msg = f"programmes: there is no programme {programme!r}. "
                msg += f"{suggest(programme, known)} Programmes: {known}"
                raise OptionError(msg)
        keep &= np.isin(own, options.programmes)
    if not options.only_sourced:
        return table.filter(pa.array(keep)), 0
    seen = np.array(text_of(table, "status")) == "sourced"
    items = np.array(text_of(table, key))
    dropped = len(set(items[keep & ~seen].tolist()))
    return table.filter(pa.array(keep & seen)), dropped


def _tree(inputs: StageInputs) -> tuple[pa.Table, pa.Table, list[str]]:
    """Give tree and dictionary: the project's, or the shipped ones."""
    shipped = [name for name in ("industries", "labels") if not inputs.has(name)]
    words = inputs.table("labels") if inputs.has("labels") else label_dictionary()
    rows = industry_tree().data
    if inputs.has("industries"):
        rows = inputs.table("industries")
        kinds = np.array(text_of(rows, "classification"))
        nodes = {n.strip() for v in text_of(words, "node_ids") for n in v.split(";")}
        held = np.isin(text_of(rows, "industry"), list(nodes))
        # the tree is the classification that the labels speak of
        count = {k: int((held & (kinds == k)).sum()) for k in sorted(set(kinds))}
        best = max(count, key=lambda k: count[k])
        rows = rows.filter(pa.array(kinds == best))
    tree = pa.table({name: texts(text_of(rows, name)) for name in _TREE})
    return tree.sort_by("industry"), words, shipped


def _translations(inputs: StageInputs, options: DigitalOptions) -> dict[str, str]:
    """Pair the labels of both languages where a list has both."""
    columns = ("industry_label", "industry_label_en")
    here, there = columns if options.label_language == "zh" else columns[::-1]
    pairs: dict[str, str] = {}
    for name in _KEYS:
        table = inputs.table(name)
        for own, other in zip(text_of(table, here), text_of(table, there), strict=True):
            if own and other:
                pairs.setdefault(own, other)
    return pairs


def _universe(places: Places, options: DigitalOptions) -> BoolArray:
    level = text_of(places.cities, "level")
    inside: BoolArray = np.isin(level, options.universe_levels)
    if not inside.any():
        known = sorted(set(level))
        msg = f"universe_levels={list(options.universe_levels)}: no city has such a level. "
        msg += f"Levels: {known}"
        raise OptionError(msg)
    return inside


def _with_universe(places: Places, options: DigitalOptions) -> pa.Table:
    inside = pa.array(_universe(places, options))
    return places.cities.append_column("in_universe", inside)


def _counts(placed: PlacedRows) -> dict[str, Json]:
    rows = placed.rows
    first = np.unique(text_of(rows, placed.key), return_index=True)[1]
    status = np.array(text_of(rows, "status"))[first]
    return {
        "items": int(first.size),
        "links": int(rows.num_rows),
        "cities": len(set(text_of(rows, "city"))),
        "left_out": int(placed.left_out.num_rows),
        "places_to_review": int(placed.n_review),
        "places_without_city": int(placed.n_lost),
        "code_and_name_differ": int(placed.n_differ),
        "status": {k or "unknown": n for k, n in counted(status.tolist()).items()},
    }
