"""The generated clusters as tables of the data model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.simulate._formation_elements import BLOCKS, KIND_OF, PER_BLOCK

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.simulate._formation_elements import Groups, Sites
    from agglo.simulate._formation_life import Trajectories

__all__ = [
    "GROUP",
    "answer_table",
    "cluster_ids",
    "edge_table",
    "event_table",
    "link_table",
    "member_table",
    "panel_table",
    "region_table",
    "truth_table",
]

GROUP = "K01"
_FIRST_YEAR = 2000
_OTHERS = ("K02", "K03", "K04")
_NEAR, _FAR = 0.6, 0.1


def cluster_ids(n_groups: int, n_units: int) -> NDArray[np.str_]:
    """Name the groups after the units of the panel as long as there are any."""
    return np.array(
        [
            f"{_unit(c)}|{GROUP}" if c < n_units else f"G{c:04d}|{GROUP}"
            for c in range(n_groups)
        ]
    )


def _unit(k: int) -> str:
    return f"T{k:04d}"


def _industry(code: NDArray[np.int64]) -> list[str]:
    return [f"B{c // PER_BLOCK + 1:02d}.{c % PER_BLOCK + 1}" for c in code.tolist()]


def region_table(panel: pa.Table, ids: NDArray[np.str_]) -> pa.Table:
    """Name the regions of the panel and of the groups in both languages."""
    codes = sorted(
        {*panel["region"].to_pylist(), *(c.partition("|")[0] for c in ids.tolist())}
    )
    return pa.table(
        {
            "region": codes,
            "name_en": [f"Generated town {c}" for c in codes],
            "name_zh": [f"生成镇{c}" for c in codes],
        }
    )


def member_table(
    groups: Groups, sites: Sites, ids: NDArray[np.str_], size: NDArray[np.str_]
) -> pa.Table:
    """Give members, then the firms that belong to no cluster."""
    n, m = groups.x.size, sites.x.size
    return pa.table(
        {
            "cluster": [*ids[groups.group].tolist(), *["*"] * m],
            "member": [f"M{i:06d}" for i in range(n + m)],
            "industry": [*_industry(groups.industry), *_industry(sites.industry)],
            "x_km": np.concatenate([groups.x, sites.x]),
            "y_km": np.concatenate([groups.y, sites.y]),
            "employment": np.concatenate([groups.jobs, sites.jobs]),
            "size": [*size.tolist(), *sites.size.tolist()],
            "role": ["firm"] * (n + m),
        }
    )


def edge_table(groups: Groups) -> pa.Table:
    """Give the ties, each pair once: partners of two groups may be tied by both."""
    low = np.minimum(groups.tie_from, groups.tie_to)
    high = np.maximum(groups.tie_from, groups.tie_to)
    pairs = np.unique(np.column_stack([low, high]), axis=0).tolist()
    n = len(pairs)
    return pa.table(
        {
            "origin": [f"M{a:06d}" for a, _ in pairs],
            "destination": [f"M{b:06d}" for _, b in pairs],
            "kind": ["project"] * n,
            "period": [str(_FIRST_YEAR + 23)] * n,
            "weight": np.ones(n),
        }
    )


def link_table(rng: np.random.Generator) -> pa.Table:
    """Give the relatedness of industries: high within blocks, with noise."""
    n = BLOCKS * PER_BLOCK
    a, b = np.triu_indices(n, 1)
    same = a // PER_BLOCK == b // PER_BLOCK
    value = np.where(same, _NEAR, _FAR) + rng.uniform(-0.08, 0.08, a.size)
    return pa.table(
        {
            "origin": _industry(a),
            "destination": _industry(b),
            "kind": ["io"] * a.size,
            "value": value,
        }
    )


def panel_table(
    rng: np.random.Generator, life: Trajectories
) -> tuple[pa.Table, NDArray[np.str_]]:
    """Give employment, establishments and payroll, with the rest of every region."""
    n, subs, periods = life.jobs.shape
    region = np.array([_unit(k) for k in range(n)])
    years = np.array([str(_FIRST_YEAR + t) for t in range(periods)])
    rest = 8000.0 * rng.lognormal(0, 0.3, (n, len(_OTHERS), 2))
    trend = 1.0 + 0.01 * np.arange(periods)
    others = np.round(
        rest[..., None] * trend * np.exp(rng.normal(0, 0.01, (*rest.shape, periods)))
    )
    jobs = np.concatenate([life.jobs, others.reshape(n, -1, periods)], axis=1)
    group = [GROUP] * subs + [g for g in _OTHERS for _ in range(2)]
    code = [f"{GROUP}.{i + 1}" for i in range(subs)]
    code += [f"{g}.{i + 1}" for g in _OTHERS for i in range(2)]
    cells = len(code)
    pay = 40.0 * rng.lognormal(0, 0.15, (n, cells, 1)) * (1.02 ** np.arange(periods))
    table = pa.table(
        {
            "region": np.repeat(region, cells * periods).tolist(),
            "group": np.tile(np.repeat(group, periods), n).tolist(),
            "industry": np.tile(np.repeat(code, periods), n).tolist(),
            "period": np.tile(years, n * cells).tolist(),
            "employment": jobs.ravel(),
            "establishments": np.ceil(jobs / 25.0).ravel(),
            "payroll": np.round(jobs * pay).ravel(),
        }
    )
    return table.filter(pa.array(jobs.ravel() > 0)), years


def event_table(life: Trajectories, years: NDArray[np.str_]) -> pa.Table:
    """Give one dated event per unit whose stage changes: the year of its first change."""
    rows = []
    for k in np.flatnonzero(life.plan >= 0).tolist():
        words = life.stage[k]
        change = np.flatnonzero(words[1:] != words[:-1])
        if change.size:
            rows.append((f"{_unit(k)}|{GROUP}", str(years[change[0] + 1])))
    return pa.table(
        {
            "cluster": [c for c, _ in rows],
            "period": [y for _, y in rows],
            "type": ["founding"] * len(rows),
            "description": ["Generated event"] * len(rows),
            "source": ["generated"] * len(rows),
        }
    )


def answer_table(rng: np.random.Generator, ids: NDArray[np.str_]) -> pa.Table:
    """Give questionnaires of every second cluster."""
    items = ("promotion body", "staff", "services", "label")
    asked = ids[::2]
    n = asked.size * len(items)
    return pa.table(
        {
            "cluster": np.repeat(asked, len(items)).tolist(),
            "item": list(items) * asked.size,
            "period": [str(_FIRST_YEAR + 23)] * n,
            "score": rng.integers(0, 5, n).astype(np.float64),
            "respondent": ["generated"] * n,
        }
    )


def truth_table(
    groups: Groups, ids: NDArray[np.str_], life: Trajectories, years: NDArray[np.str_]
) -> pa.Table:
    """Give elements, kinds and stages."""
    rows: list[tuple[str, str, float | None, str]] = []
    for c, has in zip(ids.tolist(), groups.has.tolist(), strict=True):
        for name, held in zip(
            ("proximity", "connection", "cooperation"), has, strict=True
        ):
            rows.append((f"formation_{name}", c, float(held), ""))
        kind = KIND_OF[tuple(int(h) for h in has)]
        rows.append(("formation_kind", c, None, kind))
    for k in np.flatnonzero(life.plan >= 0).tolist():
        for year, word in zip(years.tolist(), life.stage[k].tolist(), strict=True):
            rows.append(("formation_stage", f"{_unit(k)}|{GROUP}|{year}", None, word))
    names = ("quantity", "item", "value", "label")
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    return pa.table(columns)
