"""Put the parts of an import together and refuse it as a whole or take it as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.errors import AggloError, Problem, SourceError
from agglo.core.schema import table_schema
from agglo.sources.cells import as_text
from agglo.sources.results import Origin, SourceTable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import IntArray

__all__ = [
    "Findings",
    "Part",
    "Paths",
    "as_paths",
    "assemble",
    "each_file",
    "publication",
    "text_constant",
]

Paths: TypeAlias = "str | Path | Sequence[str | Path]"


@dataclass(slots=True)
class Findings:
    """What reading found; filled while reading, emptied into the result or the error.

    Parameters
    ----------
    problems
        What forbids the import.
    repairs
        What was mended.
    notes
        What to know.
    """

    problems: list[Problem] = field(default_factory=list)
    repairs: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)

    def take(self, other: Findings) -> None:
        """Add the findings of one file.

        Parameters
        ----------
        other
            What was found in the file.
        """
        self.problems += other.problems
        self.repairs += other.repairs
        self.notes += other.notes

    def renumber(self, rows: IntArray) -> None:
        """Turn row numbers of a selection into row numbers of the file.

        Parameters
        ----------
        rows
            Row of each selected record in the file, counted from 1.
        """
        self.problems = [_renumbered(p, rows) for p in self.problems]
        self.repairs = [_renumbered(p, rows) for p in self.repairs]
        self.notes = [_renumbered(p, rows) for p in self.notes]

    def raise_if_any(self, what: str) -> None:
        """Raise one error with all problems, if there are any.

        Parameters
        ----------
        what
            What was read, for the message.

        Raises
        ------
        SourceError
            With every problem found.
        """
        if self.problems:
            n = len(self.problems)
            msg = f"Cannot import {what}: {n} problem{'s' if n > 1 else ''}."
            raise SourceError(msg, self.problems)


def _renumbered(problem: Problem, rows: IntArray) -> Problem:
    return replace(problem, rows=tuple(int(rows[r - 1]) for r in problem.rows))


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Rows of one file on their way into a table.

    Parameters
    ----------
    data
        Columns of the core schema.
    file
        File name.
    rows
        Row of each record in the file, counted from 1.
    """

    data: pa.Table
    file: str
    rows: IntArray


def publication(
    title: str, publisher: str, licence: str, citation: str
) -> Callable[[Iterable[tuple[str, str]]], Origin]:
    """Make a function that adds files to a fixed title, publisher, licence, citation.

    Parameters
    ----------
    title, publisher, licence, citation
        As in :class:`Origin`.

    Returns
    -------
    callable
        ``files -> Origin``.
    """

    def with_files(files: Iterable[tuple[str, str]]) -> Origin:
        return Origin(
            title=title,
            publisher=publisher,
            licence=licence,
            citation=citation,
            files=tuple(files),
        )

    return with_files


def as_paths(paths: Paths) -> list[Path]:
    """Give one path or several as a list.

    Parameters
    ----------
    paths
        One path or a sequence of them.

    Returns
    -------
    list of pathlib.Path
        In the order given.
    """
    if isinstance(paths, (str, Path)):
        return [Path(paths)]
    return [Path(p) for p in paths]


def text_constant(word: str, n: int) -> pa.Array:
    """Repeat one word.

    Parameters
    ----------
    word
        The word.
    n
        How often.

    Returns
    -------
    pyarrow.Array
        Of type string.
    """
    return pa.repeat(pa.scalar(word, pa.string()), n)


