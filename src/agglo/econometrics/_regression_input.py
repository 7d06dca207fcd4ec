"""From a table to the arrays of a regression: rows kept, effects, clusters, reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.errors import (
    ConvergenceError,
    InvalidTableError,
    NotIdentifiedError,
    OptionError,
    Problem,
)
from agglo.core.frames import (
    as_text,
    encode_text,
    frame_kind,
    require_columns,
    to_arrow,
)
from agglo.core.results import digest_of
from agglo.core.tables._columns import numbers_of, raise_problems
from agglo.econometrics._kernels.absorb import absorb, not_singletons

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, FrameKind, IntArray, IntoFrame

__all__ = ["CONSTANT", "Effect", "Rows", "check_rank", "clean", "read_rows"]

CONSTANT = "constant"
Effect: TypeAlias = str | tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Rows of a regression before effects are removed.

    `table` has the kept rows (for clusters asked for later), `dropped` why rows are gone.
    """

    table: pa.Table
    outcome: str
    y: FloatArray
    names: tuple[str, ...]
    x: FloatArray
    z_names: tuple[str, ...]
    z: FloatArray
    effects: tuple[Effect, ...]
    codes: IntArray
    weights: FloatArray | None
    dropped: Mapping[str, int]
    frame_kind: FrameKind
    digest: str

    def keep(self, mask: np.ndarray, reason: str) -> Rows:
        """Drop rows for a reason and renumber the levels of the effects."""
        if mask.all():
            return self
        lost = int((~mask).sum())
        return replace(
            self,
            table=self.table.filter(pa.array(mask)),
            y=self.y[mask],
            x=self.x[mask],
            z=self.z[mask],
            codes=_renumbered(self.codes[:, mask]),
            weights=None if self.weights is None else self.weights[mask],
            dropped={**self.dropped, reason: self.dropped.get(reason, 0) + lost},
        )


def _renumbered(codes: IntArray) -> IntArray:
    out = np.empty_like(codes)
    for f in range(codes.shape[0]):
        out[f] = np.unique(codes[f], return_inverse=True)[1]
    return out


def codes_of(table: pa.Table, columns: Sequence[str]) -> IntArray:
    """Code the labels of a column, or of the combinations of several."""
    joint = np.zeros(table.num_rows, dtype=np.int64)
    for name in columns:
        labels, code = encode_text(as_text(table[name]))
        joint = joint * max(labels.size, 1) + code
        joint = np.unique(joint, return_inverse=True)[1].astype(np.int64)
    return joint


def read_rows(
    data: IntoFrame,
    *,
    outcome: str,
    covariates: Sequence[str],
    instruments: Sequence[str] = (),
    effects: Sequence[Effect] = (),
    labels: Sequence[str] = (),
    weights: str | None = None,
    minimum: float | None = None,
) -> Rows:
    """Read columns; rows with a missing number or label are dropped and counted."""
    kind, table = frame_kind(data), to_arrow(data)
    for option, given in (("covariates", covariates), ("effects", effects)):
        if isinstance(given, str):
            msg = f"{option}={given!r} must be a sequence of columns, not one text."
            raise OptionError(msg)
    named = {"outcome": outcome}
    named |= {f"covariates[{i}]": c for i, c in enumerate(covariates)}
    named |= {f"instruments[{i}]": c for i, c in enumerate(instruments)}
    parts = [(e,) if isinstance(e, str) else tuple(e) for e in effects]
    flat = [c for p in parts for c in p]
    named |= {f"effects[{i}]": c for i, c in enumerate(flat)}
    named |= {f"vcov[{i}]": c for i, c in enumerate(labels)}
    if weights is not None:
        named["weights"] = weights
    require_columns(table, named)
    _check_names(outcome, covariates, instruments)
    problems: list[Problem] = []
    y = numbers_of(table, outcome, problems, "data", minimum=minimum)
    x = _block(table, covariates, problems)
    z = _block(table, instruments, problems)
    w = None if weights is None else numbers_of(table, weights, problems, "data")
    raise_problems(problems, "data")
    ok = np.isfinite(y) & np.isfinite(x).all(axis=1) & np.isfinite(z).all(axis=1)
    if w is not None:
        ok &= np.isfinite(w) & (w > 0)
    for name in dict.fromkeys([*flat, *labels]):
        text = as_text(table[name])
        blank = pc.fill_null(pc.equal(pc.utf8_trim_whitespace(text), ""), True)
        ok &= ~np.asarray(blank.to_numpy(zero_copy_only=False), dtype=bool)
    if not ok.any():
        msg = "No row has all numbers and labels of the regression."
        raise InvalidTableError(
            msg,
            [Problem(code="empty_table", what="every row misses something")],
        )
    used = list(dict.fromkeys(named.values()))
    codes = np.zeros((len(parts), table.num_rows), dtype=np.int64)
    if flat:
        filled = table.select(list(dict.fromkeys(flat)))
        codes = np.stack([_filled_codes(filled, p) for p in parts])
    names = tuple(covariates)
    if not parts:
        x, names = np.column_stack([x, np.ones(y.size)]), (*names, CONSTANT)
    rows = Rows(
        table=table,
        outcome=outcome,
        y=y,
        names=names,
        x=x,
        z_names=tuple(instruments),
        z=z,
        effects=tuple(effects),
        codes=codes,
        weights=w,
        dropped={"missing": 0, "singletons": 0},
        frame_kind=kind,
        digest=digest_of(table.select(used)),
    ).keep(ok, "missing")
    rows = replace(rows, codes=_renumbered(rows.codes))
    return rows.keep(not_singletons(rows.codes), "singletons")


