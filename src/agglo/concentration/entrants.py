"""Whom do new plants join: entrants of one industry against incumbents of another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow.compute as pc

from agglo.concentration._directed_input import (
    Columns,
    Universe,
    chosen,
    read_directed,
    refuse_same,
)
from agglo.concentration._directed_nearest import (
    Plants,
    Question,
    Rarefy,
    check_rarefy,
    measured,
)
from agglo.concentration._directed_pairs import assemble
from agglo.core.checks import flag_rows
from agglo.core.errors import NotIdentifiedError, OptionError
from agglo.core.frames import require_columns, to_arrow
from agglo.core.options import check_choice, check_number
from agglo.core.parallel import entropy_of
from agglo.core.results import Provenance
from agglo.core.tables._columns import raise_problems, text_of

if TYPE_CHECKING:
    import pyarrow as pa

    from agglo.concentration.directed_results import DirectedPairs
    from agglo.core.errors import Problem
    from agglo.core.geo import Projection
    from agglo.core.typing import FloatArray, IntoFrame

__all__ = ["entrant_coagglomeration"]


def entrant_coagglomeration(
    data: IntoFrame,
    *,
    at: int | Sequence[int],
    anchor: str | Sequence[str] | None = None,
    mover: str | Sequence[str] | None = None,
    rarefy: Rarefy = "smaller",
    min_n: int = 5,
    fdr: Literal["bh", "by"] = "bh",
    seed: int | None = 0,
    opened: str = "opened",
    closed: str | None = None,
    type: str = "industry",  # noqa: A002  the field's word
    x: str = "x_km",
    y: str = "y_km",
    weight: str | None = None,
    region: str | None = None,
    crs: str | Projection | None = None,
) -> DirectedPairs:
    r"""Measure how much nearer new plants settle to an industry's incumbents than others do.

    Use to ask who moves towards whom: the incumbents were there first. Common causes
    (both industries drawn to the same centres) make both directions significant.

    Parameters
    ----------
    data
        One row per plant, with its period of opening.
    at
        Period, or periods, whose entrants are looked at; each stands alone, see
        :meth:`DirectedPairs.combined`.
    anchor
        Industry whose incumbents hold (alive in the period before), or several; ``None``
        for all.
    mover
        Industry whose entrants are tested, or several; ``None`` for all.
    rarefy
        As in :func:`nearest_coagglomeration`.
    min_n
        Movers with fewer entrants are undefined; at least 2.
    fdr
        Correction over all ordered pairs of a region and period.
    seed
        Seed of the draws for movers of fewer than 10 entrants.
    opened, closed
        Columns of the periods of opening and closing, whole numbers or dates that start
        with the year. Plants without an opening are left out and counted; without a closing
        (or without that column) they are still there. A plant that moves counts as an
        entrant only if it has a row of its own for its new place.
    type, x, y, weight, region, crs
        As in :func:`nearest_coagglomeration`.

    Returns
    -------
    DirectedPairs
        One row per ordered pair, region and period.

    Raises
    ------
    AlignmentError
        If a label is no industry of the data.
    OptionError
        If an option is not admissible.
    InvalidTableError
        If a period or position cannot be read.
    NotIdentifiedError
        If no plant opened in any of the periods.

    Notes
    -----
    Anchor: plants of j opened before t that did not close before t. Mover: plants of k
    opened in t. Pool: all plants opened in t except those of j, so that the null is: k's
    entrants chose like other entrants. Distances, moments and p as in
    :func:`nearest_coagglomeration`. With few entrants "significant one way" is all that
    can be said; it does not mean significantly larger.

    References
    ----------
    Our own measure, without literature behind it. The question is that of Chen and Liu
    2025, doi:10.3868/s060-020-025-0015-9.

    See Also
    --------
    nearest_coagglomeration : Without dates.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.concentration import entrant_coagglomeration
    >>> rows = pa.table({"x_km": [0.0, 1.0, 2.0, 8.0, 9.0], "y_km": [0.0] * 5,
    ...                  "industry": list("abbcc"), "opened": [2001] + [2010] * 4})
    >>> found = entrant_coagglomeration(rows, at=2010, anchor="a", mover="b", min_n=2)
    >>> float(found.effect[0])
    0.7
    """
    check_choice("fdr", fdr, ("bh", "by"))
    check_number("min_n", min_n, minimum=2, integer=True)
    check_rarefy(rarefy)
    when = _periods(at)
    start, end = _dates(to_arrow(data), opened, closed)
    entropy = entropy_of(seed)
    columns = Columns(type, x, y, weight, region, None, None, crs)
    directed = read_directed(data, columns)
    question = Question(
        anchors=chosen(directed.industries, "anchor", anchor),
        movers=chosen(directed.industries, "mover", mover),
        explicit=anchor is not None and mover is not None,
        pool="exclude_anchor",
        sector=directed.sector,
        rarefy=rarefy,
        min_n=int(min_n),
        names=directed.industries,
        entropy=entropy,
    )
    refuse_same(question.anchors, question.movers, explicit=question.explicit)
    blocks = [
        measured(plants, question)
        for u in directed.universes
        for t in when
        if (plants := _at(u, t, start, end)).code.size
    ]
    if not blocks:
        msg = f"No plant opened in {', '.join(map(str, when))}: there are no entrants."
        raise NotIdentifiedError(msg)
    undated = int(np.isnan(start).sum())
    note = [f"{undated} plants without an opening are left out"] if undated else []
    return assemble(
        directed,
        blocks,
        measure="entrants",
        pool="entrants of other industries than the anchor's",
        fdr=fdr,
        provenance=lambda notes: Provenance.of(
            entrant_coagglomeration,
            directed.points,
            start,
            end,
            parameters={
                "at": when,
                "anchor": anchor,
                "mover": mover,
                "rarefy": rarefy,
                "min_n": min_n,
                "fdr": fdr,
                "opened": opened,
                "closed": closed,
                "weight": weight,
                "region": region,
            },
            seed=entropy,
            warnings=[*notes, *note],
        ),
    )


def _periods(at: int | Sequence[int]) -> list[int]:
    given = list(at) if isinstance(at, (list, tuple, range, np.ndarray)) else [at]
    if not given:
        msg = "at=[] names no period."
        raise OptionError(msg)
    return sorted({int(check_number("at", t, integer=True)) for t in given})


def _dates(
    table: pa.Table, opened: str, closed: str | None
) -> tuple[FloatArray, FloatArray]:
    """Periods of opening and closing; NaN where not known, or not closed."""
    require_columns(table, {"opened": opened, "closed": closed})
    problems: list[Problem] = []
    start = _years(table, opened, problems)
    end = np.full(table.num_rows, np.nan)
    if closed is not None:
        end = _years(table, closed, problems)
    raise_problems(problems, "data")
    return start, end


def _years(table: pa.Table, name: str, problems: list[Problem]) -> FloatArray:
    """Read whole numbers, or the year that a date starts with; NaN where empty."""
    text = pc.utf8_trim_whitespace(text_of(table, name))
    blank = pc.fill_null(pc.equal(text, ""), True)
    found = pc.struct_field(
        pc.extract_regex(text, r"^(?P<year>-?\d{1,4})(?:\.0+)?(?:$|[^\d.].*$)"), "year"
    )
    wrong = pc.and_(pc.is_null(found), pc.invert(blank))
    problems += flag_rows(
        np.asarray(wrong.to_numpy(zero_copy_only=False), dtype=bool),
        code="bad_period",
        what=f"column '{name}' does not start with a year",
        where="data",
        column=name,
        fix="write 2010 or 2010-05-31",
    )
    number = pc.cast(pc.if_else(blank, None, found), "float64")
    return np.asarray(number.to_numpy(zero_copy_only=False), dtype=np.float64)


def _at(universe: Universe, t: int, start: FloatArray, end: FloatArray) -> Plants:
    """Incumbents and entrants of one period."""
    first, last = start[universe.rows], end[universe.rows]
    held = (first < t) & (np.isnan(last) | (last >= t))
    new = first == t
    return Plants(
        region=universe.region,
        period=str(t),
        held=universe.at[held],
        held_code=universe.code[held],
        at=universe.at[new],
        code=universe.code[new],
        weight=universe.weight[new],
        stratum=universe.stratum[new],
    )