def each_file(
    paths: Sequence[Path],
    read: Callable[[Path, Findings], Part],
    findings: Findings,
    what: str,
) -> list[Part]:
    """Read every file; a file that cannot be read stops the import after the last one.

    Parameters
    ----------
    paths
        The files.
    read
        Reads one file and adds to its findings.
    findings
        Where problems gather.
    what
        What is read, for the message.

    Returns
    -------
    list of Part
        One per file.

    Raises
    ------
    SourceError
        With the problems of all files, if one of them gave no rows at all. Otherwise
        problems stay in `findings`, so that `assemble` can add those of keys and ranges.
    """
    if not paths:
        problem = Problem(
            code="no_file", what="no file was given", fix="name at least one file"
        )
        msg = f"Cannot import {what}: no file was given."
        raise SourceError(msg, [problem])
    parts: list[Part] = []
    failed: list[AggloError] = []
    for path in paths:
        local = Findings()
        try:
            part = read(path, local)
        except SourceError as error:  # one bad file must not hide the next
            failed.append(error)
            findings.take(local)
            findings.problems.extend(error.problems)
        else:
            findings.take(local)
            parts.append(part)
    if len(paths) == 1 and failed and len(findings.problems) == len(failed[0].problems):
        raise failed[0]
    if failed:
        findings.raise_if_any(what)
    return parts


def assemble(
    table: str, parts: Sequence[Part], origin: Origin, findings: Findings, *, what: str
) -> SourceTable:
    """Join the parts, check keys and measures, and give the table.

    Parameters
    ----------
    table
        Name in the core schema.
    parts
        Rows per file.
    origin
        Where they come from.
    findings
        What reading found so far.
    what
        What is read, for the message.

    Returns
    -------
    SourceTable
        The table, sorted as read.

    Raises
    ------
    SourceError
        ``duplicate_key``, ``negative_value``, ``out_of_range``, ``empty_table``,
        ``mixed_version`` and everything in `findings`.
    """
    data = _joined([p.data for p in parts])
    files = np.concatenate([np.full(p.data.num_rows, i) for i, p in enumerate(parts)])
    rows = np.concatenate([p.rows for p in parts])
    names = [p.file for p in parts]
    if data.num_rows == 0:
        fix = "check that the file is the right one and that options do not exclude all rows"
        empty = Problem(
            code="empty_table", what="no rows are left", where=what, fix=fix
        )
        findings.problems.append(empty)
    findings.problems += _duplicates(table, data, files, rows, names)
    findings.problems += _out_of_range(table, data, files, rows, names)
    findings.problems += _mixed_versions(table, data)
    findings.raise_if_any(what)
    return SourceTable(
        table=table,
        data=data,
        origin=origin,
        repairs=_merged(findings.repairs),
        notes=_merged(findings.notes),
    )


def _joined(tables: Sequence[pa.Table]) -> pa.Table:
    """Put tables below each other; a column of two types becomes text."""
    types: dict[str, set[pa.DataType]] = {}
    for table in tables:
        for entry in table.schema:
            types.setdefault(entry.name, set()).add(entry.type)
    mixed = [n for n, t in types.items() if len(t - {pa.null()}) > 1]
    same = []
    for table in tables:
        for name in mixed:
            if name in table.column_names:
                at = table.column_names.index(name)
                table = table.set_column(at, name, as_text(table[name]))  # noqa: PLW2901
        same.append(table)
    return pa.concat_tables(same, promote_options="default").combine_chunks()


def _merged(found: Sequence[Problem]) -> tuple[Problem, ...]:
    """Say once what holds for several files as a whole."""
    groups: dict[tuple[str, str, str, str], list[Problem]] = {}
    for i, p in enumerate(found):
        alone = str(i) if p.n_rows else ""
        groups.setdefault((p.code, p.what, p.fix, alone), []).append(p)
    merged: list[Problem] = []
    for group in groups.values():
        files = [p.where for p in group if p.where]
        shown = ", ".join(files[:2]) + (
            f", … ({len(files)} files)" if len(files) > 2 else ""
        )
        merged.append(replace(group[0], where=shown))
    return tuple(merged)