def _filled_codes(table: pa.Table, columns: Sequence[str]) -> IntArray:
    filled = pa.table({c: pc.fill_null(as_text(table[c]), "") for c in columns})
    return codes_of(filled, columns)


def _check_names(
    outcome: str, covariates: Sequence[str], instruments: Sequence[str]
) -> None:
    listed = [outcome, *covariates, *instruments]
    twice = sorted({c for c in listed if listed.count(c) > 1})
    if twice:
        msg = f"covariates: columns {twice} are named more than once in the model."
        raise OptionError(msg)


def _block(
    table: pa.Table, columns: Sequence[str], problems: list[Problem]
) -> FloatArray:
    found = [numbers_of(table, c, problems, "data", minimum=None) for c in columns]
    if not found:
        return np.zeros((table.num_rows, 0))
    return np.column_stack(found)


def clean(rows: Rows, values: FloatArray) -> FloatArray:
    """Remove the effects; with weights, scale rows by their root afterwards."""
    out, settled = absorb(values, rows.codes, rows.weights)
    if not settled:
        msg = (
            "The effects could not be removed: alternating projections did not settle."
        )
        raise ConvergenceError(msg)
    if rows.weights is not None:
        out = out * np.sqrt(rows.weights)[:, None]
    return out


def check_rank(
    x: FloatArray, raw: FloatArray, names: Sequence[str], *, what: str = "regressors"
) -> None:
    """Refuse columns that effects or other columns explain fully, naming them."""
    n, k = x.shape
    if n <= k:
        msg = f"{n} rows cannot tell {k} {what} apart."
        raise NotIdentifiedError(
            msg,
            [
                Problem(
                    code="too_few_observations",
                    what=f"{n} rows left, {k} {what}",
                    fix="use fewer regressors or effects, or more rows",
                )
            ],
        )
    size = np.linalg.norm(x, axis=0)
    before = np.linalg.norm(raw - raw.mean(axis=0), axis=0)
    before = np.where(before > 0, before, np.linalg.norm(raw, axis=0))
    lost = size <= 1e-9 * np.maximum(before, np.finfo(float).tiny)
    bad = [names[int(j)] for j in np.flatnonzero(lost)]
    if not bad and k:
        r = np.linalg.qr(x / size, mode="r")
        bad = [names[int(j)] for j in np.flatnonzero(np.abs(np.diag(r)) < 1e-8)]
    if bad:
        msg = f"The {what} {bad} are collinear with others or with the effects."
        raise NotIdentifiedError(
            msg,
            [
                Problem(
                    code="collinear",
                    what="no variation of its own is left",
                    column=c,
                    fix="drop it, or an effect that contains it",
                )
                for c in bad
            ],
        )
