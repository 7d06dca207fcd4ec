"""Stage `pairs`: localized industries, who lies near whom, who moved towards whom."""

from __future__ import annotations

import warnings
from dataclasses import fields, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from scipy.special import ndtri

from agglo.concentration import (
    duranton_overman,
    entrant_coagglomeration,
    localization,
    nearest_coagglomeration,
    wasserstein_coagglomeration,
)
from agglo.core.errors import AggloWarning, DataWarning
from agglo.core.options import Permutation
from agglo.studies.coagglomeration.areal import areal_table
from agglo.studies.coagglomeration.columns import row_table
from agglo.studies.coagglomeration.options import CoagglomerationOptions
from agglo.studies.coagglomeration.robustness import (
    ROBUSTNESS,
    robustness_rows,
    transport_rows,
)
from agglo.studies.columns import joined, result_table, text_of, texts
from agglo.studies.contract import StageOutput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agglo.concentration.directed_results import DirectedPairs
    from agglo.concentration.localization_results import Localization
    from agglo.core.typing import Json
    from agglo.studies.contract import StageInputs

__all__ = ["pairs"]

_MOST_PERIODS = 10
_FEWEST_ENTRANTS = 10
_YEARLY = {
    "anchor": pa.string(),
    "mover": pa.string(),
    "period": pa.int64(),
    "weight": pa.float64(),
}
_CURVE = {
    "anchor": pa.string(),
    "mover": pa.string(),
    "r_km": pa.float64(),
    "value": pa.float64(),
    "global_lower": pa.float64(),
    "global_upper": pa.float64(),
}


def pairs(inputs: StageInputs) -> StageOutput:
    """Compare all ordered pairs of industries.

    Parameters
    ----------
    inputs
        Table ``plants`` of the stage before.

    Returns
    -------
    StageOutput
        Tables ``localization``, ``pairs`` (all plants and, where dates exist, entrants;
        anchors as they are and rarefied), ``regional``, ``transport``, ``areal``,
        ``verdicts``, ``weights``, ``yearly_weights`` (entrants of every period), ``curves``,
        ``industry_curves``, ``robustness``; document ``pair_notes``.
    """
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always", AggloWarning)
        tables, notes = _compared(inputs)
    options = inputs.options_as(CoagglomerationOptions)
    cut = notes["reductions"]
    assert isinstance(cut, list)  # noqa: S101  made below
    said = [w.message for w in raised if isinstance(w.message, AggloWarning)]
    return StageOutput(
        tables=tables,
        documents={"pair_notes": {**notes, "reductions": [*cut, *_odd(said, options)]}},
    )


def _odd(said: Sequence[Warning], options: CoagglomerationOptions) -> list[Json]:
    """Keep what the measures warned of, once each, for the page."""
    share = "许多企业与其他企业位置相同：距离 0 影响很大，地址可能是区域中心"
    rough = f"曲线的全局带较粗略：仅抽样 {options.curve_draws} 次"
    out: dict[str, Json] = {}
    degrees = "坐标看似经纬度而非平面千米：请核对坐标的单位"
    for one in said:
        zh = share if isinstance(one, DataWarning) else rough
        if "look like degrees" in str(one):
            zh = degrees
        head = "" if isinstance(one, DataWarning) else "bands of curves: "
        out.setdefault(zh, {"en": head + str(one).rstrip("."), "zh": zh})
    return list(out.values())


def _compared(inputs: StageInputs) -> tuple[dict[str, pa.Table], dict[str, Json]]:
    options = inputs.options_as(CoagglomerationOptions)
    plants = inputs.result("prepare", "plants")
    inputs.progress(0, 4, "localization")
    local = _localized(plants, options, inputs.seed)
    inputs.progress(1, 4, "pairs")
    # rarefied anchors: the only ones that may be compared there and back
    near = nearest_coagglomeration(plants, min_n=options.min_n, seed=inputs.seed)
    raw = nearest_coagglomeration(
        plants, min_n=options.min_n, rarefy=None, seed=inputs.seed
    )
    parts = [_measured(near, "nearest"), _measured(raw, "nearest_raw")]
    periods = _entry_periods(plants, options)
    moved, judged, yearly = near, near, row_table([], _YEARLY)
    if periods and options.measure == "entrants":
        inputs.progress(2, 4, "entrants")
        each = _entrants(plants, periods, rarefied=False, seed=inputs.seed)
        moved, yearly = each.combined(periods=True), _by_year(each, options)
        judged = _entrants(plants, periods, rarefied=True, seed=inputs.seed).combined(
            periods=True
        )
        parts += [_measured(moved, "entrants"), _measured(judged, "entrants_rarefied")]
    inputs.progress(3, 4, "curves")
    regional, transport, reductions = _regional(plants, near, options, inputs.seed)
    curves = _curves(plants, moved, options, inputs.seed)
    notes: dict[str, Json] = {
        "measure": "entrants" if moved is not near else "nearest",
        "entry_periods": [int(p) for p in periods],
        "orientation_note": moved.orientation_note,
        "reductions": reductions,
        "n_pairs": int(moved.anchor.size),
        "bandwidth_km": options.bandwidth_km,
    }
    tables = {
        "localization": result_table(local),
        "pairs": pa.concat_tables(parts),
        "regional": regional,
        "transport": transport,
        "verdicts": result_table(judged.verdicts(options.level)),
        "weights": _weights(moved, options),
        "curves": curves,
        "industry_curves": _own_curves(local),
        "yearly_weights": yearly,
        "areal": areal_table(plants, near),
        "robustness": _other_choices(plants, near, options, inputs.seed),
    }
    return tables, notes


