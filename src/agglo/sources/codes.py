"""Codes are text: repair what is certain, refuse what a spreadsheet has damaged.

A lost leading zero is put back only in systems whose codes all have one length, and only
when the longer code is possible there. Everything else is reported, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.errors import Problem
from agglo.sources.cells import as_text, row_problem

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

__all__ = [
    "NAICS_SECTORS",
    "SYSTEMS",
    "CodeSystem",
    "CodesRead",
    "fixed_width",
    "naics_version",
    "read_codes",
    "us_county_version",
]

NAICS_SECTORS: Mapping[str, str] = {
    **dict.fromkeys(("31", "32", "33", "31-33"), "31-33"),
    **dict.fromkeys(("44", "45", "44-45"), "44-45"),
    **dict.fromkeys(("48", "49", "48-49"), "48-49"),
}
"""The three NAICS sectors that span several two-digit codes."""

_STATES = frozenset(
    f"{i:02d}"
    for i in (*range(1, 57), 60, 66, 69, 72, 74, 78)
    if i not in {3, 7, 14, 43, 52}
)
_MONTH = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_DATE = re.compile(
    rf"^(?:\d{{1,2}}-(?:{_MONTH})(?:-\d{{2,4}})?|(?:{_MONTH})-\d{{1,2}}"
    r"|\d{4}-\d{2}-\d{2}(?:[ T]00:00:00)?|\d{1,2}/\d{1,2}/\d{4})$",
    re.IGNORECASE,
)
_SCIENCE = re.compile(r"^\d(?:\.\d+)?E\+\d+$", re.IGNORECASE)
_ERROR = re.compile(r"^#(?:REF!|DIV/0!|VALUE!|NAME\?|NUM!|NULL!|N/A)$", re.IGNORECASE)
_FLOATED = re.compile(r"^(\d+)\.0+$")


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeSystem:
    """How the codes of one system look.

    Parameters
    ----------
    name
        Name for messages.
    pattern
        Regular expression of a whole code.
    width
        Length of every code; 0 if lengths vary, and then no zero is ever put back.
    possible
        Whether a code of the right form can exist.
    example
        Shown in the fix.
    """

    name: str
    pattern: str
    width: int = 0
    possible: Callable[[str], bool] = bool
    example: str = ""


def fixed_width(name: str, width: int) -> CodeSystem:
    """Describe a system whose codes are all `width` digits long.

    Parameters
    ----------
    name
        Name for messages.
    width
        Number of digits.

    Returns
    -------
    CodeSystem
        With repair of lost leading zeros.

    Examples
    --------
    >>> fixed_width("nace2", 2).width
    2
    """
    return CodeSystem(
        name=name,
        pattern=rf"\d{{{width}}}",
        width=width,
        example="0" * (width - 1) + "1",
    )


SYSTEMS: Mapping[str, CodeSystem] = {
    system.name: system
    for system in (
        CodeSystem(
            name="us_county",
            pattern=r"\d{5}",
            width=5,
            possible=lambda code: code[:2] in _STATES and code[2:] != "000",
            example="01001",
        ),
        CodeSystem(
            name="us_state",
            pattern=r"\d{2}",
            width=2,
            possible=lambda code: code in _STATES,
            example="01",
        ),
        CodeSystem(
            name="naics",
            pattern=r"[1-9]\d{1,5}|31-33|44-45|48-49",
            example="31-33 or 311221",
        ),
        CodeSystem(name="bea_detail", pattern=r"[0-9A-Z]{4,7}", example="1111A0"),
        fixed_width("sic2007_5", 5),
        fixed_width("sic2007_2", 2),
        fixed_width("nace2_2", 2),
        fixed_width("ags5", 5),
        CodeSystem(
            name="kldb2010_3",
            pattern=r"\d{3}|not_stated",
            width=3,
            example="011",
        ),
        CodeSystem(name="adcode", pattern=r"[1-9]\d{5}", example="110000"),
    )
}
"""The code systems that the readers know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodesRead:
    """A column of codes after cleaning.

    Parameters
    ----------
    codes
        Text, one per row.
    repairs
        What was changed.
    problems
        What cannot be used.
    """

    codes: pa.ChunkedArray
    repairs: tuple[Problem, ...] = ()
    problems: tuple[Problem, ...] = ()


