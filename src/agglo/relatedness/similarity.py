"""Step one of benchmark definitions: how alike industries are, by several measures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa

from agglo.core.errors import (
    AlignmentError,
    InvalidTableError,
    NotIdentifiedError,
    OptionError,
)
from agglo.core.frames import (
    encode_labels,
    float_column,
    require_columns,
    to_arrow,
)
from agglo.core.options import check_choice
from agglo.core.results import ColumnData, Provenance, Result, Undefined, frozen_array
from agglo.core.tables import RegionActivity, as_region_activity
from agglo.relatedness import _kernels_benchmark as kernels
from agglo.relatedness._inputs import not_empty
from agglo.relatedness.periods import by_period, rows_of_period

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntoFrame

__all__ = ["SimilarityMatrices", "similarity_matrices"]

_COMPOSITES = {
    "LC-IO": ("LC", "IO"),
    "LC-Occ": ("LC", "Occ"),
    "LC-IO-Occ": ("LC", "IO", "Occ"),
    "COI-IO-Occ": ("coagglomeration", "IO", "Occ"),
}
BASIC = ("LC-Emp", "LC-Est", "IO", "Occ")


@dataclass(frozen=True, eq=False, kw_only=True)
class SimilarityMatrices(Result):
    """How alike industries are, one symmetric matrix per measure.

    Parameters
    ----------
    industry
        Labels, shape (n,).
    name
        Names of the matrices.
    values
        Shape (n_matrices, n, n); the diagonal does not count; NaN is undefined.
    partial
        Share of the pairs of a composite in which a part is missing, 0 otherwise.
    """

    industry: NDArray[np.str_]
    name: tuple[str, ...]
    values: FloatArray
    partial: FloatArray

    def matrix(self, name: str) -> FloatArray:
        """Give one matrix by its name.

        Parameters
        ----------
        name
            For example ``"LC-Emp"``.

        Returns
        -------
        numpy.ndarray of float64
            Shape (n, n).

        Raises
        ------
        OptionError
            If there is none of that name.
        """
        chosen: FloatArray = self.values[
            self.name.index(check_choice("name", name, self.name))
        ]
        return chosen

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per pair and a column per matrix."""
        a, b = np.triu_indices(self.industry.size, 1)
        words = pa.array(self.industry.tolist(), pa.string())
        return {
            "industry_a": words.take(pa.array(a)),
            "industry_b": words.take(pa.array(b)),
            **{n: self.values[i][a, b] for i, n in enumerate(self.name)},
        }

    def summary(self) -> str:
        """Give mean and range of each matrix."""
        a, b = np.triu_indices(self.industry.size, 1)
        lines = [
            f"{len(self.name)} similarity matrices of {self.industry.size} industries"
        ]
        for i, name in enumerate(self.name):
            pairs = self.values[i][a, b]
            pairs = pairs[np.isfinite(pairs)]
            lines.append(
                f"{name}: mean {pairs.mean():.4f}, {pairs.min():.4f} to {pairs.max():.4f}"
                if pairs.size
                else f"{name}: no pair is defined"
            )
        return "\n".join([*lines, *(f"note: {w}" for w in self.provenance.warnings)])

    def _draw(self, ax: Axes) -> None:
        a, b = np.triu_indices(self.industry.size, 1)
        for i, name in enumerate(self.name):
            pairs = self.values[i][a, b]
            ax.hist(pairs[np.isfinite(pairs)], bins=40, histtype="step", label=name)
        ax.set_xlabel("similarity")
        ax.set_ylabel("pairs")
        ax.legend()


