"""Carrying directed pairs from one classification of industries to another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.checks import flag_rows, repeated
from agglo.core.errors import AlignmentError, InvalidTableError, Problem
from agglo.core.frames import frame_kind, require_columns, to_arrow
from agglo.core.options import check_number
from agglo.core.results import ColumnData, Provenance, Result, Undefined, frozen_array
from agglo.core.tables._columns import labels_of, numbers_of, raise_problems

if TYPE_CHECKING:
    import pyarrow as pa
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntArray, IntoFrame

__all__ = ["CrosswalkedPairs", "crosswalk_pairs"]

_SUM = 1e-9


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class CrosswalkedPairs(Result):
    """Directed weights in the classification asked for.

    Attributes
    ----------
    industries
        Sorted labels.
    values
        [anchor, mover], (I, I); NaN on the diagonal and where coverage is too low.
    coverage
        Share of the concordance weight of a pair that was observed, (I, I).
    """

    industries: NDArray[np.str_]
    values: FloatArray
    coverage: FloatArray

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per ordered pair."""
        i, j = np.nonzero(~np.eye(self.industries.size, dtype=bool))
        return {
            "anchor": self.industries[i],
            "mover": self.industries[j],
            "value": self.values[i, j],
            "coverage": self.coverage[i, j],
        }

    def summary(self) -> str:
        """Give size and how many pairs are known."""
        known = int(np.isfinite(self.values).sum())
        n = self.industries.size
        return f"{known} of {n * (n - 1)} ordered pairs of {n} industries carried over"

    def _draw(self, ax: Axes) -> None:
        shown = ax.imshow(self.values, cmap="viridis")
        ax.figure.colorbar(shown, ax=ax)
        ax.set(xlabel="mover", ylabel="anchor")


def crosswalk_pairs(
    pairs: IntoFrame,
    concordance: IntoFrame,
    *,
    anchor: str = "anchor",
    mover: str = "mover",
    value: str = "value",
    industry: str = "industry",
    other: str = "other",
    weight: str = "weight",
    min_coverage: float = 0.5,
) -> CrosswalkedPairs:
    r"""Carry a foreign coagglomeration index over to domestic industries.

    Use for instruments: the index of another country in its own classification.

    Parameters
    ----------
    pairs
        One row per ordered pair of the other classification; absent = not observed.
    concordance
        One row per industry and code of the other classification with its weight; the
        weights of an industry sum to 1.
    anchor, mover, value
        Columns of `pairs`.
    industry, other, weight
        Columns of `concordance`.
    min_coverage
        A pair of which less is observed is NaN.

    Returns
    -------
    CrosswalkedPairs
        Values in the unit of `pairs`.

    Raises
    ------
    InvalidTableError
        Duplicate keys, negative weights, weights that do not sum to 1.
    AlignmentError
        If no code of the concordance is in `pairs`.
    OptionError
        If `min_coverage` is outside [0, 1].

    Notes
    -----
    :math:`\hat C = W C W'`, the diagonal of C unknown, weights renormalised over observed
    cells. Cost O(I J^2).

    References
    ----------
    Question: Chen and Liu 2025, doi:10.3868/s060-020-025-0015-9 (formula inferred).

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.econometrics import crosswalk_pairs
    >>> pairs = pa.table({"anchor": ["x", "y"], "mover": ["z", "z"], "value": [0.2, 0.4]})
    >>> codes = pa.table({"industry": ["a", "a", "b"], "other": ["x", "y", "z"],
    ...                   "weight": [0.5, 0.5, 1.0]})
    >>> round(float(crosswalk_pairs(pairs, codes).values[0, 1]), 3)
    0.3
    """
    check_number("min_coverage", min_coverage, minimum=0, maximum=1)
    table, codes = to_arrow(pairs), to_arrow(concordance)
    require_columns(table, {"anchor": anchor, "mover": mover, "value": value})
    require_columns(codes, {"industry": industry, "other": other, "weight": weight})
    problems: list[Problem] = []
    industries, i = labels_of(codes, industry, problems, "concordance")
    others, j = labels_of(codes, other, problems, "concordance")
    share = numbers_of(codes, weight, problems, "concordance", missing=False)
    problems += _duplicates(i, j, others.size, "concordance")
    raise_problems(problems, "concordance")
    w = np.zeros((industries.size, others.size))
    w[i, j] = share
    _check_sums(w, industries)
    c = _observed(table, (anchor, mover, value), others)
    seen = np.isfinite(c)
    cover = w @ seen @ w.T
    possible = w @ (~np.eye(others.size, dtype=bool)) @ w.T
    with np.errstate(divide="ignore", invalid="ignore"):
        mapped = (w @ np.where(seen, c, 0.0) @ w.T) / cover
        coverage = cover / possible
    coverage = np.where(possible > 0, coverage, 0.0)
    mapped = np.where(coverage >= max(min_coverage, 1e-15), mapped, np.nan)
    np.fill_diagonal(mapped, np.nan)
    off = ~np.eye(industries.size, dtype=bool)
    lost = int((np.isnan(mapped) & off).sum())
    reason = Undefined(reason=f"less than {min_coverage:g} observed", n=lost)
    return CrosswalkedPairs(
        provenance=Provenance.of(
            crosswalk_pairs,
            table,
            codes,
            parameters={"min_coverage": min_coverage},
        ),
        frame_kind=frame_kind(pairs),
        undefined=(reason,) if lost else (),
        industries=industries,
        values=frozen_array(mapped),
        coverage=frozen_array(coverage),
    )


def _duplicates(i: IntArray, j: IntArray, size: int, where: str) -> list[Problem]:
    return flag_rows(
        repeated(i * max(size, 1) + j),
        code="duplicate_key",
        what="the same pair occurs more than once",
        where=where,
        fix="one row per pair",
    )


def _check_sums(w: FloatArray, industries: NDArray[np.str_]) -> None:
    wrong = np.flatnonzero(np.abs(w.sum(axis=1) - 1.0) > _SUM)
    if wrong.size:
        msg = f"The weights of {wrong.size} industries do not sum to 1."
        raise InvalidTableError(
            msg,
            [
                Problem(
                    code="weights_sum",
                    what=f"{industries[k]}: weights sum to {w[k].sum():g}",
                    where="concordance",
                    fix="divide by their sum",
                )
                for k in wrong[:20]
            ],
        )


def _observed(
    table: pa.Table, columns: tuple[str, str, str], others: NDArray[np.str_]
) -> FloatArray:
    problems: list[Problem] = []
    one, a = labels_of(table, columns[0], problems, "pairs")
    two, b = labels_of(table, columns[1], problems, "pairs")
    value = numbers_of(table, columns[2], problems, "pairs", minimum=None)
    problems += _duplicates(a, b, two.size, "pairs")
    raise_problems(problems, "pairs")
    known = np.isin(one[a], others) & np.isin(two[b], others)
    if not known.any():
        msg = f"No pair is of the concordance's codes {list(map(str, others[:5]))}."
        raise AlignmentError(msg)
    out = np.full((others.size, others.size), np.nan)
    at = tuple(np.searchsorted(others, k) for k in (one[a][known], two[b][known]))
    out[at] = value[known]
    np.fill_diagonal(out, np.nan)
    return out
