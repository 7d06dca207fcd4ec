"""Indicators on a common scale, all pointing the same way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from agglo.core.errors import OptionError, suggest
from agglo.core.options import check_choice, check_number
from agglo.core.results import Provenance, Undefined, frozen_array
from agglo.evaluation._kernels import normalise as kernels
from agglo.evaluation.indicators import Indicators, as_indicators
from agglo.evaluation.results import PreparedIndicators, missing_cells

if TYPE_CHECKING:
    from agglo.core.typing import BoolArray, FloatArray, IntoFrame

__all__ = ["NORMALISATIONS", "NormalisationMethod", "normalise"]

NormalisationMethod: TypeAlias = Literal[
    "minmax",
    "zscore",
    "distance_to_max",
    "distance_to_reference",
    "distance_to_target",
    "share_of_max",
    "goalposts",
    "rank",
    "percentile_rank",
    "borda",
]

NORMALISATIONS: tuple[str, ...] = (
    "minmax",
    "zscore",
    "distance_to_max",
    "distance_to_reference",
    "distance_to_target",
    "share_of_max",
    "goalposts",
    "rank",
    "percentile_rank",
    "borda",
)
_SCALES = {"minmax": (0.0, 100.0), "zscore": (0.0, 1.0), "goalposts": (0.0, 100.0)}
_RANKS = ("rank", "percentile_rank", "borda")
_NEEDS = {
    "distance_to_target": "targets",
    "distance_to_reference": "reference",
    "goalposts": "goalposts",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Anchors:
    """Options of the methods that compare with something outside the data."""

    targets: Mapping[str, float]
    goalposts: Mapping[str, tuple[float, ...]]
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Panel:
    """Which rows are scaled together, and where the parameters come from."""

    kind: str
    base_period: str | None


def normalise(
    data: IntoFrame | Indicators,
    *,
    method: NormalisationMethod | Mapping[str, NormalisationMethod] = "minmax",
    scale: tuple[float, float] | None = None,
    targets: Mapping[str, float] | None = None,
    goalposts: Mapping[str, tuple[float, ...]] | None = None,
    reference: str | None = None,
    cap: bool = False,
    panel: Literal["pooled", "by_period"] = "pooled",
    base_period: str | None = None,
) -> PreparedIndicators:
    r"""Bring indicators to one scale on which more is better.

    The direction is applied first: a negative indicator enters as -x, and so do its target
    and goalposts. Use ``"pooled"`` to compare years; never read trends from ``"by_period"``.

    Parameters
    ----------
    data
        Long table as in `as_indicators`, or `Indicators`.
    method
        See the notes. A mapping gives indicators a method of their own; those left out are
        ``"minmax"``, and `scale` is then that of ``"minmax"`` and ``"goalposts"``.
    scale
        Ends for ``"minmax"`` and ``"goalposts"`` (default 0 and 100); mean and standard
        deviation for ``"zscore"`` (default 0 and 1). Other methods have none.
    targets
        Indicator to target, in its own unit, for ``"distance_to_target"``.
    goalposts
        Indicator to lower and upper end, in its own unit, for ``"goalposts"``. Four rising
        numbers are two-sided: worst below, best from, best to, worst above; the best is in
        the middle and the direction does not matter.
    reference
        Unit for ``"distance_to_reference"``.
    cap
        Whether values beyond goalposts or target are held at the end of the scale.
    panel
        Parameters from all periods together, or each period's own.
    base_period
        Take the parameters from this period only.

    Returns
    -------
    PreparedIndicators
        Status ``"normalised"``, all directions 1; an indicator without spread is undefined.

    Raises
    ------
    OptionError
        If an option has no such value, or what the method needs is absent.

    Notes
    -----
    .. math:: y = l + (u - l) \frac{x - \min}{\max - \min}, \qquad y = m + s (x - \bar x)/sd

    (sd with n - 1); distance to max 1 - (max - x)/range; to reference or target
    (x - min)/(x_ref - min); share of max x/max, for positive values; goalposts
    (x - lo)/(hi - lo); rank 1 = lowest, ties get the lowest; percentile rank
    (rank - 1)/(n - 1); Borda rank - 1. Affine methods do not change under positive affine
    change of an indicator, share of max excepted. O(cells log rows).

    References
    ----------
    OECD and JRC 2008, doi 10.1787/9789264043466-en, step 5; Becker et al. 2022,
    doi 10.21105/joss.04567.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.evaluation import normalise
    >>> rows = pa.table({"unit": ["a", "b", "c"], "indicator": ["x"] * 3, "pillar": ["p"] * 3,
    ...                  "value": [1.0, 2.0, 5.0], "direction": ["negative"] * 3})
    >>> normalise(rows).indicators.values.ravel().tolist()
    [100.0, 75.0, 0.0]
    """
    check_choice("panel", panel, ("pooled", "by_period"))
    table = as_indicators(data)
    if base_period is not None and base_period not in table.period:
        hint = suggest(base_period, np.unique(table.period).tolist())
        msg = f"base_period={base_period!r} is no period of `data`. {hint}".rstrip()
        raise OptionError(msg)
    out = np.empty_like(table.values)
    how = _Panel(kind=panel, base_period=base_period)
    parts, single = _parts(table, method), isinstance(method, str)
    _refuse_unused(set(parts), targets, goalposts, reference)
    for name, columns in parts.items():
        part = replace(
            table,
            names=tuple(table.names[j] for j in columns),
            values=table.values[:, columns],
            direction=table.direction[columns],
        )
        own = scale if single or name in ("minmax", "goalposts") else None
        anchors = _anchors(part, name, targets, goalposts, reference)
        out[:, columns] = _scaled(part, name, _scale(name, own), anchors, how, cap=cap)
    new = table.with_values(out, direction=np.ones(out.shape[1]))
    return PreparedIndicators(
        step="normalise",
        indicators=new,
        before=table.values,
        status=frozen_array(np.where(np.isnan(out), "", "normalised")),
        undefined=_reasons(table, new),
        frame_kind=table.frame_kind,
        provenance=Provenance.of(
            normalise,
            table,
            parameters={
                "method": method,
                "scale": scale,
                "targets": targets,
                "goalposts": goalposts,
                "reference": reference,
                "cap": cap,
                "panel": panel,
                "base_period": base_period,
            },
        ),
    )


def _parts(
    table: Indicators, method: str | Mapping[str, NormalisationMethod]
) -> dict[str, list[int]]:
    """Give method to the columns that it scales."""
    if isinstance(method, str):
        check_choice("method", method, NORMALISATIONS)
        return {method: list(range(len(table.names)))}
    for name, how in method.items():
        if name not in table.names:
            hint = suggest(name, table.names)
            msg = f"method[{name!r}] is no indicator of `data`. {hint}".rstrip()
            raise OptionError(msg)
        check_choice(f"method[{name!r}]", how, NORMALISATIONS)
    parts: dict[str, list[int]] = {}
    for j, name in enumerate(table.names):
        parts.setdefault(method.get(name, "minmax"), []).append(j)
    return parts


def _refuse_unused(
    methods: set[str],
    targets: Mapping[str, float] | None,
    goalposts: Mapping[str, tuple[float, ...]] | None,
    reference: str | None,
) -> None:
    given = {"targets": targets, "goalposts": goalposts, "reference": reference}
    wanted = {_NEEDS[m] for m in methods if m in _NEEDS}
    for option, value in given.items():
        if value is not None and option not in wanted:
            msg = f"{option}={value!r} has no meaning for method {sorted(methods)}."
            raise OptionError(msg)


def _scaled(
    table: Indicators,
    method: str,
    ends: tuple[float, float],
    anchors: _Anchors,
    panel: _Panel,
    *,
    cap: bool,
) -> FloatArray:
    """Scale the columns of one method."""
    x = table.values * table.direction
    out = np.empty_like(x)
    for rows in _blocks(table, panel.kind):
        base = rows if panel.base_period is None else table.period == panel.base_period
        out[rows] = _one_block(table, method, x, rows, base, ends, anchors)
    if method == "goalposts":
        out = _two_sided(table, out, ends, anchors)
    if cap and method == "goalposts":
        return np.clip(out, min(ends), max(ends))
    if cap and method == "distance_to_target":
        return np.minimum(out, 1.0)
    return out


def _two_sided(
    table: Indicators, out: FloatArray, ends: tuple[float, float], anchors: _Anchors
) -> FloatArray:
    """Score columns whose best lies between two posts: a trapezium."""
    for j, name in enumerate(table.names):
        posts = anchors.goalposts[name]
        if len(posts) == 4:
            worst, best, best_to, worst_above = posts
            x = table.values[:, j]
            near = np.minimum(
                (x - worst) / (best - worst),
                (worst_above - x) / (worst_above - best_to),
            )
            out[:, j] = ends[0] + (ends[1] - ends[0]) * np.minimum(near, 1.0)
    return out


def _scale(method: str, scale: tuple[float, float] | None) -> tuple[float, float]:
    if method not in _SCALES:
        if scale is not None:
            msg = f"scale={scale!r} has no meaning for method={method!r}."
            raise OptionError(msg)
        return (0.0, 1.0)
    if scale is None:
        return _SCALES[method]
    if not isinstance(scale, tuple) or len(scale) != 2:
        msg = f"scale={scale!r} must be two numbers."
        raise OptionError(msg)
    low, high = (check_number("scale", v) for v in scale)
    if (high <= 0) if method == "zscore" else (low >= high):
        msg = f"scale={scale!r} must rise (for z-scores: have a positive deviation)."
        raise OptionError(msg)
    return low, high


def _anchors(
    table: Indicators,
    method: str,
    targets: Mapping[str, float] | None,
    goalposts: Mapping[str, tuple[float, ...]] | None,
    reference: str | None,
) -> _Anchors:
    given = {"targets": targets, "goalposts": goalposts, "reference": reference}
    option = _NEEDS.get(method, "")
    if option and given[option] is None:
        msg = f"method={method!r} needs {option}."
        raise OptionError(msg)
    named = {"targets": targets, "goalposts": goalposts}.get(option)
    lost = sorted(set(table.names) - set(named)) if named is not None else []
    if lost:
        msg = f"{option} has no entry of the indicators {lost[:10]}."
        raise OptionError(msg)
    for name, posts in (goalposts or {}).items():
        if len(posts) not in (2, 4) or not _rising(posts):
            msg = (
                f"goalposts[{name!r}]={tuple(posts)!r}: two rising ends, or four rising "
                "posts (worst below, best from, best to, worst above)."
            )
            raise OptionError(msg)
    if reference is not None and reference not in table.unit:
        hint = suggest(reference, table.unit.tolist())
        msg = f"reference={reference!r} is no unit of `data`. {hint}".rstrip()
        raise OptionError(msg)
    return _Anchors(
        targets=targets or {}, goalposts=goalposts or {}, reference=reference or ""
    )


def _rising(posts: tuple[float, ...]) -> bool:
    """Whether ends differ; the two posts of the best may be the same."""
    if len(posts) == 2:
        return posts[0] < posts[1]
    return posts[0] < posts[1] <= posts[2] < posts[3]


def _blocks(table: Indicators, panel: str) -> list[BoolArray]:
    if panel == "pooled":
        return [np.ones(table.unit.size, dtype=bool)]
    return [table.group == g for g in range(int(table.group.max()) + 1)]


def _one_block(
    table: Indicators,
    method: str,
    x: FloatArray,
    rows: BoolArray,
    base: BoolArray,
    ends: tuple[float, float],
    anchors: _Anchors,
) -> FloatArray:
    if method in _RANKS:
        place = kernels.ranks(x[rows])
        if method == "rank":
            return place
        if method == "borda":
            return place - 1
        n = (~np.isnan(x[rows])).sum(axis=0)
        return (place - 1) / np.where(n > 1, n - 1, np.nan)
    known = x[base]
    empty = np.isnan(known).all(axis=0)
    known = np.where(empty, 0.0, known)  # a column without base has no width: NaN
    low, high = kernels.range_of(known)
    factor, shift = 1.0, 0.0
    origin, width = low, high - low
    if method == "minmax":
        factor, shift = ends[1] - ends[0], ends[0]
    elif method == "zscore":
        n = (~np.isnan(known)).sum(axis=0)
        origin = np.nanmean(known, axis=0)
        spread = np.sqrt(
            np.nansum((known - origin) ** 2, axis=0) / np.maximum(n - 1, 1)
        )
        # equal values can leave a rounding error as their deviation
        width = np.where(high > low, spread, 0.0)
        factor, shift = ends[1], ends[0]
    elif method == "share_of_max":
        origin, width = np.zeros_like(low), np.where(low >= 0, high, 0.0)
    elif method == "distance_to_target":
        width = np.array([anchors.targets[n] for n in table.names]) * table.direction
        width = width - low
    elif method == "distance_to_reference":
        at = np.flatnonzero(base & (table.unit == anchors.reference))
        width = x[at].mean(axis=0) - low if at.size else np.zeros_like(low)
    elif method == "goalposts":
        outer = [anchors.goalposts[n] for n in table.names]
        ends_of = np.array([(p[0], p[-1]) for p in outer])
        both = np.sort(ends_of * table.direction[:, None], axis=1)
        origin, width = both[:, 0], both[:, 1] - both[:, 0]
        factor, shift = ends[1] - ends[0], ends[0]
    return kernels.affine(x[rows], origin, np.where(empty, 0.0, width), factor, shift)


def _reasons(table: Indicators, new: Indicators) -> tuple[Undefined, ...]:
    lost = (np.isnan(new.values) & ~np.isnan(table.values)).sum(axis=0)
    return (
        *(
            Undefined(reason="no spread or no positive width", item=n, n=int(k))
            for n, k in zip(table.names, lost, strict=True)
            if k
        ),
        *missing_cells(table),
    )
