"""Stars: one for each measure that is high enough within its category."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.core.checks import flag_rows, repeated
from agglo.core.errors import OptionError
from agglo.core.frames import float_column, frame_kind
from agglo.core.options import check_choice, check_number
from agglo.core.results import ColumnData, Provenance, Result, Undefined, frozen_array
from agglo.evaluation._element_input import labels, raise_all, read_table
from agglo.evaluation.results import draw_bars

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray, FloatArray, IntArray, IntoFrame

__all__ = ["STAR_PRESETS", "StarRatings", "star_ratings"]

# preset to metric to (quantile within the category, floor); None where there is none
STAR_PRESETS: Mapping[str, Mapping[str, tuple[float | None, float | None]]] = {
    "eco2007": {
        "employment": (0.9, None),
        "quotient": (None, 2.0),
        "focus": (0.9, None),
    },
    "eco2020": {
        "employment": (0.8, None),
        "quotient": (None, 1.5),
        "productivity": (0.8, None),
        "small_firms": (0.8, None),
        "innovation": (0.8, None),
    },
    "us_strong": {"quotient": (0.75, 1.0)},
}


@dataclass(frozen=True, eq=False, kw_only=True)
class StarRatings(Result):
    """Stars of units, with the cut-offs behind them.

    Parameters
    ----------
    unit, category
        Labels of the rows, (n,).
    metrics
        What stars are given for, (m,).
    stars
        Number of stars; NaN in a category with too few units.
    reached
        1 where the star was won, 0 where not, NaN where unknown or not given; (n, m).
    quantile, floor
        Cut-offs of each row's category, NaN where the metric has none; (n, m).
    reason
        Why there are no stars; empty where there are.
    """

    unit: NDArray[np.str_]
    category: NDArray[np.str_]
    metrics: tuple[str, ...]
    stars: FloatArray
    reached: FloatArray
    quantile: FloatArray
    floor: FloatArray
    reason: NDArray[np.str_]

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per unit: value (stars), each metric won or not, its cut-offs."""
        out: dict[str, ColumnData] = {
            "unit": self.unit,
            "category": self.category,
            "value": self.stars,
        }
        for j, name in enumerate(self.metrics):
            out[name] = self.reached[:, j]
            out[f"{name}_quantile"] = self.quantile[:, j]
            out[f"{name}_floor"] = self.floor[:, j]
        return {**out, "reason": self.reason}

    def summary(self) -> str:
        """Count stars, and print the cut-offs of every category."""
        known = ~np.isnan(self.stars)
        lines = [f"Stars for {', '.join(self.metrics)}: {self.stars.size} units"]
        lines += [
            f"  {k} stars: {int((self.stars[known] == k).sum())}"
            for k in range(len(self.metrics) + 1)
        ]
        for name in np.unique(self.category).tolist():
            row = int(np.flatnonzero(self.category == name)[0])
            cuts = [
                f"{m} {c:.4g}"
                for m, c in zip(self.metrics, self._cut(row), strict=True)
                if not np.isnan(c)
            ]
            why = f" ({self.reason[row]})" if self.reason[row] else ""
            lines.append(f"  {name}: cut-offs {', '.join(cuts) or 'none'}{why}")
        return "\n".join(lines)

    def _cut(self, row: int) -> FloatArray:
        return np.fmax(self.quantile[row], self.floor[row])

    def _draw(self, ax: Axes) -> None:
        draw_bars(ax, self.unit.tolist(), self.stars, "stars")


