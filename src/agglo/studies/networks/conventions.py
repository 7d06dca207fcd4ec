"""Conventions of the industry space that the study can take, in words."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["MAIN_PRESET", "PRESETS", "RULE_WORDS", "SOURCES"]

_Words = tuple[str, str]

MAIN_PRESET = "atlas"
PRESETS: Mapping[str, _Words] = {
    "atlas": ("Atlas of Economic Complexity", "经济复杂度图谱"),
    "atlas2026": ("Atlas, continuous presence (2026)", "图谱，连续存在度（2026）"),
    "r_economiccomplexity": ("R package economiccomplexity", "R 包 economiccomplexity"),
    "datawheel": ("Datawheel, reflections", "Datawheel，反射法"),
    "econcomplex": ("R package econcomplex", "R 包 econcomplex"),
    "econgeo": ("R package EconGeo", "R 包 EconGeo"),
}
"""Name in ``agglo.relatedness.CONVENTIONS`` to what it is called."""

SOURCES: Mapping[str, str] = {
    "atlas": "Hausmann et al. 2014, The Atlas of Economic Complexity",
    "atlas2026": "Growth Lab, Atlas of Economic Complexity, method of 2026",
    "r_economiccomplexity": "R package economiccomplexity",
    "datawheel": "Datawheel, OEC and DataMexico; Hidalgo and Hausmann 2009",
    "econcomplex": "R package econcomplex",
    "econgeo": "Balland 2017, R package EconGeo",
}

RULE_WORDS: Mapping[str, Mapping[str, _Words]] = {
    "presence_rule": {
        "rca": ("quotient at least the threshold", "区位商不低于门槛"),
        "continuous": ("quotient / (1 + quotient)", "区位商 /（1 + 区位商）"),
    },
    "proximity_kind": {
        "min": ("smaller conditional share", "条件比例的较小者"),
        "sqrt": ("cosine of presence", "存在度的余弦"),
        "cooccurrence:probability": ("observed over expected joint presence", "共同存在的实际与期望之比"),
    },
    "complexity_index": {
        "eigen": ("second eigenvector", "第二特征向量"),
        "reflections": ("method of reflections", "反射法"),
        "fitness": ("fitness", "适应度"),
    },
    "complexity_scaling": {
        "atlas": ("by mean and deviation of the regions' index", "按地区指数的均值与标准差"),
        "own_ddof0": ("each by its own mean and deviation", "各按自身均值与标准差"),
        "own_ddof1": ("each by its own mean and deviation (n − 1)", "各按自身均值与标准差（n − 1）"),
        "sum": ("divided by its sum", "除以总和"),
        "none": ("none", "无"),
    },
    "sign_anchor": {
        "diversity": ("rises with diversity", "随多样性上升"),
        "binary_eci": ("as the index of plain presence", "与二元存在度的指数一致"),
        "reflections": ("as 20 reflections", "与 20 次反射一致"),
        "reflections_ubiquity": ("reflections for regions, ubiquity for industries", "地区按反射，产业按普遍性"),
        "diversity_ubiquity": ("diversity for regions, ubiquity for industries", "地区按多样性，产业按普遍性"),
        "ubiquity": ("falls with ubiquity", "随普遍性下降"),
    },
}  # fmt: skip
"""Column of the table ``presets`` to the words of its codes."""