def read_codes(
    column: pa.ChunkedArray,
    system: CodeSystem | None,
    *,
    name: str,
    where: str,
    known: Collection[str] = (),
) -> CodesRead:
    """Clean a column of codes.

    Parameters
    ----------
    column
        Text.
    system
        How codes look; ``None`` checks for damage only.
    name, where
        Column and file, for the messages.
    known
        All codes that exist; empty when not known. A zero is then put back only if the
        longer code is one of them, and any number of zeros may be.

    Returns
    -------
    CodesRead
        Codes, repairs (``leading_zero``, ``code_as_number``, ``dash``) and problems
        (``null_key``, ``excel_damage``, ``malformed_code``, ``impossible_code``).

    Notes
    -----
    Only the distinct codes are looked at. Cost O(rows).

    Examples
    --------
    >>> import pyarrow as pa
    >>> got = read_codes(pa.chunked_array([["1001", "56045"]]), SYSTEMS["us_county"], name="f", where="t")
    >>> got.codes.to_pylist(), got.repairs[0].n_rows
    (['01001', '56045'], 1)
    """
    column = as_text(column)
    encoded = pc.utf8_trim_whitespace(column).combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    words = [w or "" for w in encoded.dictionary.to_pylist()] + [""]
    index = encoded.indices.fill_null(len(words) - 1).to_numpy(zero_copy_only=False)
    pick = np.asarray(index, dtype=np.int64)
    pattern = re.compile(system.pattern) if system else None
    known = frozenset(known)
    done = [_clean(word, system, pattern, known) for word in words]
    seen = np.bincount(pick, minlength=len(words)) > 0
    groups: dict[str, list[int]] = {}
    for i, (_, kind) in enumerate(done):
        if kind and seen[i]:
            groups.setdefault(kind, []).append(i)
    notes: dict[str, Problem] = {}
    for kind in sorted(groups):
        hit = np.zeros(len(words), dtype=np.bool_)
        hit[groups[kind]] = True
        shown = {words[i] for i in groups[kind]}
        notes[kind] = _say(kind, name, where, system, shown, hit[pick])
    clean = pa.array([d[0] for d in done], pa.string()).take(pa.array(pick))
    return CodesRead(
        codes=pa.chunked_array([clean]),
        repairs=tuple(p for c, p in notes.items() if c in _REPAIRS),
        problems=tuple(p for c, p in notes.items() if c not in _REPAIRS),
    )


_REPAIRS = frozenset({"leading_zero", "code_as_number", "dash"})
# where the words stand: {name} the column, {seen} some of the codes, {system} {example}
_KINDS = (
    Problem(
        code="null_key",
        what="column '{name}' has no code in some rows",
        fix="drop these rows or give them a code",
    ),
    Problem(
        code="excel_damage",
        what="column '{name}' holds what a spreadsheet made of a code: {seen}",
        fix="format the column as text in the workbook, then export again",
    ),
    Problem(
        code="malformed_code",
        what="column '{name}' holds what is no {system} code: {seen}",
        fix="codes are text{example}",
    ),
    Problem(
        code="impossible_code",
        what="column '{name}' holds codes that cannot exist in {system}: {seen}",
        fix="check the code list{example}",
    ),
    Problem(
        code="leading_zero",
        what="leading zeros put back in column '{name}': {seen}",
        fix="read codes as text to keep their zeros",
    ),
    Problem(
        code="code_as_number",
        what="decimals of a number removed from codes in column '{name}': {seen}",
        fix="read codes as text, not as numbers",
    ),
    Problem(code="dash", what="dashes written as hyphens in column '{name}': {seen}"),
)
_BY_CODE = {kind.code: kind for kind in _KINDS}


