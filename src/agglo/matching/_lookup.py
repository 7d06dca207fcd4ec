"""How one place string finds its city: a ladder of rules, each with its own name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from agglo.matching._folding import data_rows, fold, is_chinese
from agglo.matching.gazetteer import Gazetteer, stem

__all__ = ["METHODS", "CityMatch", "Lookup", "Succession", "joint_names"]

METHODS = (
    "code",
    "exact",
    "suffix",
    "alias",
    "rollup",
    "succession",
    "historic",
    "joint",
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
    "joint": 0.9,
}
_CODE = re.compile(r"^\d{6}$")
_TAIL = re.compile(r"^(.+?)\s*(?:,\s*([^,()]+)|\(([^()]+)\))$")
_DISTRICT = ("区", "县")
_LISTED = re.compile(r"\s*[、;/+]\s*")
_JOINED = re.compile(r"\s*(?:[、;/+]|[\u2010\u2013\u2014-]|\band\b)\s*")


def joint_names(
    rows: Iterable[Mapping[str, str]] | None,
) -> dict[str, tuple[str, ...]]:
    """Index the shipped table of names of several cities, or the caller's."""
    held = data_rows("joint_places.csv") if rows is None else rows
    return {
        fold(r["name"]): tuple(c.strip() for c in r["cities"].split(";") if c.strip())
        for r in held
    }


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
        Code that the answer stands in for: an abolished unit, or under `as_of` the code
        that the unit got later; empty when nothing was recoded.
    """

    name: str
    city: str
    method: str
    score: float
    candidates: tuple[str, ...] = ()
    needs_review: bool = False
    recoded_from: str = ""

    @property
    def cities(self) -> tuple[str, ...]:
        """Codes of the cities: one, several for a joint name, or none."""
        if self.method == "joint":
            return self.candidates
        return (self.city,) if self.city else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Abolished:
    """A unit that ended: code, name, where it went, in which year, and whether checked."""

    code: str
    name: str
    forms: frozenset[str]
    after: tuple[str, ...]
    year: int
    unverified: bool


@dataclass(frozen=True, kw_only=True)
class Succession:
    """Abolished units, found by code, by name, and by the code that came after."""

    rows: tuple[Abolished, ...]
    names: Mapping[str, tuple[int, ...]]

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, str]] | None) -> Succession:
        """Index the shipped table, or the caller's."""
        held: list[Abolished] = []
        names: dict[str, tuple[int, ...]] = {}
        for i, row in enumerate(
            rows if rows is not None else data_rows("succession.csv")
        ):
            after = tuple(c.strip() for c in row["successor"].split(";") if c.strip())
            own = [row.get("name_zh", ""), row.get("name_en", "")]
            forms = {f for n in own for f in (fold(n), stem(fold(n))) if f}
            held.append(
                Abolished(
                    code=row["code"],
                    name=own[0] or own[1],
                    forms=frozenset(forms),
                    after=after,
                    year=int(row["year"]),
                    unverified=row.get("status", "") == "unverified",
                )
            )
            for form in forms:
                names[form] = (*names.get(form, ()), i)
        return cls(rows=tuple(held), names=names)

    @cached_property
    def codes(self) -> Mapping[str, int]:
        """Code to row."""
        return {row.code: i for i, row in enumerate(self.rows)}

    @cached_property
    def before(self) -> Mapping[str, tuple[int, ...]]:
        """Code to the rows of the units that it is the only successor of."""
        found: dict[str, tuple[int, ...]] = {}
        for i, row in enumerate(self.rows):
            if len(row.after) == 1 and row.after[0] != row.code:
                found[row.after[0]] = (*found.get(row.after[0], ()), i)
        return found


