"""How one place string finds its city: a ladder of rules, each with its own name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from agglo.matching._folding import data_rows, fold, is_chinese
from agglo.matching.gazetteer import Gazetteer, stem

__all__ = ["METHODS", "CityMatch", "Lookup", "Succession"]

METHODS = (
    "code",
    "exact",
    "suffix",
    "alias",
    "rollup",
    "succession",
    "historic",
    "containment",
    "ambiguous",
    "province",
    "unmatched",
    "empty",
)
_SCORE = {
    "code": 1.0,
    "exact": 1.0,
    "suffix": 0.95,
    "alias": 0.9,
    "rollup": 0.9,
    "succession": 0.9,
    "historic": 0.9,
}
_CODE = re.compile(r"^\d{6}$")
_TAIL = re.compile(r"^(.+?)\s*(?:,\s*([^,()]+)|\(([^()]+)\))$")
_DISTRICT = ("区", "县")


@dataclass(frozen=True, slots=True, kw_only=True)
class CityMatch:
    """What a place string means.

    Attributes
    ----------
    name
        The string as given.
    city
        Code of the city; empty when none was found or several could be meant.
    method
        Rule that decided: ``"code"``, ``"exact"``, ``"suffix"``, ``"alias"``,
        ``"rollup"`` (county code to its city), ``"succession"`` (abolished unit to its
        successor), ``"historic"`` (unit that still existed in `as_of`),
        ``"containment"``, ``"ambiguous"``, ``"province"`` (names a province),
        ``"unmatched"`` or ``"empty"``.
    score
        1 for a full name, less for weaker rules; for containment the share of the string
        that the city's name covers; 0 without a city.
    candidates
        Codes that could be meant, sorted.
    needs_review
        Whether a person should look: no city, containment, or a district's suffix taken
        off to reach a city.
    recoded_from
        Code of the abolished unit; empty when nothing was recoded.
    """

    name: str
    city: str
    method: str
    score: float
    candidates: tuple[str, ...] = ()
    needs_review: bool = False
    recoded_from: str = ""


@dataclass(frozen=True, kw_only=True)
class Succession:
    """Abolished units: code to name forms, successors and year."""

    rows: tuple[tuple[str, tuple[str, ...], int], ...]
    names: Mapping[str, tuple[int, ...]]

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, str]] | None) -> Succession:
        """Index the shipped table, or the caller's."""
        held: list[tuple[str, tuple[str, ...], int]] = []
        names: dict[str, tuple[int, ...]] = {}
        for i, row in enumerate(
            rows if rows is not None else data_rows("succession.csv")
        ):
            after = tuple(c.strip() for c in row["successor"].split(";") if c.strip())
            held.append((row["code"], after, int(row["year"])))
            for name in (row.get("name_zh", ""), row.get("name_en", "")):
                for form in {fold(name), stem(fold(name))} - {""}:
                    names[form] = (*names.get(form, ()), i)
        return cls(rows=tuple(held), names=names)

    @cached_property
    def codes(self) -> Mapping[str, int]:
        """Code to row."""
        return {row[0]: i for i, row in enumerate(self.rows)}


