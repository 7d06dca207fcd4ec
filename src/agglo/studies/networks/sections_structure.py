"""The section of the page on the structure of ties."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.studies.facts import number_of
from agglo.studies.networks.drawing import COLOURS, figure_of
from agglo.studies.report import DataTable
from agglo.studies.report.charts import draw_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from agglo.studies.networks.facts import NetworkFacts
    from agglo.studies.outputs import Drawn
    from agglo.studies.report import Block

__all__ = ["removal_chart", "structure_tables"]

_LAYERS = ("branch", "copatent")
_SHOWN = 15
_STYLES = ("-", "--")


def structure_tables(facts: NetworkFacts) -> tuple[Block, ...]:
    """List communities, the one core and the backbone, the clusters, the firms."""
    blocks: list[Block] = []
    layers = [k for k in _LAYERS if facts.note("structure_notes", k) is not None]
    if layers:
        blocks.append(_layer_table(facts, layers))
    if facts.tables["cluster_nodes"]:
        blocks.append(_cluster_table(facts))
    if facts.tables["interlocking"]:
        blocks.append(_office_table(facts))
    if facts.tables["entity_pairs"]:
        blocks.append(_entity_table(facts))
    return tuple(blocks)


def _layer_table(facts: NetworkFacts, layers: list[str]) -> DataTable:
    say = facts.say

    def numbers(key: str) -> list[str | float | int | None]:
        return [facts.number("structure_notes", k, key) for k in layers]

    heads = {
        say("communities", "社区数"): ("communities", "count"),
        say("modularity", "模块度"): ("modularity", "number"),
        say("p of modularity", "模块度的 p"): ("modularity_p", "p"),
        say("stability", "稳定性"): ("stability", "number"),
        say("fit of one core", "核心-边缘拟合度"): ("rho", "number"),
        say("p of the core", "核心的 p"): ("core_p", "p"),
        say("ties", "联系数"): ("ties", "count"),
        say("in the backbone", "骨架联系数"): ("ties_kept", "count"),
        say("their weight", "骨架权重"): ("weight_kept", "share"),
        say("components", "连通部分"): ("components", "count"),
    }
    columns: dict[str, list[str | float | int | None]] = {
        say("layer", "层"): [facts.word(k) for k in layers]
    }
    columns |= {head: numbers(key) for head, (key, _) in heads.items()}
    columns[say("the one core", "唯一核心的成员")] = [
        facts.places(facts.names("structure_notes", k, "core")) for k in layers
    ]
    return DataTable(
        caption=say("Structure of the ties between cities", "城市间联系的结构"),
        columns=columns,
        kinds={head: kind for head, (_, kind) in heads.items()},  # type: ignore[misc]  # words of NumberKind
        note=say(
            "Communities: Louvain; one core: Borgatti and Everett; both against {draws} "
            "rewired networks with the same degrees. Backbone: disparity filter at {alpha}.",
            "社区：Louvain；核心-边缘：Borgatti 与 Everett；均与 {draws} 个度数相同的重连网络比较。骨架：差异过滤，水平 "
            "{alpha}。",
            draws=facts.show(facts.options.structure_draws, "count"),
            alpha=f"{facts.options.alpha:g}",
        ),
    )


def _cluster_table(facts: NetworkFacts) -> DataTable:
    say = facts.say
    rows = [
        r
        for layer in _LAYERS
        for r in facts.rows("cluster_nodes", layer=layer)[:_SHOWN]
    ]
    strength = say("strength", "强度")
    inside = say("links inside", "内部联系")
    return DataTable(
        caption=say(
            "Strongest clusters (a group of industries in a city)",
            "最强的集群（城市中的产业群组）",
        ),
        columns={
            say("layer", "层"): [facts.word(str(r["layer"])) for r in rows],
            say("city", "城市"): [facts.place(str(r["city"])) for r in rows],
            say("group", "群组"): [str(r["group"]) for r in rows],
            strength: [number_of(r, "strength") for r in rows],
            inside: [number_of(r, "inside") for r in rows],
            say("core", "核心"): [
                say("yes", "是") if r["is_core"] else say("no", "否") for r in rows
            ],
        },
        kinds={strength: "number", inside: "number"},
        note=say(
            "All of them: cluster_nodes.csv. Core: the rule of F2 over all clusters.",
            "全部见 cluster_nodes.csv。核心：对全部集群应用 F2 的规则。",
        ),
    )


def _office_table(facts: NetworkFacts) -> DataTable:
    say = facts.say
    rows = sorted(
        facts.tables["interlocking"],
        key=lambda r: (-number_of(r, "connectivity"), str(r["region"])),
    )[:_SHOWN]
    connectivity = say("connectivity", "连通度")
    share = say("share of the largest", "占最大值的比例")
    return DataTable(
        caption=say(
            "Cities interlocked by the offices of firms", "由企业机构相互联结的城市"
        ),
        columns={
            say("city", "城市"): [facts.place(str(r["region"])) for r in rows],
            connectivity: [number_of(r, "connectivity") for r in rows],
            share: [number_of(r, "share") for r in rows],
        },
        kinds={connectivity: "number", share: "share"},
        note=say(
            "Interlocking model with service values from the register (the rule is ours); "
            "{kept} of {pairs} pairs of cities share more firms than their sizes make likely "
            "(shared_firms.csv).",
            "联锁模型，服务值由登记数据得出（规则由我们制定）；{pairs} 对城市中 {kept} 对共有企业多于其规模所能解释的数量"
            "（shared_firms.csv）。",
            kept=facts.show(
                facts.number("structure_notes", "firms", "pairs_kept"), "count"
            ),
            pairs=facts.show(
                facts.number("structure_notes", "firms", "pairs"), "count"
            ),
        ),
    )


def _entity_table(facts: NetworkFacts) -> DataTable:
    say = facts.say
    rows = facts.tables["entity_pairs"]
    count = say("pairs", "对数")
    return DataTable(
        caption=say("Pairs of applicants by kind", "按主体类型的申请人对"),
        columns={
            say("one", "一方"): [str(r["kind_a"]) for r in rows],
            say("other", "另一方"): [str(r["kind_b"]) for r in rows],
            count: [number_of(r, "pairs") for r in rows],
        },
        kinds={count: "count"},
        note=say(
            "The study counts pairs among: {kinds}.",
            "本研究计入的主体：{kinds}。",
            kinds=", ".join(facts.options.entities) or say("all kinds", "全部"),
        ),
    )


def removal_chart(facts: NetworkFacts, scale: str = "city") -> Drawn | None:
    """Draw what stays of the links as the strongest places of a scale are taken away."""
    rows = facts.rows("removal", scale=scale)
    if not rows:
        return None
    layers = [k for k in _LAYERS if facts.rows("removal", layer=k, scale=scale)]
    place = facts.word(scale)

    def draw(ax: Axes) -> None:
        for k, layer in enumerate(layers):
            part = facts.rows("removal", layer=layer, scale=scale)
            x = np.array([number_of(r, "removed") for r in part])
            y = np.array([number_of(r, "weight_left") for r in part])
            ax.plot(x, y, _STYLES[k], color=COLOURS[k], label=facts.word(layer))
        part = facts.rows("removal", layer=layers[0], scale=scale)
        x = np.array([number_of(r, "removed") for r in part])
        y = np.array([number_of(r, "at_random") for r in part])
        ax.plot(x, y, ":", color="#6B7280", label=facts.say("at random", "随机移除"))
        ax.set_ylim(0, 1.02)
        ax.set_xlabel(facts.say("{place} taken away", "移除的{place}数", place=place))
        ax.set_ylabel(facts.say("share of links that stays", "剩余联系比例"))
        ax.legend(frameon=False)

    caption = facts.say(
        "Share of the links that stays as the strongest {place} are taken away, beside {place} "
        "taken at random. A description of ours, not a measure of resilience.",
        "依次移除最强{place}后剩余的联系比例，与随机移除对照。此为我们的描述，并非韧性的度量。",
        place=place,
    )
    heads = {
        "layer": facts.say("layer", "层"),
        "removed": facts.say("taken away", "已移除"),
        "weight_left": facts.say("share left", "剩余比例"),
        "at_random": facts.say("at random", "随机移除"),
    }
    data = pa.Table.from_pylist([dict(r) for r in rows])
    kinds = {"weight_left": "share", "at_random": "share"}
    name = "removal" if scale == "city" else f"removal-{scale}"
    svg = draw_svg(name, draw, height=3.4)
    return figure_of(name, svg, caption, data, heads, kinds)  # type: ignore[arg-type]  # words of NumberKind
