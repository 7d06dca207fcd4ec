"""Find the city that a place string means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

from agglo.core.errors import (
    AlignmentError,
    InvalidTableError,
    OptionError,
    Problem,
    suggest,
)
from agglo.core.frames import frame_kind, require_columns, string_column, to_arrow
from agglo.core.options import check_choice, check_number
from agglo.core.results import Provenance
from agglo.matching._folding import fold
from agglo.matching._lookup import CityMatch, Lookup, Succession, joint_names
from agglo.matching.gazetteer import Gazetteer, as_gazetteer
from agglo.matching.results import CityAudit

if TYPE_CHECKING:
    from agglo.core.typing import FrameKind, IntoFrame

__all__ = ["normalise_cities", "normalise_city"]

Doubt: TypeAlias = Literal["list", "raise"]
_TREATMENTS = ("list", "raise")
_RAISED = {"on_ambiguous": ("ambiguous",), "on_unmatched": ("unmatched", "province")}


def normalise_city(
    name: str,
    cities: IntoFrame | Gazetteer,
    *,
    province: str | None = None,
    aliases: IntoFrame | Mapping[str, str] | None = None,
    as_of: int | None = None,
    succession: IntoFrame | None = None,
    joint: IntoFrame | Mapping[str, Sequence[str]] | None = None,
    on_ambiguous: Doubt = "list",
    on_unmatched: Doubt = "list",
) -> CityMatch:
    """Find the city that a place string means.

    Use for one string; `normalise_cities` does a whole column and gives the audit table.

    Parameters
    ----------
    name
        Chinese or English, full or half width, traditional or simplified, with or without
        administrative suffix, province, county or development zone; or a code of the list,
        whatever it looks like.
    cities
        What `as_gazetteer` accepts.
    province
        Name of the province, full or short, in either language; narrows the answer.
    aliases
        Other names, as in `as_gazetteer`.
    as_of
        Year whose units the answer follows; default the newest. A unit that was abolished
        later than `as_of` stands for itself; a city that got its code later has the one it
        had then. Both are reported.
    succession
        Table of abolished units: code, name_zh, name_en, successor (semicolon list), year,
        optional status (``unverified`` rows are to be reviewed). Default the shipped one.
    joint
        Names of several cities, such as 成德绵自凉: a mapping from name to codes, or a table
        of name and cities (semicolon list). Default the shipped one.
    on_ambiguous, on_unmatched
        ``"list"`` gives a match without a city; ``"raise"`` an error.

    Returns
    -------
    CityMatch
        City, rule, score, candidates, and whether a person should look at it.

    Raises
    ------
    OptionError
        If an option is unknown or `province` is no province of the list.
    AlignmentError
        ambiguous_city or unknown_city, where asked for.

    Notes
    -----
    The ladder: code; full name; whole alias; name without suffix; alias without suffix;
    abolished unit; the same after a province is taken out of the string; a name of several
    cities, by the table or as a list of names; longest city name contained in the string
    (always reviewed). A curated alias of the whole string comes
    before the suffix is removed, because the district 朝阳区 is not the city 朝阳市. Never by
    edit distance. O(length of the string) up to containment, O(names) there.

    References
    ----------
    The city list is GB/T 2260 (2007); the rules are ours.

    See Also
    --------
    normalise_cities : A whole column.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.matching import normalise_city
    >>> cities = pa.table({"region": ["320500", "341300"],
    ...     "name_en": ["Suzhou (Jiangsu)", "Suzhou (Anhui)"],
    ...     "province_en": ["Jiangsu", "Anhui"]})
    >>> normalise_city("Suzhou", cities).candidates
    ('320500', '341300')
    >>> normalise_city("Suzhou", cities, province="Anhui").city
    '341300'
    """
    found = normalise_cities(
        [name],
        cities,
        province=province,
        aliases=aliases,
        as_of=as_of,
        succession=succession,
        joint=joint,
        on_ambiguous=on_ambiguous,
        on_unmatched=on_unmatched,
    )
    return found.matches[0]


def normalise_cities(
    data: IntoFrame | Sequence[str | None],
    cities: IntoFrame | Gazetteer,
    *,
    name: str = "city",
    province: str | Sequence[str | None] | None = None,
    aliases: IntoFrame | Mapping[str, str] | None = None,
    as_of: int | None = None,
    succession: IntoFrame | None = None,
    joint: IntoFrame | Mapping[str, Sequence[str]] | None = None,
    on_ambiguous: Doubt = "list",
    on_unmatched: Doubt = "list",
) -> CityAudit:
    """Find the cities that a column of place strings means.

    Use before a list of places is matched; every row comes back, also those without a
    city.

    Parameters
    ----------
    data
        A frame, or the strings themselves; null and empty strings give ``"empty"``.
    cities
        What `as_gazetteer` accepts.
    name
        Column of `data` with the strings.
    province
        For a frame: a column of `data`. For strings: one province for all, or one each.
    aliases, as_of, succession, joint, on_ambiguous, on_unmatched
        As in `normalise_city`; the errors list every string.

    Returns
    -------
    CityAudit
        One row per input row, in the input's order: string, city, name, rule, score,
        candidates, needs_review, recoded_from.

    Raises
    ------
    ColumnNotFoundError
        If a column is absent.
    OptionError
        If an option is unknown.
    AlignmentError
        ambiguous_city, unknown_city (where asked for), unknown_province.

    Notes
    -----
    Each distinct string is looked up once.

    References
    ----------
    See `normalise_city`; GB/T 2260 (2007).

    See Also
    --------
    normalise_city : The rules.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.matching import normalise_cities
    >>> cities = pa.table({"region": ["330700", "320500"], "name_zh": ["金华市", "苏州市"]})
    >>> audit = normalise_cities(["义乌", "蘇州市", "无此城"], cities)
    >>> audit.city.tolist(), audit.n_review
    (['330700', '320500', ''], 1)
    """
    doubts = {"on_ambiguous": on_ambiguous, "on_unmatched": on_unmatched}
    for option, value in doubts.items():
        check_choice(option, value, _TREATMENTS)
    if as_of is not None:
        check_number("as_of", as_of, minimum=1900, maximum=2200, integer=True)
    known = as_gazetteer(cities, aliases=aliases)
    names, provinces, kind = _inputs(data, name, province)
    keys = _province_keys(known, provinces)
    ladder = Lookup(
        cities=known,
        succession=_succession(succession),
        as_of=as_of,
        joint=_joint(joint),
    )
    held: dict[tuple[str | None, str], CityMatch] = {}
    for pair in zip(names, keys, strict=True):
        if pair not in held:
            held[pair] = ladder.find(*pair)
    matches = tuple(held[pair] for pair in zip(names, keys, strict=True))
    _refuse(matches, doubts)
    return CityAudit(
        matches=matches,
        cities=known,
        abolished={r.code: r.name for r in ladder.succession.rows},
        frame_kind=kind,
        provenance=Provenance.of(
            normalise_cities,
            known,
            [n or "" for n in names],
            keys,
            parameters={"as_of": as_of, **doubts},
        ),
    )


def _inputs(
    data: IntoFrame | Sequence[str | None],
    name: str,
    province: str | Sequence[str | None] | None,
) -> tuple[list[str | None], list[str], FrameKind]:
    if isinstance(data, (list, tuple)):
        names = [None if n is None else str(n) for n in data]
        if province is None or isinstance(province, str):
            return names, [province or ""] * len(names), "pyarrow"
        if len(province) != len(names):
            msg = f"province has {len(province)} values for {len(names)} names."
            raise AlignmentError(msg)
        return names, [p or "" for p in province], "pyarrow"
    if province is not None and not isinstance(province, str):
        msg = "province must name a column of `data` when `data` is a frame."
        raise OptionError(msg)
    table = to_arrow(data)  # type: ignore[arg-type]
    require_columns(table, {"name": name, "province": province})
    texts = list(string_column(table, name))
    own = [""] * len(texts) if province is None else string_column(table, province)
    return texts, [p or "" for p in own], frame_kind(data)  # type: ignore[arg-type]


def _province_keys(known: Gazetteer, provinces: list[str]) -> list[str]:
    keys = {p: known.provinces.get(fold(p), "") for p in set(provinces)}
    lost = sorted(p for p, key in keys.items() if p and not key)
    if lost:
        rows = {p: [i + 1 for i, q in enumerate(provinces) if q == p] for p in lost}
        problems = [
            Problem(
                code="unknown_province",
                what=f"province {p!r} is not in the list of cities",
                where="province",
                rows=tuple(rows[p][:20]),
                n_rows=len(rows[p]),
                fix=suggest(p, list(known.provinces)) or "give its name as in the list",
            )
            for p in lost
        ]
        msg = f"{len(lost)} values of province are unknown."
        raise AlignmentError(msg, problems)
    return [keys[p] for p in provinces]


def _succession(table: IntoFrame | None) -> Succession:
    if table is None:
        return Succession.of(None)
    rows = to_arrow(table, where="succession")
    wanted = ("code", "successor", "year")
    require_columns(rows, {w: w for w in wanted}, where="succession")
    held = [
        {k: "" if v is None else str(v).strip() for k, v in r.items()}
        for r in rows.to_pylist()
    ]
    bad = [
        i + 1 for i, r in enumerate(held) if not r["code"] or not r["year"].isdigit()
    ]
    if bad:
        problem = Problem(
            code="wrong_type",
            what="a row of the succession table lacks its code or its year",
            where="succession",
            rows=tuple(bad[:20]),
            n_rows=len(bad),
            fix="give the abolished code and the year it ended",
        )
        msg = "The succession table cannot be used."
        raise InvalidTableError(msg, [problem])
    return Succession.of(held)


def _joint(
    given: IntoFrame | Mapping[str, Sequence[str]] | None,
) -> dict[str, tuple[str, ...]]:
    if given is None:
        return joint_names(None)
    if isinstance(given, Mapping):
        return {fold(str(k)): tuple(map(str, v)) for k, v in given.items()}
    rows = to_arrow(given, where="joint")
    require_columns(rows, {"name": "name", "cities": "cities"}, where="joint")
    return joint_names(
        {k: str(r[k] or "") for k in ("name", "cities")} for r in rows.to_pylist()
    )


def _refuse(matches: tuple[CityMatch, ...], doubts: Mapping[str, str]) -> None:
    problems: list[Problem] = []
    for option, methods in _RAISED.items():
        if doubts[option] != "raise":
            continue
        rows: dict[tuple[str, tuple[str, ...]], list[int]] = {}
        for i, match in enumerate(matches):
            if match.method in methods:
                rows.setdefault((match.name, match.candidates), []).append(i + 1)
        for (text, candidates), where in rows.items():
            listed = f"; it can mean {', '.join(candidates)}" if candidates else ""
            ambiguous = option == "on_ambiguous"
            problems.append(
                Problem(
                    code="ambiguous_city" if ambiguous else "unknown_city",
                    what=f"{text!r} names no single city{listed}",
                    where="name",
                    rows=tuple(where[:20]),
                    n_rows=len(where),
                    fix="give its province, or add an alias",
                )
            )
    if problems:
        msg = f"{len(problems)} place names have no single city."
        raise AlignmentError(msg, problems)
