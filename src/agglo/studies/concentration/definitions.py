"""The sets of cluster definitions of a project, told apart by their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.compute as pc

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["sets_of"]


def sets_of(table: pa.Table) -> dict[str, pa.Table]:
    """Give the sets of definitions, the first by name first.

    Parameters
    ----------
    table
        Table ``definitions``.

    Returns
    -------
    dict
        Name to rows. A table without names is one set; rows without a name beside named
        ones belong to none.
    """
    if "definition" not in table.column_names:
        return {"": table}
    names = sorted(pc.unique(table["definition"]).drop_null().to_pylist())
    if len(names) < 2:
        return {names[0] if names else "": table}
    return {n: table.filter(pc.equal(table["definition"], n)) for n in names}