@by_period
def similarity_matrices(
    data: IntoFrame | RegionActivity,
    *,
    region: str = "region",
    activity: str = "industry",
    value: str = "employment",
    period: str | None = None,
    establishments: str | RegionActivity | None = None,
    input_output: IntoFrame | None = None,
    seller: str = "seller",
    buyer: str = "buyer",
    flow: str = "flow",
    input_output_codes: Mapping[str, str] | None = None,
    occupations: IntoFrame | None = None,
    occupation: str = "occupation",
    jobs: str = "jobs",
    occupation_codes: Mapping[str, str] | None = None,
    of: Literal["raw", "lq", "share", "log"] = "raw",
    base: Literal["total", "mean"] = "total",
    denominator: Literal["intermediate", "total"] = "intermediate",
    totals: Mapping[str, float] | None = None,
    composites: bool = True,
) -> SimilarityMatrices:
    r"""Measure how alike industries are: co-location, trade, occupations, composites.

    Use as the first step of benchmark cluster definitions. Not as evidence why industries
    are together: co-location mixes all reasons.

    Parameters
    ----------
    data
        Activity table of one period (absent row = zero) or `RegionActivity`.
    region, activity, value
        Columns of a frame.
    period
        Which period of a frame of several; default each by itself: `PeriodResults`.
    establishments
        Column of `data`, or a `RegionActivity`, with plant counts: adds ``"LC-Est"``.
    input_output, seller, buyer, flow
        Flows between industries, long: adds ``"IO"``.
    input_output_codes
        Industry to its code in `input_output`, where that is coarser; the row of a code
        is repeated for its industries. Default the same codes.
    occupations, occupation, jobs
        Jobs by industry (column `activity`) and occupation: adds ``"Occ"``.
    occupation_codes
        Industry to its code in `occupations`; default the same codes.
    of
        What is correlated over regions: ``"raw"`` sizes (the published choice, which size
        of regions dominates), quotients, shares of the region, or ln(1 + size).
    base
        Around what coagglomeration is taken: shares of all employment, or the mean
        industry.
    denominator
        Shares of what industries trade with each other, or of `totals`.
    totals
        Code in `input_output` to its total output, with ``denominator="total"``.
    composites
        Whether means of z-scores are added: ``"LC"`` (of both co-locations, where both
        are there), ``"LC-IO"``, ``"LC-Occ"``, ``"LC-IO-Occ"``, ``"COI-IO-Occ"``.

    Returns
    -------
    SimilarityMatrices
        ``"LC-Emp"`` and ``"coagglomeration"`` always, the others where the data allow.

    Raises
    ------
    InvalidTableError
        If a table breaks its schema, a cell is unknown, or a flow is negative.
    AlignmentError
        If sources have no industry in common, or plants name other regions.
    NotIdentifiedError
        If there is one industry only.
    OptionError
        If a choice does not exist, or totals are absent.

    Notes
    -----
    LC is Pearson's correlation over regions, IO the largest of four shares (bought from,
    sold to, in both directions), Occ the correlation of occupation shares,

    .. math:: COI_{pq} = \frac{\sum_r (s_{pr}-x_r)(s_{qr}-x_r)}{1-\sum_r x_r^2} .

    An industry that is constant, or that a source does not cover, is NaN there, listed; a
    composite is then the mean of the rest. O(n_regions n_industries^2).

    References
    ----------
    Porter 2003, doi:10.1080/0034340032000108688; Ellison, Glaeser and Kerr 2010,
    doi:10.1257/aer.100.3.1195; Delgado, Porter and Stern 2016, doi:10.1093/jeg/lbv017.

    See Also
    --------
    candidate_definitions : Groupings of these matrices.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.relatedness import similarity_matrices
    >>> jobs = pa.table({"region": list("aaabbbccc"), "industry": list("xyzxyzxyz"),
    ...     "employment": [30.0, 50.0, 5.0, 10.0, 30.0, 20.0, 10.0, 20.0, 25.0]})
    >>> similarity_matrices(jobs).matrix("coagglomeration")[0].round(6).tolist()
    [0.070746, 0.028681, -0.128107]
    """
    check_choice("of", of, ("raw", "lq", "share", "log"))
    check_choice("base", base, ("total", "mean"))
    check_choice("denominator", denominator, ("intermediate", "total"))
    table = not_empty(
        as_region_activity(
            data, region=region, activity=activity, value=value, period=period
        )
    )
    if table.activity.size < 2:
        msg = "Likeness compares at least 2 industries; there is one."
        raise NotIdentifiedError(msg)
    industry = table.activity
    found = {"LC-Emp": kernels.correlations(_transformed(table, of))}
    if establishments is not None:
        rows = rows_of_period(data, period)
        plants = _plants(rows, table, establishments, region, activity)
        found["LC-Est"] = kernels.correlations(_transformed(plants, of))
    found["coagglomeration"] = kernels.coagglomeration(table.values, base=base)
    if input_output is not None:
        found["IO"] = _trade(
            to_arrow(input_output, where="input_output"),
            (seller, buyer, flow),
            _codes(industry, input_output_codes),
            totals if denominator == "total" else None,
            needs_totals=denominator == "total",
        )
    if occupations is not None:
        found["Occ"] = _occupations(
            to_arrow(occupations, where="occupations"),
            (activity, occupation, jobs),
            _codes(industry, occupation_codes),
        )
    lost = _undefined(industry, found)
    partial = dict.fromkeys(found, 0.0)
    if composites:
        _add_composites(found, partial)
    return SimilarityMatrices(
        provenance=Provenance.of(
            similarity_matrices,
            table,
            *found.values(),
            parameters={
                "of": of,
                "base": base,
                "denominator": denominator,
                "repeated_codes": sorted(
                    n
                    for n, c in (("IO", input_output_codes), ("Occ", occupation_codes))
                    if c is not None
                ),
            },
        ),
        frame_kind=table.frame_kind,
        undefined=lost,
        industry=industry,
        name=tuple(found),
        values=frozen_array(np.stack(list(found.values()))),
        partial=frozen_array(np.array([partial[n] for n in found])),
    )


def _transformed(table: RegionActivity, of: str) -> FloatArray:
    x = table.values
    if of == "raw":
        return x
    if of == "log":
        return np.log1p(x)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.nan_to_num(x / table.row_total[:, None])
        return share if of == "share" else share / (table.col_total / table.total)


