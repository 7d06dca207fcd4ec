"""How industries are linked: inputs, technology, people, and what is seen elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.econometrics import (
    Linkage,
    LinkClasses,
    flow_linkage,
    link_classes,
    profile_linkage,
)
from agglo.studies.coagglomeration.columns import industry_codes
from agglo.studies.coagglomeration.options import CoagglomerationOptions
from agglo.studies.columns import numbers_of, text_of, texts

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray
    from agglo.studies.contract import StageInputs

__all__ = ["Linkages", "classes_of", "foreign_of", "linkages_of"]


@dataclass(frozen=True, kw_only=True)
class Linkages:
    """Linkages of the industries that are compared; ``None`` is not known."""

    industries: list[str]
    io: Linkage | None
    technology: Linkage | None
    labour: FloatArray | None

    def standardised(self) -> dict[str, FloatArray]:
        """Give every known linkage with mean 0 and standard deviation 1 over pairs."""
        out: dict[str, FloatArray] = {}
        for name, link in (("io", self.io), ("technology", self.technology)):
            if link is not None:
                out[name] = link.standardised()
        if self.labour is not None:
            known = self.labour[np.isfinite(self.labour)]
            if known.size and known.std() > 0:
                out["labour"] = (self.labour - known.mean()) / known.std()
        return {k: v for k, v in out.items() if np.isfinite(v).any()}


def linkages_of(inputs: StageInputs) -> Linkages:
    """Measure every linkage that the tables allow."""
    names = text_of(inputs.result("prepare", "industries"), "industry")
    return Linkages(
        industries=names,
        io=_flows(inputs, names),
        technology=_classes(inputs, names),
        labour=_labour(inputs, names),
    )


def classes_of(inputs: StageInputs) -> tuple[LinkClasses | None, str]:
    """Split pairs by inputs and technology where both are known; else say why not."""
    if not inputs.has("input_output"):
        return None, "no_input_output"
    found = linkages_of(inputs)
    if found.io is None or found.technology is None:
        return None, "no_flows_or_classes"
    options = inputs.options_as(CoagglomerationOptions)
    split = link_classes(
        found.io,
        found.technology,
        quantile=options.link_quantile,
        kind=options.link_kind,
    )
    return split, "split"


def _flows(inputs: StageInputs, names: list[str]) -> Linkage | None:
    if not inputs.has("input_output"):
        return None
    flows = inputs.table("input_output")
    seller, buyer = (
        np.array(industry_codes(inputs, flows, c)) for c in ("seller", "buyer")
    )
    ok = np.isin(seller, names) & np.isin(buyer, names)
    if not ok.any():
        return None
    size = len(names)
    at = np.searchsorted(names, seller[ok]) * size + np.searchsorted(names, buyer[ok])
    value = np.maximum(np.nan_to_num(numbers_of(flows, "value")[ok]), 0.0)
    # every industry has a row, so that both linkages have the same industries
    return flow_linkage(
        pa.table(
            {
                "supplier": texts(list(np.repeat(names, size))),
                "user": texts(list(np.tile(names, size))),
                "value": np.bincount(at, weights=value, minlength=size * size),
            }
        )
    )


def _classes(inputs: StageInputs, names: list[str]) -> Linkage | None:
    if not inputs.has("patents"):
        return None
    patents = inputs.table("patents")
    classes = np.array(text_of(patents, "class"))
    owner = np.array(industry_codes(inputs, patents, "industry"))
    held = np.isin(owner, names) & (classes != "")
    if not held.any():
        return None
    words, code = np.unique(classes[held], return_inverse=True)
    cell = np.searchsorted(names, owner[held]) * words.size + code
    size = len(names)
    count = np.bincount(cell, minlength=size * words.size).astype(np.float64)
    return profile_linkage(
        pa.table(
            {
                "industry": texts(list(np.repeat(names, words.size))),
                "class": texts(list(np.tile(words, size))),
                "value": count,
            }
        )
    )


def _pairs(
    inputs: StageInputs, names: list[str], kind: str
) -> tuple[np.ndarray, np.ndarray, FloatArray]:
    """Give places and values of the pairs of one kind of link."""
    table = inputs.table("industry_links")
    one, two = (
        np.array(industry_codes(inputs, table, c)) for c in ("origin", "destination")
    )
    word = np.array(text_of(table, "kind"))
    ok = np.isin(one, names) & np.isin(two, names) & (word == kind) & (one != two)
    value = np.maximum(np.nan_to_num(numbers_of(table, "value")[ok]), 0.0)
    return np.searchsorted(names, one[ok]), np.searchsorted(names, two[ok]), value


def _labour(inputs: StageInputs, names: list[str]) -> FloatArray | None:
    """Read how alike the occupations of two industries are, the larger of both ways."""
    if not inputs.has("industry_links"):
        return None
    i, j, value = _pairs(inputs, names, "occupations")
    if not i.size:
        return None
    out = np.zeros((len(names), len(names)))
    np.maximum.at(out, (i, j), value)
    out = np.maximum(out, out.T)
    np.fill_diagonal(out, np.nan)
    return out


def foreign_of(inputs: StageInputs) -> pa.Table | None:
    """Give coagglomeration seen in another country, for instruments."""
    if not inputs.has("industry_links"):
        return None
    names = text_of(inputs.result("prepare", "industries"), "industry")
    i, j, value = _pairs(inputs, names, "foreign")
    if not i.size:
        return None
    # codes that were cut give a pair several rows: their mean
    cell, code = np.unique(i * len(names) + j, return_inverse=True)
    mean = np.bincount(code, weights=value) / np.bincount(code)
    return pa.table(
        {
            "anchor": texts([names[k] for k in cell // len(names)]),
            "mover": texts([names[k] for k in cell % len(names)]),
            "weight": mean,
        }
    )
