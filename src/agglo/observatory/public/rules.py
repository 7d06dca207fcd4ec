"""Which tables of studies over single establishments the public may see, and by which rule.

One line per table. A table without a line is not released: a new table of a study stays
at home until somebody has thought about it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

from agglo.observatory.page import Text

__all__ = ["LEAST", "RULES", "Rule", "RuleKind"]

RuleKind: TypeAlias = Literal[
    "fact",
    "estimate",
    "counted",
    "like",
    "cells",
    "margins",
    "function",
    "binned",
    "anew",
]

LEAST = 10
"""Units that a released statistic of its own must rest on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How a table is released.

    Parameters
    ----------
    kind
        ``"fact"``: names, dates, settings, no measurement. ``"estimate"``: estimates over
        the whole data, without effects or residuals of single units. ``"counted"``: rows
        whose `counts` are all at least `LEAST`. ``"like"``: rows whose key is among the
        released rows of another table. ``"cells"``: cells with suppression and audit.
        ``"margins"``: sums of such cells, released where the audit has them published.
        ``"function"``: can be computed from the released table `other` and facts, so it
        tells nothing more. ``"binned"``: draws, of which each is a number of its own,
        sorted and rounded so that only their distribution is left. ``"anew"``: computed
        from the released table `other`; from ties only where it is what the study found.
        Of every kind only the columns named in `agglo.observatory.public.columns`.
    counts
        Columns that count what a row rests on. An estimate may leave one empty.
    firms
        Columns of a row's key in the table of inventions: at least `LEAST` different
        applicants stand behind the row, however many patents they have.
    other
        The other table, of the same study.
    keys
        Own column to the column of the other table.
    """

    kind: RuleKind
    counts: tuple[str, ...] = ()
    firms: tuple[str, ...] = ()
    other: str = ""
    keys: tuple[tuple[str, str], ...] = ()

    def text(self) -> Text:
        """Say the rule in both languages."""
        counted = ", ".join(self.counts)
        words = {
            "fact": ("names and settings, no measurement", "名称与设定，不含测量值"),
            "estimate": (
                "estimates over all data; no effects or residuals of single units",
                "基于全部数据的估计；不含单个单位的效应或残差",
            ),
            "counted": (
                f"rows with at least {LEAST} in {counted}",
                f"{counted} 均不少于 {LEAST} 的行",
            ),
            "like": (
                f"rows whose key is released in {self.other}",
                f"其键已在 {self.other} 中发布的行",
            ),
            "cells": (
                "cells with suppression and audit; the contributors are establishments, or "
                "the firms behind ties where they are known, else the ties",
                "单元格经抑制与审计；贡献者为企业单位，或联系背后的企业，企业未知时为联系本身",
            ),
            "margins": (
                f"sums over cells of {self.other} that the audit has published; what rests "
                "on hidden ones is hidden too",
                f"{self.other} 中经审计公布的单元格之和；依据被抑制单元格的部分同样抑制",
            ),
            "function": (
                f"follows from {self.other} and facts that are public; tells nothing more",
                f"可由 {self.other} 与公开事实推得，不含其他信息",
            ),
            "anew": (
                f"computed anew from released {self.other}, where what it rests on is published",
                f"由已发布的 {self.other} 重新计算；仅限所依据数据均已公布之处",
            ),
            "binned": (
                "draws, sorted and rounded: their distribution, not the single draws",
                "抽样值经排序与取整：只反映分布，不反映单次抽样",
            ),
        }
        return Text(*words[self.kind])


_FACT, _ESTIMATE = Rule(kind="fact"), Rule(kind="estimate")
_PAIRS = Rule(kind="counted", counts=("n_anchor", "n_mover"))
_PAIR_KEY = (("anchor", "anchor"), ("mover", "mover"))


def _counted(*counts: str) -> Rule:
    return Rule(kind="counted", counts=counts)


def _estimate(*counts: str) -> Rule:
    return Rule(kind="estimate", counts=counts)


def _like(other: str, *keys: tuple[str, str]) -> Rule:
    return Rule(kind="like", other=other, keys=keys)


RULES: Mapping[str, Mapping[str, Rule]] = MappingProxyType(
    {
        "coagglomeration": {
            "industries": _counted("plants"),
            "localization": _counted("n"),
            "pairs": _PAIRS,
            "regional": _PAIRS,
            "transport": _PAIRS,
            "curves": _like("pairs", *_PAIR_KEY),
            "industry_curves": _like("localization", ("industry", "industry")),
            "link_strength": _like("pairs", *_PAIR_KEY),
            "weights": _like("pairs", *_PAIR_KEY),
            "links": _like("pairs", ("first", "anchor"), ("second", "mover")),
            "verdicts": _like(
                "regional", ("region", "region"), ("period", "period"),
                ("a", "anchor"), ("b", "mover"),
            ),
            "estimates": _counted("n"),
            "exposure": _counted("n"),
            "instrument_checks": _counted("n"),
            "linkages": _counted("n"),
            "mechanism": _counted("n"),
            "ar_sets": _ESTIMATE,
            "first_stage": _ESTIMATE,
            "hypotheses": _ESTIMATE,
            "robustness": _estimate("n"),
            "weak": _ESTIMATE,
            "wild": _ESTIMATE,
        },
        "networks": {
            "places": _FACT,
            "ties": Rule(kind="cells"),
            "hierarchy": Rule(kind="margins", other="ties"),
            "mixing": Rule(kind="cells", other="ties"),
            "backbone": Rule(kind="anew", other="ties"),
            "positions": Rule(kind="anew", other="ties"),
            "removal": Rule(kind="anew", other="ties"),
            "advantage": Rule(
                kind="counted", counts=("patents",), firms=("region", "class")
            ),
            # of places whose ties inside are published
            "integration": _counted("events"),
            "propensity": Rule(kind="counted", counts=("patents",), firms=("class",)),
            "agreement": _ESTIMATE,
            "backtest": _ESTIMATE,
            "backtest_parts": _ESTIMATE,
            "distribution": _ESTIMATE,
            "gravity": _ESTIMATE,
            "group_selection": _ESTIMATE,
            "industry_groups": _ESTIMATE,
            "layer_comparison": _ESTIMATE,
            "mixing_indices": _ESTIMATE,
            "own_definition": _ESTIMATE,
            "presets": _FACT,
            "backtest_by_preset": _ESTIMATE,
            # those of the usual convention, which stand in the other table: the same pairs
            # by several conventions are several equations
            "links_by_preset": Rule(
                kind="like",
                other="product_links",
                keys=tuple((k, k) for k in ("industry_a", "industry_b", "proximity")),
            ),
            "product_links": _ESTIMATE,
            "product_space": _ESTIMATE,
            "regression": _ESTIMATE,
            "sensitivity": _ESTIMATE,
            "validation": _ESTIMATE,
            "value_chain": _ESTIMATE,
        },
        "policy": {
            "anticipation": _ESTIMATE,
            "balance": _ESTIMATE,
            "borders": _FACT,
            "excluded": _FACT,
            "honest": _ESTIMATE,
            "matching": _ESTIMATE,
            "staggered": _estimate("cells"),
            "places": _FACT,
            "starts": _FACT,
            "bands": _counted("cells"),
            "event_study": _estimate("cells"),
            # of all regions of one period; judged by what is hidden in that period
            "moran": _ESTIMATE,
            # the model's effect, from estimates, starts and neighbours, which are public
            "map": Rule(kind="function", other="coefficients"),
            # fitted to all regions; a group that is absent in one of them is not fitted
            "groups": _ESTIMATE,
            "realised": _counted("cells"),
            "ring_did": _counted("cells"),
            "specification": _counted("nobs"),
            "coefficients": _ESTIMATE,
            "comparisons": _counted("n_treated", "n_control"),
            "impacts": _ESTIMATE,
            "leads": _ESTIMATE,
            "placebo": _estimate("n"),
            "placebo_draws": Rule(kind="binned"),
            "referee_checklist": _ESTIMATE,
            "spans": _ESTIMATE,
            "sweep": _ESTIMATE,
            "tests": _ESTIMATE,
            "weights_sensitivity": _ESTIMATE,
        },
        "formation": {
            "clusters": _FACT,
            # by region and industry; contributors are establishments
            "panel": Rule(kind="cells"),
            "stages": Rule(kind="anew", other="panel"),
            "lock_in": Rule(kind="anew", other="panel"),
            "resilience": Rule(kind="anew", other="panel"),
            "layer_completeness": _FACT,
            "alert_rates": _estimate("calm_clusters"),
            "index_weights": _ESTIMATE,
            "rank_choices": _ESTIMATE,
        },
    }
)  # fmt: skip
"""Study to table to rule."""
