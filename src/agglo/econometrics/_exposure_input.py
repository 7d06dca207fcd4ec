"""Shares and shifts as a sparse matrix beside the rows of a regression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from scipy.sparse import csr_array

from agglo.core.checks import flag_rows, repeated
from agglo.core.errors import AlignmentError, NotIdentifiedError, Problem
from agglo.core.frames import as_text, require_columns, to_arrow
from agglo.core.tables._columns import labels_of, numbers_of, raise_problems
from agglo.econometrics._kernels.absorb import absorb

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntArray, IntoFrame

__all__ = ["Exposed", "independent", "read_exposure"]

FEW_SHIFTS = 20.0
_CONDITION = 1e8
Columns = tuple[str, str, str, str, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposed:
    """Shares of rows in shifts; a column is a shift, or a shift in a period.

    `cluster` is the shift of a column, `row_period` and `period` the period of a row and
    of a column, `g` the value of a column.
    """

    shares: csr_array
    g: FloatArray
    cluster: IntArray
    period: IntArray
    row_period: IntArray
    effective: float

    @property
    def n_shifts(self) -> int:
        """Count shifts, periods not counted."""
        return int(self.cluster.max()) + 1

    def sums(self) -> FloatArray:
        """Give share sums by period, as controls; no column when every sum is the same."""
        total = np.asarray(self.shares.sum(axis=1), dtype=np.float64)
        if np.ptp(total) <= 1e-9:
            return np.zeros((total.size, 0))
        return total[:, None] * (self.row_period[:, None] == np.unique(self.row_period))

    def cleaned(self) -> FloatArray:
        """Give shifts without their weighted means by shift and period."""
        weight = np.asarray(self.shares.sum(axis=0), dtype=np.float64)
        many = int(self.period.max()) > 0
        codes = np.vstack([self.cluster, self.period]) if many else self.period[None]
        out, _ = absorb(self.g[:, None], codes, weight)
        return np.where(weight > 0, out[:, 0], 0.0)

    def check_fitted(self, n: int) -> None:
        """Refuse to fit shifts where the shares cannot tell them apart."""
        k = self.shares.shape[1]
        problem = None
        if k >= n:
            what = f"{k} shifts for {n} rows"
            problem = Problem(code="too_many_shifts", what=what, fix="use method='bhj'")
        else:
            condition = float(np.linalg.cond(self.shares.toarray()))
            if condition > _CONDITION:
                what = f"condition of the shares {condition:.3g}"
                problem = Problem(
                    code="ill_conditioned", what=what, fix="use method='bhj'"
                )
        if problem is not None:
            msg = "method='akm' cannot fit the shifts from these shares."
            raise NotIdentifiedError(msg, [problem])

    def notes(self) -> tuple[str, ...]:
        """Warn of few effective shifts."""
        if self.effective >= FEW_SHIFTS:
            return ()
        text = f"only {self.effective:.1f} effective shifts: read the null-imposed interval"
        return (text,)


def independent(controls: FloatArray) -> FloatArray:
    """Keep columns that add something: sums may lie inside the effects."""
    size = np.linalg.norm(controls, axis=0)
    kept: list[int] = []
    base = np.zeros((controls.shape[0], 0))
    for j in np.flatnonzero(size > 1e-9 * max(1.0, float(size.max(initial=0.0)))):
        column = controls[:, j] / size[j]
        rest = column - base @ (base.T @ column)
        rest = rest - base @ (base.T @ rest)
        norm = float(np.linalg.norm(rest))
        if norm > 1e-7:
            base = np.column_stack([base, rest / norm])
            kept.append(int(j))
    return controls[:, kept]


def read_exposure(
    table: pa.Table, shares: IntoFrame, shifts: IntoFrame, columns: Columns
) -> Exposed:
    """Join shares and shifts to the rows by label; everything missing at once."""
    unit, shift, share, value, period = columns
    w, g = to_arrow(shares), to_arrow(shifts)
    require_columns(w, {"unit": unit, "shift": shift, "share": share})
    named = {"shift": shift, "value": value}
    require_columns(g, named if period is None else {**named, "period": period})
    problems: list[Problem] = []
    units, i = labels_of(w, unit, problems, "shares")
    names, k = labels_of(w, shift, problems, "shares")
    amount = numbers_of(w, share, problems, "shares", missing=False)
    moved = numbers_of(g, value, problems, "shifts", minimum=None, missing=False)
    problems += flag_rows(
        repeated(i * max(names.size, 1) + k),
        code="duplicate_key",
        what=f"the same ({unit}, {shift}) occurs more than once",
        where="shares",
        fix="add the shares up",
    )
    raise_problems(problems, "shares")
    if names.size < 2:
        msg = "One shift cannot carry errors between shifts."
        raise NotIdentifiedError(
            msg, [Problem(code="one_shift", what="a single shift")]
        )
    rows = _text(table, unit)
    when = _text(table, period) if period else np.full(rows.size, "")
    periods, row_period = np.unique(when, return_inverse=True)
    at = _places(units, rows, "data", unit, "no share")
    keys = np.char.add(
        np.char.add(_text(g, shift), "\x1f"), _text(g, period) if period else ""
    )
    wanted = [f"{n}\x1f{p}" for p in periods for n in names]
    order = np.argsort(keys)
    place = _places(keys[order], np.array(wanted), "shifts", shift, "no value")
    local = csr_array((amount, (i, k)), shape=(units.size, names.size))
    picked = local[at].tocoo()
    column = picked.col + names.size * row_period[picked.row]
    size = (rows.size, names.size * periods.size)
    mean = np.bincount(picked.col, weights=picked.data, minlength=names.size)
    mean = mean / mean.sum()
    return Exposed(
        shares=csr_array((picked.data, (picked.row, column)), shape=size),
        g=moved[order][place],
        cluster=np.tile(np.arange(names.size), periods.size),
        period=np.repeat(np.arange(periods.size), names.size),
        row_period=row_period.astype(np.int64),
        effective=float(1.0 / (mean @ mean)),
    )


def _text(table: pa.Table, column: str) -> np.ndarray:
    return np.asarray(as_text(table[column]).to_pylist(), dtype=np.str_)


def _places(
    known: np.ndarray, wanted: np.ndarray, where: str, column: str, what: str
) -> IntArray:
    place = np.searchsorted(known, wanted).clip(0, max(known.size - 1, 0))
    lost = np.flatnonzero(known[place] != wanted)
    if lost.size:
        shown = [str(v).replace("\x1f", " ") for v in np.unique(wanted[lost])[:5]]
        msg = f"{lost.size} labels of `{where}` have {what}: {shown}"
        raise AlignmentError(
            msg,
            [
                Problem(
                    code="unknown_id", what=f"{v}: {what}", where=where, column=column
                )
                for v in shown
            ],
        )
    return np.asarray(place, dtype=np.int64)