def _localized(
    plants: pa.Table, options: CoagglomerationOptions, seed: int
) -> Localization:
    return localization(
        plants,
        r_km=np.linspace(0.0, options.max_km, 41),
        bandwidth_km=options.bandwidth_km,
        inference=Permutation(n=options.localization_draws, seed=seed),
        level=options.level,
        min_n=options.min_n,
    )


def _other_choices(
    plants: pa.Table, near: DirectedPairs, options: CoagglomerationOptions, seed: int
) -> pa.Table:
    """Compare pairs under other pools, weights and powers of the distance."""
    chosen, large = _striking(near, options), _large(plants, options)[0]
    rows = robustness_rows(plants, near, options, seed)
    rows += transport_rows(large, chosen, options, seed)
    return row_table(rows, ROBUSTNESS)


def _weights(moved: DirectedPairs, options: CoagglomerationOptions) -> pa.Table:
    """Write what the pools are built from, for every kind of excess weight."""
    weight = moved.excess_weights(options.weights)
    return pa.table(
        {
            "anchor": moved.anchor.tolist(),
            "mover": moved.mover.tolist(),
            "weight": np.where(np.isfinite(weight), weight, 0.0),
            "effect": moved.effect,
            "z": moved.z,
            "q": moved.q,
            "effect_sig": _weight(moved, "effect_sig"),
            "z_plus": _weight(moved, "z_plus"),
            "centred": _weight(moved, "centred"),
            "orientation_note": [moved.orientation_note] * moved.anchor.size,
        }
    )


def _weight(found: DirectedPairs, kind: str) -> np.ndarray:
    known = {"effect_sig", "z_plus", "centred"}
    if kind not in known:
        raise KeyError(kind)
    weight = found.excess_weights(kind)  # type: ignore[arg-type]  # checked above
    # a weight is what an industry adds to a pool: below chance it adds nothing
    return np.where(np.isfinite(weight), np.maximum(weight, 0.0), 0.0)


def _measured(found: DirectedPairs, name: str) -> pa.Table:
    table = result_table(found).drop_columns(["region", "period"])
    return table.add_column(0, "measure", pa.array([name] * table.num_rows))


def _entry_periods(plants: pa.Table, options: CoagglomerationOptions) -> list[int]:
    """Choose the periods whose entrants are looked at: given, or all but the first."""
    years = [v[:4] for v in text_of(plants, "opened")]
    known = np.array([int(v) for v in years if v.isdigit()], dtype=np.int64)
    if options.entry_periods:
        return list(options.entry_periods)
    values, counts = np.unique(known, return_counts=True)
    later = values[1:][counts[1:] >= _FEWEST_ENTRANTS]
    return [int(v) for v in later[-_MOST_PERIODS:]]


def _entrants(
    plants: pa.Table, periods: list[int], *, rarefied: bool, seed: int
) -> DirectedPairs:
    closed = any(v != "" for v in text_of(plants, "closed"))
    return entrant_coagglomeration(
        plants,
        at=periods,
        rarefy="smaller" if rarefied else None,
        closed="closed" if closed else None,
        seed=seed,
    )


def _by_year(each: DirectedPairs, options: CoagglomerationOptions) -> pa.Table:
    """Give the weight of every pair after every period: what came until then.

    The entrants of all periods so far are combined, so a pair gains a weight in the year
    in which its moves have become visible.
    """
    parts: list[pa.Table] = []
    years = np.array([int(p) for p in each.period])
    for year in sorted(set(years.tolist())):
        seen = _rows_of(each, years <= year).combined(periods=True)
        weight = _weight(seen, options.weights)
        parts.append(
            pa.table(
                {
                    "anchor": seen.anchor.tolist(),
                    "mover": seen.mover.tolist(),
                    "period": np.full(weight.size, year),
                    "weight": weight,
                }
            )
        )
    return joined(parts, _YEARLY)


def _rows_of(found: DirectedPairs, kept: np.ndarray) -> DirectedPairs:
    """Keep some rows of a result."""
    return replace(
        found,
        **{
            f.name: getattr(found, f.name)[kept]
            for f in fields(found)
            if isinstance(getattr(found, f.name), np.ndarray)
        },
    )


