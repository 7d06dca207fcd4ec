"""The findings of a study in English and in Chinese, for ``findings.json``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from agglo.core.errors import RunError
from agglo.core.results import to_json

if TYPE_CHECKING:
    from agglo.core.typing import Json, Lang
    from agglo.studies.contract import Finding

__all__ = ["LABELS", "bilingual", "in_words", "typeset"]

_TEXTS = ("question", "answer", "reading")
_VALUES = ("estimate", "null", "truth")

# names of numbers that the findings of several studies hold
LABELS: Mapping[str, str] = {
    "planted": "预设值",
    "inside_interval": "落在置信区间内",
    "observed": "观测值",
    "expected": "期望值",
    "ratio": "比值",
    "difference": "差异",
    "share": "占比",
    "lower": "下限",
    "upper": "上限",
    "rank": "位次",
    "p": "p 值",
    "model": "模型",
    "region": "地区",
    "rate": "比率",
    "none": "无",
}


_WORD = "[\u4e00-\u9fff]"
# a bracket behind a word that begins with a Chinese character
_BRACKETS = re.compile(rf"({_WORD}[\w.]*) ?\(([^()]*)\)")
_STOPS = ((";", "；"), (",", "，"), (":", "："))


def bilingual(
    speak: Callable[[Lang], Sequence[Finding]],
    word: Callable[[str], str] = str,
) -> list[Json]:
    """Write the findings once per language and put them side by side.

    Parameters
    ----------
    speak
        Language to the findings; the numbers must not depend on it.
    word
        The study's own Chinese for a name of a number or a label; what it does not know
        it gives back as it is. Names that several studies use are in :data:`LABELS`.

    Returns
    -------
    list of dict
        The ten keys in English; ``question_zh``, ``answer_zh`` and ``reading_zh``; and
        ``estimate_zh``, ``null_zh`` and ``truth_zh`` where the value holds words.

    Raises
    ------
    RunError
        If the languages do not give the same findings.
    """
    english, chinese = speak("en"), speak("zh")
    if [f.id for f in english] != [f.id for f in chinese]:
        msg = "The findings of a study differ between its languages."
        raise RunError(msg)
    return [_both(a, b, word) for a, b in zip(english, chinese, strict=True)]


def _both(en: Finding, zh: Finding, word: Callable[[str], str]) -> dict[str, Json]:
    out = en.to_dict()
    for key in _TEXTS:
        out[f"{key}_zh"] = typeset(str(getattr(zh, key)))
    for key in _VALUES:
        value = to_json(getattr(zh, key))
        if _holds_words(value):
            out[f"{key}_zh"] = in_words(value, word)
    return out


def typeset(text: str) -> str:
    """Give a Chinese sentence with Chinese brackets and stops, and no stray spaces.

    Parameters
    ----------
    text
        The sentence; names and numbers in it may be Latin.

    Returns
    -------
    str
        Brackets behind a Chinese word and stops beside one are full width; no space
        stands between two Chinese characters or behind a full-width bracket or stop.

    Examples
    --------
    >>> from agglo.studies.bilingual import typeset
    >>> typeset("行业40 (I39) 靠近 行业28 (I27); 效应 0.642")
    '行业40（I39）靠近行业28（I27）；效应 0.642'
    """
    text = _BRACKETS.sub(
        lambda found: f"{found[1]}（{found[2].replace('; ', '；')}）", text
    )
    for plain, full in _STOPS:
        text = re.sub(rf"(?<={_WORD}){plain} |{plain} (?={_WORD})", full, text)
    return re.sub(rf"(?<={_WORD}) (?={_WORD})|(?<=[）；，：。、]) (?!$)", "", text)


def _holds_words(value: Json) -> bool:
    if isinstance(value, list):
        return any(_holds_words(v) for v in value)
    return isinstance(value, (str, dict))


def in_words(value: Json, word: Callable[[str], str] = str) -> Json:
    """Give a value with the names of its numbers and its labels in Chinese.

    Parameters
    ----------
    value
        Estimate, null or truth of a finding.
    word
        The study's own Chinese for a name.

    Returns
    -------
    Json
        The same numbers; a name whose Chinese stands there already keeps its code too.
    """
    if isinstance(value, str):
        return _name(value, word)
    if isinstance(value, list):
        return [in_words(v, word) for v in value]
    if not isinstance(value, dict):
        return value
    out: dict[str, Json] = {}
    for key, inner in value.items():
        name = _name(key, word)
        out[f"{name}（{key}）" if name in out else name] = in_words(inner, word)
    return out


def _name(code: str, word: Callable[[str], str]) -> str:
    """Give the study's own word, else the one that all share, else the code."""
    own = word(code)
    return LABELS.get(code, code) if own == code else own
