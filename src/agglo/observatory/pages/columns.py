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
    Column(
        name="q", label=Text("q (FDR)", "q 值（错误发现率）"), decimals=4, rate=True
    ),
    Column(name="stars", label=Text("Stars", "星级"), decimals=0),
    Column(name="p_strong", label=Text("P(strong)", "强集群概率")),
    Column(name="start", label=Text("Start", "期初"), unit=_JOBS, decimals=0),
    Column(name="end", label=Text("End", "期末"), unit=_JOBS, decimals=0),
    Column(name="change", label=Text("Change", "变化"), unit=_JOBS, decimals=0),
    Column(name="national", label=Text("National part", "全国部分"), decimals=1),
    Column(name="industry_mix", label=Text("Industry part", "结构部分"), decimals=1),
    Column(name="regional", label=Text("Regional part", "区域部分"), decimals=1),
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
    Column(name="preset", label=Text("Convention", "约定")),
    Column(name="presence_rule", label=Text("Presence", "存在度")),
    Column(name="threshold", label=Text("Threshold", "门槛")),
    Column(name="proximity_kind", label=Text("Proximity", "接近度")),
    Column(
        name="self_in_density",
        label=Text("Own neighbour in the density", "密度计入自身"),
    ),
    Column(name="complexity_index", label=Text("Complexity", "复杂度")),
    Column(name="complexity_scaling", label=Text("Scaling", "标准化")),
    Column(name="sign_anchor", label=Text("Sign", "符号")),
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
    Column(name="statistic", label=Text("Statistic", "统计量")),
    Column(name="observed", label=Text("Observed", "实际"), decimals=1),
    Column(name="p_upper", label=Text("p", "p 值"), decimals=4),
    Column(name="jaccard", label=Text("Shared area", "重叠面积比"), decimals=3),
    Column(name="outcome", label=Text("Outcome", "结果变量")),
    Column(name="variable", label=Text("Variable", "变量")),
    Column(name="effect", label=Text("Effect", "效应")),
    Column(name="k", label=Text("Periods since the start", "距实施时期"), decimals=0),
    Column(name="se", label=Text("Standard error", "标准误"), decimals=4),
    Column(name="band_lower", label=Text("band, lower", "置信带下限"), decimals=4),
    Column(name="band_upper", label=Text("band, upper", "置信带上限"), decimals=4),
    Column(name="cells", label=Text("Cells", "单元数"), decimals=0),
    Column(name="ring", label=Text("Distance", "距离带")),
    Column(name="period", label=Text("Period", "时期")),
    Column(name="treated", label=Text("Treated", "是否处理")),
    Column(name="specification", label=Text("Specification", "设定")),
    Column(name="rho", label=Text("Spatial lag", "空间滞后系数"), decimals=3),
    Column(name="nobs", label=Text("Observations", "观测数"), decimals=0),
    Column(
        name="placebo_lower", label=Text("made up, 2.5 %", "安慰剂 2.5%"), decimals=4
    ),
    Column(
        name="placebo_median", label=Text("made up, median", "安慰剂中位数"), decimals=4
    ),
    Column(
        name="placebo_upper", label=Text("made up, 97.5 %", "安慰剂 97.5%"), decimals=4
    ),
    Column(name="n", label=Text("Cases", "样本数"), decimals=0),
    Column(name="item", label=Text("Check", "检查项")),
    Column(name="bound", label=Text("Bound", "界限"), decimals=3),
    Column(name="evidence", label=Text("Evidence", "依据")),
    Column(name="element", label=Text("Element", "要素")),
    Column(name="percentile", label=Text("Percentile", "百分位")),
    Column(name="size", label=Text("Size", "规模")),
    Column(name="reason", label=Text("Reason", "原因")),
    Column(name="proximity", label=Text("Proximity", "邻近性")),
    Column(name="connection", label=Text("Connection", "产业关联")),
    Column(name="cooperation", label=Text("Cooperation", "合作")),
    Column(name="missing", label=Text("Missing", "缺失")),
    Column(name="agreement", label=Text("Agreement", "一致性")),
    Column(name="level", label=Text("Level", "层次"), decimals=0),
    Column(name="median", label=Text("Median", "中位数"), decimals=0),
    Column(name="top_share", label=Text("Share in the top", "前列比例")),
    Column(name="indicator", label=Text("Indicator", "指标")),
    Column(name="periods", label=Text("Periods", "时期")),
    Column(name="bic_gain", label=Text("Gain (BIC)", "BIC 改善"), decimals=1),
    Column(name="events", label=Text("Known events", "已知事件"), decimals=0),
    Column(name="hits", label=Text("met", "吻合数"), decimals=0),
    Column(name="stage", label=Text("Stage", "阶段")),
    Column(name="growth", label=Text("Growth", "增长"), decimals=3),
    Column(name="diversity", label=Text("Diversity", "多样性"), decimals=3),
    Column(name="margin", label=Text("Margin", "边距"), decimals=3),
    Column(name="mechanism", label=Text("Mechanism", "机制")),
    Column(name="unit", label=Text("Unit", "单位")),
    Column(name="direction", label=Text("Direction", "方向"), decimals=0),
    Column(name="needs", label=Text("Needs", "所需数据")),
    Column(name="peer", label=Text("Peer", "可比集群")),
    Column(name="distance", label=Text("Distance", "距离"), decimals=3),
    Column(name="place", label=Text("Place", "次序"), decimals=0),
    Column(name="shared", label=Text("Shared indicators", "共有指标数"), decimals=0),
    Column(name="closest", label=Text("Closest in", "最接近的方面")),
    Column(name="alert", label=Text("Alert", "预警")),
    Column(name="first_seen", label=Text("First seen", "首次出现")),
    Column(name="rule", label=Text("Rule", "规则")),
    Column(name="state", label=Text("State", "状态")),
    Column(name="fires_if", label=Text("Fires if", "触发条件")),
    Column(name="text", label=Text("Text", "内容")),
    Column(name="priority", label=Text("Priority", "优先级"), decimals=2),
    Column(name="indicative", label=Text("Indicative", "仅供参考")),
    Column(name="measure", label=Text("Measure", "指标")),
    Column(name="anchor", label=Text("Anchor", "锚定产业")),
    Column(name="mover", label=Text("Mover", "移动产业")),
    Column(name="z", label=Text("z", "z 值")),
    Column(name="z_plus", label=Text("z, both measures", "综合 z 值")),
    Column(
        name="n_anchor",
        label=Text("Plants of the anchor", "锚定产业企业数"),
        decimals=0,
    ),
    Column(
        name="n_mover", label=Text("Plants of the mover", "移动产业企业数"), decimals=0
    ),
    Column(
        name="observed_km", label=Text("Distance", "实际距离"), unit=_KM, decimals=1
    ),
    Column(name="null_mean", label=Text("by chance", "随机期望"), decimals=1),
    Column(name="orientation_note", label=Text("Direction", "方向说明")),
    Column(name="r_km", label=Text("Distance", "距离"), unit=_KM, decimals=0),
    Column(name="global_lower", label=Text("envelope, lower", "包络下限"), decimals=5),
    Column(name="global_upper", label=Text("envelope, upper", "包络上限"), decimals=5),
    Column(name="a", label=Text("Industry a", "产业甲")),
    Column(name="b", label=Text("Industry b", "产业乙")),
    Column(name="effect_a_to_b", label=Text("Effect a → b", "甲对乙"), decimals=3),
    Column(name="effect_b_to_a", label=Text("Effect b → a", "乙对甲"), decimals=3),
    Column(name="q_a_to_b", label=Text("q (a → b)", "q 值（甲对乙）"), decimals=4),
    Column(name="q_b_to_a", label=Text("q (b → a)", "q 值（乙对甲）"), decimals=4),
    Column(name="localized", label=Text("Localised", "是否集聚")),
    Column(name="dispersed", label=Text("Dispersed", "是否分散")),
    Column(name="peak_km", label=Text("Peak at", "峰值距离"), unit=_KM, decimals=0),
    Column(name="p_localized", label=Text("p (localised)", "p 值（集聚）"), decimals=4),
    Column(name="p_dispersed", label=Text("p (dispersed)", "p 值（分散）"), decimals=4),
    Column(name="q_localized", label=Text("q (localised)", "q 值（集聚）"), decimals=4),
    Column(name="n_draws", label=Text("Draws", "抽样次数"), decimals=0),
    Column(name="estimator", label=Text("Estimator", "估计方法")),
    Column(name="term", label=Text("Term", "项")),
    Column(name="n_groups", label=Text("Clusters", "聚类数"), decimals=0),
    Column(name="model", label=Text("Model", "模型")),
    Column(name="hypothesis", label=Text("Hypothesis", "假设")),
    Column(name="link", label=Text("Link", "联系")),
    Column(name="supported", label=Text("Supported", "是否支持")),
    Column(name="base", label=Text("Share of entries", "进入比例"), decimals=3),
    Column(
        name="average_precision",
        label=Text("Average precision", "平均精确率"),
        decimals=3,
    ),
    Column(name="design", label=Text("Design", "设计")),
    Column(name="pooled_auc", label=Text("AUC, pooled", "合并 AUC"), decimals=3),
    Column(
        name="precision_5",
        label=Text("Hits among the first 5", "前 5 命中率"),
        decimals=3,
    ),
    Column(
        name="precision_10",
        label=Text("Hits among the first 10", "前 10 命中率"),
        decimals=3,
    ),
    Column(name="industry_a", label=Text("Industry a", "产业甲"), decimals=0),
    Column(name="industry_b", label=Text("Industry b", "产业乙"), decimals=0),
    Column(name="x", label=Text("Place, across", "横坐标"), decimals=3),
    Column(name="y", label=Text("Place, up", "纵坐标"), decimals=3),
    Column(name="core_set", label=Text("Cores", "核心集合"), decimals=0),
    Column(
        name="origin_group", label=Text("Group of the origin", "来源组"), decimals=0
    ),
    Column(
        name="destination_group",
        label=Text("Group of the destination", "目的组"),
        decimals=0,
    ),
    Column(name="region_a", label=Text("Region a", "地区甲"), decimals=0),
    Column(name="region_b", label=Text("Region b", "地区乙"), decimals=0),
    Column(name="difference", label=Text("Difference", "差异"), decimals=3),
    Column(
        name="cosine_distance", label=Text("Cosine distance", "余弦距离"), decimals=3
    ),
    Column(name="adjust", label=Text("Adjusted for", "调整"), decimals=0),
    Column(name="patents", label=Text("Patents", "专利数"), decimals=0),
    Column(name="collaboration", label=Text("Joint, share", "合作比例"), decimals=4),
    Column(name="joint", label=Text("Joint patents", "联合专利数"), decimals=0),
    Column(name="crossing", label=Text("Crossing cities", "跨城市数"), decimals=0),
    Column(name="p_holm", label=Text("p (Holm)", "p 值（Holm）"), decimals=4),
    Column(name="source", label=Text("From", "来源"), decimals=0),
    Column(name="target", label=Text("To", "去向"), decimals=0),
    Column(name="step", label=Text("Step", "步骤"), decimals=0),
    Column(
        name="clusters", label=Text("Designated clusters", "认定集群数"), decimals=0
    ),
    Column(
        name="clusters_fractional",
        label=Text("Clusters, shared out", "集群数（分摊）"),
        decimals=2,
    ),
    Column(name="mapped", label=Text("With a known industry", "已归类"), decimals=0),
    Column(name="identical", label=Text("Identical", "相同"), decimals=2),
    Column(name="similar", label=Text("Similar", "相近"), decimals=2),
    Column(name="belts", label=Text("Belts", "产业带数"), decimals=0),
    Column(
        name="in_universe", label=Text("In the universe", "在研究范围内"), decimals=0
    ),
    Column(name="name_en", label=Text("Name (en)", "名称（英文）"), decimals=0),
    Column(name="name_zh", label=Text("Name (zh)", "名称"), decimals=0),
    Column(name="lon", label=Text("Longitude", "经度"), decimals=4),
    Column(name="lat", label=Text("Latitude", "纬度"), decimals=4),
    Column(name="cities", label=Text("Cities", "城市"), decimals=0),
    Column(name="n_belts", label=Text("Number of belts", "产业带数"), decimals=0),
    Column(
        name="closest_belt", label=Text("Closest belt", "最接近的产业带"), decimals=0
    ),
    Column(name="closest_label", label=Text("its label", "其标签"), decimals=0),
    Column(name="text_score", label=Text("Text score", "文本相似度"), decimals=3),
    Column(name="null_sd", label=Text("sd by chance", "随机标准差"), decimals=3),
    Column(name="distance_km", label=Text("Distance", "距离"), unit=_KM, decimals=0),
    Column(name="zi", label=Text("Specialisation (ZI)", "专业化指数"), decimals=3),
    Column(name="rzi", label=Text("Relative specialisation (RZI)", "相对专业化指数")),
    Column(name="di", label=Text("Diversity (DI)", "多样化指数")),
    Column(
        name="rdi", label=Text("Relative diversity (RDI)", "相对多样化指数"), decimals=3
    ),
    Column(name="alpha", label=Text("Level of the tests", "检验水平")),
    Column(name="ei_max", label=Text("Largest E-I index", "E-I 指数上限")),
    Column(name="quotient", label=Text("Location quotient", "区位商")),
    Column(name="gap", label=Text("Gap", "缺口")),
    Column(name="inside", label=Text("Ties inside", "内部联系"), decimals=0),
    Column(name="outside", label=Text("Ties outside", "外部联系"), decimals=0),
    Column(name="brokers", label=Text("Brokers", "中介者")),
    Column(
        name="density_over_chance",
        label=Text("Density over chance", "密度与随机之比"),
        decimals=1,
    ),
    Column(name="specialisation", label=Text("Specialised", "专业化达标")),
    Column(name="focus", label=Text("Focus", "集中度达标")),
    Column(
        name="size_cut", label=Text("Size needed", "规模界限"), unit=_JOBS, decimals=0
    ),
    Column(name="focus_cut", label=Text("Focus needed", "集中度界限"), decimals=4),
    Column(name="origin", label=Text("From", "来源地")),
    Column(name="destination", label=Text("To", "目的地")),
    Column(name="one", label=Text("Layer", "网络层")),
    Column(name="other", label=Text("Other layer", "另一层")),
    Column(name="spearman", label=Text("Rank correlation", "秩相关"), decimals=3),
    Column(name="correlation", label=Text("Correlation", "相关系数"), decimals=3),
    Column(name="overlap", label=Text("Overlap", "重叠"), decimals=3),
    Column(name="cores_one", label=Text("Cores", "核心")),
    Column(name="cores_other", label=Text("Cores of the other", "另一层核心")),
    Column(
        name="differ_share",
        label=Text("Resamples that differ", "重抽样中不同的比例"),
        decimals=3,
    ),
    Column(name="first", label=Text("First industry", "产业甲")),
    Column(name="second", label=Text("Second industry", "产业乙")),
    Column(name="x_km", label=Text("East", "东向"), unit=_KM, decimals=1),
    Column(name="y_km", label=Text("North", "北向"), unit=_KM, decimals=1),
    Column(name="opened", label=Text("Opened", "开业")),
    Column(name="closed", label=Text("Closed", "停业")),
    Column(
        name="long_km", label=Text("Long half axis", "长半轴"), unit=_KM, decimals=0
    ),
    Column(name="long_km_lower", label=Text("lower", "下限"), unit=_KM, decimals=0),
    Column(name="long_km_upper", label=Text("upper", "上限"), unit=_KM, decimals=0),
    Column(
        name="short_km", label=Text("Short half axis", "短半轴"), unit=_KM, decimals=0
    ),
    Column(name="short_km_lower", label=Text("lower", "下限"), unit=_KM, decimals=0),
    Column(name="short_km_upper", label=Text("upper", "上限"), unit=_KM, decimals=0),
    Column(
        name="theta",
        label=Text("Bearing of the long axis", "长轴方位角"),
        unit=Text("degrees", "度"),
        decimals=1,
    ),
    Column(
        name="area_km2",
        label=Text("Area", "面积"),
        unit=Text("km²", "平方公里"),
        decimals=0,
    ),
    Column(
        name="area_km2_lower",
        label=Text("lower", "下限"),
        unit=Text("km²", "平方公里"),
        decimals=0,
    ),
    Column(
        name="area_km2_upper",
        label=Text("upper", "上限"),
        unit=Text("km²", "平方公里"),
        decimals=0,
    ),
    Column(
        name="inside_share", label=Text("Share inside", "落在其中的比例"), decimals=3
    ),
    Column(name="draws", label=Text("Draws", "抽样次数"), decimals=0),
    Column(name="q05", label=Text("5 %", "5% 分位"), decimals=2),
    Column(name="q95", label=Text("95 %", "95% 分位"), decimals=2),
    Column(name="s", label=Text("Weight of “similar”", "“相近”的权重"), decimals=2),
    Column(name="count", label=Text("Count", "计数"), decimals=0),
    Column(name="containment", label=Text("Part and whole count as", "上下位类计为")),
    Column(name="city_rule", label=Text("Cities that count", "城市规则")),
    Column(name="identical_share", label=Text("Identical", "相同"), decimals=4),
    Column(name="similar_share", label=Text("Similar", "相近"), decimals=4),
    Column(name="matched_share", label=Text("Matched", "有匹配"), decimals=4),
    Column(name="degree", label=Text("Degree of matching", "匹配度"), decimals=3),
    Column(
        name="degree_expected_n1",
        label=Text("by chance (N1)", "随机期望（N1）"),
        decimals=3,
    ),
    Column(name="degree_p_n1", label=Text("p (N1)", "p 值（N1）"), decimals=4),
    Column(
        name="degree_expected_n3",
        label=Text("by chance (N3)", "随机期望（N3）"),
        decimals=3,
    ),
    Column(name="degree_p_n3", label=Text("p (N3)", "p 值（N3）"), decimals=4),
    Column(name="set", label=Text("Set", "集合")),
    Column(name="basis", label=Text("Basis", "口径")),
    Column(
        name="bearing",
        label=Text("Bearing", "方位角"),
        unit=Text("degrees", "度"),
        decimals=0,
    ),
    Column(
        name="speed_km_per_year",
        label=Text("Speed", "速度"),
        unit=Text("km a year", "公里/年"),
        decimals=0,
    ),
    Column(name="distance_lower", label=Text("lower", "下限"), unit=_KM, decimals=0),
    Column(name="distance_upper", label=Text("upper", "上限"), unit=_KM, decimals=0),
    Column(name="weights", label=Text("Neighbours", "空间权重")),
    Column(
        name="durbin_weights",
        label=Text("Neighbours of the treatment", "处理的空间权重"),
    ),
    Column(
        name="n_links", label=Text("Neighbours on average", "平均邻居数"), decimals=1
    ),
    Column(name="cutoff_km", label=Text("Reach", "范围"), unit=_KM, decimals=0),
    Column(
        name="islands",
        label=Text("Regions without neighbours", "无邻居地区数"),
        decimals=0,
    ),
    Column(name="span", label=Text("Periods since the start", "距实施时期")),
    Column(name="tested", label=Text("Leads of", "检验对象")),
    Column(name="df", label=Text("Degrees of freedom", "自由度"), decimals=0),
    Column(name="method", label=Text("Method", "方法")),
    Column(name="power", label=Text("Power", "功效"), decimals=3),
    Column(name="family", label=Text("Measure", "度量")),
    Column(name="definition", label=Text("Counted by", "计量对象")),
    Column(name="n_regions", label=Text("Regions", "地区数"), decimals=0),
    Column(name="lq_start", label=Text("Quotient, first", "期初区位商")),
    Column(name="lq_end", label=Text("Quotient, last", "期末区位商")),
    Column(name="revealed", label=Text("Revealed", "显示的优势")),
    Column(name="member", label=Text("Member", "成员")),
    Column(name="role", label=Text("Role", "角色")),
    Column(name="entered", label=Text("Entered since", "此后进入")),
    Column(name="input", label=Text("Choice", "选择")),
    Column(name="first_lower", label=Text("lower", "下限"), decimals=3),
    Column(name="first_upper", label=Text("upper", "上限"), decimals=3),
    Column(name="expectation", label=Text("By chance", "随机期望"), decimals=3),
    Column(name="z_normal", label=Text("z", "z 值")),
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
