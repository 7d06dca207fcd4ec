"""Concordances between code systems: weighted, many to many, with the share mapped.

The tables come from :mod:`agglo.sources`; versions are data, never part of a name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core._conversion import (
    Spread,
    collect,
    mapped_share,
    mixed_version,
    spread_rows,
    unknown_codes,
)
from agglo.core.errors import AlignmentError, InvalidTableError, Problem
from agglo.core.frames import (
    encode_labels,
    float_column,
    frame_kind,
    from_arrow,
    require_columns,
    string_column,
    to_arrow,
)
from agglo.core.options import check_choice
from agglo.core.results import frozen_array

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, FrameKind, IntArray, IntoFrame

__all__ = ["Concordance", "Conversion", "Unmapped", "as_concordance"]

Unmapped: TypeAlias = Literal["report", "error", "keep"]

_TOLERANCE = 1e-6


@dataclass(frozen=True, eq=False, kw_only=True)
class Concordance:
    """Which share of a source code belongs to which target code.

    Link ``k`` gives ``weight[k]`` of ``source[source_index[k]]`` to
    ``target[target_index[k]]``; links are sorted by source, then target.

    Parameters
    ----------
    source, target
        Codes, sorted, shape (n_source,) and (n_target,).
    source_index, target_index
        Positions, shape (links,).
    weight
        Shares, shape (links,); those of a source add up to one, or to less where a part
        of it has no counterpart.
    source_version, target_version
        Versions of the two systems.
    """

    source: NDArray[np.str_]
    target: NDArray[np.str_]
    source_index: IntArray
    target_index: IntArray
    weight: FloatArray
    source_version: str
    target_version: str

    @property
    def n_links(self) -> int:
        """Number of pairs of codes."""
        return int(self.weight.size)

    @property
    def n_split(self) -> int:
        """Number of source codes that go to several targets."""
        return int((self.targets_per_source > 1).sum())

    @property
    def targets_per_source(self) -> IntArray:
        """Number of targets of every source code."""
        return np.bincount(self.source_index, minlength=self.source.size).astype(
            np.int64
        )

    def to_arrow(self) -> pa.Table:
        """Give the links as the table `concordances`."""
        n = self.n_links
        return pa.table(
            {
                "source": pa.array(
                    self.source[self.source_index].tolist(), pa.string()
                ),
                "target": pa.array(
                    self.target[self.target_index].tolist(), pa.string()
                ),
                "weight": self.weight,
                "source_version": pa.repeat(pa.scalar(self.source_version), n),
                "target_version": pa.repeat(pa.scalar(self.target_version), n),
            }
        )

    def inverse(
        self, sizes: IntoFrame | None = None, *, size: str = "weight"
    ) -> Concordance:
        """Turn the concordance round.

        Parameters
        ----------
        sizes
            Table with the columns ``source`` and `size`: how large the source codes are.
            A target is split back by what it received. Default: all count the same.
        size
            Column of sizes.

        Returns
        -------
        Concordance
            From target to source; the shares of a code add up to one.

        Raises
        ------
        AlignmentError
            If a source code has no size.

        Notes
        -----
        Going there and back is the identity for one-to-one codes only: a split spreads
        by size. Cost O(links log links).
        """
        amount = self.weight * self._sizes(sizes, size)[self.source_index]
        received = np.bincount(self.target_index, amount, minlength=self.target.size)
        base = received[self.target_index]
        share = np.divide(amount, base, out=np.zeros_like(amount), where=base > 0)
        return _linked(
            self.target,
            self.source,
            self.target_index,
            self.source_index,
            share,
            (self.target_version, self.source_version),
        )

    def then(self, other: Concordance) -> Concordance:
        """Chain two concordances: A to B and B to C give A to C.

        Parameters
        ----------
        other
            Concordance whose source version is this one's target version.

        Returns
        -------
        Concordance
            Shares add up to less than one where `other` lacks a code.

        Raises
        ------
        AlignmentError
            ``mixed_version``, if the versions do not meet.
        """
        if other.source_version != self.target_version:
            msg = (
                f"Cannot chain a concordance to '{self.target_version}' with one from "
                f"'{other.source_version}'."
            )
            problem = mixed_version(self.target_version, other.source_version)
            raise AlignmentError(msg, [problem])
        position, known = _positions(self.target, other.source)
        spread = spread_rows(
            position[self.target_index],
            known[self.target_index],
            other.source_index,
            other.target_index,
            other.weight,
            other.source.size,
        )
        return _linked(
            self.source,
            other.target,
            self.source_index[spread.row],
            spread.target,
            self.weight[spread.row] * spread.weight,
            (self.source_version, other.target_version),
        )

    def convert(
        self,
        data: IntoFrame,
        *,
        column: str = "industry",
        values: Sequence[str] = ("employment",),
        by: Sequence[str] = ("region", "period", "region_version"),
        version: str = "industry_version",
        flag: str = "flag",
        unmapped: Unmapped = "report",
        where: str = "data",
    ) -> Conversion:
        r"""Convert a table of amounts from the source to the target codes.

        Use for amounts that add up (employment, establishments); not for shares, means
        or quotients: convert their parts.

        Parameters
        ----------
        data
            Long table.
        column
            Column of source codes.
        values
            Columns of amounts.
        by
            Columns that are kept; those that are absent are left out.
        version
            Column of the version; where present, it must be the source version.
        flag
            Column of states (``c`` confidential, ``m`` missing); absent is fine.
        unmapped
            What happens to codes that the concordance lacks: ``"report"`` leaves them
            out and says what they hold, ``"error"`` refuses, ``"keep"`` keeps them under
            their old code.
        where
            Name of the table in messages.

        Returns
        -------
        Conversion
            The converted table, the share mapped and what was not.

        Raises
        ------
        AlignmentError
            ``mixed_version`` or, with ``unmapped="error"``, ``unknown_code``.
        ColumnNotFoundError
            If a column is not there.

        Notes
        -----
        :math:`y_t = \sum_s w_{st} x_s`. A target is null as soon as one of its parts is
        missing or confidential; ``<value>_lower`` and ``<value>_upper`` then hold what
        the known parts and the bounds of the others imply. Cost O(rows × targets per
        source).

        Examples
        --------
        >>> import pyarrow as pa
        >>> links = pa.table({"source": ["a", "a"], "target": ["x", "y"], "weight": [0.25, 0.75],
        ...     "source_version": ["old"] * 2, "target_version": ["new"] * 2})
        >>> jobs = pa.table({"industry": ["a"], "employment": [100.0]})
        >>> as_concordance(links).convert(jobs).table["employment"].to_pylist()
        [25.0, 75.0]
        """
        kind = frame_kind(data)
        table = to_arrow(data, where=where)
        named = {f"values[{i}]": v for i, v in enumerate(values)}
        require_columns(table, {"column": column, **named}, where=where)
        check_choice("unmapped", unmapped, ("report", "error", "keep"))
        self._check_version(table, version, where)
        labels, codes = encode_labels(table, column, where=where)
        position, known = _positions(labels, self.source)
        problems = unknown_codes(table, labels, known, codes, values, column, where)
        if unmapped == "error" and problems:
            msg = f"`{where}` has codes that the concordance does not hold."
            raise AlignmentError(msg, problems)
        spread = spread_rows(
            position[codes],
            known[codes],
            self.source_index,
            self.target_index,
            self.weight,
            self.source.size,
        )
        targets = self.target
        if unmapped == "keep":
            spread, targets = _kept(spread, targets, labels, codes, known)
        keys = [k for k in by if k in table.column_names]
        out = collect(table, spread, targets, keys, values, column=column, flag=flag)
        if version in table.column_names:
            label = pa.repeat(pa.scalar(self.target_version), out.num_rows)
            out = out.append_column(version, label)
        return Conversion(
            table=out,
            mapped_share={v: mapped_share(table, v, spread, where) for v in values},
            unmapped=tuple(labels[~known].tolist()),
            problems=problems,
            frame_kind=kind,
        )

    def _check_version(self, table: pa.Table, version: str, where: str) -> None:
        if version not in table.column_names:
            return
        found = sorted(v for v in pc.unique(table[version]).to_pylist() if v)
        if any(v != self.source_version for v in found):
            msg = (
                f"`{where}` is in version {', '.join(found)}, the concordance starts "
                f"from '{self.source_version}'."
            )
            problem = mixed_version(", ".join(found), self.source_version)
            raise AlignmentError(msg, [problem])

    def _sizes(self, sizes: IntoFrame | None, size: str) -> FloatArray:
        if sizes is None:
            return np.ones(self.source.size)
        table = to_arrow(sizes, where="sizes")
        require_columns(table, {"source": "source", "size": size}, where="sizes")
        amounts = float_column(table, size, where="sizes")
        given = dict(zip(string_column(table, "source"), amounts, strict=True))
        lost = [s for s in self.source.tolist() if s not in given]
        if lost:
            problem = Problem(
                code="unknown_code",
                what=f"{len(lost)} source codes have no size: {lost[:5]}",
                where="sizes",
                fix="give a size, or 0, for every source code",
            )
            msg = "`sizes` does not cover the concordance."
            raise AlignmentError(msg, [problem])
        return np.asarray([given[s] for s in self.source.tolist()], dtype=np.float64)


@dataclass(frozen=True, eq=False, kw_only=True)
class Conversion:
    """A converted table and how much of it was mapped.

    Parameters
    ----------
    table
        The table in target codes.
    mapped_share
        ``{value column: share of the known amount that reached a target}``.
    unmapped
        Source codes that the concordance does not hold.
    problems
        What they hold.
    frame_kind
        Kind of frame that the caller gave.
    """

    table: pa.Table
    mapped_share: dict[str, float]
    unmapped: tuple[str, ...]
    problems: tuple[Problem, ...]
    frame_kind: FrameKind

    def to_frame(self, kind: FrameKind | None = None) -> object:
        """Give the table in the caller's kind of frame, or in another."""
        return from_arrow(self.table, kind or self.frame_kind)

    def summary(self) -> str:
        """Say how much was mapped."""
        shares = ", ".join(f"{k} {100 * v:.2f} %" for k, v in self.mapped_share.items())
        lines = [f"{self.table.num_rows:,} rows, mapped {shares}"]
        return "\n".join(lines + [f"  {p}" for p in self.problems])


