"""F8: whether industries near in space also trade, and what groups of them are worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agglo.studies.contract import Finding
from agglo.studies.facts import known
from agglo.studies.networks.readings import not_computable

if TYPE_CHECKING:
    from agglo.core.typing import Json
    from agglo.studies.networks.facts import NetworkFacts

__all__ = ["linked"]

_NOTE = "linkage_notes"


def linked(facts: NetworkFacts) -> Finding:
    """Answer F8."""
    question = facts.say(
        "Do industries that locate alike also trade with each other, and do groups of "
        "industries hold together what is related?",
        "区位相近的产业之间是否也有投入产出联系，产业群组是否把相关产业归在一起？",
    )
    missing = str(facts.note(_NOTE, "missing") or "")
    if missing:
        return not_computable(facts, "F8", question, missing)
    p = facts.number(_NOTE, "likeness", "p")
    estimate: dict[str, Json] = {}
    if facts.note(_NOTE, "likeness") is not None:
        estimate["correlation"] = facts.number(_NOTE, "likeness", "correlation")
    for key, name in (("overall", "scores"), ("agreement", "agreement")):
        found = facts.note(_NOTE, key)
        if isinstance(found, dict) and found:
            estimate[name] = found
    return Finding(
        id="F8",
        question=question,
        answer=_trade(facts) + _scores(facts) + _agreement(facts),
        estimate=estimate,
        null={"correlation": 0.0} if known(p) else None,
        p=p if known(p) else None,
        reading=_reading(facts),
        evidence=(
            "value_chain.csv",
            "validation.csv",
            "agreement.csv",
            "own_definition.csv",
        ),
    )


def _trade(facts: NetworkFacts) -> str:
    """Say how co-location and trade go together."""
    if facts.note(_NOTE, "likeness") is None:
        return facts.say(
            "Who trades with whom is not known: {missing} is missing. ",
            "产业之间的投入产出未知：缺少{missing}。",
            missing=facts.lacking(
                str(facts.note(_NOTE, "io_missing") or "input_output")
            ),
        )
    return facts.say(
        "Over {n} pairs of industries co-location and trade correlate at {r} (p {p}); "
        "{covered} of {all} industries are in the input-output table. ",
        "在 {n} 对产业中，共同区位与投入产出的相关系数为 {r}（p {p}）；{all} 个产业中 {covered} 个见于投入产出表。",
        n=facts.show(facts.number(_NOTE, "likeness", "pairs"), "count"),
        r=facts.show(facts.number(_NOTE, "likeness", "correlation")),
        p=facts.show(facts.number(_NOTE, "likeness", "p"), "p"),
        covered=facts.show(facts.number(_NOTE, "io_covered"), "count"),
        all=facts.show(facts.number(_NOTE, "industries"), "count"),
    )


def _scores(facts: NetworkFacts) -> str:
    """Give the validation score of every definition beside random labels."""
    found = facts.note(_NOTE, "overall")
    parts = [
        facts.say(
            "{name}: {score} ({random} by chance, {k} clusters)",
            "{name} {score}（随机为 {random}，{k} 个集群）",
            name=facts.word(name),
            score=facts.show(facts.number(_NOTE, "overall", name, "score")),
            random=facts.show(facts.number(_NOTE, "overall", name, "random")),
            k=facts.show(facts.number(_NOTE, "overall", name, "clusters"), "count"),
        )
        for name in (found if isinstance(found, dict) else ())
    ]
    return facts.say(
        "Validation scores of 100: {list}.",
        "验证得分（满分 100）：{list}。",
        list=facts.say("; ", "；").join(parts),
    )


def _agreement(facts: NetworkFacts) -> str:
    """Say how far the definitions agree."""
    parts = [
        facts.say(
            "{one} and {other}: {ari} ({nmi}; {n} industries)",
            "{one}与{other} {ari}（{nmi}；{n} 个产业）",
            one=facts.word(str(r["one"])),
            other=facts.word(str(r["other"])),
            ari=facts.show(r["adjusted_rand"]),
            nmi=facts.show(r["mutual_information"]),
            n=facts.show(r["industries"], "count"),
        )
        for r in facts.tables["agreement"]
    ]
    if not parts:
        return ""
    return facts.say(
        " Agreement, adjusted Rand index (normalised information): {list}.",
        "一致性，调整兰德指数（归一化互信息）：{list}。",
        list=facts.say("; ", "；").join(parts),
    )


def _reading(facts: NetworkFacts) -> str:
    return facts.say(
        "Trade is the largest of four shares: bought from and sold to each other. p permutes "
        "industries ({draws} draws). A score is the share of clusters and industries that are "
        "nearer to their own than to the others, by co-location and by trade (Delgado, Porter "
        "and Stern 2016, doi:10.1093/jeg/lbv017); chance is permuted labels. The own "
        "definition is the best of {n} groupings by Ward ({k} clusters, by {matrix}). "
        "Agreement of 0 is chance, of 1 the same clusters; it is no proof of quality.",
        "投入产出联系取四个份额（相互购买与销售）的最大值。p 值由打乱产业得到（{draws} 次）。得分为按共同区位与投入产出更接近"
        "自身集群而非其他集群的集群与产业所占份额（Delgado、Porter 与 Stern 2016，doi:10.1093/jeg/lbv017）；随机指打乱标签。"
        "自建定义为 {n} 种 Ward 聚类中得分最高者（{k} 个集群，依据{matrix}）。一致性 0 为随机，1 为相同；它不证明质量。",
        draws=facts.show(facts.number(_NOTE, "likeness", "draws"), "count"),
        n=facts.show(facts.number(_NOTE, "own", "candidates"), "count"),
        k=facts.show(facts.number(_NOTE, "own", "clusters"), "count"),
        matrix=facts.word(str(facts.note(_NOTE, "own", "matrix") or "")),
    )
