"""How near an industry's plants lie to another's: the directed nearest-neighbour measure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from agglo.concentration._directed_input import (
    Columns,
    Pool,
    check_pool,
    chosen,
    matrix_points,
    read_directed,
    refuse_same,
    strata_columns,
)
from agglo.concentration._directed_nearest import (
    Plants,
    Question,
    Rarefy,
    check_rarefy,
    measured,
)
from agglo.concentration._directed_pairs import assemble
from agglo.core.options import check_choice, check_number
from agglo.core.parallel import entropy_of
from agglo.core.results import Provenance

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from agglo.concentration._directed_input import Universe
    from agglo.concentration.directed_results import DirectedPairs
    from agglo.core.geo import Projection
    from agglo.core.tables import Points
    from agglo.core.typing import IntoFrame

__all__ = ["nearest_coagglomeration"]


def nearest_coagglomeration(
    data: IntoFrame | Points,
    *,
    anchor: str | Sequence[str] | None = None,
    mover: str | Sequence[str] | None = None,
    pool: Pool = "exclude_anchor",
    rarefy: Rarefy = "smaller",
    min_n: int = 2,
    fdr: Literal["bh", "by"] = "bh",
    seed: int | None = 0,
    distances: ArrayLike | None = None,
    symmetrise: Literal["refuse", "mean"] = "refuse",
    strata: str | Sequence[str] | None = None,
    type: str = "industry",  # noqa: A002  the field's word
    x: str = "x_km",
    y: str = "y_km",
    weight: str | None = None,
    region: str | None = None,
    period: str | None = None,
    sector: str | None = None,
    crs: str | Projection | None = None,
    on_missing: Literal["refuse", "drop"] = "refuse",
    errors: Literal["nan", "raise"] = "nan",
) -> DirectedPairs:
    r"""Measure how much nearer to an anchor's plants a mover's plants lie than chance.

    Use for ordered pairs of industries, in cities or whole countries, and for statements
    on direction (with the rarefied anchor). Not for whole distributions: see
    `wasserstein_coagglomeration`; with opening dates `entrant_coagglomeration` is the more
    credible test of who follows whom.

    Parameters
    ----------
    data
        One row per plant of any industry, or `Points`.
    anchor
        Industry held at its sites, or several; ``None`` for all.
    mover
        Industry whose sites are redrawn, or several; ``None`` for all.
    pool
        Plants that the mover may be redrawn from: ``"exclude_anchor"``, all but the
        anchor's own; ``"all"``; ``"exclude_both"``; ``"exclude_mover"``;
        ``"same_sector"``, those of the mover's `sector` but not the anchor's;
        ``"strata"``, as the default, but as many from each of the `strata` as the mover
        has there.
    rarefy
        ``"smaller"``: the anchor is reduced to the size of the smaller of the two, in
        closed form (needed before two directions are compared); a number of plants; or
        ``None``: all of the anchor's plants.
    min_n
        Movers with fewer plants are undefined; at least 2.
    fdr
        Correction over all ordered pairs of a region and period: Benjamini-Hochberg or
        Benjamini-Yekutieli.
    seed
        Seed of the draws for movers of fewer than 10 plants; all else is closed form.
    distances
        Matrix of travel times or other distances in the order of the rows, (n, n), in place
        of positions; "km" then reads as its unit.
    symmetrise
        ``"refuse"`` a matrix where there and back differ, or take their ``"mean"``.
    strata
        Columns whose combinations a draw keeps (``pool="strata"``), such as region and
        size class.
    type, x, y, weight, region, period, sector, crs
        Columns of industry, position and weight (see :func:`agglo.core.tables.as_points`), and of
        universes: every region and period stands alone. Regions ``0`` and ``unknown``
        are left out and counted.
    on_missing
        ``"refuse"`` rows without position or weight, or ``"drop"`` them; the provenance
        says how many.
    errors
        ``"nan"``: what is undefined is NaN with a reason; ``"raise"``: it is an error.

    Returns
    -------
    DirectedPairs
        One row per ordered pair, region and period: mean distance in km, its mean and
        standard deviation under the null, effect, z, p and q.

    Raises
    ------
    AlignmentError
        If a label is no industry of the data, or an industry lies in two sectors.
    OptionError
        If an option is not admissible.
    InvalidTableError
        If a position is missing, infinite or in degrees.
    NotIdentifiedError
        If a pair is undefined and `errors` is ``"raise"``, or nothing is left to measure.

    Warns
    -----
    DataWarning
        If more than half of the plants of a universe share their place with another.

    Notes
    -----
    With :math:`f(s)` the distance from s to the nearest anchor plant, :math:`d =
    \bar f` over the mover, :math:`\mu`, :math:`\sigma^2` the mean and variance of f over
    the pool: :math:`e = 1 - d/\mu`, :math:`z = (\mu - d) / (\sigma \sqrt{P_2/P_1^2 -
    1/N})`, :math:`P_q = \sum w^q`: exact under drawing without replacement. With strata
    these are sums over strata, weights dealt within each. p from a
    Pearson type III law with exact mean, variance and skewness; below 10 plants from 9,999
    draws. Rarefied to n of :math:`n_j` plants: :math:`f_n = \sum_r \omega_r d_{(r)}`,
    :math:`\omega_r = \binom{n_j - r}{n - 1} / \binom{n_j}{n}`. Plants at one place have
    distance 0. Where more than 256 neighbours would count in a large table, 30 random
    subsets of the anchor take their place. Cost O(plants log plants) per anchor, and times
    neighbours when rarefied.

    References
    ----------
    Our own measure, without literature behind it; moments checked by enumeration. The
    question is that of Chen and Liu 2025, doi:10.3868/s060-020-025-0015-9.

    See Also
    --------
    wasserstein_coagglomeration : Compares whole distributions.
    entrant_coagglomeration : Entrants against incumbents.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.concentration import nearest_coagglomeration
    >>> rows = pa.table({"x_km": [0.0, 1.0, 2.0, 8.0, 9.0], "y_km": [0.0] * 5,
    ...                  "industry": list("abbcc")})
    >>> found = nearest_coagglomeration(rows, anchor="a", mover="b", rarefy=None)
    >>> float(found.effect[0])
    0.7
    """
    kept = strata_columns(strata)
    check_pool(pool, sector, kept)
    check_choice("fdr", fdr, ("bh", "by"))
    check_number("min_n", min_n, minimum=2, integer=True)
    check_rarefy(rarefy)
    entropy = entropy_of(seed)
    columns = Columns(type, x, y, weight, region, period, sector, crs, kept, on_missing)
    given, matrix = matrix_points(data, distances, type, weight, symmetrise)
    directed = read_directed(data, columns, distances=given)
    question = Question(
        anchors=chosen(directed.industries, "anchor", anchor),
        movers=chosen(directed.industries, "mover", mover),
        explicit=anchor is not None and mover is not None,
        pool=pool,
        sector=directed.sector,
        rarefy=rarefy,
        min_n=int(min_n),
        names=directed.industries,
        entropy=entropy,
        matrix=matrix,
    )
    refuse_same(question.anchors, question.movers, explicit=question.explicit)
    blocks = [measured(_everybody(u), question) for u in directed.universes]
    return assemble(
        directed,
        blocks,
        measure="nearest",
        pool=pool,
        fdr=fdr,
        provenance=lambda notes: Provenance.of(
            nearest_coagglomeration,
            directed.points,
            "" if matrix is None else matrix,
            parameters={
                "anchor": anchor,
                "mover": mover,
                "pool": pool,
                "rarefy": rarefy,
                "min_n": min_n,
                "fdr": fdr,
                "weight": weight,
                "region": region,
                "period": period,
                "strata": kept,
            },
            seed=entropy,
            warnings=notes,
        ),
    ).checked(errors)


def _everybody(universe: Universe) -> Plants:
    """All plants hold, and all can move."""
    return Plants(
        region=universe.region,
        period=universe.period,
        held=universe.at,
        held_code=universe.code,
        at=universe.at,
        code=universe.code,
        weight=universe.weight,
        stratum=universe.stratum,
    )
