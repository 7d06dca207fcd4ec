"""Components of pillars, what is known of whom, and indicators that follow size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import NotIdentifiedError, OptionError
from agglo.core.frames import float_column, require_columns, string_column, to_arrow
from agglo.core.options import check_number
from agglo.core.results import ColumnData, Provenance, Result, Undefined, frozen_array
from agglo.evaluation._kernels.describe import correlation
from agglo.evaluation.indicators import Indicators, as_indicators
from agglo.evaluation.preparation import rows_of_amounts
from agglo.evaluation.results import draw_bars, row_labels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntoFrame

__all__ = [
    "DataAvailability",
    "DenominatorCorrelations",
    "PillarComponents",
    "data_availability",
    "denominator_correlations",
    "pillar_components",
]


@dataclass(frozen=True, eq=False, kw_only=True)
class PillarComponents(Result):
    """Principal components of the indicators of every pillar.

    Parameters
    ----------
    pillar, component
        Labels of the rows: components from the largest, (n,).
    eigenvalue, share
        Of the correlation matrix; share of its variance, (n,).
    loadings
        Pillar to loadings, (n_indicators, n_components).
    indicators
        Pillar to its indicators, in the order of the loadings.
    """

    pillar: NDArray[np.str_]
    component: NDArray[np.int64]
    eigenvalue: FloatArray
    share: FloatArray
    loadings: Mapping[str, FloatArray]
    indicators: Mapping[str, tuple[str, ...]]

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per pillar and component; value is the eigenvalue."""
        return {
            "pillar": self.pillar,
            "component": self.component,
            "value": self.eigenvalue,
            "share": self.share,
        }

    def summary(self) -> str:
        """Say how much the first component of every pillar has."""
        lines = ["First component by pillar:"]
        for name in self.loadings:
            at = (self.pillar == name) & (self.component == 1)
            above = int((self.eigenvalue[self.pillar == name] > 1).sum())
            lines.append(
                f"  {name}: {float(self.share[at][0]):.0%} of the variance, "
                f"{above} eigenvalues above 1"
            )
        return "\n".join(lines)

    def _draw(self, ax: Axes) -> None:
        first = self.component == 1
        draw_bars(ax, self.pillar[first].tolist(), self.share[first], "first component")


