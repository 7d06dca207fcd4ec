"""A release whose tables are made up from what a page declares: every view has rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from agglo.observatory.api.stock import Stock
from agglo.observatory.page import View
from agglo.observatory.pages import PAGES
from agglo.observatory.release import FORMAT, open_release
from agglo.store import write_json, write_table, write_text

_WORDS = ("label", "group", "series", "source", "target", "nodes", "parent")
_CELLS = ("heatmap", "sankey", "gauge", "slope")
_PLACE = ("lon", "lat", "lon2", "lat2")
ROWS = 6


def _texts(view: View) -> set[str]:
    """Name the columns of a view that hold words."""
    found = {*view.labels, *view.filters.values(), *view.keep, *view.place, "status"}
    found |= {n for role, n in view.encode.items() if role in _WORDS}
    if view.chart in _CELLS:
        found |= {n for role, n in view.encode.items() if role in ("x", "y")}
    if view.chart == "slope":
        found -= {view.encode["x"], view.encode["y"]}
    return found


def _tables(page: str) -> dict[str, pa.Table]:
    rng = np.random.default_rng(5)
    asked = PAGES[page]
    names: dict[str, dict[str, None]] = {}
    texts: dict[str, set[str]] = {}
    keep: dict[str, dict[str, list[str]]] = {}
    for view in asked.views:
        held = names.setdefault(view.table, {})
        # places come from the code list, beside the codes
        given = _PLACE if view.place else ()
        drawn = [n for r, n in view.encode.items() if r != "nodes" and n not in given]
        declared = [c.name for c in view.columns]
        for name in (*declared, *drawn, *view.filters.values(), *view.place):
            held.setdefault(name)
        texts.setdefault(view.table, set()).update(_texts(view))
        for name, value in view.keep.items():
            keep.setdefault(view.table, {}).setdefault(name, []).append(value)
    for selector in asked.selectors:
        names.setdefault(selector.table, {}).setdefault(selector.column)
        texts.setdefault(selector.table, set()).add(selector.column)
    chosen = {s.column: s.default or "K1" for s in reversed(asked.selectors)}
    found = {}
    for at, columns in names.items():
        made = {}
        for name in [*columns, *(n for n in keep.get(at, {}) if n not in columns)]:
            if name in keep.get(at, {}):
                # rows for every view that keeps some of them
                kinds = keep[at][name]
                made[name] = [kinds[i % len(kinds)] for i in range(ROWS)]
            elif name in texts[at]:
                # what is chosen is the same in all rows, so that a choice has rows
                made[name] = (
                    [chosen[name]] * ROWS
                    if name in chosen
                    else [f"{name} {i}" for i in range(ROWS)]
                )
            else:
                made[name] = np.sort(rng.uniform(0.1, 2, ROWS))
        found[at] = pa.table(made)
    return found


def made_up(folder: Path, page: str) -> Stock:
    """Write such a release and open it.

    Parameters
    ----------
    folder
        An empty folder.
    page
        Page of the observatory.

    Returns
    -------
    Stock
        The release.
    """
    tables = {}
    for at, table in _tables(page).items():
        file = f"out_{at.replace('.', '_')}.parquet"
        write_table(folder / "release" / "r" / file, table)
        columns = [{"name": f.name, "type": str(f.type)} for f in table.schema]
        tables[at] = {"file": file, "study": at.partition(".")[0], "rows": ROWS,
                      "columns": columns, "digest": ""}  # fmt: skip
    catalogue = {
        "format": FORMAT, "id": "r", "mode": "private", "version": "t", "studies": {},
        "project": {"name": "made up", "title": "Made up", "generated": True},
        "tables": tables, "findings": {}, "sources": [], "left_out": [], "certificate": {},
        "manifest": "", "packages": {}, "settings": {}, "words": {}, "boundaries": None,
    }  # fmt: skip
    write_json(folder / "release" / "r" / "release.json", catalogue)
    write_text(folder / "release" / "current", "r\n")
    return Stock(open_release(folder))
