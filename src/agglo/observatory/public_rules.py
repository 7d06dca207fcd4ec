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

RuleKind: TypeAlias = Literal["fact", "estimate", "counted", "like", "cells"]

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
    counts
        Columns that count what a row rests on.
    other
        The other table, of the same study.
    keys
        Own column to the column of the other table.
    """

    kind: RuleKind
    counts: tuple[str, ...] = ()
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
                "cells with suppression and audit; the ties are the contributors",
                "单元格经抑制与审计；以联系为贡献者",
            ),
        }
        return Text(*words[self.kind])


_FACT, _ESTIMATE = Rule(kind="fact"), Rule(kind="estimate")
_PAIRS = Rule(kind="counted", counts=("n_anchor", "n_mover"))
_PAIR_KEY = (("anchor", "anchor"), ("mover", "mover"))


def _counted(*counts: str) -> Rule:
    return Rule(kind="counted", counts=counts)


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
            "weak": _ESTIMATE,
            "wild": _ESTIMATE,
        },
        "networks": {
            "places": _FACT,
            "ties": Rule(kind="cells"),
            "advantage": _counted("patents"),
            "integration": _counted("events"),
            "propensity": _counted("patents"),
            "backtest": _ESTIMATE,
            "distribution": _ESTIMATE,
            "gravity": _ESTIMATE,
            "group_selection": _ESTIMATE,
            "industry_groups": _ESTIMATE,
            "layer_comparison": _ESTIMATE,
            "mixing_indices": _ESTIMATE,
            "product_links": _ESTIMATE,
            "product_space": _ESTIMATE,
            "regression": _ESTIMATE,
            "sensitivity": _ESTIMATE,
        },
        "policy": {
            "excluded": _FACT,
            "places": _FACT,
            "starts": _FACT,
            "bands": _counted("cells"),
            "event_study": _ESTIMATE,
            "moran": _counted("n"),
            "realised": _counted("cells"),
            "ring_did": _counted("cells"),
            "specification": _counted("nobs"),
            "coefficients": _ESTIMATE,
            "comparisons": _ESTIMATE,
            "impacts": _ESTIMATE,
            "leads": _ESTIMATE,
            "placebo": _ESTIMATE,
            "placebo_draws": _ESTIMATE,
            "referee_checklist": _ESTIMATE,
            "spans": _ESTIMATE,
            "sweep": _ESTIMATE,
            "tests": _ESTIMATE,
            "weights_sensitivity": _ESTIMATE,
        },
        "formation": {"clusters": _FACT, "layer_completeness": _FACT},
    }
)  # fmt: skip
"""Study to table to rule."""
