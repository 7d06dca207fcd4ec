"""Which inventions cross regions, by class of technology, and who is strong in which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa

from agglo.core.errors import NotIdentifiedError, Problem
from agglo.core.frames import frame_kind, require_columns, to_arrow
from agglo.core.inference import wilson
from agglo.core.options import check_choice, check_number
from agglo.core.results import Provenance, Undefined, frozen_array
from agglo.networks._applicants import Applicants, read_applicants
from agglo.networks._kernels import intervals
from agglo.networks._kernels import propensity as kernels
from agglo.networks.flow_results import sums
from agglo.networks.levels import ancestors, needed_regions
from agglo.networks.propensity_results import (
    CrossRegionalPropensity,
    TechnologyAdvantage,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.tables import Regions
    from agglo.core.typing import BoolArray, FloatArray, IntArray, IntoFrame

__all__ = ["advantage", "cross_regional_propensity"]

_OUTSIDE = ("none", "unknown")


def cross_regional_propensity(
    data: IntoFrame,
    *,
    by: str = "class",
    level: str | None = None,
    regions: IntoFrame | Regions | None = None,
    adjust: Literal["mantel_haenszel", "logit"] | None = None,
    interval: Literal["wilson", "jeffreys"] = "wilson",
    confidence: float = 0.95,
    alpha: float = 0.05,
) -> CrossRegionalPropensity:
    r"""Measure which classes of patents have their applicants in several regions.

    Use to ask in which technologies invention crosses borders, given that it is joint; how
    often it is joint is the column `collaboration`.

    Parameters
    ----------
    data
        Table ``patents``: one row per patent and applicant, with `region`, `period` and
        `position` (1 for the first applicant) where they are there.
    by
        Column of the class. A patent in several classes enters with weights that add to 1.
        Class ``none`` (and null) is left out and counted.
    level, regions
        Level at which regions are told apart, as in `build_links`.
    adjust
        ``None``; ``"mantel_haenszel"``, pooled over region of the first applicant and
        period; ``"logit"``, with effects of both and errors clustered by region.
    interval
        Of the shares.
    confidence
        Coverage of the intervals.
    alpha
        Level of the verdicts, after Holm's correction over the classes.

    Returns
    -------
    CrossRegionalPropensity
        Per class share, odds ratio against all other classes, p, verdict.

    Raises
    ------
    ColumnNotFoundError
        If a column is absent.
    InvalidTableError
        Listing the problems of the table.
    AlignmentError
        Listing unknown regions.
    NotIdentifiedError
        If no patent has two located applicants.
    OptionError
        If a choice does not exist or a number is out of range.

    Notes
    -----
    Unit: patent with two or more located applicants; y = 1 if they span two regions or
    more. The error of the log odds ratio is :math:`\sqrt{1/a + 1/b + 1/c + 1/d}`, over
    patents where classes are shared; 0.5 is added if a cell is 0. All y equal: odds ratios
    NaN. An empty class: NaN. Without `position` the first applicant is that with the first
    label. The logit drops regions in which y does not vary. O(rows log rows).

    References
    ----------
    Wilson 1927, doi:10.1080/01621459.1927.10502953; Mantel and Haenszel 1959,
    doi:10.1093/jnci/22.4.719, variance Robins, Breslow and Greenland 1986,
    doi:10.2307/2531052; Holm 1979, https://www.jstor.org/stable/4615733.

    See Also
    --------
    advantage : Where the classes are at home.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> rows = pa.table({"patent": list("112233"), "applicant": list("abacbc"),
    ...     "region": list("xyxxyx"), "class": list("hhhhll")})
    >>> ag.cross_regional_propensity(rows).share.tolist()
    [0.5, 1.0]
    """
    if adjust is not None:
        check_choice("adjust", adjust, ("mantel_haenszel", "logit"))
    check_choice("interval", interval, ("wilson", "jeffreys"))
    check_number("confidence", confidence, minimum=0, maximum=1, open_ends=True)
    check_number("alpha", alpha, minimum=0, maximum=1, open_ends=True)
    units = _units(to_arrow(data, where="patents"), by, level, regions)
    _refuse_alone(units)
    y, w = units.crosses[units.joint], units.weight[units.joint]
    joint, crossing = w.sum(axis=0), y @ w
    all_patents = units.weight.sum(axis=0)
    lower, upper = _share_interval(crossing, joint, interval, confidence)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(joint > 0, crossing / joint, np.nan)
        collaboration = (units.several @ units.weight) / all_patents
    log, se, reasons = _odds(units, adjust)
    z = intervals.z_of(confidence)
    p = intervals.two_sided(log / se)
    adjusted = intervals.holm(p)
    asked = {"by": by, "level": level, "adjust": adjust, "interval": interval}
    return CrossRegionalPropensity(
        provenance=Provenance.of(
            cross_regional_propensity,
            units.weight,
            units.crosses,
            units.first,
            parameters={**asked, "confidence": confidence, "alpha": alpha},
        ),
        frame_kind=frame_kind(data),
        undefined=(*_left_out(units), *reasons),
        klass=frozen_array(units.klass),
        patents=frozen_array(all_patents),
        collaboration=frozen_array(collaboration),
        joint=frozen_array(joint),
        crossing=frozen_array(crossing),
        share=frozen_array(share),
        lower=frozen_array(lower),
        upper=frozen_array(upper),
        odds_ratio=frozen_array(np.exp(log)),
        odds_lower=frozen_array(np.exp(log - z * se)),
        odds_upper=frozen_array(np.exp(log + z * se)),
        p=frozen_array(p),
        p_holm=frozen_array(adjusted),
        verdict=frozen_array(_verdicts(log, adjusted, alpha)),
        adjust=adjust or "no",
        interval=interval,
        level=confidence,
        alpha=alpha,
    )


def _refuse_alone(units: _Units) -> None:
    if units.joint.any():
        return
    bad = Problem(
        code="no_joint_patent",
        what="no patent has two applicants with a region",
        where="patents",
        fix="give applicants their region",
    )
    msg = "There is nothing that could cross regions."
    raise NotIdentifiedError(msg, [bad])


def _verdicts(log: FloatArray, p: FloatArray, alpha: float) -> NDArray[np.str_]:
    verdict = np.full(p.size, "undecided", dtype="<U9")
    decided = np.nan_to_num(p, nan=1.0) <= alpha
    verdict[decided & (log > 0)] = "above"
    verdict[decided & (log < 0)] = "below"
    return verdict


def advantage(
    data: IntoFrame,
    *,
    by: str = "class",
    level: str | None = None,
    regions: IntoFrame | Regions | None = None,
    confidence: float = 0.95,
) -> TechnologyAdvantage:
    r"""Measure in which classes of patents each place is over-represented.

    Use to name the places with an advantage in a technology, beside
    `cross_regional_propensity`.

    Parameters
    ----------
    data
        Table ``patents``, as for `cross_regional_propensity`.
    by
        Column of the class.
    level, regions
        Level of the places, as in `build_links`.
    confidence
        Coverage of the bounds over all places together (Bonferroni).

    Returns
    -------
    TechnologyAdvantage
        Location quotient of each class in each place, bounds, significance.

    Raises
    ------
    ColumnNotFoundError
        If a column is absent.
    InvalidTableError
        Listing the problems of the table.
    AlignmentError
        Listing unknown regions.
    OptionError
        If a number is out of range.

    Notes
    -----
    A patent counts where its first applicant is (by `position`, otherwise by label); the
    quotient is :math:`(n_{ck}/n_c)/(n_k/n)`, its bounds Wilson's of :math:`n_{ck}/n_c` at
    level :math:`1 - \alpha/C` over :math:`n_k/n`. A place without patents: NaN. All patents
    count, also those of one applicant. O(rows log rows).

    References
    ----------
    Wilson 1927, doi:10.1080/01621459.1927.10502953; Balassa 1965,
    doi:10.1111/j.1467-9957.1965.tb00050.x.

    See Also
    --------
    cross_regional_propensity : Which classes cross regions.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> rows = pa.table({"patent": list("1234"), "applicant": list("abcd"),
    ...     "region": list("xxyy"), "class": list("hhhl")})
    >>> ag.advantage(rows).quotient[0, 0].round(3).item()
    1.333
    """
    check_number("confidence", confidence, minimum=0, maximum=1, open_ends=True)
    units = _units(to_arrow(data, where="patents"), by, level, regions)
    placed = units.first >= 0
    k, n = units.klass.size, units.place.size
    counts = np.column_stack(
        [sums(units.first[placed], units.weight[placed, j], n) for j in range(k)]
    ).reshape(n, k)
    total = counts.sum(axis=1)
    overall = counts.sum(axis=0)
    z = intervals.z_of(1.0 - (1.0 - confidence) / max(n, 1))
    lower, upper = wilson(counts, total[:, None], z)
    with np.errstate(divide="ignore", invalid="ignore"):
        base = overall / overall.sum()
        quotient = counts / total[:, None] / base
        lower, upper = lower / base, upper / base
    empty = [
        Undefined(reason="no patent of a first applicant", region=str(r))
        for r in units.place[total == 0]
    ]
    return TechnologyAdvantage(
        provenance=Provenance.of(
            advantage,
            counts,
            parameters={"by": by, "level": level, "confidence": confidence},
        ),
        frame_kind=frame_kind(data),
        undefined=(*_left_out(units), *empty),
        region=frozen_array(units.place),
        klass=frozen_array(units.klass),
        patents=frozen_array(counts),
        quotient=frozen_array(quotient),
        lower=frozen_array(lower),
        upper=frozen_array(upper),
        significant=frozen_array(np.nan_to_num(lower, nan=0.0) > 1.0),
        level=confidence,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Units:
    """One row per patent: class weights, place of the first applicant, what it spans."""

    klass: NDArray[np.str_]
    place: NDArray[np.str_]
    weight: FloatArray
    first: IntArray
    period: IntArray
    n_periods: int
    several: FloatArray
    joint: BoolArray
    crosses: FloatArray
    n_outside: int


def _units(
    table: pa.Table, by: str, level: str | None, regions: IntoFrame | Regions | None
) -> _Units:
    require_columns(table, {"by": by}, where="patents")
    read = read_applicants(table, industry=by)
    place, code = read.region_label, np.arange(read.region_label.size)
    if level is not None:
        place, code = ancestors(
            needed_regions(level, regions), read.region_label, level
        )
    home = np.where(read.region >= 0, code[np.maximum(read.region, 0)], -1)
    klass, weight, inside = _class_weights(read)
    n = read.n_patents
    located = home >= 0
    members = np.bincount(read.patent, minlength=n)
    with_place = np.bincount(read.patent[located], minlength=n)
    key = np.unique(read.patent[located] * max(place.size, 1) + home[located])
    spans = np.bincount(key // max(place.size, 1), minlength=n)
    return _Units(
        klass=klass,
        place=place,
        weight=weight[inside],
        first=home[read.first][inside].astype(np.int64),
        period=read.period[read.first][inside],
        n_periods=read.period_label.size,
        several=(members >= 2)[inside].astype(np.float64),
        joint=(with_place >= 2)[inside],
        crosses=(spans >= 2)[inside].astype(np.float64),
        n_outside=int((~inside).sum()),
    )


def _class_weights(
    read: Applicants,
) -> tuple[NDArray[np.str_], FloatArray, BoolArray]:
    """Give the class weights of every patent; classes outside are left out."""
    n, k = read.n_patents, read.industry_label.size
    cell = sums(read.patent[read.member] * k + read.industry, read.share, n * k)
    counted = ~np.isin(read.industry_label, _OUTSIDE)
    weight = cell.reshape(n, k)[:, counted]
    total = weight.sum(axis=1)
    inside = total > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        share = weight / total[:, None]
    return read.industry_label[counted], share, inside


def _share_interval(
    count: FloatArray, n: FloatArray, interval: str, confidence: float
) -> tuple[FloatArray, FloatArray]:
    if interval == "jeffreys":
        return intervals.jeffreys(count, n, confidence)
    return wilson(count, n, intervals.z_of(confidence))


def _odds(
    units: _Units, adjust: str | None
) -> tuple[FloatArray, FloatArray, list[Undefined]]:
    """Give ln OR and its error per class, and why some cannot be told."""
    y, w = units.crosses[units.joint], units.weight[units.joint]
    k = w.shape[1]
    log, se = np.full(k, np.nan), np.full(k, np.nan)
    if y.min() == y.max():
        why = (
            "all patents cross regions" if y.min() == 1 else "no patent crosses regions"
        )
        return log, se, [Undefined(reason=why, item="odds ratios")]
    reasons: list[Undefined] = []
    placed = units.first[units.joint] >= 0
    for j in range(k):
        if not 0 < w[:, j].sum() < y.size:
            why = "no joint patent" if w[:, j].sum() == 0 else "no other class"
            reasons.append(Undefined(reason=why, activity=str(units.klass[j])))
            continue
        if adjust is None:
            log[j], se[j] = kernels.clustered_log_odds(y, w[:, j])
        else:
            log[j], se[j] = _adjusted(units, y, w[:, j], placed, adjust)
        if not se[j] > 0:
            se[j] = np.nan
            why = "cannot be told apart from the others"
            reasons.append(Undefined(reason=why, activity=str(units.klass[j])))
    if adjust is not None and not placed.all():
        n = int((~placed).sum())
        why = "the first applicant has no region"
        reasons.append(Undefined(reason=why, item="joint patents", n=n))
    return log, se, reasons


def _adjusted(
    units: _Units, y: FloatArray, w: FloatArray, placed: BoolArray, adjust: str
) -> tuple[float, float]:
    region = units.first[units.joint][placed]
    period = units.period[units.joint][placed]
    y, w = y[placed], w[placed]
    if adjust == "mantel_haenszel":
        stratum = region * units.n_periods + period
        return kernels.mantel_haenszel(
            y, w, stratum, units.place.size * units.n_periods
        )
    present = np.unique(period)
    dummies = (period[:, None] == present[None, 1:]).astype(np.float64)
    x = np.column_stack([w, dummies])
    b, covariance, _, settled = kernels.logit_with_effects(
        y, x, region, units.place.size
    )
    if not settled:
        return np.nan, np.nan
    return float(b[0]), float(np.sqrt(covariance[0, 0]))


def _left_out(units: _Units) -> tuple[Undefined, ...]:
    if not units.n_outside:
        return ()
    why = "class is none or unknown"
    return (Undefined(reason=why, item="patents", n=units.n_outside),)
