"""Patents with the technology class of their first applicant's industry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.frames import encode_text
from agglo.networks import technology_class
from agglo.studies.columns import text_of, texts
from agglo.studies.networks.layers import note_part, patents_of

if TYPE_CHECKING:
    from agglo.core.typing import Json
    from agglo.studies.contract import StageInputs

__all__ = ["CLASSES", "classified"]

CLASSES = ("high", "medium_high", "medium_low", "low")


def classified(
    inputs: StageInputs, districts: set[str], notes: dict[str, Json]
) -> pa.Table:
    """Give one row per patent and applicant, with the class of the patent.

    The class is that of the industry of the first applicant (by `position`, otherwise by
    label): `technology_class` of the table ``industries``, or by code of NACE; without an
    industry, the patent's own class where it is one of the four.

    Parameters
    ----------
    inputs
        Optional tables ``patents`` and ``industries``.
    districts
        Regions that count.
    notes
        Document to add to.

    Returns
    -------
    pyarrow.Table
        Columns patent, applicant, position, region, period, class; empty when no class
        can be told.
    """
    missing = note_part(notes, "missing")
    table = patents_of(inputs, districts)
    if table is None or table.num_rows == 0:
        missing["inventions"] = "patents"
        return _empty()
    label, origin = _row_classes(inputs, table)
    if not label:
        missing["inventions"] = "industries.technology_class, or patents.class"
        return _empty()
    notes["technology_class_from"] = origin
    position = _positions(table)
    patent = text_of(table, "patent")
    words = texts(label)
    of_patent = _first_row(
        texts(patent), position, texts(text_of(table, "applicant")), words
    )
    region = table["region"].combine_chunks()
    return pa.table(
        {
            "patent": texts(patent),
            "applicant": texts(text_of(table, "applicant")),
            "position": pa.array(np.where(np.isfinite(position), position, 1e9)),
            "region": region,
            "period": texts(text_of(table, "period")),
            "class": pc.if_else(
                pc.equal(words.take(of_patent), ""), "none", words.take(of_patent)
            ),
        }
    )


def _first_row(
    patent: pa.Array,
    position: np.ndarray[tuple[int], np.dtype[np.float64]],
    applicant: pa.Array,
    label: pa.Array,
) -> pa.Array:
    """Give for every row the row of the first applicant of its patent, ties by label."""
    code, own, name = (
        encode_text(pa.chunked_array([words]))[1]
        for words in (patent, label, applicant)
    )
    order = np.lexsort((own, name, position, code))
    leads = np.ones(order.size, dtype=np.bool_)
    leads[1:] = code[order[1:]] != code[order[:-1]]
    return pa.array(order[leads][code])


def _positions(table: pa.Table) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    if "position" not in table.column_names:
        return np.full(table.num_rows, np.inf)
    values = table["position"].cast(pa.float64()).to_numpy(zero_copy_only=False)
    return np.where(np.isnan(values), np.inf, values)


def _row_classes(inputs: StageInputs, table: pa.Table) -> tuple[list[str], str]:
    industry = text_of(table, "industry")
    if any(industry):
        of, origin = _industry_classes(inputs, sorted(set(industry)))
        if set(of.values()) - {"none"}:
            return [of.get(i, "none") for i in industry], origin
    own = text_of(table, "class")
    if set(own) & set(CLASSES):
        return [c if c in CLASSES else "none" for c in own], "patents.class"
    return [], ""


def _industry_classes(
    inputs: StageInputs, codes: list[str]
) -> tuple[dict[str, str], str]:
    if inputs.has("industries"):
        table = inputs.table("industries")
        if "technology_class" in table.column_names:
            said = dict(
                zip(
                    text_of(table, "industry"),
                    text_of(table, "technology_class"),
                    strict=True,
                )
            )
            if any(said.get(c) for c in codes):
                return {c: said.get(c) or "none" for c in codes}, "industries"
    found = technology_class(pa.table({"industry": texts(codes)}))
    return dict(zip(codes, found.label.tolist(), strict=True)), "nace_rev2"


def _empty() -> pa.Table:
    words = ("patent", "applicant", "region", "period", "class")
    columns = {w: pa.array([], pa.string()) for w in words}
    return pa.table({**columns, "position": pa.array(np.zeros(0))})
