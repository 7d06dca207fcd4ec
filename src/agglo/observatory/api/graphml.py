"""A view of ties as GraphML, for programs that draw and measure networks."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

import pyarrow as pa

from agglo.observatory.page import View

__all__ = ["graphml_bytes", "is_network"]

_SPACE = "http://graphml.graphdrawing.org/xmlns"
_KINDS = {"double": "double", "int64": "long", "bool": "boolean"}


def is_network(view: View) -> bool:
    """Say whether the rows of a view are ties between two ends."""
    return {"source", "target"} <= set(view.encode)


def graphml_bytes(view: View, table: pa.Table) -> bytes:
    """Write the rows of a view as the edges of a graph.

    Parameters
    ----------
    view
        A view with the roles ``source`` and ``target``.
    table
        Its rows.

    Returns
    -------
    bytes
        Every end is a node with its names; every row is an edge with all its columns. A
        hidden number has no data element; it is not zero.
    """
    return "".join(_lines(view, table)).encode("utf-8")


def _lines(view: View, table: pa.Table) -> Iterator[str]:
    source, target = view.encode["source"], view.encode["target"]
    kept = [
        name
        for name in table.column_names
        if name not in (source, target) and not name.endswith(("_en", "_zh"))
    ]
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n<graphml xmlns="{_SPACE}">\n'
    for lang in ("en", "zh"):
        yield f'<key id="name_{lang}" for="node" attr.name="name_{lang}" attr.type="string"/>\n'
    for at, name in enumerate(kept):
        kind = _KINDS.get(str(table.schema.field(name).type), "string")
        yield (
            f'<key id="e{at}" for="edge" attr.name={quoteattr(name)} attr.type="{kind}"/>\n'
        )
    yield f'<graph id={quoteattr(view.id)} edgedefault="directed">\n'
    rows = table.to_pylist()
    yield from _nodes(rows, source, target)
    for number, row in enumerate(rows):
        ends = (
            f"source={quoteattr(str(row[source]))} target={quoteattr(str(row[target]))}"
        )
        inner = "".join(
            f'<data key="e{at}">{_value(row[name])}</data>'
            for at, name in enumerate(kept)
            if row[name] is not None
        )
        yield f'<edge id="t{number}" {ends}>{inner}</edge>\n'
    yield "</graph>\n</graphml>\n"


def _nodes(rows: list[dict[str, object]], source: str, target: str) -> Iterator[str]:
    names: dict[str, dict[str, object]] = {}
    for row in rows:
        for end in (source, target):
            known = {lang: row.get(f"{end}_{lang}") for lang in ("en", "zh")}
            names.setdefault(str(row[end]), known)
    for code, known in names.items():
        inner = "".join(
            f'<data key="name_{lang}">{_value(name)}</data>'
            for lang, name in known.items()
            if name is not None
        )
        yield f"<node id={quoteattr(code)}>{inner}</node>\n"


def _value(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else escape(str(value))