def _regional(
    plants: pa.Table, near: DirectedPairs, options: CoagglomerationOptions, seed: int
) -> tuple[pa.Table, pa.Table, list[Json]]:
    """Measure inside regions, and the Wasserstein index of the most striking pairs."""
    plants, some, regions = _large(plants, options)
    by_region = nearest_coagglomeration(
        plants, min_n=options.min_n, region="region", seed=seed
    )
    regional = result_table(by_region.combined())
    chosen = _striking(near, options)
    reductions = _few_regions(plants, some, regions, options)
    if len(chosen) < near.anchor.size:
        size, draws = near.anchor.size, options.transport_draws
        reductions.append(
            {
                "en": f"Wasserstein index of {len(chosen)} of {size} ordered pairs, "
                f"{draws} draws each",
                "zh": f"{size} 个有序配对中仅 {len(chosen)} 个计算 Wasserstein 指数，各抽样 {draws} 次",
            }
        )
    here = set(text_of(plants, "industry"))
    found = [
        result_table(
            wasserstein_coagglomeration(
                plants,
                anchor=anchor,
                mover=mover,
                region="region",
                min_n=options.min_n,
                method="surrogate",
                inference=Permutation(n=options.transport_draws, seed=seed),
            ).combined()
        )
        for anchor, mover in chosen
        if {anchor, mover} <= here
    ]
    types = {f.name: f.type for f in regional.schema}
    return regional, joined(found, types), reductions


def _few_regions(
    plants: pa.Table, some: int, regions: int, options: CoagglomerationOptions
) -> list[Json]:
    """Say in which regions the regional measures are."""
    least = options.region_plants
    if some == regions:
        return []
    if plants.num_rows < least * some:
        return [
            {
                "en": f"regional measures in the largest of {regions} regions only: none has "
                f"{least} plants",
                "zh": f"地区指标仅计算 {regions} 个地区中最大者：没有地区达到 {least} 家企业",
            }
        ]
    return [
        {
            "en": f"regional measures in {some} of {regions} regions, those with "
            f"{least} plants or more",
            "zh": f"{regions} 个地区中仅 {some} 个（企业不少于 {least} 家）计算地区指标",
        }
    ]


def _large(
    plants: pa.Table, options: CoagglomerationOptions
) -> tuple[pa.Table, int, int]:
    """Keep the regions with enough plants, else the largest; how many, and of how many."""
    names, code, counts = np.unique(
        np.array(text_of(plants, "region")), return_inverse=True, return_counts=True
    )
    large = counts >= options.region_plants
    if not large.any():
        large = counts == counts.max()
    return plants.filter(pa.array(large[code])), int(large.sum()), int(names.size)


def _striking(
    near: DirectedPairs, options: CoagglomerationOptions
) -> list[tuple[str, str]]:
    """Give anchor and mover of the pairs with the largest |z|."""
    strength = np.where(np.isfinite(near.z), np.abs(near.z), -1.0)
    order = np.argsort(-strength, kind="stable")[: options.transport_pairs]
    return [(str(near.anchor[k]), str(near.mover[k])) for k in order]


def _curves(
    plants: pa.Table, moved: DirectedPairs, options: CoagglomerationOptions, seed: int
) -> pa.Table:
    """Draw K-densities of the strongest pairs, the anchor held at its sites."""
    order = np.argsort(-np.where(np.isfinite(moved.z), moved.z, -np.inf), kind="stable")
    parts: list[pa.Table] = []
    for k in order[: options.curve_pairs]:
        anchor, mover = str(moved.anchor[k]), str(moved.mover[k])
        curve = duranton_overman(
            plants,
            activity=anchor,
            neighbour=mover,
            r_km=np.linspace(0.0, options.max_km, 41),
            bandwidth=options.bandwidth_km,
            null="fix_a",
            type="industry",
            inference=Permutation(n=options.curve_draws, seed=seed),
            level=options.level,
        )
        columns = ("r_km", "value", "global_lower", "global_upper")
        numbers = {c: getattr(curve, c) for c in columns}
        n = curve.r_km.size
        parts.append(
            pa.table({"anchor": [anchor] * n, "mover": [mover] * n, **numbers})
        )
    return joined(parts, _CURVE)


def _own_curves(local: Localization) -> pa.Table:
    """Give the K-density of every industry with its local and global envelope.

    Local: the normal quantile at the same level on each side, from the exact moments.
    """
    known = np.flatnonzero(local.status == "ok")
    size = local.r_km.size
    reach = ndtri(1.0 - local.level) * local.null_sd[known]
    columns = {
        "value": local.values[known],
        "lower": np.maximum(local.null_mean - reach, 0.0),
        "upper": local.null_mean + reach,
        "global_lower": local.global_lower[known],
        "global_upper": local.global_upper[known],
    }
    return pa.table(
        {
            "industry": texts(np.repeat(local.industries[known], size).tolist()),
            "r_km": np.tile(local.r_km, known.size),
            **{name: values.ravel() for name, values in columns.items()},
        }
    )
