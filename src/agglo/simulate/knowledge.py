"""A generated knowledge production function: industries, pools and instruments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa

from agglo.core.errors import OptionError
from agglo.core.options import check_choice, check_number
from agglo.core.parallel import entropy_of, generator
from agglo.simulate._knowledge_draws import (
    LINKS,
    Draws,
    count_from,
    draw_links,
    draw_shift_share,
    fed_back,
    stationary,
)

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray

__all__ = ["KnowledgeEconomy", "simulate_knowledge"]

VARIANTS = (
    "base",
    "two_pool",
    "null",
    "host_zero",
    "weak",
    "irrelevant",
    "shift_noise",
)
_BETA: Mapping[str, float] = {
    "active_io": 0.40,
    "passive_io": 0.25,
    "active_technology": 0.30,
    "passive_technology": -0.20,
}
_OWN, _SD, _RHO = 0.3, 0.3, 0.5


@dataclass(frozen=True, eq=False, kw_only=True)
class KnowledgeEconomy:
    """A generated panel of industries whose true pool elasticities are known.

    Attributes
    ----------
    panel
        One row per industry and period: ``log_output`` (the linear outcome), ``patents``,
        ``quality``, ``own``, the log pools, and instruments ``z_...`` built from foreign
        weights and the same knowledge.
    domestic, foreign
        Dyads: anchor, mover, link, weight (domestic ones by period).
    shifts
        Only with ``"shift_noise"``: shift, period and its value, for `exposure_errors`;
        `domestic` then holds the shares (unit = mover, shift = anchor) and nothing is
        foreign.
    truth
        Pool to planted elasticity.
    parameters
        What it was generated from.
    seed
        Seed or drawn entropy.
    generated
        Always true: nothing here is an observation.
    """

    panel: pa.Table
    domestic: pa.Table
    foreign: pa.Table
    truth: Mapping[str, float]
    parameters: Mapping[str, float | str]
    seed: int
    shifts: pa.Table | None = None
    generated: bool = True

    @property
    def pools(self) -> tuple[str, ...]:
        """Names of the pool columns."""
        return tuple(self.truth)

    @property
    def instruments(self) -> tuple[str, ...]:
        """Names of the instrument columns; none with ``"shift_noise"``."""
        names = self.panel.column_names
        return tuple(f"z_{p}" for p in self.truth if f"z_{p}" in names)


def simulate_knowledge(
    *,
    n_industries: int = 80,
    n_periods: int = 12,
    variant: Literal[
        "base", "two_pool", "null", "host_zero", "weak", "irrelevant", "shift_noise"
    ] = "base",
    feedback: bool = False,
    seed: int | None = None,
) -> KnowledgeEconomy:
    r"""Generate innovation that depends on who moved towards whom.

    Use to test estimators of directional spillovers: domestic weights are endogenous
    (industries with good shocks move and attract), foreign ones are not.

    Parameters
    ----------
    n_industries, n_periods
        Size; at least 26 industries and 3 periods.
    variant
        ``"base"``: active pools .40 (input-output) and .30 (technology), passive .25 and
        -.20. ``"two_pool"``: one class, .5 and .2. ``"null"``: all 0. ``"host_zero"``:
        the passive technology pool 0. ``"weak"``: foreign weights with noise of sd 6.
        ``"irrelevant"``: foreign weights with shuffled industries. ``"shift_noise"``: one
        linear pool (column ``linear``, .5) whose disturbances follow the shifts, so that
        errors by industry are too small.
    feedback
        Own knowledge is built from past patents instead of drawn: what a study has to live
        with, and what biases short panels. Not with ``"shift_noise"``.
    seed
        Seed; ``None`` draws entropy and records it.

    Returns
    -------
    KnowledgeEconomy
        Panel, dyads and truth.

    Raises
    ------
    OptionError
        If `variant` is unknown, a size is too small, or `feedback` does not go with it.

    Notes
    -----
    Anchors of a mover follow 6 offsets per class on a random circle of industries, so
    every pool is positive and classes do not overlap; base weights Gamma(2, .5). Knowledge
    is a random walk, the outcome has industry and period effects and an AR(1) error that
    also moves the domestic weights. Patents are Poisson of the exponential outcome around
    3. O(I^2 T).

    With `feedback` own knowledge is the log of the depreciated sum (.15) of patents up to
    the period before, and the level is set in every period. ``"shift_noise"``: shares
    Gamma(.5) times the rank of the shift to the power -1/2, rows summing to 1; shifts and
    their disturbances are random walks (steps N(.05, .2^2) and N(0, .2^2)).

    Examples
    --------
    >>> from agglo.simulate import simulate_knowledge
    >>> simulate_knowledge(seed=1).truth["active_io"]
    0.4
    """
    check_choice("variant", variant, VARIANTS)
    check_number("n_industries", n_industries, minimum=26, integer=True)
    check_number("n_periods", n_periods, minimum=3, integer=True)
    entropy = entropy_of(seed)
    rng = generator(entropy, 0)
    parameters: dict[str, float | str] = {
        "n_industries": n_industries,
        "n_periods": n_periods,
        "variant": variant,
        "feedback": float(feedback),
    }
    if variant == "shift_noise":
        if feedback:
            msg = "feedback=True does not go with variant='shift_noise'."
            raise OptionError(msg)
        return _shift_noise(rng, n_industries, n_periods, parameters, entropy)
    links = LINKS[:1] if variant == "two_pool" else LINKS
    drawn = draw_links(rng, n_industries, n_periods, links, _noise(variant))
    truth = _truth(variant)
    own = rng.normal(2.0, 0.7, (n_industries, 1)) + np.cumsum(
        rng.normal(0.05, 0.2, (n_industries, n_periods)), axis=1
    )
    foreign = drawn.foreign
    if variant == "irrelevant":
        order = rng.permutation(n_industries)
        foreign = {g: w[np.ix_(order, order)] for g, w in foreign.items()}
    return KnowledgeEconomy(
        panel=_long(
            _columns(rng, drawn, foreign, truth, own, feedback=feedback),
            n_industries,
            n_periods,
        ),
        domestic=_dyads(drawn.domestic, periods=True),
        foreign=_dyads(foreign, periods=False),
        truth=truth,
        parameters=parameters,
        seed=entropy,
    )


def _columns(
    rng: np.random.Generator,
    drawn: Draws,
    foreign: Mapping[str, FloatArray],
    truth: Mapping[str, float],
    own: FloatArray,
    *,
    feedback: bool,
) -> dict[str, np.ndarray]:
    """Give outcomes, own knowledge, pools and instruments, (I, T) each."""
    n, t = own.shape
    pools = {f"{d}_{g}": v for (d, g), v in drawn.pools().items()}
    instruments = {f"z_{d}_{g}": v for (d, g), v in drawn.pools(foreign).items()}
    effects = rng.normal(0.0, 0.5, (n, 1)) + rng.normal(0.0, 0.2, t)
    spilled = sum((truth[p] * v for p, v in pools.items()), np.zeros((n, t)))
    other = stationary(rng, n, t, _RHO, _SD)
    if feedback:
        rest = effects + drawn.error + spilled
        level, own, patents = fed_back(rng, rest, _OWN, np.exp(own[:, 0]))
        quality = effects + _OWN * own + other + 0.8 * spilled
        counts = {"patents": patents, "quality": count_from(rng, quality)}
    else:
        base = _OWN * own + effects
        level = base + drawn.error + spilled
        quality = base + other + 0.8 * spilled
        counts = {
            "patents": count_from(rng, level),
            "quality": count_from(rng, quality),
        }
    return {"log_output": level, **counts, "own": own, **pools, **instruments}


def _shift_noise(
    rng: np.random.Generator,
    n: int,
    t: int,
    parameters: Mapping[str, float | str],
    entropy: int,
) -> KnowledgeEconomy:
    """Give a linear pool whose disturbances come by shift."""
    shares, shifts, pool, output = draw_shift_share(rng, n, t)
    names = _names(n)
    return KnowledgeEconomy(
        panel=_long({"log_output": output, "linear": pool}, n, t),
        domestic=_dyads({"linear": shares.T}, periods=False),
        foreign=_dyads({"linear": np.zeros((n, n))}, periods=False),
        truth={"linear": 0.5},
        parameters=parameters,
        seed=entropy,
        shifts=pa.table(
            {
                "shift": np.repeat(names, t).tolist(),
                "period": np.tile(np.arange(2001, 2001 + t), n),
                "value": shifts.ravel(),
            }
        ),
    )


def _noise(variant: str) -> float:
    return 6.0 if variant == "weak" else 0.5


def _truth(variant: str) -> dict[str, float]:
    if variant == "two_pool":
        return {"active_io": 0.5, "passive_io": 0.2}
    if variant == "null":
        return dict.fromkeys(_BETA, 0.0)
    if variant == "host_zero":
        return {**_BETA, "passive_technology": 0.0}
    return dict(_BETA)


def _names(n: int) -> np.ndarray:
    return np.array([f"I{i:03d}" for i in range(n)])


def _long(columns: Mapping[str, np.ndarray], n: int, t: int) -> pa.Table:
    out: dict[str, object] = {
        "industry": np.repeat(_names(n), t).tolist(),
        "period": np.tile(np.arange(2001, 2001 + t), n),
    }
    return pa.table({**out, **{k: np.ravel(v) for k, v in columns.items()}})


def _dyads(weights: Mapping[str, FloatArray], *, periods: bool) -> pa.Table:
    parts = []
    for link, w in weights.items():
        full = w if periods else w[None]
        t, a, m = np.nonzero(full)
        names = _names(full.shape[1])
        columns: dict[str, object] = {
            "anchor": names[a].tolist(),
            "mover": names[m].tolist(),
            "link": [link] * a.size,
            "weight": full[t, a, m],
        }
        if periods:
            columns["period"] = t + 2001
        parts.append(pa.table(columns))
    return pa.concat_tables(parts)
