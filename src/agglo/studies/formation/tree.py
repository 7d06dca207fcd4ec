"""The default tree of the evaluation: six pillars, thirty indicators, what each needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["INDICATORS", "KEPT", "PILLARS", "TWO_SIDED", "TreeIndicator"]

PILLARS: Mapping[str, tuple[str, str]] = {
    "scale": ("Scale", "规模"),
    "specialisation": ("Specialisation", "专业化"),
    "efficiency": ("Efficiency and dynamism", "效率与活力"),
    "innovation": ("Innovation", "创新"),
    "network": ("Network and governance", "网络与治理"),
    "resilience": ("Green, digital, resilience", "绿色、数字与韧性"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeIndicator:
    """One of the thirty indicators.

    Parameters
    ----------
    name
        Name in the tables.
    label_en, label_zh
        Names on pages.
    pillar
        One of `PILLARS`.
    direction
        ``"positive"`` or ``"negative"``.
    inputs
        Data that it takes.
    status
        What a value of it is: ``computed`` or ``proxy``.
    available
        Whether it enters the score; context has weight 0. What the study cannot compute
        waits for the table `indicators` of the user.
    """

    name: str
    label_en: str
    label_zh: str
    pillar: str
    direction: str
    inputs: str
    status: str = "computed"
    available: bool = True


_ROWS: tuple[tuple[str, str, str, str, str, str, bool], ...] = (
    ("employment", "Employment", "就业", "scale", "+", "employment", True),
    (
        "establishments",
        "Establishments",
        "企业数",
        "scale",
        "+",
        "establishments",
        True,
    ),
    ("payroll", "Payroll", "工资总额", "scale", "+", "payroll", True),
    ("output", "Value added", "增加值", "scale", "+", "value added", True),
    (
        "quotient",
        "Location quotient",
        "区位商",
        "specialisation",
        "+",
        "employment",
        True,
    ),
    (
        "share",
        "Share of the nation",
        "全国份额",
        "specialisation",
        "+",
        "employment",
        True,
    ),
    (
        "gamma",
        "Ellison-Glaeser",
        "EG 指数",
        "specialisation",
        "+",
        "plant sizes",
        True,
    ),
    (
        "focus",
        "Share of the region",
        "地区份额",
        "specialisation",
        "+",
        "employment",
        True,
    ),
    ("pay", "Payroll per employee", "人均工资", "efficiency", "+", "payroll", True),
    (
        "productivity",
        "Value added per employee",
        "人均增加值",
        "efficiency",
        "+",
        "value added",
        True,
    ),
    (
        "density",
        "Output per hectare",
        "地均产出",
        "efficiency",
        "+",
        "output, area",
        True,
    ),
    (
        "growth",
        "Growth over three periods",
        "三期增长",
        "efficiency",
        "+",
        "four periods",
        True,
    ),
    ("entry", "Entry rate", "进入率", "efficiency", "+", "entries", True),
    (
        "competitive",
        "Competitive component",
        "竞争分量",
        "efficiency",
        "+",
        "four periods",
        True,
    ),
    ("patents", "Patents per 1000", "千人专利", "innovation", "+", "patents", True),
    ("research", "Research per output", "研发强度", "innovation", "+", "R&D", True),
    (
        "technology",
        "Technological diversity",
        "技术多样性",
        "innovation",
        "+",
        "patents",
        True,
    ),
    (
        "champions",
        "Champions per 1000 firms",
        "千企冠军数",
        "innovation",
        "+",
        "lists",
        True,
    ),
    (
        "network_ratio",
        "Ties inside over chance",
        "内部联系/随机",
        "network",
        "+",
        "ties",
        True,
    ),
    ("ei_index", "E-I index", "E-I 指数", "network", "-", "ties", True),
    (
        "chain",
        "Chain completeness",
        "链条完整度",
        "network",
        "+",
        "sub-industries",
        True,
    ),
    (
        "local_supply",
        "Local supply share",
        "本地配套率",
        "network",
        "+",
        "input-output",
        True,
    ),
    ("outside_share", "Outside ties", "外部联系占比", "network", "+", "ties", True),
    ("organisation", "Organisation score", "组织得分", "network", "+", "answers", True),
    ("funds", "Policy funds", "政策资金", "network", "+", "funds", False),
    ("belt", "Belt match", "产业带匹配", "resilience", "+", "digital study", True),
    ("energy", "Energy per output", "单位能耗", "resilience", "-", "energy", True),
    (
        "cloud",
        "Firms using cloud services",
        "上云企业占比",
        "resilience",
        "+",
        "survey",
        True,
    ),
    ("resistance", "Resistance", "抵抗力", "resilience", "+", "a shock", True),
    ("rigidity", "Rigidity", "锁定", "resilience", "-", "six periods", True),
)

# plants of a cell taken as equal in size; trade modelled from quotients
_PROXIES = ("gamma", "local_supply")
# neither inward nor scattered: worst below, best from, best to, worst above
TWO_SIDED: Mapping[str, tuple[float, float, float, float]] = {
    "outside_share": (0.0, 0.3, 0.6, 1.0)
}

INDICATORS: Mapping[str, TreeIndicator] = {
    name: TreeIndicator(
        name=name,
        label_en=en,
        label_zh=zh,
        pillar=pillar,
        direction="positive" if sign == "+" else "negative",
        inputs=inputs,
        status="proxy" if name in _PROXIES else "computed",
        available=available,
    )
    for name, en, zh, pillar, sign, inputs, available in _ROWS
}
KEPT: tuple[str, ...] = tuple(n for n, i in INDICATORS.items() if i.available)
