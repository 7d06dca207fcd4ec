"""Which selector of a page a bare code belongs to."""

from __future__ import annotations

from agglo.core.errors import suggest
from agglo.observatory.api.problems import ApiError
from agglo.observatory.api.stock import Stock
from agglo.observatory.page import Page

__all__ = ["choice_of"]


def choice_of(stock: Stock, page: Page, code: str, *, only: str = "") -> dict[str, str]:
    """Find what a code chooses on a page.

    Parameters
    ----------
    stock
        The release.
    page
        The page.
    code
        What was named, for example a region or a cluster.
    only
        The one selector it may be for; empty for any.

    Returns
    -------
    dict
        Selector to code: the first selector of the page that has the code. A code that a
        code list knows and no table holds belongs to the first selector.

    Raises
    ------
    ApiError
        404 with the closest code when no selector knows it; 404 when nothing can be
        chosen on the page, or its tables are not released.
    """
    asked = [s for s in page.selectors if only in ("", s.id)]
    known: list[str] = []
    for selector in asked:
        if selector.table in stock.release:
            values = stock.lookup(selector.table, selector.column).position
            if code in values:
                return {selector.id: code}
            known += values
    if not asked:
        raise ApiError(404, "no_selector", f"/{page.id} has nothing to choose.")
    if not known:
        raise ApiError(
            404, "not_released", f"/{page.id} has nothing to choose from in this release.",
            where=asked[0].id, fix="see /api/v1/pages for what is missing",
        )  # fmt: skip
    book = stock.names.get(f"{asked[0].column}s")
    if book is not None and code in book.rows:
        return {asked[0].id: code}
    raise ApiError(
        404, "unknown_value", f"There is no '{code}' here. {suggest(code, known)}".strip(),
        where=asked[0].id, fix=f"see /api/v1/pages/{page.id} for what can be chosen",
    )  # fmt: skip