def _duplicates(
    table: str,
    data: pa.Table,
    files: NDArray[np.int64],
    rows: NDArray[np.int64],
    names: Sequence[str],
) -> list[Problem]:
    key = [k for k in table_schema(table).key if k in data.column_names]
    if not key or data.num_rows == 0:
        return []
    code = np.zeros(data.num_rows, dtype=np.int64)
    for column in key:
        code = _combine(code, data[column])
    in_order = np.sort(code)
    if (in_order[1:] != in_order[:-1]).all():
        return []
    _, inverse, counts = np.unique(code, return_inverse=True, return_counts=True)
    twice = counts[inverse] > 1
    if not twice.any():
        return []
    at = np.flatnonzero(twice)
    example = ", ".join(f"{k}={data[k][int(at[0])].as_py()!r}" for k in key)
    return [
        _problem(
            code="duplicate_key",
            what=f"the same {', '.join(key)} stand in several rows, for example {example}",
            at=at,
            rows=rows,
            where=_where(files, at, names),
            fix="remove the repeated rows, or add the column that tells them apart",
        )
    ]


def _combine(code: NDArray[np.int64], column: pa.ChunkedArray) -> NDArray[np.int64]:
    encoded = column.combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    levels = len(encoded.dictionary) + 1
    index = np.asarray(
        encoded.indices.fill_null(levels - 1).to_numpy(zero_copy_only=False)
    )
    if levels == 2 and index.size and index.min() == index.max():
        return code
    if int(code.max(initial=0)) + 1 > np.iinfo(np.int64).max // levels:
        code = np.unique(code, return_inverse=True)[1]
    return code * levels + index


def _out_of_range(
    table: str,
    data: pa.Table,
    files: NDArray[np.int64],
    rows: NDArray[np.int64],
    names: Sequence[str],
) -> list[Problem]:
    problems: list[Problem] = []
    for column in table_schema(table).columns:
        if column.dtype != "float" or column.name not in data.column_names:
            continue
        values = data[column.name]
        for bound, test in ((column.minimum, pc.less), (column.maximum, pc.greater)):
            if bound is None:
                continue
            bad = pc.fill_null(test(values, bound), fill_value=False)
            at = np.flatnonzero(np.asarray(bad.to_numpy()))
            if at.size == 0:
                continue
            code = (
                "negative_value" if bound == 0 and test is pc.less else "out_of_range"
            )
            example = values[int(at[0])].as_py()
            what = f"'{column.name}' holds {example:g}, the limit is {bound:g}"
            fix = "correct the value, or leave it empty if it is missing"
            problems.append(
                _problem(
                    code=code,
                    what=what,
                    at=at,
                    rows=rows,
                    where=_where(files, at, names),
                    fix=fix,
                    column=column.name,
                )
            )
    return problems


def _mixed_versions(table: str, data: pa.Table) -> list[Problem]:
    problems: list[Problem] = []
    for column in table_schema(table).columns:
        if column.role != "version" or column.name not in data.column_names:
            continue
        if table in {"definitions", "concordances"}:
            continue
        found = [v for v in pc.unique(data[column.name]).to_pylist() if v]
        if len(found) > 1:
            what = (
                f"the files hold several versions in '{column.name}': {sorted(found)}"
            )
            fix = "import one version at a time and convert with a concordance"
            problems.append(
                Problem(code="mixed_version", what=what, column=column.name, fix=fix)
            )
    return problems


def _where(
    files: NDArray[np.int64], at: NDArray[np.int64], names: Sequence[str]
) -> str:
    used = sorted(set(files[at].tolist()))
    return ", ".join(names[i] for i in used[:4]) + (", …" if len(used) > 4 else "")


def _problem(
    code: str,
    what: str,
    at: NDArray[np.int64],
    rows: NDArray[np.int64],
    where: str,
    fix: str,
    column: str = "",
) -> Problem:
    return Problem(
        code=code,
        what=what,
        where=where,
        rows=tuple(int(r) for r in rows[at[:20]]),
        n_rows=int(at.size),
        column=column,
        fix=fix,
    )