def _plants(
    data: IntoFrame | RegionActivity,
    table: RegionActivity,
    given: str | RegionActivity,
    region: str,
    activity: str,
) -> RegionActivity:
    if isinstance(given, RegionActivity):
        plants = given
    elif isinstance(data, RegionActivity):
        msg = "establishments= must be a RegionActivity when `data` is one."
        raise OptionError(msg)
    else:
        plants = as_region_activity(data, region=region, activity=activity, value=given)
    same = np.array_equal(plants.region, table.region) and np.array_equal(
        plants.activity, table.activity
    )
    if not same:
        msg = "`establishments` must have the regions and industries of `data`."
        raise AlignmentError(msg)
    return plants


def _codes(industry: NDArray[np.str_], given: Mapping[str, str] | None) -> list[str]:
    known = {} if given is None else {str(k): str(v) for k, v in given.items()}
    return [known.get(str(i), "" if given is not None else str(i)) for i in industry]


def _placed(codes: list[str], label: NDArray[np.str_], where: str) -> NDArray[np.int64]:
    place = {str(c): i for i, c in enumerate(label)}
    at = np.array([place.get(c, -1) for c in codes], dtype=np.int64)
    if not (at >= 0).any():
        msg = (
            f"`{where}` has none of the industries: it speaks of {label[:5].tolist()}, "
            f"the table of {codes[:5]}."
        )
        raise AlignmentError(msg)
    return at


def _square(
    table: pa.Table, names: tuple[str, str, str]
) -> tuple[NDArray[np.str_], FloatArray]:
    seller, buyer, flow = names
    require_columns(
        table, {"seller": seller, "buyer": buyer, "flow": flow}, where="input_output"
    )
    one, i = encode_labels(table, seller, where="input_output")
    other, j = encode_labels(table, buyer, where="input_output")
    size = float_column(table, flow, where="input_output")
    if not np.isfinite(size).all() or np.any(size < 0):
        msg = "Flows between industries must be known, finite and not negative."
        raise InvalidTableError(msg)
    label = np.unique(np.concatenate([one, other]))
    sales = np.zeros((label.size, label.size))
    np.add.at(
        sales, (np.searchsorted(label, one)[i], np.searchsorted(label, other)[j]), size
    )
    return label, sales


def _trade(
    table: pa.Table,
    names: tuple[str, str, str],
    codes: list[str],
    totals: Mapping[str, float] | None,
    *,
    needs_totals: bool,
) -> FloatArray:
    label, sales = _square(table, names)
    at = _placed(codes, label, "input_output")
    if needs_totals:
        if not isinstance(totals, Mapping):
            msg = (
                "denominator='total' needs totals=, a mapping of codes to total output."
            )
            raise OptionError(msg)
        lacking = [str(c) for c in label if str(c) not in totals]
        if lacking:
            msg = f"`totals` lacks {len(lacking)} codes, for example {lacking[:5]}."
            raise AlignmentError(msg)
        sold = np.array([float(totals[str(c)]) for c in label])
        bought = sold
    else:
        sold, bought = sales.sum(axis=1), sales.sum(axis=0)
    link = kernels.largest_link(sales, bought, sold)
    return kernels.blanked(link[np.ix_(at, at)], at < 0)


def _occupations(
    table: pa.Table, names: tuple[str, str, str], codes: list[str]
) -> FloatArray:
    x = as_region_activity(table, region=names[1], activity=names[0], value=names[2])
    at = _placed(codes, x.activity, "occupations")
    with np.errstate(divide="ignore", invalid="ignore"):
        share = x.values / x.col_total
    out = kernels.correlations(np.where(np.isnan(share), 0.0, share))
    return kernels.blanked(out[np.ix_(at, at)], at < 0)


def _add_composites(found: dict[str, FloatArray], partial: dict[str, float]) -> None:
    scores = {
        n: kernels.standard_scores(found[n])
        for n in (*BASIC, "coagglomeration")
        if n in found
    }
    both = [n for n in ("LC-Emp", "LC-Est") if n in found]
    lc, _ = kernels.mean_of([found[n] for n in both])
    if len(both) == 2:
        found["LC"], partial["LC"] = lc, 0.0
    scores["LC"] = kernels.standard_scores(lc)
    for name, parts in _COMPOSITES.items():
        if all(p in scores for p in parts):
            found[name], partial[name] = kernels.mean_of([scores[p] for p in parts])


def _undefined(
    industry: NDArray[np.str_], found: Mapping[str, FloatArray]
) -> tuple[Undefined, ...]:
    out = []
    for name, matrix in found.items():
        off = ~np.eye(industry.size, dtype=bool)
        blank = ~(np.isfinite(matrix) & off).any(axis=1)
        out += [
            Undefined(reason=f"constant or not covered: no {name}", activity=str(i))
            for i in industry[blank]
        ]
    return tuple(out)
