"""What places, industries and clusters in the facts of the rules are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from agglo.studies.columns import text_of

if TYPE_CHECKING:
    from agglo.core.typing import Lang
    from agglo.studies.contract import StageInputs

__all__ = ["put_named", "table_names"]

_KEYS: Mapping[str, str] = {"industries": "industry", "regions": "region"}


def table_names(inputs: StageInputs, table: str) -> dict[Lang, dict[str, str]]:
    """Give the names of industries or regions by language.

    Parameters
    ----------
    inputs
        Optional table `industries` or `regions`.
    table
        Name of the table.

    Returns
    -------
    dict
        Language to code to name; the other language where one is missing, empty without
        the table.
    """
    if not inputs.has(table):
        return {"en": {}, "zh": {}}
    held = inputs.table(table)
    codes = text_of(held, _KEYS[table])
    en, zh = (
        {c: n for c, n in zip(codes, text_of(held, key), strict=True) if n}
        for key in ("name_en", "name_zh")
    )
    return {"en": {**zh, **en}, "zh": {**en, **zh}}


def put_named(
    facts: dict[str, object],
    fact: str,
    codes: Sequence[str],
    names: Mapping[Lang, Mapping[str, str]],
    *,
    values: Mapping[str, str] | None = None,
) -> None:
    """Put a list of codes among the facts, with what readers are told in each language.

    Parameters
    ----------
    facts
        Facts of one cluster, or of all; changed in place.
    fact
        Name of the fact: codes stand there, names in ``<fact>_en`` and ``<fact>_zh``.
        Nothing is put for an empty list.
    codes
        What is listed.
    names
        Language to code to name; a code without a name stands for itself.
    values
        Code to what stands behind it.
    """
    if not codes:
        return
    after = {c: f" {values[c]}" if values else "" for c in codes}
    facts[fact] = ", ".join(f"{c}{after[c]}" for c in codes)
    for lang, stop in (("en", ", "), ("zh", "、")):
        known = names.get("zh" if lang == "zh" else "en", {})
        listed = (f"{known.get(c, c)}{after[c]}" for c in codes)
        facts[f"{fact}_{lang}"] = stop.join(listed)
