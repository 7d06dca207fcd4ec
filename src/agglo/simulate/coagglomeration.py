"""A generated economy of plants and patents whose directional spillovers are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa

from agglo.core.options import check_choice, check_number
from agglo.core.parallel import entropy_of, generator
from agglo.simulate._coagglomeration_patents import (
    CITED,
    Innovation,
    citation_rows,
    class_profiles,
    draw_innovation,
    mobility_rows,
    patent_rows,
)
from agglo.simulate._coagglomeration_plants import ENTRY_YEARS, draw_plants
from agglo.simulate._knowledge_draws import LINKS, ring_weights

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray

__all__ = ["CoagglomerationEconomy", "simulate_coagglomeration"]

_BETA: Mapping[str, float] = {
    "active_io": 0.40,
    "passive_io": 0.25,
    "active_technology": 0.30,
    "passive_technology": -0.20,
}
_FIRST_YEAR = ENTRY_YEARS[-1] + 1
_PLANTS, _LINKS, _PATENTS, _ROWS, _CITATIONS, _PEOPLE = range(6)


@dataclass(frozen=True, eq=False, kw_only=True)
class CoagglomerationEconomy:
    """Generated plants, patents and linkages, and the planted truth.

    Attributes
    ----------
    establishments, patents, input_output, industry_links, links, panel, industries, truth
        Tables of the data model. `panel` has research spending with the industry as its
        unit (column ``region``); `industry_links` of kind ``"foreign"`` are weights
        [origin = anchor, destination = mover] seen in another country; `links` of layer
        ``"citation"`` are citations that patents of the origin's industry make, of layer
        ``"mobility"`` people who move from the origin's industry to the destination's.
    parameters
        What it was generated from.
    seed
        Seed or drawn entropy.
    generated
        Always true: nothing here is an observation.
    """

    establishments: pa.Table
    patents: pa.Table
    input_output: pa.Table
    industry_links: pa.Table
    links: pa.Table
    panel: pa.Table
    industries: pa.Table
    truth: pa.Table
    parameters: Mapping[str, float | str]
    seed: int
    generated: bool = True

    def tables(self) -> dict[str, pa.Table]:
        """Give the tables by name."""
        return {
            "establishments": self.establishments,
            "patents": self.patents,
            "input_output": self.input_output,
            "industry_links": self.industry_links,
            "links": self.links,
            "panel": self.panel,
            "industries": self.industries,
            "truth": self.truth,
        }

    def planted(self, quantity: str) -> dict[str, float]:
        """Give item to planted value of one quantity."""
        rows = self.truth.to_pylist()
        return {r["item"]: r["value"] for r in rows if r["quantity"] == quantity}


def simulate_coagglomeration(
    *,
    n_industries: int = 40,
    n_incumbents: int = 60,
    n_entrants: int = 150,
    n_anchors: int = 1,
    n_periods: int = 12,
    follow: float = 0.8,
    near_km: float = 3.0,
    extent_km: float = 600.0,
    variant: Literal["base", "host_zero", "null"] = "base",
    seed: int | None = None,
) -> CoagglomerationEconomy:
    r"""Generate plants that follow other industries, and what that does to innovation.

    Entrants of a mover settle beside incumbents of its anchors. Its patents depend on the
    knowledge of those anchors (active pools) and of the movers that came (passive pools):
    linked by inputs both gain (.40 and .25), linked by technology the mover gains at the
    host's cost (.30 and -.20).

    Parameters
    ----------
    n_industries, n_incumbents, n_entrants
        Industries, plants of each that were there, plants of each that came.
    n_anchors
        Anchors per mover and class of link.
    n_periods
        Years of patents.
    follow
        Share of entrants that follow an anchor, in [0, 1].
    near_km
        Standard deviation of the distance to the incumbent.
    extent_km
        Side of the map.
    variant
        ``"base"``; ``"host_zero"``: the passive technology pool has no effect;
        ``"null"``: nobody follows and no pool matters.
    seed
        Seed; ``None`` draws entropy and records it.

    Returns
    -------
    CoagglomerationEconomy
        Tables and truth.

    Raises
    ------
    OptionError
        If an option is out of range or `variant` unknown.

    Notes
    -----
    Anchors follow as in `simulate_knowledge`: `n_anchors` offsets per class on a random
    circle, so no pair is in two classes. Knowledge is the depreciated sum of generated
    patents (.15), pools use last year's; own knowledge has elasticity .2, research .6,
    quality .8 of all pool effects. Citations of a mover's patents to an anchor grow by 1 in
    logs where it followed, never the other way; between industries linked by technology
    they grow by .5 both ways. Moves of people, seen from the year before the first entrants,
    grow by 1 in logs from mover to anchor the year after they came. Coordinates are planar kilometres. O(plants + patents).

    Examples
    --------
    >>> from agglo.simulate import simulate_coagglomeration
    >>> simulate_coagglomeration(seed=1).establishments.num_rows
    8400
    """
    check_choice("variant", variant, ("base", "host_zero", "null"))
    _check_sizes(n_industries, n_incumbents, n_entrants, n_anchors, n_periods)
    check_number("follow", follow, minimum=0, maximum=1)
    check_number("near_km", near_km, minimum=0, open_ends=True)
    check_number("extent_km", extent_km, minimum=0, open_ends=True)
    entropy = entropy_of(seed)
    names = [f"I{i:02d}" for i in range(n_industries)]
    weights = ring_weights(
        generator(entropy, _LINKS), n_industries, LINKS, n_anchors, one_way=True
    )
    truth = _truth(variant)
    plants = draw_plants(
        generator(entropy, _PLANTS),
        sum(weights.values(), np.zeros((n_industries, n_industries))),
        (n_incumbents, n_entrants),
        0.0 if variant == "null" else follow,
        near_km,
        extent_km,
    )
    made = draw_innovation(generator(entropy, _PATENTS), weights, truth, n_periods)
    rng = generator(entropy, _ROWS)
    linked = {g: ((w + w.T) > 0).astype(np.float64) for g, w in weights.items()}
    profiles, classes = class_profiles(linked["technology"])
    return CoagglomerationEconomy(
        establishments=plants.table(names, extent_km),
        patents=patent_rows(rng, made, profiles, classes, names, _FIRST_YEAR),
        input_output=_flows(rng, linked["io"], names),
        industry_links=_foreign(rng, weights, names),
        links=_knowledge_flows(
            entropy, made, weights, linked["technology"], names, variant
        ),
        panel=_research(made.rd, names),
        industries=pa.table(
            {
                "industry": names,
                "name_en": [f"Industry {i + 1}" for i in range(n_industries)],
                "name_zh": [f"行业{i + 1}" for i in range(n_industries)],
            }
        ),
        truth=_truth_table(truth, weights, names, variant),
        parameters={
            "n_industries": n_industries,
            "n_incumbents": n_incumbents,
            "n_entrants": n_entrants,
            "n_anchors": n_anchors,
            "n_periods": n_periods,
            "follow": follow,
            "near_km": near_km,
            "extent_km": extent_km,
            "variant": variant,
        },
        seed=entropy,
    )


def _knowledge_flows(
    entropy: int,
    made: Innovation,
    weights: Mapping[str, FloatArray],
    alike: FloatArray,
    names: list[str],
    variant: str,
) -> pa.Table:
    """Write citations and moves of people, which follow the mover."""
    size = len(names)
    followed = sum(weights.values(), np.zeros((size, size))) > 0
    effect = 0.0 if variant == "null" else CITED
    cited = citation_rows(
        generator(entropy, _CITATIONS),
        made,
        followed,
        alike,
        (names, _FIRST_YEAR, effect),
    )
    people = mobility_rows(
        generator(entropy, _PEOPLE), followed, alike, (names, ENTRY_YEARS, effect)
    )
    return pa.concat_tables([cited, people])


def _check_sizes(
    n_industries: int,
    n_incumbents: int,
    n_entrants: int,
    n_anchors: int,
    n_periods: int,
) -> None:
    check_number("n_anchors", n_anchors, minimum=1, integer=True)
    least = 4 * int(n_anchors) + 2
    check_number("n_industries", n_industries, minimum=least, maximum=999, integer=True)
    check_number("n_incumbents", n_incumbents, minimum=3, integer=True)
    check_number("n_entrants", n_entrants, minimum=0, integer=True)
    check_number("n_periods", n_periods, minimum=3, integer=True)


def _truth(variant: str) -> dict[str, float]:
    if variant == "null":
        return dict.fromkeys(_BETA, 0.0)
    return (
        {**_BETA, "passive_technology": 0.0} if variant == "host_zero" else dict(_BETA)
    )


def _flows(rng: np.random.Generator, linked: FloatArray, names: list[str]) -> pa.Table:
    """Write flows of goods between linked industries and inside every industry."""
    a, b = np.nonzero(linked + np.eye(len(names)))
    value = rng.lognormal(4.0, 0.3, a.size)
    return pa.table(
        {
            "seller": [names[i] for i in a],
            "buyer": [names[j] for j in b],
            "period": ["2003"] * a.size,
            "value": value,
            "io_version": ["generated"] * a.size,
        }
    )


def _foreign(
    rng: np.random.Generator, weights: Mapping[str, FloatArray], names: list[str]
) -> pa.Table:
    total = sum(weights.values(), np.zeros((len(names), len(names))))
    a, m = np.nonzero(total)
    return pa.table(
        {
            "origin": [names[i] for i in a],
            "destination": [names[j] for j in m],
            "kind": ["foreign"] * a.size,
            "value": total[a, m] * np.exp(rng.normal(0.0, 0.5, a.size)),
        }
    )


def _research(rd: FloatArray, names: list[str]) -> pa.Table:
    n, t = rd.shape
    return pa.table(
        {
            "region": np.repeat(names, t).tolist(),
            "period": np.tile([str(_FIRST_YEAR + y) for y in range(t)], n).tolist(),
            "rd": rd.ravel(),
        }
    )


def _truth_table(
    truth: Mapping[str, float],
    weights: Mapping[str, FloatArray],
    names: list[str],
    variant: str,
) -> pa.Table:
    rows = [("elasticity", pool, value, "") for pool, value in truth.items()]
    cited = 0.0 if variant == "null" else CITED
    rows += [("citations", "moved_to", cited, ""), ("citations", "came_from", 0.0, "")]
    rows += [("mobility", "moved_to", cited, ""), ("mobility", "came_from", 0.0, "")]
    if variant != "null":
        for link, w in weights.items():
            rows += [
                ("follows", f"{names[m]}->{names[a]}", float(w[a, m]), link)
                for a, m in zip(*np.nonzero(w), strict=True)
            ]
    keys = ("quantity", "item", "value", "label")
    return pa.table({k: [r[i] for r in rows] for i, k in enumerate(keys)})
