"""What columns of released tables are called on screen: one vocabulary for all pages."""

from __future__ import annotations

from collections.abc import Mapping

from agglo.observatory.page import Column, Text

__all__ = ["COLUMNS", "columns"]

_JOBS = Text("jobs", "人")
_KM = Text("km", "公里")

_LISTED: tuple[Column, ...] = (
    Column(name="region", label=Text("Region", "地区")),
    Column(name="industry", label=Text("Industry", "产业")),
    Column(name="name", label=Text("Name", "名称")),
    Column(name="cluster", label=Text("Cluster", "集群")),
    Column(name="city", label=Text("City", "城市")),
    Column(name="kind", label=Text("Kind", "类型")),
    Column(name="layer", label=Text("Layer", "网络层")),
    Column(name="scale", label=Text("Scale", "尺度")),
    Column(name="class", label=Text("Class", "类别")),
    Column(name="group", label=Text("Group", "组")),
    Column(name="status", label=Text("State", "状态")),
    Column(name="employment", label=Text("Jobs", "就业"), unit=_JOBS, decimals=0),
    Column(name="establishments", label=Text("Plants", "企业数"), decimals=0),
    Column(
        name="share_of_region", label=Text("Share of region", "占本地区"), decimals=4
    ),
    Column(
        name="share_of_industry",
        label=Text("Share of industry", "占本产业"),
        decimals=4,
    ),
    Column(name="share", label=Text("Share", "份额"), decimals=4),
    Column(name="lq", label=Text("Location quotient", "区位商")),
    Column(name="lq_lower", label=Text("lower", "下限")),
    Column(name="lq_upper", label=Text("upper", "上限")),
    Column(name="rank", label=Text("Rank", "位次"), decimals=0),
    Column(name="rank_lower", label=Text("Rank, best", "位次上限"), decimals=0),
    Column(name="rank_upper", label=Text("Rank, worst", "位次下限"), decimals=0),
    Column(name="rank_p_top", label=Text("P(top 10)", "前十概率")),
    Column(name="p", label=Text("p", "p 值"), decimals=4),
    Column(name="q", label=Text("q (FDR)", "q 值（错误发现率）"), decimals=4),
    Column(name="stars", label=Text("Stars", "星级"), decimals=0),
    Column(name="p_strong", label=Text("P(strong)", "强集群概率")),
    Column(name="start", label=Text("Start", "期初"), unit=_JOBS, decimals=0),
    Column(name="end", label=Text("End", "期末"), unit=_JOBS, decimals=0),
    Column(name="change", label=Text("Change", "变化"), unit=_JOBS, decimals=0),
    Column(name="national", label=Text("National part", "全国部分"), decimals=0),
    Column(name="industry_mix", label=Text("Industry part", "结构部分"), decimals=0),
    Column(name="regional", label=Text("Regional part", "区域部分"), decimals=0),
    Column(
        name="gamma", label=Text("Ellison–Glaeser γ", "埃利森—格莱泽 γ"), decimals=4
    ),
    Column(name="gamma_lower", label=Text("lower", "下限"), decimals=4),
    Column(name="gamma_upper", label=Text("upper", "上限"), decimals=4),
    Column(name="locational_gini", label=Text("Locational Gini", "区位基尼系数")),
    Column(name="largest_region", label=Text("Largest region", "最大地区")),
    Column(name="largest_region_share", label=Text("its share", "其份额"), decimals=4),
    Column(name="ksi", label=Text("Krugman index", "克鲁格曼指数")),
    Column(name="ksi_chance", label=Text("by chance", "随机期望")),
    Column(name="ksi_chance_upper", label=Text("by chance, 95 %", "随机 95% 上限")),
    Column(name="entropy", label=Text("Variety (bits)", "多样性（比特）")),
    Column(name="related_variety", label=Text("Related variety", "相关多样性")),
    Column(name="unrelated_variety", label=Text("Unrelated variety", "无关多样性")),
    Column(name="density", label=Text("Relatedness density", "关联密度"), decimals=3),
    Column(name="complexity", label=Text("Complexity", "复杂度")),
    Column(name="external", label=Text("External ties", "外部联系"), decimals=3),
    Column(name="score", label=Text("Score", "得分"), decimals=3),
    Column(name="quadrant", label=Text("Quadrant", "象限")),
    Column(name="value", label=Text("Value", "数值"), decimals=3),
    Column(name="lower", label=Text("lower", "下限"), decimals=3),
    Column(name="upper", label=Text("upper", "上限"), decimals=3),
    Column(name="expected", label=Text("By chance", "随机期望"), decimals=3),
    Column(name="ratio", label=Text("Observed / expected", "实际与期望之比")),
    Column(name="kappa", label=Text("Boundary index", "边界指数"), decimals=3),
    Column(name="verdict", label=Text("Verdict", "判断")),
    Column(name="weight", label=Text("Weight", "权重"), decimals=0),
    Column(name="is_core", label=Text("Core", "是否核心")),
    Column(name="tier", label=Text("Tier", "层级"), decimals=0),
    Column(name="parent", label=Text("Dominant place", "主导地")),
    Column(name="node", label=Text("Place", "地方")),
    Column(
        name="log_odds", label=Text("ln(observed / expected)", "ln（实际与期望之比）")
    ),
    Column(name="auc", label=Text("AUC", "AUC"), decimals=3),
    Column(name="odds_ratio", label=Text("Odds ratio", "优势比")),
    Column(name="odds_lower", label=Text("lower", "下限")),
    Column(name="odds_upper", label=Text("upper", "上限")),
    Column(name="programme", label=Text("Programme", "计划")),
    Column(name="label", label=Text("Label", "标签")),
    Column(name="belt", label=Text("Belt", "产业带")),
    Column(name="belt_label", label=Text("Belt label", "产业带标签")),
    Column(name="via", label=Text("By", "依据")),
    Column(name="null", label=Text("Null model", "零模型")),
    Column(name="statistic", label=Text("Rate", "指标")),
    Column(name="observed", label=Text("Observed", "实际"), decimals=1),
    Column(name="p_upper", label=Text("p", "p 值"), decimals=4),
    Column(name="jaccard", label=Text("Shared area", "重叠面积比"), decimals=3),
    Column(name="distance_km", label=Text("Distance", "距离"), unit=_KM, decimals=0),
)

COLUMNS: Mapping[str, Column] = {column.name: column for column in _LISTED}


def columns(*names: str) -> tuple[Column, ...]:
    """Give the columns of these names, in this order.

    Parameters
    ----------
    *names
        Names of columns, keys of :data:`COLUMNS`.

    Returns
    -------
    tuple of Column
        With labels and units.
    """
    return tuple(COLUMNS[name] for name in names)
