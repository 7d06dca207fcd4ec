"""Views of the industry page: its concentration beside draws of null models."""

from __future__ import annotations

from agglo.observatory.page import Column, Selector, Text, View
from agglo.observatory.pages.columns import columns

__all__ = ["NULL", "NULL_VIEWS"]

NULL = Selector(
    id="null",
    label=Text("Null model", "零模型"),
    table="concentration.null_draws",
    column="null",
    optional=True,
)
_G = Text("raw concentration G", "原始集中度 G")
_OBSERVED = Column(name="observed", label=Text("Observed", "实际"), decimals=5)
_VALUE = Column(name="value", label=_G, decimals=5)
_DRAWS = Column(name="draws", label=Text("Draws", "抽样次数"), decimals=0)

NULL_VIEWS = (
    View(
        id="industry.null",
        title=Text(
            "Its concentration beside what chance would give", "集中程度与随机分布"
        ),
        table="concentration.null_draws",
        chart="histogram",
        encode={"value": "value", "count": "draws", "observed": "observed"},
        columns=(*columns("industry", "null"), _VALUE, _DRAWS, _OBSERVED),
        labels={"industry": "industries"},
        filters={"industry": "industry", "null": "null"},
        order="value",
        unit=_G,
        uncertainty=Text(
            "all draws of the null model, counted by bins; the line is the observed value, "
            "p and the number of draws stand in the next table",
            "零模型的全部抽样，按区间计数；竖线为实际值，p 值与抽样次数见下表",
        ),
        method="ellison-glaeser",
        note=Text(
            "G: squared differences between the shares of the industry and of all jobs, "
            "summed over regions. Plants keep their sizes in both null models. Dartboard: "
            "they fall on regions in proportion to all jobs. Permutation: the plants of all "
            "industries, and with them all jobs, are dealt anew to the sites that exist, so "
            "chance follows plants, not jobs.",
            "G：该产业份额与全部就业份额之差的平方，对地区求和。两种零模型均保持企业规模。飞镖模型：企业按全部就业"
            "比例落入各地区。置换模型：各产业的企业连同全部就业在现有地点间重新分配，随机性依企业数而非就业。",
        ),
    ),
    View(
        id="industry.nulls",
        title=Text("Beside every null model", "与各零模型相比"),
        table="concentration.nulls",
        chart="table",
        columns=(
            *columns("industry", "null"),
            Column(name="plants", label=Text("Plants", "企业数"), decimals=0),
            _OBSERVED,
            Column(name="expected", label=Text("By chance", "随机期望"), decimals=5),
            Column(name="sd", label=Text("its spread", "随机标准差"), decimals=5),
            *columns("z", "p", "n_draws", "status"),
        ),
        labels={"industry": "industries"},
        filters={"industry": "industry"},
        uncertainty=Text(
            "p = (1 + draws at least as concentrated) / (1 + draws), so never 0",
            "p =（1 + 不低于实际集中度的抽样数）/（1 + 抽样次数），不为 0",
        ),
        method="ellison-glaeser",
        note=Text(
            "An industry beyond one null model only is as concentrated as the sites of all "
            "plants allow, or as jobs do.",
            "仅超出其中一种零模型的产业，其集中可由全部企业的地点分布或就业分布解释。",
        ),
    ),
)
