"""The evaluation card of a cluster: one page, every number with its interval or its gap."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from agglo.core.errors import MissingExtraError
from agglo.studies.formation.alerts import ALERTS
from agglo.studies.formation.columns import number
from agglo.studies.formation.layer_figure import LAYERS, layer_svg
from agglo.studies.formation.recommendations import fired
from agglo.studies.formation.tree import INDICATORS, PILLARS
from agglo.studies.report import DataTable, Figure, KeyFigures, Notes, Report

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agglo.studies.formation.columns import Row
    from agglo.studies.formation.view import View
    from agglo.studies.report import NumberKind

__all__ = ["card", "card_name", "card_pdf", "grid"]

_PEERS = 5


def card_name(cluster: str) -> str:
    """Give the file name of a card: letters, digits and dashes."""
    plain = re.sub(r"[^A-Za-z0-9.]+", "-", cluster).strip("-")
    return f"card_{plain}.html"


def card_pdf(page: Report) -> bytes:
    """Print a card; the same card gives the same bytes.

    Parameters
    ----------
    page
        The card.

    Returns
    -------
    bytes
        PDF.

    Raises
    ------
    MissingExtraError
        If the extra ``pdf`` is not installed, or pango is not on the machine.
    """
    try:
        import weasyprint
    except (ImportError, OSError) as error:
        package, extra = "weasyprint", "pdf"
        raise MissingExtraError(package, extra, "pdf_cards = true") from error
    html = weasyprint.HTML(string=page.to_html())
    printed: bytes = html.write_pdf(pdf_identifier=b"agglo")
    return printed


def grid(
    view: View,
    caption: str,
    rows: Sequence[Row],
    heads: Sequence[tuple[str, str, str, NumberKind]],
    note: str = "",
) -> DataTable:
    """Show rows under translated headings."""
    columns: dict[str, list[str | float | int | None]] = {}
    kinds: dict[str, NumberKind] = {}
    for key, en, zh, kind in heads:
        head = view.say(en, zh)
        kinds[head] = kind
        columns[head] = [
            str(r.get(key) or "") if kind == "text" else number(r.get(key))
            for r in rows
        ]
    return DataTable(caption=caption, columns=columns, kinds=kinds, note=note)


def card(view: View, cluster: str) -> Report:
    """Write the card of a cluster.

    Parameters
    ----------
    view
        What the stages left.
    cluster
        Id.

    Returns
    -------
    Report
        One page.
    """
    gate = view.one("gate", cluster=cluster)
    page = Report(
        view.name(cluster),
        subtitle=view.say(
            "{verdict} ({kind}); stage: {stage}",
            "{verdict}（{kind}）；阶段：{stage}",
            verdict=view.word(gate.get("verdict")),
            kind=view.word(gate.get("kind")),
            stage=view.word(view.last_stage(cluster).get("stage") or "not_assessed"),
        ),
        lang=view.lang,
        generated=view.generated,
    )
    page = page.section(view.say("At a glance", "概览")).add(_glance(view, cluster))
    page = page.section(view.say("Three elements", "三要素")).add(
        _elements(view, cluster)
    )
    page = page.section(view.say("Scores and ranks", "得分与名次")).add(
        _pillars(view, cluster)
    )
    page = page.add(_indicators(view, cluster))
    page = page.section(view.say("Links of the chain", "链条环节")).add(
        _links(view, cluster)
    )
    page = page.section(view.say("Life", "生命周期")).add(_life(view, cluster))
    page = page.section(view.say("Peers", "同类集群")).add(_peers(view, cluster))
    page = page.section(view.say("Alerts and recommendations", "预警与建议"))
    page = page.add(_alerts(view, cluster)).add(_advice(view, cluster))
    page = page.section(view.say("Point, line, surface, network", "点线面网")).add(
        _layers(view, cluster)
    )
    return page.footer(
        (view.say("Cluster", "集群"), cluster),
        (view.say("Missing", "缺失"), view.reason(gate.get("missing")) or "–"),
        (
            view.say("Status of thresholds", "阈值说明"),
            view.say("operational choices of the software", "均为软件的操作性选择"),
        ),
    )


def _glance(view: View, cluster: str) -> KeyFigures:
    values = {
        str(r["indicator"]): r.get("value")
        for r in view.rows("indicators", cluster=cluster)
    }
    rank = view.one("ranks", cluster=cluster)
    stars = view.one("stars", cluster=cluster)
    total = len(view.tables["ranks"])
    won = stars.get("stars")
    low, high = (
        view.show(rank.get("lower"), "count"),
        view.show(rank.get("upper"), "count"),
    )
    items = [
        (
            view.show(values.get("employment"), "count"),
            view.say("employed", "就业人数"),
        ),
        (view.show(values.get("quotient")), view.say("location quotient", "区位商")),
        (
            view.show(values.get("focus"), "share"),
            view.say("of the region's jobs", "占地区就业"),
        ),
        (
            view.reason(stars.get("reason"))
            if won is None
            else "★" * int(number(won)) or "0",
            view.say("stars of three", "星级（满三星）"),
        ),
        (
            f"{view.show(rank.get('value'), 'count')} [{low}, {high}]",
            view.say("rank of {n}, with interval", "名次（共 {n}）及区间", n=total),
        ),
    ]
    return KeyFigures(items=tuple(i for i in items if i[0]))


def _elements(view: View, cluster: str) -> DataTable:
    gate = view.one("gate", cluster=cluster)
    rows = []
    for element in ("proximity", "connection", "cooperation"):
        found = view.one("elements", cluster=cluster, element=element)
        rows.append(
            {
                **found,
                "element": view.word(element),
                "status": view.word(gate.get(element)),
                "range": f"{view.show(found.get('lower'))} – {view.show(found.get('upper'))}",
                "reason": view.reason(found.get("reason"))
                if found
                else view.reason(view.note("gate_notes", element) or "no data"),
            }
        )
    return grid(
        view,
        view.say("Statistic, chance and verdict", "统计量、随机水平与结论"),
        rows,
        (
            ("element", "Element", "要素", "text"),
            ("status", "Verdict", "结论", "text"),
            ("value", "Value", "值", "number"),
            ("expected", "By chance", "随机", "number"),
            ("range", "5 % to 95 % of chance", "随机 5%–95%", "text"),
            ("p", "p", "p", "p"),
            ("reason", "Not testable because", "无法检验原因", "text"),
        ),
        note=view.say(
            "{a} of the settings of the sensitivity grid give the same kind.",
            "敏感性网格中 {a} 的设定给出相同类型。",
            a=view.show(gate.get("agreement"), "share"),
        ),
    )


def _pillars(view: View, cluster: str) -> DataTable:
    rows = []
    for r in view.rows("scores", cluster=cluster):
        node = str(r["node"])
        label = (
            view.say(*PILLARS[node])
            if node in PILLARS
            else view.say("Index", "综合指数")
        )
        rows.append({**r, "node": label})
    return grid(
        view,
        view.say("Pillars", "维度得分"),
        rows,
        (
            ("node", "Pillar", "维度", "text"),
            ("value", "Score", "得分", "number"),
            ("rank", "Rank", "名次", "count"),
        ),
        note=view.say(
            "Scores are 0 to 100 among the peers. Pillars with fewer than two indicators are "
            "not scored.",
            "得分为同类中的 0–100。指标不足两项的维度不评分。",
        ),
    )


def _indicators(view: View, cluster: str) -> DataTable:
    held = {str(r["indicator"]): r for r in view.rows("indicators", cluster=cluster)}
    rows = []
    for name, spec in INDICATORS.items():
        found = held.get(name, {})
        known = found.get("value") is not None
        rows.append(
            {
                "label": view.say(spec.label_en, spec.label_zh),
                "pillar": view.say(*PILLARS[spec.pillar]),
                "value": found.get("value"),
                "status": view.data(spec.status)
                if known
                else view.say("needs data", "缺数据"),
                "inputs": view.data(spec.inputs),
            }
        )
    return grid(
        view,
        view.say("Indicators and data status", "指标与数据状态"),
        rows,
        (
            ("label", "Indicator", "指标", "text"),
            ("pillar", "Pillar", "维度", "text"),
            ("value", "Value", "值", "number"),
            ("status", "Status", "状态", "text"),
            ("inputs", "Takes", "所需数据", "text"),
        ),
    )


def _links(view: View, cluster: str) -> DataTable:
    rows = [
        {**r, "link": view.industry(str(r["link"]))}
        for r in view.rows("layer_line", cluster=cluster)
    ]
    largest = max((number(r["share"]) for r in rows), default=float("nan"))
    return grid(
        view,
        view.say(
            "Sub-industries, the most specialised first", "细分行业（按专业化程度）"
        ),
        rows,
        (
            ("link", "Sub-industry", "细分行业", "text"),
            ("quotient", "Location quotient", "区位商", "number"),
            ("employment", "Employment", "就业", "count"),
            ("share", "Share of the cluster", "占集群比重", "share"),
            ("gap", "Gap", "缺口", "text"),
        ),
        note=view.say(
            "Key-industry dependence: {x} of the employment is in one sub-industry.",
            "关键行业依赖：{x} 的就业集中于一个细分行业。",
            x=view.show(largest, "share"),
        ),
    )


def _life(view: View, cluster: str) -> DataTable:
    region, _, group = cluster.partition("|")
    rows = [
        {**r, "stage": view.word(r["stage"])}
        for r in view.rows("stages", region=region, group=group)[-10:]
    ]
    return grid(
        view,
        view.say("Stages and the inputs of the rules", "阶段及规则输入"),
        rows,
        (
            ("period", "Period", "时期", "text"),
            ("stage", "Stage", "阶段", "text"),
            ("employment", "Employment", "就业", "count"),
            ("size", "Size (z)", "规模 z", "number"),
            ("value", "Growth beyond the nation's", "相对增长", "number"),
            ("change", "Change of diversity", "多样性变化", "number"),
            ("margin", "Margin", "余量", "number"),
        ),
        note=view.reason(view.note("life_notes", "not_assessed")),
    )


def _peers(view: View, cluster: str) -> DataTable:
    rows = [
        {
            **r,
            "peer": view.name(str(r["peer"])),
            "closest": view.named(str(r["closest"])),
        }
        for r in view.rows("peers", cluster=cluster)[:_PEERS]
    ]
    return grid(
        view,
        view.say(
            "Nearest by Gower distance, same group and size band",
            "Gower 距离最近的同类",
        ),
        rows,
        (
            ("peer", "Peer", "同类", "text"),
            ("distance", "Distance", "距离", "number"),
            ("shared", "Measures compared", "可比指标数", "count"),
            ("closest", "Most alike in", "最相近处", "text"),
        ),
    )


def _alerts(view: View, cluster: str) -> DataTable:
    rows = [
        {
            **r,
            "what": view.say(*ALERTS[str(r["alert"])][:2]),
            "evidence": view.evidence(r),
        }
        for r in view.rows("alerts", cluster=cluster)
    ]
    return grid(
        view,
        view.say("Alerts", "预警"),
        rows,
        (
            ("alert", "Alert", "预警", "text"),
            ("what", "What", "内容", "text"),
            ("first_seen", "First seen", "首次出现", "text"),
            ("evidence", "Evidence", "证据", "text"),
        ),
    )


def _advice(view: View, cluster: str) -> Notes:
    rules = fired(view.tables["recommendations"], cluster)
    items = [
        (
            f"{r['rule']} {view.reason(r['indicative'])}".strip(),
            _advised(view, r),
        )
        for r in rules
    ]
    none = view.say("No rule fires.", "无规则触发。")
    return Notes(items=tuple(items) or ((view.say("Rules", "规则"), none),))


def _advised(view: View, rule: Row) -> str:
    """Give a recommendation with its condition and the facts behind it."""
    why = view.say(str(rule["evidence"]), str(rule["evidence_zh"]))
    if view.lang == "zh":
        return f"{rule['text_zh']}（条件：{rule['fires_if_zh']}；依据：{why}）"
    return f"{rule['text']} [{rule['fires_if']}; {why}]"


def _layers(view: View, cluster: str) -> Figure:
    rows = [
        {
            **r,
            "layer": view.say(*LAYERS[str(r["layer"])]),
            "template": view.reason(r["template"]),
        }
        for r in view.rows("layer_completeness", cluster=cluster)
    ]
    caption = view.say(
        "Members by size; links of the chain (hollow: gap); ellipse and density; ties "
        "inside (blue) and to outside (orange). Bars: how much is known.",
        "成员（按规模）；链条环节（空心为缺口）；椭圆与密度；内部联系（蓝）与对外联系（橙）。横条为数据完整度。",
    )
    table = grid(
        view,
        view.say("What is there of what is wanted", "数据完整度"),
        rows,
        (
            ("layer", "Layer", "层", "text"),
            ("completeness", "There", "完整度", "share"),
            ("template", "To fill in", "待填模板", "text"),
        ),
    )
    svg = layer_svg("layers", view, cluster)
    return Figure(svg=svg, caption=caption, alt=caption, table=table)