def as_concordance(
    data: IntoFrame | Concordance,
    *,
    source: str = "source",
    target: str = "target",
    weight: str | None = "weight",
    source_version: str | None = None,
    target_version: str | None = None,
    where: str = "concordance",
) -> Concordance:
    """Check a table of links and make a concordance of it.

    Parameters
    ----------
    data
        Table of links, or a concordance, which is given back as it is.
    source, target
        Columns of codes.
    weight
        Column of shares; ``None``, or no such column, splits every source equally.
    source_version, target_version
        Versions; default the columns of the same names, which must hold one word.
    where
        Name of the table in messages.

    Returns
    -------
    Concordance
        Sorted and checked.

    Raises
    ------
    InvalidTableError
        ``duplicate_key``, ``bad_weight`` (negative, not finite, shares of a code that
        add up to more than one), ``mixed_version``, ``unknown_version``.
    ColumnNotFoundError
        If a column is not there.

    Examples
    --------
    >>> import pyarrow as pa
    >>> links = pa.table({"source": ["a", "a", "b"], "target": ["x", "y", "y"]})
    >>> c = as_concordance(links, weight=None, source_version="old", target_version="new")
    >>> c.weight.tolist(), c.n_split
    ([0.5, 0.5, 1.0], 1)
    """
    if isinstance(data, Concordance):
        return data
    table = to_arrow(data, where=where)
    require_columns(table, {"source": source, "target": target}, where=where)
    sources, i = encode_labels(table, source, where=where)
    targets, j = encode_labels(table, target, where=where)
    problems: list[Problem] = []
    versions = tuple(
        _version(table, given, name, where, problems)
        for given, name in (
            (source_version, "source_version"),
            (target_version, "target_version"),
        )
    )
    if weight is not None and weight in table.column_names:
        share = float_column(table, weight, where=where)
    else:
        share = 1.0 / np.bincount(i)[i] if i.size else np.zeros(0)
    problems += _link_problems(i, j, share, sources, where)
    if problems:
        msg = f"`{where}` is no proper concordance."
        raise InvalidTableError(msg, problems)
    return _linked(sources, targets, i, j, share, (versions[0], versions[1]))