def _say(
    code: str,
    name: str,
    where: str,
    system: CodeSystem | None,
    words: set[str],
    rows: NDArray[np.bool_],
) -> Problem:
    shown = sorted(words)[:5]
    more = ", …" if len(words) > len(shown) else ""
    seen = ", ".join(repr(w[:30]) for w in shown) + more
    label = system.name if system else ""
    example = f", for example {system.example}" if system and system.example else ""
    kind = _BY_CODE[code]
    return row_problem(
        code=code,
        what=kind.what.format(name=name, seen=seen, system=label, example=example),
        rows=rows,
        where=where,
        column=name,
        fix=kind.fix.format(example=example),
    )


def _clean(
    word: str,
    system: CodeSystem | None,
    pattern: re.Pattern[str] | None,
    known: frozenset[str],
) -> tuple[str, str]:
    """Give the clean code and the problem or repair code ("" if it was fine)."""
    if not word:
        return word, "null_key"
    damaged = _DATE.match(word) or _ERROR.match(word) or _SCIENCE.match(word)
    if damaged and word not in known:
        return word, "excel_damage"
    text, done = word, ""
    if "–" in text or "—" in text:
        text, done = text.replace("–", "-").replace("—", "-"), "dash"
    floated = _FLOATED.match(text)
    if floated:
        text, done = floated.group(1), "code_as_number"
    if system is None or pattern is None:
        return text, done
    padded = text.zfill(system.width) if text.isdigit() else text
    if padded != text:
        sure = padded in known if known else len(text) == system.width - 1
        if sure and system.possible(padded):
            return padded, "leading_zero"
    if not pattern.fullmatch(text):
        return text, "malformed_code"
    return (text, done) if system.possible(text) else (text, "impossible_code")


def us_county_version(codes: Collection[str]) -> str:
    """Say which set of US counties a list of codes belongs to.

    Parameters
    ----------
    codes
        Five-digit codes.

    Returns
    -------
    str
        ``us_county_2010``, ``_2017``, ``_2020`` or ``_2022``: the sets differ where
        counties were renamed (Oglala Lakota, Kusilvak), merged (Bedford), split
        (Valdez-Cordova) or replaced (Connecticut's planning regions). A list that holds
        none of these counties counts as 2017.

    Examples
    --------
    >>> us_county_version({"02261", "46102"}), us_county_version({"09110"})
    ('us_county_2017', 'us_county_2022')
    >>> len(us_county_version({"01001"}))
    14
    """
    have = frozenset(codes)
    if have & {f"09{i}0" for i in range(11, 20)}:
        return "us_county_2022"
    if have & {"02063", "02066"}:
        return "us_county_2020"
    if have & {"46113", "02270", "51515"}:
        return "us_county_2010"
    return "us_county_2017"


def naics_version(codes: NDArray[np.object_] | Collection[str], year: int) -> str:
    """Say which NAICS a list of codes belongs to.

    Parameters
    ----------
    codes
        Codes of two to six digits.
    year
        Reference year of the data.

    Returns
    -------
    str
        ``naics_1997`` to ``naics_2022``. Groups that only NAICS 2022 has (455, 459, 513)
        or no longer has (451, 453, 511) decide from 2017 on; before, the year does.

    Examples
    --------
    >>> naics_version(["513110"], 2022), naics_version(["511110"], 2022)
    ('naics_2022', 'naics_2017')
    >>> len(naics_version(["111110"], 2014))
    10
    """
    groups = {code[:3] for code in codes}
    if year >= 2017:
        newest = groups & {"449", "455", "459", "513"}
        older = groups & {"451", "453", "454", "511"}
        if older and not newest:
            return "naics_2017"
        return "naics_2022" if newest or year >= 2022 else "naics_2017"
    for first in (2012, 2007, 2002, 1997):
        # the Census adopts a revision in the year itself or the year after
        if year >= first + (first < 2012):
            return f"naics_{first}"
    return "naics_1997"