@dataclass(frozen=True, kw_only=True)
class Lookup:
    """The ladder over one gazetteer, with the long patterns made once."""

    cities: Gazetteer
    succession: Succession
    as_of: int | None

    @cached_property
    def _forms(self) -> Mapping[str, tuple[str, ...]]:
        """Every name of at least two characters to the codes it can mean."""
        known: dict[str, set[str]] = {}
        for index in (self.cities.full, self.cities.short):
            for form, rows in index.items():
                known.setdefault(form, set()).update(
                    str(self.cities.city[r]) for r in rows
                )
        for form, codes in self.cities.alias.items():
            known.setdefault(form, set()).update(codes)
        return {
            k: tuple(sorted(v))
            for k, v in known.items()
            if len(k) >= (2 if is_chinese(k) else 4)
        }

    @cached_property
    def _by_length(self) -> Sequence[str]:
        return sorted(self._forms, key=lambda k: (-len(k), k))

    def find(self, name: str | None, province: str) -> CityMatch:
        """Find the city; `province` is a key of the gazetteer or empty."""
        text = fold(name)
        shown = name or ""
        if not text:
            return CityMatch(
                name=shown, city="", method="empty", score=0.0, needs_review=True
            )
        if _CODE.match(text):
            return replace(self._code(text), name=shown)
        found = self._rules(text, province) or self._with_province(text, province)
        if found is None and self._names_province(text):
            found = _no_city("province")
        if found is None:
            found = self._contained(text, province)
        return replace(found or self._conflict(text), name=shown)

    def _rules(self, text: str, province: str) -> CityMatch | None:
        """Exact, whole alias, suffix removed, alias of that, abolished unit."""
        cities, short = self.cities, stem(text)
        ladder = (
            ("exact", self._codes(cities.full.get(text, ()))),
            ("alias", cities.alias.get(text, ())),
            ("suffix", self._codes(cities.short.get(text, ()))),
            ("suffix", self._codes(cities.full.get(short, ()))),
            ("suffix", self._codes(cities.short.get(short, ()))),
            ("alias", cities.alias.get(short, ())),
        )
        for method, codes in ladder:
            inside = self._inside(codes, province)
            if inside:
                lowered = short != text and text.endswith(_DISTRICT)
                review = method == "suffix" and lowered
                return _decide(method, inside, review=review)
        return self._abolished(self.succession.names.get(text, ()), province)

    def _with_province(self, text: str, province: str) -> CityMatch | None:
        """Take a province out of the string, at the front in Chinese, at the end else."""
        tail = _TAIL.match(text)
        if tail is not None:
            key = self.cities.provinces.get(tail.group(2) or tail.group(3), "")
            if key and province in ("", key):
                return self._rules(tail.group(1), key)
        for end in range(len(text) - 1, 1, -1):
            key = self.cities.provinces.get(text[:end], "")
            if key and province in ("", key):
                found = self._rules(text[end:].strip(), key)
                if found is not None:
                    return found
        return None

    def _contained(self, text: str, province: str) -> CityMatch | None:
        """Find the longest city name in the string; always to be reviewed."""
        hits: set[str] = set()
        longest = 0
        own = province or self._own_province(text)
        for form in self._by_length:
            if len(form) < longest:
                break
            if form in text and _whole_word(form, text):
                inside = self._inside(self._forms[form], own) or self._inside(
                    self._forms[form], province
                )
                if inside:
                    hits.update(inside)
                    longest = len(form)
        if not hits:
            return None
        # a province at the front decides between cities of equally long names
        chosen = self._inside(tuple(sorted(hits)), own) or tuple(sorted(hits))
        found = _decide("containment", chosen, review=True)
        return replace(found, score=longest / len(text)) if found.city else found

    def _own_province(self, text: str) -> str:
        for end in range(len(text), 1, -1):
            key = self.cities.provinces.get(text[:end], "")
            if key:
                return key
        return ""

    def _code(self, code: str) -> CityMatch:
        cities = self.cities.position
        if code in cities:
            return _decide("code", (code,))
        if code in self.succession.codes:
            found = self._abolished((self.succession.codes[code],), "")
            if found is not None:
                return found
        for above in (f"{code[:4]}00", f"{code[:2]}0000"):
            if above in cities:
                return _decide("rollup", (above,))
        return _no_city("unmatched")

    def _abolished(self, rows: tuple[int, ...], province: str) -> CityMatch | None:
        codes: set[str] = set()
        before = ""
        for row in rows:
            code, after, year = self.succession.rows[row]
            if self.as_of is not None and self.as_of < year and code not in after:
                return CityMatch(
                    name="",
                    city=code,
                    method="historic",
                    score=_SCORE["historic"],
                    candidates=(code,),
                    needs_review=code not in self.cities.position,
                )
            codes.update(after)
            before = code
        inside = self._inside(tuple(sorted(codes)), province)
        inside = tuple(c for c in inside if c in self.cities.position)
        if not inside:
            return None
        recoded = "" if before in inside else before
        return replace(_decide("succession", inside), recoded_from=recoded)

    def _conflict(self, text: str) -> CityMatch:
        """Name the cities of other provinces that the string would mean."""
        found = self._rules(text, "")
        return _no_city("unmatched", found.candidates if found else ())

    def _names_province(self, text: str) -> bool:
        return text in self.cities.provinces

    def _codes(self, rows: tuple[int, ...]) -> tuple[str, ...]:
        return tuple(sorted(str(self.cities.city[r]) for r in rows))

    def _inside(self, codes: tuple[str, ...], province: str) -> tuple[str, ...]:
        if not province:
            return codes
        where, keys = self.cities.position, self.cities.province_key
        return tuple(c for c in codes if c in where and keys[where[c]] == province)


def _decide(method: str, codes: tuple[str, ...], *, review: bool = False) -> CityMatch:
    if len(codes) == 1:
        return CityMatch(
            name="",
            city=codes[0],
            method=method,
            score=_SCORE.get(method, 0.0),
            candidates=codes,
            needs_review=review,
        )
    return _no_city("ambiguous", codes)


def _no_city(method: str, candidates: tuple[str, ...] = ()) -> CityMatch:
    return CityMatch(
        name="",
        city="",
        method=method,
        score=0.0,
        candidates=candidates,
        needs_review=True,
    )


def _whole_word(form: str, text: str) -> bool:
    if is_chinese(form):
        return True
    return re.search(rf"(?<![a-z]){re.escape(form)}(?![a-z])", text) is not None