def _linked(
    source: NDArray[np.str_],
    target: NDArray[np.str_],
    source_index: IntArray,
    target_index: IntArray,
    weight: FloatArray,
    versions: tuple[str, str],
) -> Concordance:
    """Sort links, add up repeated ones, drop those without weight."""
    key = source_index * max(target.size, 1) + target_index
    unique, inverse = np.unique(key, return_inverse=True)
    total = np.bincount(inverse, weight, minlength=unique.size).astype(np.float64)
    keep = total > 0
    unique, total = unique[keep], total[keep]
    width = np.int64(max(target.size, 1))
    first: IntArray = (unique // width).astype(np.int64)
    second: IntArray = (unique % width).astype(np.int64)
    return Concordance(
        source=frozen_array(source),
        target=frozen_array(target),
        source_index=frozen_array(first),
        target_index=frozen_array(second),
        weight=frozen_array(total),
        source_version=versions[0],
        target_version=versions[1],
    )


def _positions(
    labels: NDArray[np.str_], known: NDArray[np.str_]
) -> tuple[IntArray, NDArray[np.bool_]]:
    if known.size == 0:
        return np.zeros(labels.size, np.int64), np.zeros(labels.size, np.bool_)
    position = np.minimum(np.searchsorted(known, labels), known.size - 1)
    return position.astype(np.int64), known[position] == labels


def _kept(
    spread: Spread,
    targets: NDArray[np.str_],
    labels: NDArray[np.str_],
    codes: IntArray,
    known: NDArray[np.bool_],
) -> tuple[Spread, NDArray[np.str_]]:
    """Add rows of unknown codes under their own name."""
    rows = np.flatnonzero(~known[codes])
    every = np.concatenate([targets, labels[~known]])
    own = np.cumsum(~known) - 1 + targets.size
    joined = Spread(
        row=np.concatenate([spread.row, rows]),
        target=np.concatenate([spread.target, own[codes[rows]]]),
        weight=np.concatenate([spread.weight, np.ones(rows.size)]),
        mapped=spread.mapped,
    )
    # an old code may also be a code of the target system: they share a row then
    unique, inverse = np.unique(every, return_inverse=True)
    return Spread(
        row=joined.row,
        target=inverse[joined.target].astype(np.int64),
        weight=joined.weight,
        mapped=joined.mapped,
    ), unique


def _version(
    table: pa.Table, given: str | None, name: str, where: str, problems: list[Problem]
) -> str:
    if given is not None:
        return given
    found = []
    if name in table.column_names:
        found = sorted(v for v in pc.unique(table[name]).to_pylist() if v)
    if len(found) == 1:
        return str(found[0])
    code = "mixed_version" if found else "unknown_version"
    what = (
        f"it holds several versions: {found}" if found else f"its {name} is not stated"
    )
    fix = f"keep one version, or pass {name}=..."
    problems.append(Problem(code=code, what=what, where=where, column=name, fix=fix))
    return ""


def _link_problems(
    i: IntArray, j: IntArray, share: FloatArray, sources: NDArray[np.str_], where: str
) -> list[Problem]:
    problems: list[Problem] = []
    pairs = i * (int(j.max(initial=0)) + 1) + j
    _, inverse, counts = np.unique(pairs, return_inverse=True, return_counts=True)
    fix = "weights are shares between 0 and 1"
    for code, what, mask, cure in (
        ("duplicate_key", "links stand twice", counts[inverse] > 1, "add them up"),
        ("bad_weight", "weights are missing or not finite", ~np.isfinite(share), fix),
        ("bad_weight", "weights are negative", share < 0, fix),
    ):
        rows = np.flatnonzero(mask) + 1
        if rows.size:
            problems.append(
                Problem(
                    code=code,
                    what=what,
                    where=where,
                    rows=tuple(int(r) for r in rows[:20]),
                    n_rows=int(rows.size),
                    fix=cure,
                )
            )
    total = np.bincount(i, np.nan_to_num(share, nan=0.0), minlength=sources.size)
    above = sources[total > 1 + _TOLERANCE]
    if above.size:
        what = f"shares add up to more than one for {above.size} codes: {above[:5].tolist()}"
        cure = "divide the weights of a source code by their sum"
        problems.append(Problem(code="bad_weight", what=what, where=where, fix=cure))
    return problems
