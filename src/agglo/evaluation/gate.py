"""The gate: a cluster has all three elements, and what lacks one has another name."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import OptionError
from agglo.core.options import check_number
from agglo.core.results import Provenance, Undefined, frozen_array
from agglo.evaluation.element_results import ElementTest, GateVerdicts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from agglo.core.results import ColumnData
    from agglo.core.typing import BoolArray, FloatArray, IntArray

__all__ = ["three_element_test"]

_ELEMENTS = ("proximity", "connection", "cooperation")
_ABSENT = "no data"
# proximity, connection, cooperation: passed or not
_KINDS: Mapping[tuple[int, ...], str] = {
    (1, 1, 1): "cluster",
    (1, 1, 0): "agglomeration",
    (1, 0, 1): "co_located_network",
    (0, 1, 1): "virtual_cluster",
    (1, 0, 0): "park",
    (0, 1, 0): "dispersed_industry",
    (0, 0, 1): "association_network",
    (0, 0, 0): "none",
}
_FAIL, _PASS, _UNKNOWN = 0, 1, 2
_ALPHAS = (0.01, 0.05, 0.10)
_QS = (0.80, 0.90, 0.95)
_EIS = (-0.2, 0.0, 0.2)


def three_element_test(
    proximity: ElementTest | None,
    connection: ElementTest | None,
    cooperation: ElementTest | None,
    *,
    alpha: float = 0.05,
    q: float = 0.9,
    ei_max: float = 0.0,
    sources: Mapping[str, ElementTest] | None = None,
) -> GateVerdicts:
    r"""Decide which clusters are clusters: all three elements must be there.

    A gate and not an average: a strong element cannot make up for one that is absent. Use
    it before any score; not to rank clusters.

    Parameters
    ----------
    proximity, connection, cooperation
        Results of the three tests; ``None`` where there are no data at all. A cluster that
        a test does not know is not testable there.
    alpha, q, ei_max
        Thresholds, as in the tests, whose own are not used.
    sources
        Further `connection_test` results by source of relatedness; shown in the grid, they
        do not decide.

    Returns
    -------
    GateVerdicts
        Verdict, named kind, strength, and the share of settings that agree.

    Raises
    ------
    OptionError
        If a test is of another element, or no test is given.

    Notes
    -----
    proximity and connection without cooperation: agglomeration; proximity and cooperation
    without connection: co-located network; connection and cooperation without proximity:
    virtual cluster (value-chain network); only proximity: park; only connection: dispersed
    industry; only cooperation: association network. An element that is not testable leaves
    the verdict ``not_testable`` unless another fails; `kind` then lists what each outcome
    would give. Strength and coupling of the percentiles g, i, c:

    .. math:: S = (gic)^{1/3}, \quad K = 3 S / (g + i + c), \quad
              D = \sqrt{K (g + i + c) / 3}

    The grid crosses alpha .01 .05 .10, q .80 .90 .95, E-I -.2 0 .2 and the sources.

    References
    ----------
    That all three must be present is the rule of the CCID study of national clusters (Hou
    and Zhang; qualitative); statistics, nulls and thresholds are our operational choice.
    E-I index: Krackhardt and Stern 1988, doi:10.2307/2786835.

    See Also
    --------
    proximity_test, connection_test, cooperation_test : The elements.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.evaluation import connection_test, three_element_test
    >>> pairs = pa.table({"origin": list("abcdefgh"), "destination": list("bcdefghi"),
    ...     "value": [9.0, 8, 0, 0, 0, 0, 0, 0]})
    >>> made = pa.table({"cluster": ["k"] * 3, "industry": list("abc")})
    >>> three_element_test(None, connection_test(made, pairs), None).kind[0].count("|")
    3
    """
    check_number("alpha", alpha, minimum=0, maximum=1, open_ends=True)
    check_number("q", q, minimum=0, maximum=1, open_ends=True)
    check_number("ei_max", ei_max, minimum=-1, maximum=1)
    given = (proximity, connection, cooperation)
    tests = [_checked(t, e, e) for t, e in zip(given, _ELEMENTS, strict=True)]
    more = {
        name: t
        for name, given_test in (sources or {}).items()
        if (t := _checked(given_test, "connection", f"sources[{name!r}]")) is not None
    }
    known = [t for t in tests if t is not None]
    if not known:
        msg = "proximity, connection and cooperation are all None: nothing to judge."
        raise OptionError(msg)
    cluster = np.unique(np.concatenate([t.cluster for t in (*known, *more.values())]))
    aligned = [_aligned(t, cluster) for t in tests]
    codes = _codes(aligned, alpha, q, ei_max)
    kind, verdict = _KIND_OF[codes], _VERDICT_OF[codes]
    strength, coupling = _strength([a.percentile for a in aligned])
    primary = {"": aligned[1]}
    primary.update({name: _aligned(t, cluster) for name, t in more.items()})
    grid = _grid(cluster, aligned, primary)
    same = np.asarray(grid["kind"]).reshape(-1, cluster.size) == kind[None, :]
    words = [_word(codes, e) for e in range(3)]
    return GateVerdicts(
        cluster=frozen_array(cluster),
        proximity=frozen_array(words[0]),
        connection=frozen_array(words[1]),
        cooperation=frozen_array(words[2]),
        verdict=frozen_array(verdict),
        kind=frozen_array(kind),
        missing=frozen_array(_missing(aligned)),
        value=frozen_array(strength),
        coupling=frozen_array(coupling),
        agreement=frozen_array(same.mean(axis=0)),
        grid=grid,
        frame_kind=known[0].frame_kind,
        undefined=_undefined(cluster, strength, verdict),
        provenance=Provenance.of(
            three_element_test,
            *(t.provenance.input_digest for t in known),
            parameters={
                "alpha": alpha,
                "q": q,
                "ei_max": ei_max,
                "sources": sorted(more),
            },
        ),
    )


def _checked(test: object, element: str, name: str) -> ElementTest | None:
    if test is None:
        return None
    if not isinstance(test, ElementTest) or test.element != element:
        found = test.element if isinstance(test, ElementTest) else type(test).__name__
        msg = f"{name} must be the result of {element}_test, not {found}."
        raise OptionError(msg)
    return test


@dataclass(frozen=True, slots=True, kw_only=True)
class _Aligned:
    """The numbers of a test for the clusters of all tests."""

    value: FloatArray
    expected: FloatArray
    score: FloatArray
    percentile: FloatArray
    p: FloatArray
    ei: FloatArray
    reason: NDArray[np.str_]


def _aligned(test: ElementTest | None, cluster: NDArray[np.str_]) -> _Aligned:
    """Lay out a test; clusters that it does not know have no data."""
    n = cluster.size
    names = ("value", "expected", "score", "percentile", "p", "ei")
    reason = np.full(n, _ABSENT, dtype=object)
    numbers = {k: np.full(n, np.nan) for k in names}
    if test is not None:
        at = np.searchsorted(cluster, test.cluster)
        for k in names[:-1]:
            numbers[k][at] = getattr(test, k)
        if "ei" in test.extra:
            numbers["ei"][at] = test.extra["ei"]
        reason[at] = test.reason
    return _Aligned(reason=reason.astype(np.str_), **numbers)


def _codes(
    aligned: Sequence[_Aligned],
    alpha: float,
    q: float,
    ei_max: float,
) -> IntArray:
    """Give 9 g + 3 i + c with 0 fail, 1 pass, 2 not testable."""
    near, related, tied = aligned
    with np.errstate(invalid="ignore"):
        passed: list[BoolArray] = [
            np.asarray(near.p < alpha),
            np.asarray(related.score >= q),
            np.asarray(
                (tied.value > tied.expected) & (tied.p < alpha) & (tied.ei <= ei_max)
            ),
        ]
    state = [
        np.where(a.reason != "", _UNKNOWN, np.where(p, _PASS, _FAIL))
        for a, p in zip(aligned, passed, strict=True)
    ]
    out: IntArray = (9 * state[0] + 3 * state[1] + state[2]).astype(np.int64)
    return out


def _tables() -> tuple[NDArray[np.str_], NDArray[np.str_]]:
    kinds, verdicts = [], []
    for states in product((_FAIL, _PASS, _UNKNOWN), repeat=3):
        ways = [(_PASS, _FAIL) if s == _UNKNOWN else (s,) for s in states]
        kinds.append("|".join(_KINDS[w] for w in product(*ways)))
        verdicts.append(
            "not_a_cluster"
            if _FAIL in states
            else "not_testable"
            if _UNKNOWN in states
            else "cluster"
        )
    return np.array(kinds), np.array(verdicts)


_KIND_OF, _VERDICT_OF = _tables()


def _word(codes: IntArray, element: int) -> NDArray[np.str_]:
    state = codes // 3 ** (2 - element) % 3
    return np.array(["fail", "pass", "not_testable"])[state]


def _missing(
    aligned: Sequence[_Aligned],
) -> NDArray[np.str_]:
    rows = zip(*(a.reason for a in aligned), strict=True)
    return np.array(
        [
            "; ".join(
                f"{e}: {why}" for e, why in zip(_ELEMENTS, row, strict=True) if why
            )
            for row in rows
        ]
    )


def _strength(
    parts: Sequence[FloatArray],
) -> tuple[FloatArray, FloatArray]:
    g, i, c = parts
    strength = np.cbrt(g * i * c)
    mean = (g + i + c) / 3.0
    balance = np.full(g.size, np.nan)
    np.divide(strength, mean, out=balance, where=mean > 0)
    return strength, np.sqrt(balance * mean)


def _grid(
    cluster: NDArray[np.str_],
    aligned: Sequence[_Aligned],
    sources: Mapping[str, _Aligned],
) -> dict[str, ColumnData]:
    n = cluster.size
    settings = list(product(_ALPHAS, _QS, _EIS, sources))
    kinds = [
        _KIND_OF[_codes([aligned[0], sources[s], aligned[2]], a, q, e)]
        for a, q, e, s in settings
    ]
    columns = list(zip(*settings, strict=True))
    return {
        "cluster": np.tile(cluster, len(settings)),
        "alpha": np.repeat(np.array(columns[0]), n),
        "q": np.repeat(np.array(columns[1]), n),
        "ei_max": np.repeat(np.array(columns[2]), n),
        "source": np.repeat(np.array(columns[3]), n),
        "kind": np.concatenate(kinds),
    }


def _undefined(
    cluster: NDArray[np.str_], strength: FloatArray, verdict: NDArray[np.str_]
) -> tuple[Undefined, ...]:
    lost = np.isnan(strength)
    if not lost.any():
        return ()
    which = ", ".join(cluster[lost][:5].tolist())
    why = "an element is not testable"
    n_open = int((verdict == "not_testable").sum())
    return (
        Undefined(
            reason=f"{why} ({n_open} verdicts open)", item=which, n=int(lost.sum())
        ),
    )
