"""What can be said about cities before any list is matched: size classes, exact overlap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from agglo.core.errors import InvalidTableError, Problem
from agglo.core.options import check_number
from agglo.core.results import Provenance, frozen_array
from agglo.matching._kernels.tails import upper_tail
from agglo.matching.null_results import HypergeometricCurve

__all__ = ["hypergeometric_curve", "size_strata"]


def size_strata(size: Mapping[str, float], *, n_strata: int = 5) -> dict[str, int]:
    """Put cities into classes of similar size, for `matching_null`.

    Parameters
    ----------
    size
        City to size, for example population; finite.
    n_strata
        Number of classes of about equal numbers of cities.

    Returns
    -------
    dict of str to int
        City to class, 0 the smallest; equal sizes are in one class.

    Raises
    ------
    OptionError
        If `n_strata` is no whole number of at least 1.
    InvalidTableError
        bad_size: a size is missing or infinite.

    Examples
    --------
    >>> from agglo.matching import size_strata
    >>> size_strata({"a": 1.0, "b": 2.0, "c": 30.0, "d": 40.0}, n_strata=2)["d"]
    1
    """
    check_number("n_strata", n_strata, minimum=1, integer=True)
    values = np.array([float(v) for v in size.values()])
    bad = [c for c, v in zip(size, values, strict=True) if not np.isfinite(v)]
    if bad or not size:
        problem = Problem(
            code="bad_size",
            what=f"sizes are missing: {bad[:5]}" if bad else "there is no city",
            where="size",
            n_rows=len(bad),
            fix="give every city a finite size",
        )
        msg = "Cities cannot be put into classes."
        raise InvalidTableError(msg, [problem])
    cuts = np.quantile(values, np.linspace(0, 1, n_strata + 1)[1:-1])
    classes = np.searchsorted(cuts, values, side="right")
    return {c: int(g) for c, g in zip(size, classes, strict=True)}


def hypergeometric_curve(
    overlap: int,
    *,
    cluster_cities: int,
    universe: int,
    hosts: Sequence[int] | None = None,
    level: float = 0.05,
) -> HypergeometricCurve:
    r"""Measure how surprising an overlap is, for every possible number of belt cities.

    Use when a study prints how many cluster cities host a belt but not how many cities
    host belts in all.

    Parameters
    ----------
    overlap
        Cities with both.
    cluster_cities
        Cities with clusters.
    universe
        Cities in all.
    hosts
        Numbers of belt cities; default every possible one.
    level
        Level of the test, in (0, 1).

    Returns
    -------
    HypergeometricCurve
        Expected overlap and upper tail p per number of hosts, and the largest number up to
        which p stays below the level.

    Raises
    ------
    OptionError
        If the numbers cannot be: overlap above cluster_cities, cluster_cities above
        universe, hosts below overlap or leaving no room for the other cluster cities.

    Notes
    -----
    The overlap of a fixed set of C with a random set of B cities out of U is
    hypergeometric with mean :math:`CB/U`. O(hosts).

    References
    ----------
    Fisher (1935), doi:10.2307/2342435. The headline of Zhao et al. (2022): 72 of 79 cities.

    See Also
    --------
    matching_null : The same null by simulation, for every statistic.

    Examples
    --------
    >>> from agglo.matching import hypergeometric_curve
    >>> hypergeometric_curve(72, cluster_cities=79, universe=337).informative_below
    285
    """
    check_number("universe", universe, minimum=1, maximum=10**7, integer=True)
    check_number(
        "cluster_cities", cluster_cities, minimum=1, maximum=universe, integer=True
    )
    check_number("overlap", overlap, minimum=0, maximum=cluster_cities, integer=True)
    check_number("level", level, minimum=0, maximum=1, open_ends=True)
    most = universe - (cluster_cities - overlap)
    every = range(overlap, most + 1)
    given = every if hosts is None else hosts
    for number in () if hosts is None else hosts:
        check_number("hosts", number, minimum=overlap, maximum=most, integer=True)
    numbers = np.array(list(given), dtype=np.int64)
    p = upper_tail(numbers, overlap, cluster_cities, universe)
    # p grows with the number of hosts, so the last below the level ends the range
    full = np.array(list(every), dtype=np.int64)
    below = full[upper_tail(full, overlap, cluster_cities, universe) < level]
    return HypergeometricCurve(
        overlap=overlap,
        cluster_cities=cluster_cities,
        universe=universe,
        level=level,
        hosts=frozen_array(numbers),
        expected=frozen_array(numbers * cluster_cities / universe),
        p=frozen_array(p),
        informative_below=int(below.max(initial=0)),
        provenance=Provenance.of(
            hypergeometric_curve,
            numbers,
            parameters={
                "overlap": overlap,
                "cluster_cities": cluster_cities,
                "universe": universe,
                "level": level,
            },
        ),
    )
