"""Employment of the panel where it is known: an unknown cell is not an empty one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.studies.columns import text_of
from agglo.studies.formation.prepare import PREPARED
from agglo.studies.formation.related import codes_of_flows

if TYPE_CHECKING:
    from agglo.studies.contract import StageInputs

__all__ = ["known_cells", "seller_codes"]


def known_cells(
    inputs: StageInputs, period: str = "", *, missing: str = "undefined"
) -> pa.Table:
    """Give region, group, industry and employment of one period, without unknown cells.

    Parameters
    ----------
    inputs
        With the stage ``prepare``.
    period
        The period; empty: the last.
    missing
        ``"undefined"``: a region with an unknown cell is left out, so that region and
        nation are of the same rows; ``"zero"``: unknown cells count as empty, as the user
        has said.

    Returns
    -------
    pyarrow.Table
        Rows of the panel.
    """
    panel = inputs.result(PREPARED, "panel")
    when = period or pc.max(panel["period"]).as_py()
    now = panel.filter(pc.equal(panel["period"], when))
    table = now.select(["region", "group", "industry", "employment"])
    if missing == "zero":
        filled = pc.fill_null(table["employment"], 0.0)
        return table.set_column(3, "employment", filled)
    unknown = pc.unique(table.filter(pc.is_null(table["employment"]))["region"])
    return table.filter(pc.invert(pc.is_in(table["region"], unknown)))


def seller_codes(inputs: StageInputs, table: pa.Table) -> pa.Table:
    """Give the table with industries in the codes of the input-output table, added up."""
    codes = text_of(table, "industry")
    goal = codes_of_flows(inputs, sorted(set(codes)))
    named = table.set_column(
        table.column_names.index("industry"),
        "industry",
        pa.array(np.array([goal[c] for c in codes]).tolist(), pa.string()),
    )
    keys = [n for n in named.column_names if n != "employment"]
    added = named.group_by(keys).aggregate([("employment", "sum")])
    return added.rename_columns([*keys, "employment"])