@dataclass(frozen=True, kw_only=True)
class Lookup:
    """The ladder over one gazetteer, with the long patterns made once."""

    cities: Gazetteer
    succession: Succession
    as_of: int | None
    joint: Mapping[str, tuple[str, ...]]

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
        written = shown.strip()
        if written in self.cities.position:
            return replace(self._back(_decide("code", (written,))), name=shown)
        if _CODE.match(text) or written in self.succession.codes:
            code = written if written in self.succession.codes else text
            return replace(self._back(self._code(code)), name=shown)
        found = self._rules(text, province) or self._with_province(text, province)
        if found is None and self._names_province(text):
            found = _no_city("province")
        if found is None:
            found = self._joint(text, province) or self._contained(text, province)
        return replace(self._back(found or self._conflict(text)), name=shown)

    def _back(self, found: CityMatch) -> CityMatch:
        """Give the code that the unit had in `as_of`, where it was another one."""
        if self.as_of is None or not found.city or found.method == "historic":
            return found
        code, unverified = found.city, False
        while True:
            held = [
                self.succession.rows[i] for i in self.succession.before.get(code, ())
            ]
            # the same place under an older code; what merely joined it does not count
            older = [
                r for r in held if self.as_of < r.year and r.forms & self._names(code)
            ]
            if len(older) != 1:
                break
            code, unverified = older[0].code, unverified or older[0].unverified
        if code == found.city:
            return found
        return replace(
            found,
            city=code,
            method="historic",
            score=min(found.score, _SCORE["historic"]),
            candidates=(code,),
            needs_review=found.needs_review or unverified,
            recoded_from=found.city,
        )

    def _names(self, code: str) -> frozenset[str]:
        row = self.cities.position.get(code)
        if row is None:
            at = self.succession.codes.get(code)
            return frozenset() if at is None else self.succession.rows[at].forms
        own = (self.cities.name_zh[row], self.cities.name_en[row])
        folded = [fold(str(n)) for n in own]
        return frozenset(f for n in folded for f in (n, stem(n)) if f)

    def _joint(self, text: str, province: str) -> CityMatch | None:
        """Read a name of several cities: by the table of such names, or as a list."""
        whole = self.joint.get(text)
        if whole is not None:
            return self._several(whole, review=False, score=_SCORE["joint"])
        for pattern in (_LISTED, _JOINED):
            parts = [p for p in pattern.split(text) if p]
            if len(parts) > 1:
                found = [self._rules(p, province) for p in parts]
                codes = tuple(dict.fromkeys(m.city for m in found if m and m.city))
                if len(codes) == len(parts):
                    return self._several(codes, review=False, score=_SCORE["joint"])
        longest = max(
            (k for k in self.joint if text.startswith(k)), key=len, default=""
        )
        if longest:
            score = len(longest) / len(text)
            return self._several(self.joint[longest], review=True, score=score)
        return None

    def _several(
        self, codes: tuple[str, ...], *, review: bool, score: float
    ) -> CityMatch | None:
        known = tuple(self._back(_decide("code", (c,))).city for c in codes)
        if not all(c in self.cities.position for c in codes):
            return None
        if len(codes) == 1:
            return replace(_decide("alias", codes, review=review), city=known[0])
        return CityMatch(
            name="",
            city="",
            method="joint",
            score=score,
            candidates=known,
            needs_review=review,
        )

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
        unverified = False
        for at in rows:
            row = self.succession.rows[at]
            if self.as_of is not None and self.as_of < row.year and self._gone(row):
                return CityMatch(
                    name="",
                    city=row.code,
                    method="historic",
                    score=_SCORE["historic"],
                    candidates=(row.code,),
                    needs_review=row.code not in self.cities.position,
                )
            codes |= self._forward(row)
            before, unverified = row.code, unverified or row.unverified
        inside = self._inside(tuple(sorted(codes)), province)
        inside = tuple(c for c in inside if c in self.cities.position)
        if not inside:
            return None
        recoded = "" if before in inside else before
        found = _decide("succession", inside, review=unverified)
        return replace(found, recoded_from=recoded)

    @staticmethod
    def _gone(row: Abolished) -> bool:
        """Say whether the code ended with the unit; a renamed unit keeps it."""
        return row.code not in row.after

    def _forward(self, row: Abolished) -> set[str]:
        """Follow successors to units of the list, or to those that stood in `as_of`."""
        found: set[str] = set()
        waiting, seen = list(row.after), {row.code}
        while waiting:
            code = waiting.pop()
            at = self.succession.codes.get(code)
            later = None if at is None else self.succession.rows[at]
            stands = later is None or (
                self.as_of is not None and self.as_of < later.year
            )
            if code in self.cities.position or stands or code in seen:
                found.add(code)
            elif later is not None:
                waiting += later.after
            seen.add(code)
        return found

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
