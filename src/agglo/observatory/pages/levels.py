"""Views of the region page by coarser industries: the same figures, one level chosen."""

from __future__ import annotations

from dataclasses import replace

from agglo.observatory.page import Column, Selector, Text, View

__all__ = ["INDUSTRY_ONLY", "LEVEL", "coarser"]

_TABLE = "concentration.region_levels"
LEVEL = Selector(
    id="level",
    label=Text("Level of industries", "产业层级"),
    table="concentration.industry_levels",
    column="industry_level",
    optional=True,
)
INDUSTRY_ONLY = {"level": ("industry",)}
_LEVEL = Column(name="industry_level", label=Text("Level", "层级"))
_NOTE = Text(
    "Cells of the level chosen above; one with a confidential part is confidential, and "
    "totals are those of the cells that are shown.",
    "按上方所选层级合并的单元；含保密部分的单元为保密，合计为所示单元之和。",
)


def coarser(view: View) -> View:
    """Give a view of the industries for the levels above them.

    Parameters
    ----------
    view
        A view of ``region_industries`` for one region.

    Returns
    -------
    View
        The same of ``region_levels``, drawn where such a level is chosen.
    """
    joint = [view.note, _NOTE] if view.note else [_NOTE]
    return replace(
        view,
        id=f"{view.id}_levels",
        title=Text(f"{view.title.en} (coarser level)", f"{view.title.zh}（上级层次）"),
        table=_TABLE,
        columns=(_LEVEL, *view.columns),
        filters={**view.filters, "level": "industry_level"},
        note=Text(" ".join(n.en for n in joint), "".join(n.zh for n in joint)),
        when={"level": ("parent", "top")},
    )
