"""Knowledge that industries hold, and the pools that coagglomeration opens to others."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.core.checks import flag_rows, repeated
from agglo.core.errors import (
    AlignmentError,
    NumericsWarning,
    OptionError,
    Problem,
)
from agglo.core.frames import frame_kind, require_columns, to_arrow
from agglo.core.options import check_choice, check_number
from agglo.core.results import ColumnData, Provenance, Result, Undefined, frozen_array
from agglo.core.tables import as_panel
from agglo.core.tables._columns import labels_of, numbers_of, raise_problems
from agglo.econometrics.link_classes import CLASSES, LinkClasses

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntoFrame

__all__ = ["KnowledgePools", "KnowledgeStock", "knowledge_pools", "knowledge_stock"]

DIRECTIONS = ("active", "passive")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class KnowledgeStock(Result):
    """Depreciated sum of past patents.

    Attributes
    ----------
    industries, periods
        Sorted labels.
    values
        (I, T) in patents.
    growth
        Growth used for the first period, (I,).
    """

    industries: NDArray[np.str_]
    periods: NDArray[np.str_]
    values: FloatArray
    growth: FloatArray

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per industry and period."""
        n, t = self.values.shape
        return {
            "industry": np.repeat(self.industries, t),
            "period": np.tile(self.periods, n),
            "value": self.values.ravel(),
        }

    def summary(self) -> str:
        """Give size and the total of the last period."""
        n, t = self.values.shape
        last = float(np.nansum(self.values[:, -1]))
        return f"knowledge stock of {n} industries, {t} periods; {last:.1f} at the end"

    def _draw(self, ax: Axes) -> None:
        ax.plot(np.arange(self.periods.size), self.values.T, color="#0072B2", alpha=0.4)
        ax.set_xticks(np.arange(self.periods.size), self.periods)
        ax.set(ylabel="knowledge stock")


def knowledge_stock(
    data: IntoFrame,
    *,
    industry: str = "industry",
    period: str = "period",
    value: str = "patents",
    depreciation: float = 0.15,
    growth: float | Literal["pooled"] | None = None,
    presample: int = 5,
) -> KnowledgeStock:
    r"""Accumulate patents into a stock of knowledge.

    Also: perpetual inventory. Vary `depreciation` over .1 to .3.

    Parameters
    ----------
    data
        One row per industry and period; absent = missing, counts at least 0.
    industry, period, value
        Columns; periods should be consecutive.
    depreciation
        Share of knowledge lost per period, in (0, 1).
    growth
        Growth of patents before the first period; ``None`` takes each industry's mean log
        growth over the first `presample` periods, clipped to [0, .3]; ``"pooled"`` the mean
        over all industries, one for all.
    presample
        Periods used for that.

    Returns
    -------
    KnowledgeStock
        NaN from the first missing count on.

    Raises
    ------
    InvalidTableError
        Negative or infinite counts, duplicate keys.
    OptionError
        If a number is out of range.

    Notes
    -----
    :math:`K_t = (1-\delta)K_{t-1} + P_t`, :math:`K_0 = P_0/(\delta+g)`; a first count of
    0 starts at 0. Growth is taken over steps with counts above 0 on both sides. O(I T).

    A growth of one's own rests on a few noisy steps, and what it gets wrong stands in every
    pool and in every instrument made of the same stock, so that instruments do not mend it:
    where counts are around 20 it pulled elasticities of pools down by a fifth (generated
    economies with one growth for all). ``"pooled"`` has no such noise but is wrong where
    industries did grow differently; its error is common then only in the mean.

    References
    ----------
    Griliches 1979, doi:10.2307/3003321.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.econometrics import knowledge_stock
    >>> rows = pa.table({"industry": ["a", "a"], "period": [2001, 2002], "patents": [15, 20]})
    >>> float(knowledge_stock(rows, growth=0.0).values[0, 1])
    105.0
    """
    check_number("depreciation", depreciation, minimum=0, maximum=1, open_ends=True)
    check_number("presample", presample, minimum=2, integer=True)
    if isinstance(growth, str):
        check_choice("growth", growth, ["pooled"])
    elif growth is not None:
        check_number("growth", growth, minimum=0, maximum=1)
    table = to_arrow(data)
    named = {"industry": industry, "period": period, "value": value}
    require_columns(table, named)
    problems: list[Problem] = []
    numbers_of(table, value, problems, "data")
    raise_problems(problems, "data")
    panel = as_panel(table, variables=[value], region=industry, period=period)
    p = panel.variable(value)
    rate = _growth(p, presample, growth)
    stock = np.empty_like(p)
    stock[:, 0] = p[:, 0] / (depreciation + rate)
    for t in range(1, p.shape[1]):
        stock[:, t] = (1.0 - depreciation) * stock[:, t - 1] + p[:, t]
    lost = np.isnan(stock)
    return KnowledgeStock(
        provenance=Provenance.of(
            knowledge_stock,
            panel,
            parameters={
                "depreciation": depreciation,
                "growth": growth,
                "presample": presample,
            },
        ),
        frame_kind=frame_kind(data),
        undefined=tuple(
            Undefined(
                reason="a count is missing at or before the period",
                activity=str(panel.regions[i]),
                n=int(lost[i].sum()),
            )
            for i in np.flatnonzero(lost.any(axis=1))
        ),
        industries=panel.regions,
        periods=panel.periods,
        values=frozen_array(stock),
        growth=frozen_array(rate),
    )


