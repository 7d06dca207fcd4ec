"""Whom do new plants join: entrants of one industry against incumbents of another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from agglo.concentration._directed_input import (
    Columns,
    chosen,
    matrix_points,
    read_directed,
    refuse_same,
    strata_columns,
)
from agglo.concentration._directed_nearest import (
    Question,
    Rarefy,
    check_rarefy,
    measured,
)
from agglo.concentration._directed_pairs import assemble
from agglo.concentration._entrants_input import dates_of, periods_of, plants_at
from agglo.core.errors import NotIdentifiedError
from agglo.core.frames import to_arrow
from agglo.core.options import check_choice, check_number
from agglo.core.parallel import entropy_of
from agglo.core.results import Provenance

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from agglo.concentration._directed_input import Directed
    from agglo.concentration._directed_pairs import Block
    from agglo.concentration._entrants_input import Dates
    from agglo.concentration.directed_results import DirectedPairs
    from agglo.core.geo import Projection
    from agglo.core.typing import IntoFrame

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
    plant: str | None = None,
    relocation_as_entry: bool = False,
    distances: ArrayLike | None = None,
    symmetrise: Literal["refuse", "mean"] = "refuse",
    strata: str | Sequence[str] | None = None,
    type: str = "industry",  # noqa: A002  the field's word
    x: str = "x_km",
    y: str = "y_km",
    weight: str | None = None,
    region: str | None = None,
    crs: str | Projection | None = None,
    on_missing: Literal["refuse", "drop"] = "refuse",
    errors: Literal["nan", "raise"] = "nan",
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
        (or without that column) they are still there.
    plant
        Column that names plants: rows of one after its first are relocations, which hold
        as incumbents at their place but are no entrants.
    relocation_as_entry
        Count them as entrants as well.
    distances, symmetrise
        As in :func:`nearest_coagglomeration`.
    strata
        Columns whose combinations a draw keeps, such as size class: as many entrants from
        each as the mover has there.
    type, x, y, weight, region, crs, on_missing, errors
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
        If no plant opened in any of the periods, or a pair is undefined and `errors` is
        ``"raise"``.

    Warns
    -----
    DataWarning
        If more than half of the plants of a universe share their place with another.

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
    when = periods_of(at)
    moves = {"relocation_as_entry": relocation_as_entry}
    dates = dates_of(to_arrow(data), opened, closed, plant, **moves)
    entropy, kept = entropy_of(seed), strata_columns(strata)
    columns = Columns(type, x, y, weight, region, None, None, crs, kept, on_missing)
    given, matrix = matrix_points(data, distances, type, weight, symmetrise)
    directed = read_directed(data, columns, distances=given)
    question = Question(
        anchors=chosen(directed.industries, "anchor", anchor),
        movers=chosen(directed.industries, "mover", mover),
        explicit=anchor is not None and mover is not None,
        pool="strata" if kept else "exclude_anchor",
        sector=directed.sector,
        rarefy=rarefy,
        min_n=int(min_n),
        names=directed.industries,
        entropy=entropy,
        matrix=matrix,
    )
    refuse_same(question.anchors, question.movers, explicit=question.explicit)
    return assemble(
        directed,
        _of_entrants(directed, question, when, dates),
        measure="entrants",
        pool="entrants of other industries than the anchor's",
        fdr=fdr,
        provenance=lambda notes: Provenance.of(
            entrant_coagglomeration,
            directed.points,
            dates.start,
            dates.end,
            dates.moved,
            "" if matrix is None else matrix,
            parameters={
                "at": when,
                "anchor": anchor,
                "mover": mover,
                "rarefy": rarefy,
                "min_n": min_n,
                "fdr": fdr,
                "opened": opened,
                "closed": closed,
                "plant": plant,
                "relocation_as_entry": relocation_as_entry,
                "weight": weight,
                "region": region,
                "strata": kept,
            },
            seed=entropy,
            warnings=[*notes, *dates.notes()],
        ),
    ).checked(errors)


def _of_entrants(
    directed: Directed, question: Question, when: Sequence[int], dates: Dates
) -> list[Block]:
    """Rows of every universe and period that has entrants."""
    blocks = [
        measured(plants, question)
        for u in directed.universes
        for t in when
        if (plants := plants_at(u, t, dates)).code.size
    ]
    if not blocks:
        msg = f"No plant opened in {', '.join(map(str, when))}: there are no entrants."
        raise NotIdentifiedError(msg)
    return blocks
