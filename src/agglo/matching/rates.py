"""Shares of matched clusters and cities, with intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from agglo.core.errors import OptionError
from agglo.core.inference import wilson
from agglo.core.options import Bootstrap, check_choice, check_number
from agglo.core.parallel import entropy_of, monte_carlo
from agglo.core.results import Provenance, Undefined, frozen_array
from agglo.matching._kernels import shares
from agglo.matching._shares_input import Incidence, incidence, kept_after_dedupe
from agglo.matching.rate_results import MEASURES, Rates

if TYPE_CHECKING:
    from agglo.core.typing import BoolArray, FloatArray, IntArray
    from agglo.matching.match_results import Matching

__all__ = ["matching_rates"]

By: TypeAlias = Literal["programme", "industry", "city", "province", "batch", "status"]
_BY = ("programme", "industry", "city", "province", "batch", "status")
_STEPS = (0.0, 0.25, 0.5, 0.75, 1.0)
_SMALL = 5


def matching_rates(
    matching: Matching,
    *,
    by: By | None = None,
    counting: Literal["full", "fractional"] = "full",
    s: float = 0.5,
    level: float = 0.95,
    industry_level: int = 2,
    dedupe: bool = False,
    unmapped: Literal["exclude", "none"] = "exclude",
    inference: Bootstrap | None = None,
) -> Rates:
    r"""Measure how many cities co-exist and how many clusters are matched.

    Use for the headline and its breakdowns; not as evidence by itself: print
    `matching_null` beside every rate.

    Parameters
    ----------
    matching
        Result of `match_designations`.
    by
        Breakdown; ``"province"`` needs lists checked against cities.
    counting
        Where a cluster stands in several groups (cities, provinces, industries):
        ``"full"`` counts it once in each, in the numerator of a place only if the match
        lies there; ``"fractional"`` shares it by city weights (equally between
        industries), so that groups add up to the national counts.
    s
        Weight of similar in the degree index, in [0, 1]; 0, 0.25, 0.5, 0.75 and 1 are
        always given.
    level
        Coverage of the Wilson intervals.
    industry_level
        Level of the tree for ``by="industry"``.
    dedupe
        Count a cluster once when several programmes designated it: same lead city, same
        nodes of level 3. Of the programmes the one with the smallest id stays.
    unmapped
        ``"exclude"`` leaves clusters with unknown labels out of the shares, ``"none"``
        counts them as unmatched. They always count for co-existence.
    inference
        `Bootstrap` over cities, default 2,000 draws at 95 %.

    Returns
    -------
    Rates
        Per group: co-existence, identical, similar, matched, degree D(s), and
        ``degree_weighted`` when belts have sizes. Groups of fewer than five are flagged
        ``small``.

    Raises
    ------
    OptionError
        If an option is unknown or out of range, or provinces are not known.

    Notes
    -----
    :math:`D(s) = (n_I + s\,n_S)/N`. :math:`D_w = \sum d_c z_c / \sum z_c` with d 1, s or 0
    and z the size of the belt that shows the match, for an unmatched cluster of the belt
    with the closest label; clusters without a belt in their cities have no size.
    Wilson intervals take clusters as independent; clusters share cities, so the block
    interval resamples cities, a cluster's weight spread over its cities; it is NaN for
    fewer than two cities. N = 0 gives NaN with a reason. O(clusters + draws × cities).

    References
    ----------
    Wilson (1927), doi:10.1080/01621459.1927.10502953. Headline of Zhao et al. (2022).

    See Also
    --------
    matching_null : What chance would give.

    Examples
    --------
    >>> import pyarrow as pa, agglo.matching as am
    >>> tree = pa.table({"industry": ["X", "X1", "X11"], "parent": ["", "X", "X1"], "level": [1, 2, 3]})
    >>> words = pa.table({"label": ["a"], "lang": ["zh"], "node_ids": ["X11"]})
    >>> ours = pa.table({"cluster": ["c", "d"], "city": ["1", "2"], "industry_label": ["a", "a"]})
    >>> theirs = pa.table({"belt": ["p"], "city": ["1"], "industry_label": ["a"]})
    >>> found = am.match_designations(ours, theirs, tree, words)
    >>> am.matching_rates(found).row("matched")["value"]
    0.5
    """
    if by is not None:
        check_choice("by", by, _BY)
    check_choice("counting", counting, ("full", "fractional"))
    check_choice("unmapped", unmapped, ("exclude", "none"))
    check_number("s", s, minimum=0, maximum=1)
    check_number("level", level, minimum=0, maximum=1, open_ends=True)
    option = inference if inference is not None else Bootstrap(n=2000)
    if not isinstance(option, Bootstrap):
        msg = f"inference={inference!r} must be a Bootstrap."
        raise OptionError(msg)
    if not isinstance(dedupe, bool):
        msg = f"dedupe={dedupe!r} must be True or False."
        raise OptionError(msg)
    seed = entropy_of(option.seed)
    rows = incidence(
        matching, by, fractional=counting == "fractional", industry_level=industry_level
    )
    keep = (
        kept_after_dedupe(matching)
        if dedupe
        else np.ones_like(matching.kind_code, bool)
    )
    in_shares = keep & ((matching.kind_code >= 0) | (unmapped == "none"))
    steps = np.array(sorted({*_STEPS, float(s)}))
    parts = _Parts.of(
        matching, rows, keep[rows.cluster], in_shares[rows.cluster], steps, s
    )
    return _wrap(
        matching,
        rows,
        parts,
        option,
        seed,
        {
            "by": by,
            "counting": counting,
            "s": s,
            "level": level,
            "industry_level": industry_level,
            "dedupe": dedupe,
            "unmapped": unmapped,
            "bootstrap": option.n,
        },
        (int(matching.kind_code.size), int(keep.sum())),
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class _Parts:
    """Numerators and denominators per group and city, one column per measure.

    Attributes
    ----------
    measure, s
        Names and weights of similar, shape (measures,).
    top, bottom
        Shape (groups, cities, measures).
    count, n
        Sums over the cities, shape (groups, measures), taken cluster by cluster: the
        parts of a joint cluster would add up to 163.99….
    """

    measure: tuple[str, ...]
    s: FloatArray
    top: FloatArray
    bottom: FloatArray
    count: FloatArray
    n: FloatArray

    @classmethod
    def of(
        cls,
        matching: Matching,
        rows: Incidence,
        keep: BoolArray,
        in_shares: BoolArray,
        steps: FloatArray,
        s: float,
    ) -> _Parts:
        """Spread every cluster's contribution over its cities."""
        similar, identical = rows.kind == 1, rows.kind == 2
        score = {float(v): identical + v * similar for v in steps}
        columns: list[tuple[str, float, FloatArray, FloatArray]] = [
            ("identical", np.nan, identical.astype(np.float64), np.ones(similar.size)),
            ("similar", np.nan, similar.astype(np.float64), np.ones(similar.size)),
            (
                "matched",
                np.nan,
                (rows.kind > 0).astype(np.float64),
                np.ones(similar.size),
            ),
            *(("degree", v, d, np.ones(similar.size)) for v, d in score.items()),
        ]
        size = _sizes(matching)[rows.cluster]
        if np.isfinite(matching.belts.size).any():
            columns.append(("degree_weighted", s, score[float(s)] * size, size))
        shape = (rows.groups.size, matching.clusters.city.size)
        flat = rows.group[rows.part] * shape[1] + rows.city
        weight = (rows.weight * in_shares)[rows.part] * rows.share

        def spread(value: FloatArray) -> FloatArray:
            total = np.bincount(
                flat, weights=weight * value[rows.part], minlength=shape[0] * shape[1]
            )
            return total.astype(np.float64).reshape(shape)

        def whole(value: FloatArray) -> FloatArray:
            each = rows.weight * in_shares * value
            total = np.bincount(rows.group, weights=each, minlength=shape[0])
            return shares.settled(total.astype(np.float64))

        there = np.bincount(
            flat, weights=keep[rows.part], minlength=shape[0] * shape[1]
        ).reshape(shape)
        lies = (there > 0).astype(np.float64)
        holds = np.isin(matching.clusters.city, matching.belts.city)
        both = lies * holds
        return cls(
            measure=("coexistence", *(c[0] for c in columns)),
            s=np.array([np.nan, *(c[1] for c in columns)]),
            top=np.stack([both, *(spread(c[2]) for c in columns)], axis=2),
            bottom=np.stack([lies, *(spread(c[3]) for c in columns)], axis=2),
            count=np.stack([both.sum(axis=1), *(whole(c[2]) for c in columns)], axis=1),
            n=np.stack([lies.sum(axis=1), *(whole(c[3]) for c in columns)], axis=1),
        )