def pillar_components(data: IntoFrame | Indicators) -> PillarComponents:
    r"""Measure how many dimensions the indicators of a pillar have.

    Use before weights by principal components: a pillar with several eigenvalues above one
    says several things.

    Parameters
    ----------
    data
        Long table as in `as_indicators`, or `Indicators`; oriented, units complete in the
        pillar.

    Returns
    -------
    PillarComponents
        Eigenvalues, at least 0, and loadings in [-1, 1].

    Raises
    ------
    NotIdentifiedError
        If no pillar has two indicators with spread and three complete units.

    Notes
    -----
    .. math:: R = V \Lambda V', \qquad L = V \Lambda^{1/2}

    of the correlations R; signs are those with a positive sum of loadings. O(n k^2).

    References
    ----------
    OECD and JRC 2008, doi 10.1787/9789264043466-en, step 4 (get_PCA of COINr).

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.evaluation import pillar_components
    >>> rows = pa.table({"unit": ["a", "b", "c"] * 2, "indicator": ["x"] * 3 + ["y"] * 3,
    ...     "value": [1.0, 2, 3, 2, 4, 6], "direction": ["positive"] * 6, "pillar": ["p"] * 6})
    >>> pillar_components(rows).share.round(6).tolist()
    [1.0, 0.0]
    """
    table = as_indicators(data)
    x = table.values * table.direction
    found: dict[str, tuple[FloatArray, FloatArray]] = {}
    names: dict[str, tuple[str, ...]] = {}
    lost: list[Undefined] = []
    for at, below in table.tree.children:
        own = below[below < table.tree.n_indicators]
        z = x[:, own]
        z = z[~np.isnan(z).any(axis=1)]
        pillar = table.tree.nodes[at]
        if own.size < 2:
            continue
        if z.shape[0] < 3 or (np.ptp(z, axis=0) == 0).any():
            why = "fewer than 3 complete units, or an indicator without spread"
            lost.append(Undefined(reason=why, item=pillar))
            continue
        values, vectors = np.linalg.eigh(np.corrcoef(z, rowvar=False))
        values, vectors = np.maximum(values[::-1], 0.0), vectors[:, ::-1]
        vectors = vectors * np.where(vectors.sum(axis=0) < 0, -1.0, 1.0)
        found[pillar] = values, vectors * np.sqrt(values)
        names[pillar] = tuple(table.names[j] for j in own)
    if not found:
        msg = "No pillar has two indicators with spread and three complete units."
        raise NotIdentifiedError(msg)
    sizes = [v.size for v, _ in found.values()]
    values = np.concatenate([v for v, _ in found.values()])
    return PillarComponents(
        pillar=frozen_array(np.repeat(np.array(list(found)), sizes)),
        component=frozen_array(np.concatenate([np.arange(1, n + 1) for n in sizes])),
        eigenvalue=frozen_array(values),
        share=frozen_array(values / np.repeat(sizes, sizes)),
        loadings={k: frozen_array(v) for k, (_, v) in found.items()},
        indicators=names,
        undefined=tuple(lost),
        frame_kind=table.frame_kind,
        provenance=Provenance.of(pillar_components, table),
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class DataAvailability(Result):
    """Share of known indicators, by unit or group of units, and by node.

    Parameters
    ----------
    unit, period
        Labels of the rows (groups, where these were given), (n,).
    node
        Pillars and the index, (m,).
    share
        Known values over indicators below the node, (n, m).
    """

    unit: NDArray[np.str_]
    period: NDArray[np.str_]
    node: tuple[str, ...]
    share: FloatArray

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per unit and node; value is the share."""
        n, m = self.share.shape
        return {
            "unit": np.repeat(self.unit, m),
            "period": np.repeat(self.period, m),
            "node": np.tile(np.array(self.node), n),
            "value": self.share.ravel(),
        }

    def summary(self) -> str:
        """Name the five of whom least is known."""
        whole = self.share[:, -1]
        labels = row_labels(self.unit, self.period)
        lines = [f"Known of all indicators: {whole.mean():.0%} on average; least:"]
        lines += [
            f"  {labels[i]} {whole[i]:.0%}"
            for i in np.argsort(whole, kind="stable")[:5]
        ]
        return "\n".join(lines)

    def _draw(self, ax: Axes) -> None:
        labels = row_labels(self.unit, self.period)
        draw_bars(ax, labels, self.share[:, -1], "share of indicators known")


def data_availability(
    data: IntoFrame | Indicators, *, group: Mapping[str, str] | None = None
) -> DataAvailability:
    r"""Measure how much is known of every unit, or group of units, in every pillar.

    Use beside `screen_units`, to see where the gaps are before anything is filled.

    Parameters
    ----------
    data
        Long table as in `as_indicators`, or `Indicators`.
    group
        Unit to group: shares are then of all cells of the group.

    Returns
    -------
    DataAvailability
        Shares in [0, 1]; 1 = everything is known.

    Raises
    ------
    OptionError
        If `group` lacks a unit.

    Notes
    -----
    .. math:: a_{up} = \#\{i \in p : x_{ui}\ \text{known}\} / \#\{i \in p\}

    over the indicators below the node, at any depth. O(cells).

    References
    ----------
    Becker et al. 2022, doi 10.21105/joss.04567 (get_data_avail of COINr).

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.evaluation import data_availability
    >>> rows = pa.table({"unit": ["a", "a", "b"], "indicator": ["x", "y", "x"],
    ...     "value": [1.0, 2.0, 3.0], "direction": ["positive"] * 3, "pillar": ["p"] * 3})
    >>> data_availability(rows).share[:, -1].tolist()
    [1.0, 0.5]
    """
    table = as_indicators(data)
    unit = table.unit
    if group is not None:
        lost = sorted(set(unit.tolist()) - set(group))
        if lost:
            msg = f"group has no entry of {len(lost)} units: {lost[:10]}."
            raise OptionError(msg)
        unit = np.array([group[u] for u in unit.tolist()])
    keys = np.char.add(np.char.add(table.period, "\x1f"), unit)
    _, first, code = np.unique(keys, return_index=True, return_inverse=True)
    n, k = first.size, table.tree.n_indicators
    count = np.zeros((n, k))
    np.add.at(count, code.ravel(), (~np.isnan(table.values)).astype(np.float64))
    rows = np.bincount(code.ravel(), minlength=n)
    below = _leaves(table)
    share = count @ below / (rows[:, None] * below.sum(axis=0))
    return DataAvailability(
        unit=frozen_array(unit[first]),
        period=frozen_array(table.period[first]),
        node=table.tree.nodes[k:],
        share=frozen_array(share),
        frame_kind=table.frame_kind,
        provenance=Provenance.of(data_availability, table, parameters={"group": group}),
    )


def _leaves(table: Indicators) -> FloatArray:
    """Which indicators hang below which aggregate, (n_indicators, n_aggregates)."""
    tree = table.tree
    k = tree.n_indicators
    out = np.zeros((k, len(tree.nodes) - k))
    for leaf in range(k):
        up = int(tree.parent[leaf])
        while up >= 0:
            out[leaf, up - k] = 1.0
            up = int(tree.parent[up])
    return out


@dataclass(frozen=True, eq=False, kw_only=True)
class DenominatorCorrelations(Result):
    """Correlations of indicators with what they may have to be divided by.

    Parameters
    ----------
    indicator, denominator
        Labels of the rows, (n,).
    correlation
        In [-1, 1], NaN where undefined.
    high
        1 where the absolute correlation is at or above the threshold, else 0.
    """

    indicator: NDArray[np.str_]
    denominator: NDArray[np.str_]
    correlation: FloatArray
    high: FloatArray

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per indicator and denominator."""
        return {
            "indicator": self.indicator,
            "denominator": self.denominator,
            "value": self.correlation,
            "high": self.high,
        }

    def summary(self) -> str:
        """Name the pairs that are high."""
        at = np.flatnonzero(self.high == 1)
        named = [
            f"{self.indicator[i]} with {self.denominator[i]} {self.correlation[i]:+.2f}"
            for i in at
        ]
        return (
            f"{at.size} of {self.high.size} pairs follow size: {'; '.join(named[:10])}"
        )

    def _draw(self, ax: Axes) -> None:
        names = [
            f"{a}, {b}" for a, b in zip(self.indicator, self.denominator, strict=True)
        ]
        draw_bars(ax, names, self.correlation, "correlation")


def denominator_correlations(
    data: IntoFrame | Indicators,
    amounts: IntoFrame,
    *,
    denominators: Sequence[str],
    unit: str = "unit",
    period: str | None = None,
    high: float = 0.7,
) -> DenominatorCorrelations:
    r"""Measure whether indicators follow the size of units.

    Use before normalisation: an indicator that goes with population or output may have to
    be divided by it (`denominate`).

    Parameters
    ----------
    data
        Long table as in `as_indicators`, or `Indicators`.
    amounts
        One row per unit (and period) with the denominators.
    denominators
        Columns of `amounts`.
    unit, period
        Columns of `amounts`; without `period` one amount serves all periods.
    high
        Absolute correlation from which a pair is flagged, in (0, 1].

    Returns
    -------
    DenominatorCorrelations
        One row per pair, on values as they are.

    Raises
    ------
    ColumnNotFoundError
        If a column is absent.
    AlignmentError
        If a unit has no or several rows.
    OptionError
        If `high` is out of range or there is no denominator.

    Notes
    -----
    .. math:: r = corr(x_i, d_j)

    over the rows that have both; undefined below three or without spread. O(n k d).

    References
    ----------
    Becker et al. 2022, doi 10.21105/joss.04567 (get_denom_corr of COINr).

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.evaluation import denominator_correlations
    >>> rows = pa.table({"unit": ["a", "b", "c"], "indicator": ["x"] * 3, "pillar": ["p"] * 3,
    ...                  "value": [1.0, 2.0, 3.0], "direction": ["positive"] * 3})
    >>> size = pa.table({"unit": ["a", "b", "c"], "people": [2.0, 4.0, 6.0]})
    >>> denominator_correlations(rows, size, denominators=["people"]).correlation.tolist()
    [1.0]
    """
    check_number("high", high, minimum=1e-9, maximum=1)
    if isinstance(denominators, str) or not denominators:
        msg = f"denominators={denominators!r} must name columns of `amounts`."
        raise OptionError(msg)
    table = as_indicators(data)
    sizes = to_arrow(amounts, where="amounts")
    asked = {"unit": unit, "period": period}
    named = {f"denominators[{d!r}]": d for d in denominators}
    require_columns(sizes, {**asked, **named}, where="amounts")
    text = [
        np.array([str(v) for v in string_column(sizes, c)])
        for c in (unit, period)
        if c is not None
    ]
    at = rows_of_amounts(table, text)
    d = np.column_stack(
        [float_column(sizes, c, where="amounts")[at] for c in denominators]
    )
    r = np.array([[correlation(x, y) for y in d.T] for x in table.values.T])
    flat = r.ravel()
    lost = int(np.isnan(flat).sum())
    flags = np.where(np.isnan(flat), np.nan, np.abs(flat) >= high).astype(np.float64)
    return DenominatorCorrelations(
        indicator=frozen_array(np.repeat(np.array(table.names), len(denominators))),
        denominator=frozen_array(
            np.tile(np.array(list(denominators)), len(table.names))
        ),
        correlation=frozen_array(flat),
        high=frozen_array(flags),
        undefined=(Undefined(reason="fewer than 3 rows or no spread", n=lost),)
        if lost
        else (),
        frame_kind=table.frame_kind,
        provenance=Provenance.of(
            denominator_correlations,
            table,
            d,
            parameters={"denominators": list(denominators), "high": high},
        ),
    )