def _growth(
    p: FloatArray, presample: int, growth: float | Literal["pooled"] | None
) -> FloatArray:
    """Give the growth before the first period of every industry."""
    if isinstance(growth, (int, float)):
        return np.full(p.shape[0], float(growth))
    early = p[:, :presample]
    with np.errstate(divide="ignore", invalid="ignore"):
        step = np.log(early[:, 1:] / early[:, :-1])
    good = np.isfinite(step)
    total, count = np.where(good, step, 0.0).sum(axis=1), good.sum(axis=1)
    if growth == "pooled":
        total, count = (
            np.full(total.size, total.sum()),
            np.full(total.size, count.sum()),
        )
    return np.clip(total / np.maximum(count, 1), 0.0, 0.3)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class KnowledgePools(Result):
    """Knowledge that coagglomeration opens to an industry, by direction and link.

    Attributes
    ----------
    industries, periods
        Sorted labels.
    values
        (direction, link) to (I, T): knowledge of anchors that the industry moved to
        (``"active"``) and of movers that came to it (``"passive"``).
    links
        Classes, or ``("all",)``.
    orientation_note
        What active and passive mean here.
    log
        How ``log_value`` treats 0.
    """

    industries: NDArray[np.str_]
    periods: NDArray[np.str_]
    values: Mapping[tuple[str, str], FloatArray]
    links: tuple[str, ...]
    orientation_note: str
    log: Literal["flagged", "log1p"] = "flagged"

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per direction, link, industry and period; log of 0 is 0, flagged."""
        n, t = self.industries.size, self.periods.size
        keys = list(self.values)
        flat = np.concatenate([self.values[k].ravel() for k in keys])
        positive = flat > 0
        shown = flat + 1.0 if self.log == "log1p" else flat
        log = np.where(positive, np.log(np.where(positive, shown, 1.0)), 0.0)
        log = np.where(np.isnan(flat) | (flat < 0), np.nan, log)
        return {
            "direction": np.repeat([d for d, _ in keys], n * t),
            "link": np.repeat([c for _, c in keys], n * t),
            "industry": np.tile(np.repeat(self.industries, t), len(keys)),
            "period": np.tile(np.tile(self.periods, n), len(keys)),
            "value": flat,
            "log_value": log,
            "zero": np.where(np.isnan(flat), np.nan, (flat == 0).astype(np.float64)),
        }

    def summary(self) -> str:
        """Give the mean of every pool and the orientation."""
        parts = [
            f"{d} {c} {float(np.nanmean(v)):.4g}" for (d, c), v in self.values.items()
        ]
        lines = [f"mean knowledge pools: {', '.join(parts)}", self.orientation_note]
        return "\n".join([*lines, *self.provenance.warnings])

    def _draw(self, ax: Axes) -> None:
        for (d, c), v in self.values.items():
            ax.plot(np.nanmean(v, axis=0), label=f"{d}, {c}")
        ax.set_xticks(np.arange(self.periods.size), self.periods)
        ax.set(ylabel="mean pool")
        ax.legend(frameon=False)


NOTE = (
    "active: knowledge of anchors that the industry moved towards (it is the mover); "
    "passive: knowledge of movers that came to it (it is the anchor). Inferred from an "
    "abstract: the labels of the source could not be checked."
)


def knowledge_pools(
    dyads: IntoFrame,
    stock: KnowledgeStock,
    *,
    anchor: str = "anchor",
    mover: str = "mover",
    weight: str = "weight",
    period: str | None = None,
    links: LinkClasses | None = None,
    lag: int = 1,
    recentre: bool = False,
    log: Literal["flagged", "log1p"] = "flagged",
) -> KnowledgePools:
    r"""Weigh other industries' knowledge by who moved towards whom.

    Also: directional technological knowledge pool, TKP.

    Parameters
    ----------
    dyads
        One row per ordered pair (and period); absent = weight 0. Use excess weights
        (effect where significant): plain percentiles make every pool half of all
        knowledge.
    stock
        Knowledge of `knowledge_stock`; industries of `dyads` must be among its.
    anchor, mover, weight, period
        Columns; with `period` weights change over time.
    links
        Split by `link_classes`; the parts sum to the total.
    lag
        Periods between knowledge and pool, 0 or more; the first `lag` periods are NaN.
    recentre
        Subtract the mean pool over all permutations of mover labels within anchors, in
        closed form; pools below 0 have no log (use ``value``).
    log
        ``"flagged"``: log where above 0, else 0 beside an indicator. ``"log1p"``:
        log(1 + x), for replication only: it depends on the unit, and warns.

    Returns
    -------
    KnowledgePools
        ``active`` and ``passive`` pools per class; with log and an indicator of zero.

    Raises
    ------
    AlignmentError
        If industries or periods of `dyads` or `links` are not those of `stock`.
    InvalidTableError
        Duplicate pairs, negative weights, a pair of an industry with itself above 0.
    OptionError
        If `lag` leaves no period, or `log` is unknown.

    Warns
    -----
    NumericsWarning
        With ``log="log1p"``.

    Notes
    -----
    With M[anchor, mover] and zero diagonal: active = M'K, passive = MK, both at t - lag.
    Swapping the two columns swaps the pools. O(I^2 T).

    References
    ----------
    Question: Chen and Liu 2025, doi:10.3868/s060-020-025-0015-9 (formula inferred).
    Recentring: Borusyak and Hull 2023, doi:10.3982/ECTA19367. Zeros: Chen and Roth 2024,
    doi:10.1093/qje/qjad054.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.econometrics import knowledge_pools, knowledge_stock
    >>> k = knowledge_stock(pa.table({"industry": ["a", "b"], "period": [1, 1],
    ...                               "patents": [15.0, 30.0]}), growth=0.0)
    >>> pair = pa.table({"anchor": ["a"], "mover": ["b"], "weight": [0.5]})
    >>> float(knowledge_pools(pair, k, lag=0).values["active", "all"][1, 0])
    50.0
    """
    n_periods = stock.periods.size
    check_choice("log", log, ("flagged", "log1p"))
    check_number("lag", lag, minimum=0, integer=True)
    if lag >= n_periods:
        msg = f"lag={lag} leaves none of {n_periods} periods."
        raise OptionError(msg)
    table = to_arrow(dyads)
    m = pair_weights(table, stock, (anchor, mover, weight, period))
    if recentre:
        m = m - _permuted_mean(m)
    parts = {"all": np.ones(m.shape[1:])}
    if links is not None:
        if not np.array_equal(links.industries, stock.industries):
            msg = "links and stock have different industries."
            raise AlignmentError(msg)
        parts = {c: np.asarray(links.membership[c]) for c in CLASSES}
    values: dict[tuple[str, str], FloatArray] = {}
    for name, member in parts.items():
        for direction in DIRECTIONS:
            values[direction, name] = frozen_array(
                _pool(m * member, stock.values, direction, lag)
            )
    notes: tuple[str, ...] = ()
    if log == "log1p":
        notes = (
            "log(1 + x) of a pool depends on the unit of knowledge: replication only",
        )
        warnings.warn(notes[0], NumericsWarning, stacklevel=2)
    early = Undefined(
        reason=f"the first {lag} periods have no lagged knowledge",
        n=lag * stock.industries.size * len(values),
    )
    return KnowledgePools(
        provenance=Provenance.of(
            knowledge_pools,
            table,
            stock.provenance.input_digest,
            parameters={
                "lag": lag,
                "links": links is not None,
                "recentre": recentre,
                "log": log,
            },
            warnings=notes,
        ),
        frame_kind=frame_kind(dyads),
        undefined=(early, *stock.undefined) if lag else stock.undefined,
        industries=stock.industries,
        periods=stock.periods,
        values=values,
        links=tuple(parts),
        orientation_note=NOTE,
        log=log,
    )


def _pool(
    m: FloatArray,
    k: FloatArray,
    direction: Literal["active", "passive"] | str,
    lag: int,
) -> FloatArray:
    check_choice("direction", direction, DIRECTIONS)
    turned = m if direction == "passive" else np.swapaxes(m, 1, 2)
    out = np.full(k.shape, np.nan)
    past = k[:, : k.shape[1] - lag]
    if m.shape[0] == 1:
        out[:, lag:] = turned[0] @ past
    else:
        at = turned[lag:] if lag else turned
        out[:, lag:] = np.einsum("tij,jt->it", at, past, optimize=True)
    return out


def pair_weights(
    dyads: IntoFrame, stock: KnowledgeStock, columns: tuple[str, str, str, str | None]
) -> FloatArray:
    """Give weights (1 or T, anchor, mover)."""
    table = to_arrow(dyads)
    anchor, mover, weight, period = columns
    named = {"anchor": anchor, "mover": mover, "weight": weight}
    require_columns(table, named if period is None else {**named, "period": period})
    problems: list[Problem] = []
    one, a = labels_of(table, anchor, problems, "dyads")
    two, b = labels_of(table, mover, problems, "dyads")
    w = numbers_of(table, weight, problems, "dyads", missing=False)
    i, j = (
        _at(one, stock.industries, "anchor")[a],
        _at(two, stock.industries, "mover")[b],
    )
    when = np.zeros(table.num_rows, dtype=np.int64)
    if period is not None:
        labels, code = labels_of(table, period, problems, "dyads")
        when = _at(labels, stock.periods, "period")[code]
    size = stock.industries.size
    problems += flag_rows(
        repeated((when * size + i) * size + j),
        code="duplicate_key",
        what="the same pair occurs more than once",
        where="dyads",
        fix="one row per ordered pair (and period)",
    )
    problems += flag_rows(
        (i == j) & (w > 0),
        code="self_pair",
        what="an industry has a weight with itself",
        where="dyads",
        fix="drop these rows",
    )
    raise_problems(problems, "dyads")
    out = np.zeros((stock.periods.size if period else 1, size, size))
    out[when, i, j] = w
    return out


def _at(
    labels: NDArray[np.str_], known: NDArray[np.str_], what: str
) -> NDArray[np.int64]:
    order = np.argsort(known)
    place = np.searchsorted(known[order], labels).clip(0, known.size - 1)
    lost = labels[known[order][place] != labels]
    if lost.size:
        msg = f"{what}: {list(map(str, lost[:5]))} are not in the knowledge stock."
        raise AlignmentError(
            msg,
            [Problem(code="unknown_id", what=str(v), column=what) for v in lost[:20]],
        )
    return np.asarray(order[place], dtype=np.int64)


def _permuted_mean(m: FloatArray) -> FloatArray:
    """Give the mean weight over all permutations of movers within anchors: a row mean."""
    size = m.shape[1]
    off = ~np.eye(size, dtype=bool)
    mean = m.sum(axis=2, keepdims=True) / max(size - 1, 1)
    return np.where(off, mean, 0.0)