def star_ratings(
    data: IntoFrame,
    *,
    preset: Literal["eco2007", "eco2020", "us_strong"] = "eco2007",
    metrics: Mapping[str, tuple[float | None, float | None]] | None = None,
    unit: str = "cluster",
    category: str = "group",
    size: str = "employment",
    how: Literal["ge", "gt"] = "ge",
    min_units: int = 10,
) -> StarRatings:
    r"""Count on how many measures a unit stands out among those of its category.

    Use for a coarse, stable label; for an order among many indicators see
    `composite_index`.

    Parameters
    ----------
    data
        One row per unit: `unit`, `category`, `size` and a column per metric. Null is
        missing: no star, and none counted against it.
    preset
        ``"eco2007"``: size and focus in the top tenth, quotient of 2. ``"eco2020"``: five
        metrics. ``"us_strong"``: quotient in the top quarter and at least 1.
    metrics
        Instead of a preset: metric to (quantile within the category, floor), either
        ``None``; a star takes both.
    unit, category, size
        Columns; quantiles are over units whose size is positive.
    how
        Whether reaching the cut-off is enough (``"ge"``) or not (``"gt"``).
    min_units
        Categories with fewer units of positive size get no stars.

    Returns
    -------
    StarRatings
        Stars from 0 to the number of metrics, with all cut-offs; rows sorted by category
        and unit.

    Raises
    ------
    OptionError
        If an option has no such value.
    ColumnNotFoundError
        If a column is absent.
    InvalidTableError
        Listing duplicate_key, null_key, empty_table.

    Notes
    -----
    Quantiles interpolate linearly. The presets follow the European Cluster Observatory and
    Delgado, Porter and Stern; their thresholds are from memory and not verified: print the
    cut-offs. O(rows log rows).

    References
    ----------
    Delgado, Porter and Stern 2016, doi:10.1093/jeg/lbv017 (strong clusters; thresholds
    inferred).

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.evaluation import star_ratings
    >>> rows = pa.table({"cluster": list("abcdefghij"), "group": ["g"] * 10,
    ...     "employment": range(10, 110, 10), "quotient": [0.5] * 8 + [2.0, 3.0]})
    >>> found = star_ratings(rows, metrics={"employment": (0.9, None), "quotient": (None, 2.0)})
    >>> found.stars.tolist()[-2:]
    [1.0, 2.0]
    """
    check_choice("preset", preset, tuple(STAR_PRESETS))
    check_choice("how", how, ("ge", "gt"))
    check_number("min_units", min_units, minimum=1, integer=True)
    rules = _rules(STAR_PRESETS[preset] if metrics is None else metrics)
    asked = {"unit": unit, "category": category, "size": size}
    columns = {f"metrics[{m!r}]": m for m in rules}
    table, problems = read_table(data, "data", {**asked, **columns})
    raise_all(problems, "data")
    names, u = labels(table, unit, "data")
    groups, g = labels(table, category, "data")
    problems += flag_rows(
        repeated(g * names.size + u),
        code="duplicate_key",
        what="the same unit and category occurs more than once",
        where="data",
        fix="choose one period",
    )
    raise_all(problems, "data")
    order = np.lexsort((u, g))
    u, g = u[order], g[order]
    jobs = float_column(table, size)[order]
    x = np.column_stack([float_column(table, m)[order] for m in rules])
    quantile, few = _cuts(x, g, jobs > 0, rules, int(min_units), groups.size)
    floor = np.array([np.nan if f is None else f for _, f in rules.values()])
    reached = _reached(x, quantile[g], floor, how)
    reached[few[g]] = np.nan
    stars = np.where(few[g], np.nan, np.nansum(reached, axis=1))
    lost = int(few[g].sum())
    why = f"fewer than {int(min_units)} units of positive size in the category"
    return StarRatings(
        unit=frozen_array(names[u]),
        category=frozen_array(groups[g]),
        metrics=tuple(rules),
        stars=frozen_array(stars),
        reached=frozen_array(reached),
        quantile=frozen_array(quantile[g]),
        floor=frozen_array(np.tile(floor, (u.size, 1))),
        reason=frozen_array(np.where(few[g], why, "")),
        undefined=(Undefined(reason=why, n=lost),) if lost else (),
        frame_kind=frame_kind(data),
        provenance=Provenance.of(
            star_ratings,
            names[u],
            groups[g],
            x,
            jobs,
            parameters={
                "preset": preset if metrics is None else "own",
                "metrics": {k: list(v) for k, v in rules.items()},
                "how": how,
                "min_units": min_units,
            },
        ),
    )


def _rules(
    metrics: Mapping[str, tuple[float | None, float | None]],
) -> dict[str, tuple[float | None, float | None]]:
    if not metrics:
        msg = "metrics is empty: name at least one."
        raise OptionError(msg)
    for name, pair in metrics.items():
        if not isinstance(pair, tuple) or len(pair) != 2 or pair == (None, None):
            msg = f"metrics[{name!r}]={pair!r} must be (quantile, floor), one of them given."
            raise OptionError(msg)
        if pair[0] is not None:
            check_number(f"metrics[{name!r}] quantile", pair[0], minimum=0, maximum=1)
        if pair[1] is not None:
            check_number(f"metrics[{name!r}] floor", pair[1])
    return dict(metrics)


def _cuts(
    x: FloatArray,
    group: IntArray,
    positive: BoolArray,
    rules: Mapping[str, tuple[float | None, float | None]],
    least: int,
    n_groups: int,
) -> tuple[FloatArray, BoolArray]:
    """Give quantiles by category and metric, and which categories are too small."""
    out = np.full((n_groups, len(rules)), np.nan)
    few = np.zeros(n_groups, dtype=np.bool_)
    for k in range(n_groups):
        held = (group == k) & positive
        few[k] = held.sum() < least
        for j, (q, _) in enumerate(rules.values()):
            own = x[held, j]
            own = own[~np.isnan(own)]
            if q is not None and own.size:
                out[k, j] = np.quantile(own, q)
    return out, few


def _reached(
    x: FloatArray, quantile: FloatArray, floor: FloatArray, how: str
) -> FloatArray:
    """Say who reaches both cut-offs; a cut-off that is not there is reached."""
    compare = np.greater_equal if how == "ge" else np.greater
    with np.errstate(invalid="ignore"):
        high = np.isnan(quantile) | compare(x, quantile)
        enough = np.isnan(floor) | compare(x, floor)
    return np.where(np.isnan(x), np.nan, high & enough).astype(np.float64)
