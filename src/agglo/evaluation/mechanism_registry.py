"""The indicators behind the six mechanisms: what each is and what it needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["MECHANISMS", "MECHANISM_NAMES", "MechanismIndicator"]

MECHANISM_NAMES: Mapping[str, tuple[str, str]] = {
    "M1": ("Endowment and trigger", "资源禀赋与触发事件"),
    "M2": ("Division of labour", "专业化分工与竞合"),
    "M3": ("Derivation and renewal", "衍生扩张与自我更新"),
    "M4": ("Knowledge diffusion", "知识学习与技术扩散"),
    "M5": ("Policy guidance", "政府引导与政策"),
    "M6": ("Rootedness", "制度与文化根植"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MechanismIndicator:
    """One indicator of a mechanism.

    Parameters
    ----------
    id
        For example ``"M2.1"``; the mechanism is the part before the point.
    name_en, name_zh
        Names.
    unit
        Unit of the value.
    direction
        1: more speaks for the mechanism; 0: neither.
    needs
        Data without which it cannot be computed.
    """

    id: str
    name_en: str
    name_zh: str
    unit: str
    direction: int
    needs: str

    @property
    def mechanism(self) -> str:
        """The mechanism it belongs to."""
        return self.id.split(".", maxsplit=1)[0]


# id, English, Chinese, unit, direction, what it needs
_ROWS: tuple[tuple[str, str, str, str, int, str], ...] = (
    ("M1.1", "endowment index", "禀赋指数", "index", 1, "endowments of the region"),
    (
        "M1.2",
        "first-mover share",
        "先发份额",
        "share",
        1,
        "employment of the first year",
    ),
    ("M1.3", "structural breaks", "结构突变", "breaks", 0, "ten years of employment"),
    ("M1.4", "trigger match", "触发匹配", "events", 1, "dated events"),
    (
        "M1.5",
        "event effect",
        "事件效应",
        "log points",
        1,
        "events and a comparison group",
    ),
    ("M2.1", "location quotient", "区位商", "ratio", 1, "employment"),
    ("M2.2", "Ellison-Glaeser gamma", "EG 指数", "index", 1, "employment, plant sizes"),
    ("M2.3", "competition", "竞争度", "ratio", 1, "establishments"),
    ("M2.4", "mean establishment size", "平均企业规模", "persons", 0, "establishments"),
    ("M2.5", "chain completeness", "链条完整度", "share", 1, "sub-industries"),
    ("M2.6", "local supply share", "本地配套率", "share", 1, "an input-output table"),
    (
        "M2.7",
        "vertical specialisation",
        "垂直专业化",
        "ratio",
        0,
        "value added and output",
    ),
    ("M3.1", "turnover of firms", "企业更替率", "share", 1, "entries and exits"),
    ("M3.2", "turbulence", "结构变动", "share", 1, "two years of sub-industries"),
    ("M3.3", "related entry", "相关进入", "probability", 1, "relatedness, two years"),
    ("M3.4", "related variety", "相关多样化", "bits", 1, "sub-industries in groups"),
    ("M3.5", "spin-offs", "衍生企业", "per 1000 firms", 1, "founders of firms"),
    ("M3.6", "share of new sub-industries", "新细分行业占比", "share", 1, "ten years"),
    ("M4.1", "patents per 1000 employees", "千人专利数", "patents", 1, "patents"),
    ("M4.2", "technological diversity", "技术多样性", "index", 1, "patent classes"),
    (
        "M4.3",
        "density of co-patents",
        "合作专利密度",
        "share",
        1,
        "co-patents of members",
    ),
    ("M4.4", "citation localisation", "引用本地化", "ratio", 1, "citations"),
    ("M5.1", "programmes", "认定计划数", "programmes", 0, "lists of designations"),
    ("M5.2", "support per employee", "人均支持", "currency", 0, "support funds"),
    ("M5.3", "policy effect", "政策效应", "log points", 1, "an outcome panel"),
    ("M6.1", "organisation score", "组织得分", "points", 1, "questionnaire"),
    ("M6.2", "associations and brands", "协会与品牌", "per 1000 firms", 1, "registers"),
    ("M6.3", "rootedness", "根植性", "share", 1, "ownership and survival of firms"),
)

MECHANISMS: tuple[MechanismIndicator, ...] = tuple(
    MechanismIndicator(
        id=code, name_en=en, name_zh=zh, unit=unit, direction=sign, needs=needs
    )
    for code, en, zh, unit, sign, needs in _ROWS
)
