"""Other ways to write a name: pinyin, its initials, and old names; made with a release."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pyarrow as pa

__all__ = ["SPELLINGS", "has_pinyin", "pinyin_of", "spelling_table"]

SPELLINGS = ("pinyin", "initials", "old_name")
"""How a word stands for a name."""


def has_pinyin() -> bool:
    """Say whether the extra ``pinyin`` is installed."""
    try:
        import pypinyin  # noqa: F401
    except ModuleNotFoundError:
        return False
    return True


def pinyin_of(name: str) -> tuple[str, str]:
    """Write a Chinese name in pinyin and as initials; both empty where it holds no hanzi.

    Parameters
    ----------
    name
        A name; readings follow the words it is made of (重庆 is chongqing).

    Returns
    -------
    tuple of str
        Letters without tones and spaces; ``ü`` is ``v``, as it is typed. Both are empty
        without the extra ``pinyin``.

    Examples
    --------
    >>> pinyin_of("重庆市")
    ('chongqingshi', 'cqs')
    >>> pinyin_of("Leeds")
    ('', '')
    """
    if not any("\u4e00" <= letter <= "\u9fff" for letter in name):
        return "", ""
    try:
        from pypinyin import Style, lazy_pinyin
    except ModuleNotFoundError:
        return "", ""
    parts = lazy_pinyin(name, style=Style.NORMAL, v_to_u=False)
    whole = "".join(parts).casefold()
    return whole, "".join(part[:1] for part in parts if part.strip()).casefold()


def spelling_table(
    names: Mapping[str, pa.Table], aliases: Iterable[tuple[str, str]]
) -> pa.Table:
    """List the other ways to write the names of regions and industries.

    Parameters
    ----------
    names
        ``regions`` and ``industries``, each with its codes and ``name_zh``.
    aliases
        Old name and code of the region that it names today.

    Returns
    -------
    pyarrow.Table
        ``kind, code, word, spelling``, each once, in the order of kind and code.
    """
    rows: set[tuple[str, str, str, str]] = set()
    for kind, key in (("regions", "region"), ("industries", "industry")):
        table = names.get(kind)
        if table is None or "name_zh" not in table.column_names:
            continue
        pairs = zip(table[key].to_pylist(), table["name_zh"].to_pylist(), strict=True)
        for code, name in pairs:
            for word, spelling in zip(
                pinyin_of(str(name or "")), SPELLINGS, strict=False
            ):
                if word:
                    rows.add((kind, str(code), word, spelling))
    regions = names.get("regions")
    known = (
        set() if regions is None else {str(c) for c in regions["region"].to_pylist()}
    )
    for alias, code in aliases:
        if code in known:
            rows.add(("regions", code, alias, "old_name"))
            for word in pinyin_of(alias):
                if word:
                    rows.add(("regions", code, word, "old_name"))
    ordered = sorted(rows)
    columns = ("kind", "code", "word", "spelling")
    return pa.table(
        {
            name: pa.array([row[k] for row in ordered], pa.string())
            for k, name in enumerate(columns)
        }
    )
