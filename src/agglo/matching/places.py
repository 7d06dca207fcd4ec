"""Would chance have matched as many clusters? Nulls over places and industries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from agglo.core.errors import InvalidTableError, OptionError, Problem
from agglo.core.inference import fdr, mc_pvalue
from agglo.core.options import Permutation, check_choice, check_number
from agglo.core.parallel import entropy_of, monte_carlo
from agglo.core.results import Provenance, Undefined, frozen_array
from agglo.matching._kernels.tails import upper_tail
from agglo.matching._null_input import NullInput, null_input
from agglo.matching.gazetteer import Gazetteer
from agglo.matching.null_results import NotApplicable, NullResult

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.parallel import Progress
    from agglo.core.typing import FloatArray
    from agglo.matching.match_results import Matching

__all__ = ["matching_null"]

Scheme: TypeAlias = Literal[
    "belt_cities", "belt_cities_strata", "belt_industries", "both"
]
Statistic: TypeAlias = Literal[
    "coexistence", "identical", "similar", "matched", "degree"
]
SCHEMES = ("belt_cities", "belt_cities_strata", "belt_industries", "both")
STATISTICS = ("coexistence", "identical", "similar", "matched", "degree")
_UNCHANGED = "dealing labels out anew leaves every belt in its city, so co-existence cannot change"


def matching_null(
    matching: Matching,
    *,
    statistic: Statistic | Sequence[Statistic] = STATISTICS,  # type: ignore[assignment]
    scheme: Scheme = "belt_cities",
    universe: Sequence[str] | Gazetteer | None = None,
    strata: Mapping[str, object] | None = None,
    size: Mapping[str, float] | None = None,
    by: Literal["programme"] | None = None,
    s: float = 0.5,
    inference: Permutation | None = None,
    n_jobs: int | None = None,
    progress: Progress | None = None,
) -> NullResult | NotApplicable:
    r"""Compare a matching with what relocated or relabelled belts would give.

    Use beside every rate: where nearly all large cities host belts, a high share says
    little. Which scheme answers which question:

    - ``"belt_cities"`` (N1): do belts sit in cluster cities? The host cities change places
      with random cities of the universe; all belts of a host travel together.
    - ``"belt_cities_strata"`` (N2): the same beyond both liking large cities. Hosts change
      places within `strata`, or are drawn with probability proportional to `size`.
    - ``"belt_industries"`` (N3): does industry matter, given place? Labels are dealt out
      anew over belts.
    - ``"both"`` (N4): N1 (N2 if `strata` or `size` is given), then N3.

    Parameters
    ----------
    matching
        Result of `match_designations`.
    statistic
        ``"coexistence"`` (cities with both), ``"identical"``, ``"similar"``, ``"matched"``
        (counts of clusters), ``"degree"``; one or several.
    scheme
        What is shuffled.
    universe
        Codes of the cities that belts could lie in, or a `Gazetteer` (its municipalities
        and prefectures); default the one that the lists were checked against. Cities
        outside it are left out of observed and null alike, and listed.
    strata
        City to class (N2, N4), for every city of the universe; see `size_strata`.
    size
        City to size (N2, N4), positive. The largest host takes the city drawn first.
    by
        ``"programme"`` adds one row per programme and statistic, with the false discovery
        rate over programmes.
    s
        Weight of similar in the degree index, in [0, 1].
    inference
        `Permutation`, default 9,999 draws.
    n_jobs, progress
        As in `agglo.core.parallel.monte_carlo`.

    Returns
    -------
    NullResult or NotApplicable
        Observed, expected, ratio, quantiles, p per statistic; `NotApplicable` when only
        co-existence is asked of N3, which cannot change it (NaN with a reason when other
        statistics are asked too).

    Raises
    ------
    OptionError
        If an option is unknown or out of range, the universe is not stated, or N2 has
        neither strata nor size, or both.
    AlignmentError
        missing_stratum, missing_size: a city of the universe has none.
    InvalidTableError
        empty_universe, duplicate_key, bad_size; no cluster or no belt inside the universe.

    Notes
    -----
    Co-existence under N1 is hypergeometric: population U, successes the cluster cities,
    draws the host cities; ``exact_p`` and ``exact_expected`` give it. p is
    :math:`(1 + \#\{draws \ge observed\})/(1 + draws)`. Unmapped clusters are left out.
    Decisions on single pairs (overrides) cannot be relocated: observed and null are both
    taken without them. O(draws × (belts + links)) with bit masks for the relations.

    References
    ----------
    Phipson and Smyth (2010), doi:10.2202/1544-6115.1585. Wallenius (1963) for drawing by
    size without replacement.

    See Also
    --------
    hypergeometric_curve : When is co-existence informative at all?

    Examples
    --------
    >>> import pyarrow as pa, agglo.matching as am
    >>> from agglo.core.options import Permutation
    >>> tree = pa.table({"industry": ["X", "X1", "X11"], "parent": ["", "X", "X1"], "level": [1, 2, 3]})
    >>> words = pa.table({"label": ["a"], "lang": ["zh"], "node_ids": ["X11"]})
    >>> ours = pa.table({"cluster": ["c"], "city": ["1"], "industry_label": ["a"]})
    >>> theirs = pa.table({"belt": ["p"], "city": ["1"], "industry_label": ["a"]})
    >>> found = am.match_designations(ours, theirs, tree, words)
    >>> null = am.matching_null(found, universe=list("1234"), inference=Permutation(n=99, seed=7))
    >>> null.row("coexistence")["exact_p"]
    0.25
    """
    wanted = (statistic,) if isinstance(statistic, str) else tuple(statistic)
    for name in wanted:
        check_choice("statistic", name, STATISTICS)
    check_choice("scheme", scheme, SCHEMES)
    if by is not None:
        check_choice("by", by, ("programme",))
    check_number("s", s, minimum=0, maximum=1)
    option = inference if inference is not None else Permutation(n=9999)
    if not isinstance(option, Permutation):
        msg = f"inference={inference!r} must be a Permutation."
        raise OptionError(msg)
    seed = entropy_of(option.seed)
    parameters = {
        "statistic": list(wanted),
        "scheme": scheme,
        "by": by,
        "s": s,
        "n": option.n,
        "strata": None if strata is None else {k: str(v) for k, v in strata.items()},
        "size": size,
    }
    if scheme == "belt_industries" and wanted == ("coexistence",):
        return NotApplicable(
            scheme=scheme,
            statistic="coexistence",
            reason=_UNCHANGED,
            frame_kind=matching.frame_kind,
            provenance=Provenance.of(
                matching_null, matching.clusters, matching.belts, parameters=parameters
            ),
        )
    given = null_input(matching, universe=_universe(matching, universe), by=by)
    given = given.relocated_by(scheme, strata, size)
    observed = given.observed()
    sims = monte_carlo(
        given.draw(scheme), n=option.n, seed=seed, n_jobs=n_jobs, progress=progress
    )
    return _wrap(
        matching,
        given,
        wanted=wanted,
        observed=observed,
        sims=sims,
        s=s,
        scheme=scheme,
        seed=seed,
        parameters=parameters,
    )


def _universe(
    matching: Matching, universe: Sequence[str] | Gazetteer | None
) -> NDArray[np.str_]:
    known = universe
    if known is None:
        known = matching.clusters.gazetteer or matching.belts.gazetteer
    if known is None:
        msg = (
            "universe must be stated: pass the codes of the cities that belts could lie "
            "in, or give the lists their cities (as_designations(..., cities=))."
        )
        raise OptionError(msg)
    if isinstance(known, Gazetteer):
        known = known.prefecture_level().tolist()
    if isinstance(known, str):
        msg = f"universe={universe!r} must be a sequence of codes."
        raise OptionError(msg)
    codes = np.array([str(c) for c in known], dtype=np.str_)
    distinct, count = np.unique(codes, return_counts=True)
    problems = []
    if codes.size == 0:
        problems.append(
            Problem(
                code="empty_universe",
                what="the universe has no city",
                where="universe",
                fix="list the cities that belts could lie in",
            )
        )
    if (count > 1).any():
        problems.append(
            Problem(
                code="duplicate_key",
                what=f"a city is listed twice: {distinct[count > 1][:5].tolist()}",
                where="universe",
                n_rows=int((count > 1).sum()),
                fix="list every city once",
            )
        )
    if problems:
        msg = "The universe cannot be used."
        raise InvalidTableError(msg, problems)
    return distinct


def _wrap(
    matching: Matching,
    given: NullInput,
    *,
    wanted: tuple[str, ...],
    observed: FloatArray,
    sims: FloatArray,
    s: float,
    scheme: str,
    seed: int,
    parameters: Mapping[str, object],
) -> NullResult:
    pairs = [(g, name) for name in wanted for g in range(len(given.groups))]
    obs = np.array([_value(observed[g], name, given.n[g], s) for g, name in pairs])
    draws = np.column_stack(
        [_value(sims[:, g].T, name, given.n[g], s) for g, name in pairs]
    )
    names = np.array([name for _, name in pairs])
    unchanged = (names == "coexistence") & (scheme == "belt_industries")
    draws[:, unchanged] = np.nan
    upper = np.atleast_1d(mc_pvalue(obs, draws, "greater"))
    lower = np.atleast_1d(mc_pvalue(obs, draws, "less"))
    counts = np.array(
        [
            given.n_cities[g] if name == "coexistence" else given.n[g]
            for g, name in pairs
        ]
    )
    exact = [_exact(given, g, obs[i]) for i, (g, _) in enumerate(pairs)]
    fits = (names == "coexistence") & (scheme == "belt_cities")
    undefined = [
        Undefined(reason="outside the universe, left out", region=str(c))
        for c in given.outside
    ]
    if unchanged.any():
        undefined.append(Undefined(reason=_UNCHANGED, item="coexistence"))
    remarks = (
        ("overrides on single pairs are not in the null nor in its observed values",)
        if matching.overrides.kinds
        else ()
    )
    return NullResult(
        scheme=scheme,
        group=frozen_array(np.array([given.groups[g] for g, _ in pairs])),
        statistic=frozen_array(names),
        n=frozen_array(counts),
        observed=frozen_array(obs),
        draws=frozen_array(draws),
        p_upper=frozen_array(upper),
        p_lower=frozen_array(lower),
        q_upper=frozen_array(_q_values(names, pairs, upper)),
        exact_p=frozen_array(np.where(fits, [e[0] for e in exact], np.nan)),
        exact_expected=frozen_array(np.where(fits, [e[1] for e in exact], np.nan)),
        universe=frozen_array(given.universe),
        n_hosts=given.n_hosts,
        outside=frozen_array(given.outside),
        undefined=tuple(undefined),
        frame_kind=matching.frame_kind,
        provenance=Provenance.of(
            matching_null,
            matching.clusters,
            matching.belts,
            matching.relation.rank,
            given.universe,
            parameters=parameters,
            seed=seed,
            warnings=remarks,
        ),
    )


def _value(counts: FloatArray, name: str, n: int, s: float) -> FloatArray:
    """Statistic from co-existing cities, identical and similar clusters."""
    cities, identical, similar = counts
    if name == "coexistence":
        return cities
    if name == "degree":
        return (identical + s * similar) / n if n else cities * np.nan
    return {
        "identical": identical,
        "similar": similar,
        "matched": identical + similar,
    }[name]


def _exact(given: NullInput, group: int, observed: float) -> tuple[float, float]:
    total, ours, hosts = given.universe.size, given.n_cities[group], given.n_hosts
    p = upper_tail(np.array([hosts]), int(observed), int(ours), total)[0]
    return float(p), float(ours * hosts / total)


def _q_values(
    names: NDArray[np.str_], pairs: list[tuple[int, str]], p: FloatArray
) -> FloatArray:
    """Give the false discovery rate over the groups, without the row for all."""
    out = np.full(p.size, np.nan)
    group = np.array([g for g, _ in pairs])
    for name in np.unique(names):
        family = (names == name) & (group > 0)
        if family.any():
            out[family] = fdr(p[family])
    return out
