"""What is served, and under which names: facts of a release, code lists, the find box."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from agglo.core.typing import Json
from agglo.observatory.api.stock import Stock
from agglo.observatory.pages import PAGES

__all__ = ["code_list", "find", "meta_json"]

_FOUND = 50
_NO_HIT = (9, "")
_PAGE_OF = {"regions": "region", "industries": "industry"}


def meta_json(stock: Stock, *, desk: bool = False) -> dict[str, Json]:
    """Say what is served: project, release, worlds, languages, boundaries.

    Parameters
    ----------
    stock
        The release.
    desk
        Whether imports, runs and reports can be asked for.

    Returns
    -------
    dict
        Data of ``/meta``.
    """
    catalogue = stock.release.catalogue
    facts = catalogue["project"]
    project = facts if isinstance(facts, dict) else {}
    written = (stock.release.folder / "release.json").stat().st_mtime
    studies = catalogue["studies"]
    worlds: list[Json] = [
        {
            "id": name,
            "label": texts.get("title"),
            "question": texts.get("question"),
            "generated": project.get("generated"),
            "seed": project.get("seed"),
            "studies": [name],
            "geo": _versions(stock, "regions", "region_version", name),
            "cls": _versions(stock, "industries", "classification", name),
        }
        for name, texts in (studies if isinstance(studies, dict) else {}).items()
        if isinstance(texts, dict)
    ]
    title = str(project.get("title") or project.get("name"))
    return {
        "title": {"en": title, "zh": str(project.get("title_zh") or title)},
        "project": project.get("name"),
        "release": {
            "id": stock.release.id,
            "created": datetime.fromtimestamp(written, UTC).isoformat("T", "seconds"),
            "mode": catalogue["mode"],
            "certificate": catalogue["certificate"],
        },
        "version": catalogue["version"],
        "generated": project.get("generated"),
        "seed": project.get("seed"),
        "worlds": worlds,
        "languages": ["en", "zh"],
        "language": project.get("language"),
        "boundaries": catalogue["boundaries"],
        "desk": desk,
        "left_out": catalogue["left_out"],
    }


def _versions(stock: Stock, kind: str, column: str, world: str) -> list[Json]:
    """List the code systems that the names of a world are of."""
    found = {
        str(row[column])
        for row in stock.names[kind].rows.values()
        if row.get(column) and world in str(row.get("world") or "").split()
    }
    return list[Json](sorted(found))


def code_list(stock: Stock, kind: str, world: str = "") -> list[Json]:
    """List regions or industries with names, parents and places.

    Parameters
    ----------
    stock
        The release.
    kind
        ``"regions"`` or ``"industries"``.
    world
        Study whose codes are wanted; empty for all.

    Returns
    -------
    list of dict
        One object per code.
    """
    book = stock.names[kind]
    found: list[Json] = []
    also = stock.spellings[kind]
    for code, row in book.rows.items():
        worlds = str(row.get("world") or "")
        if world and worlds and world not in worlds.split():
            continue
        en, zh = book.name(code)
        lon, lat = book.place(code)
        found.append(
            {
                "id": code,
                "name": {"en": en, "zh": zh},
                "world": worlds,
                "level": row.get("level"),
                "parent": row.get("parent"),
                "lon": lon,
                "lat": lat,
                "also": _words(also.get(code, ())),
            }
        )
    return found


def find(stock: Stock, words: str, most: int = _FOUND) -> list[Json]:
    """Find regions, industries and pages by code or name, in both languages.

    Parameters
    ----------
    stock
        The release.
    words
        What was typed; case does not matter.
    most
        How many are wanted.

    Returns
    -------
    list of dict
        Best first: the same, then beginning with, then containing; ties by kind and code.
        Pinyin, initials and old names count when they are the same or begin so; ``by``
        says what was recognised, ``also`` how else it may be written. ``page`` and ``key``
        are where it can be chosen; what no page can choose is left out.
    """
    wanted = words.strip().casefold()
    if not wanted:
        return []
    typed = wanted.replace(" ", "").replace("'", "").replace("ü", "v")
    hits: list[tuple[int, str, str, dict[str, Json]]] = []
    for kind in ("regions", "industries"):
        book, also = stock.names[kind], stock.spellings[kind]
        one = _PAGE_OF[kind]
        for code in book.rows:
            en, zh = book.name(code)
            found = min(
                _grade(wanted, (code, en, zh)), _spelled(typed, also.get(code, ()))
            )
            if found < _NO_HIT:
                name: Json = {"en": en, "zh": zh}
                entry: dict[str, Json] = {"kind": one, "id": code, "name": name}
                entry["by"] = found[1]
                entry["also"] = _words(also.get(code, ()))
                hits.append((found[0], kind, code, entry))
    for page_id, page in PAGES.items():
        found = _grade(wanted, (page_id, page.question.en, page.question.zh))
        if found < _NO_HIT:
            name = page.question.to_dict()
            entry = {"kind": "page", "id": page_id, "name": name}
            entry |= {"page": page_id, "key": ""}
            entry["by"] = found[1]
            entry["also"] = []
            hits.append((found[0], "z", page_id, entry))
    hits.sort(key=lambda hit: hit[:3])
    kept: list[Json] = []
    for _, kind, code, found_entry in hits:
        home = _home(stock, kind, code) if kind in _PAGE_OF else {}
        if home is not None:
            kept.append({**found_entry, **home})
        if len(kept) == most:
            break
    return kept


def _home(stock: Stock, kind: str, code: str) -> dict[str, Json] | None:
    """Say on which page a code can be chosen, its own page first; ``None`` on none."""
    own, known = _PAGE_OF[kind], False
    for page in sorted(PAGES.values(), key=lambda p: p.id != own):
        for selector in page.selectors:
            kinds = {v.labels.get(v.filters.get(selector.id, "")) for v in page.views}
            if selector.table not in stock.release or kind not in kinds:
                continue
            known = True
            if code in stock.lookup(selector.table, selector.column).position:
                return {"page": page.id, "key": selector.id}
    return None if known else {"page": own, "key": own}


def _words(also: Sequence[tuple[str, str]]) -> list[Json]:
    """Give pinyin, initials and old names, each once."""
    return list[Json](dict.fromkeys(word for word, _ in also))


def _grade(wanted: str, names: tuple[str, ...]) -> tuple[int, str]:
    folded = [name.casefold() for name in names]
    if wanted in folded:
        return 0, "name"
    if any(name.startswith(wanted) for name in folded):
        return 2, "name"
    return (4, "name") if any(wanted in name for name in folded) else _NO_HIT


def _spelled(typed: str, also: Sequence[tuple[str, str]]) -> tuple[int, str]:
    """Grade pinyin, initials and old names; short ones would be found inside of much."""
    best = _NO_HIT
    for word, spelling in also:
        if word.casefold().startswith(typed):
            best = min(best, (1 if len(word) == len(typed) else 3, spelling))
    return best