def _sizes(matching: Matching) -> FloatArray:
    """Size of the belt that shows the match, else of the closest; 0 where unknown."""
    if not np.isfinite(matching.belts.size).any():
        return np.zeros(matching.kind_code.size)
    closest, _ = matching.closest
    belt = np.where(matching.evidence >= 0, matching.evidence, closest)
    size = np.append(np.nan_to_num(matching.belts.size), 0.0)
    return size[belt]


def _wrap(
    matching: Matching,
    rows: Incidence,
    parts: _Parts,
    option: Bootstrap,
    seed: int,
    parameters: dict[str, object],
    n_clusters: tuple[int, int],
) -> Rates:
    from scipy.stats import norm

    count, n = parts.count, parts.n
    value = np.full(count.shape, np.nan)
    np.divide(count, n, out=value, where=n > 0)
    z = float(norm.ppf(0.5 + float(str(parameters["level"])) / 2))
    low, high = wilson(count, n, z)
    shown = np.array([m in MEASURES for m in parts.measure])
    low[:, ~shown] = high[:, ~shown] = np.nan
    block = _block_intervals(parts, option, seed)
    g, k = (a.reshape(-1) for a in np.indices(count.shape))
    undefined = [
        Undefined(
            reason="no cluster in the group",
            item=f"{rows.groups[i]} {parts.measure[j]}",
        )
        for i, j in np.argwhere(np.isnan(value))
    ]
    return Rates(
        by=str(parameters["by"] or ""),
        group=frozen_array(rows.groups[g]),
        measure=frozen_array(np.array(parts.measure)[k]),
        s=frozen_array(parts.s[k]),
        count=frozen_array(count[g, k]),
        n=frozen_array(n[g, k]),
        value=frozen_array(value[g, k]),
        lower=frozen_array(low[g, k]),
        upper=frozen_array(high[g, k]),
        block_lower=frozen_array(block[0][g, k]),
        block_upper=frozen_array(block[1][g, k]),
        small=frozen_array(n[g, k] < _SMALL),
        level=float(str(parameters["level"])),
        n_before=n_clusters[0],
        n_after=n_clusters[1],
        undefined=tuple(undefined),
        frame_kind=matching.frame_kind,
        provenance=Provenance.of(
            matching_rates,
            matching.clusters,
            matching.belts,
            matching.kind_code,
            parameters=parameters,
            seed=seed,
        ),
    )


def _block_intervals(
    parts: _Parts, option: Bootstrap, seed: int
) -> tuple[FloatArray, FloatArray]:
    shape = (parts.top.shape[0], parts.top.shape[2])
    low, high = np.full(shape, np.nan), np.full(shape, np.nan)
    tail = (1.0 - option.level) / 2
    for g in range(shape[0]):
        blocks: IntArray = np.flatnonzero(parts.bottom[g].sum(axis=1) > 0)
        if blocks.size < 2:
            continue
        top, bottom = parts.top[g, blocks], parts.bottom[g, blocks]
        draws = monte_carlo(
            _Resample(top, bottom),
            n=option.n,
            seed=seed,
            stream=g,
            block_size=512,
            n_jobs=1,
        )
        known = ~np.isnan(draws).all(axis=0)
        ends = np.nanquantile(draws[:, known], [tail, 1.0 - tail], axis=0)
        low[g, known], high[g, known] = ends
    return low, high


@dataclass(frozen=True)
class _Resample:
    top: FloatArray
    bottom: FloatArray

    def __call__(self, rng: np.random.Generator, size: int) -> FloatArray:
        return shares.block_ratios(rng, size, self.top, self.bottom)
