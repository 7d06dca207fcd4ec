"""The generated example: a country whose concentration is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.simulate import simulate_country
from agglo.studies.contract import Demo
from agglo.studies.example import example

if TYPE_CHECKING:
    from agglo.simulate import Country

__all__ = ["demo"]

_DECLARED = 3


def demo(seed: int) -> Demo:
    """Generate the example country as source files with their imports.

    Parameters
    ----------
    seed
        Seed of the generator.

    Returns
    -------
    Demo
        Small tables as CSV, large ones as Parquet; the study keeps its defaults.
    """
    country = simulate_country(seed=seed)
    further = {
        "definitions": _definitions(country),
        "industries": _with_sectors(country.industries),
        "priorities": _priorities(country, seed),
    }
    return example(
        {**country.tables(), **further},
        prefix="",
        title=f"Generated country, seed {seed}",
        title_zh=f"模拟国家，种子 {seed}",
        generator="simulate_country",
        parquet=("establishments", "activity", "truth"),
    )


def _with_sectors(industries: pa.Table) -> pa.Table:
    """Add the sectors above the industries, so that they have names."""
    sectors = sorted({p for p in industries["parent"].to_pylist() if p})
    version = industries["classification"][0].as_py()
    rows = [
        {
            "industry": code,
            "name_en": f"Generated sector {code}",
            "name_zh": f"生成大类{code}",
            "classification": version,
            "level": "2",
        }
        for code in sectors
    ]
    return pa.concat_tables([industries, pa.Table.from_pylist(rows, industries.schema)])


def _definitions(country: Country) -> pa.Table:
    """Add the sectors of the classification as a second, coarser set of definitions."""
    rows = country.industries.select(["industry", "parent"]).to_pylist()
    sectors = [
        {
            "definition": "generated_sectors_1",
            "industry": row["industry"],
            "cluster": f"Generated sector {row['parent']}",
            "kind": None,
            "weight": 1.0,
        }
        for row in rows
        if row["parent"]
    ]
    schema = country.definitions.schema
    return pa.concat_tables(
        [country.definitions, pa.Table.from_pylist(sectors, schema)]
    )


def _priorities(country: Country, seed: int) -> pa.Table:
    """Declare for every region its largest industries, and as many at random."""
    rng = np.random.default_rng([seed, 3])
    last = country.activity.sort_by([("period", "descending")])["period"][0].as_py()
    rows = [
        (r["region"], r["industry"], r["employment"] or 0.0)
        for r in country.activity.to_pylist()
        if r["period"] == last
    ]
    every = sorted({industry for _, industry, _ in rows})
    found: list[dict[str, str]] = []
    for region in sorted({region for region, _, _ in rows}):
        own = sorted((-jobs, i) for r, i, jobs in rows if r == region)
        largest = [i for _, i in own[:_DECLARED]]
        others = [i for i in every if i not in largest]
        drawn = sorted(rng.choice(others, _DECLARED, replace=False).tolist())
        found += [
            {"region": region, "industry": i, "source": "generated plan"}
            for i in (*largest, *drawn)
        ]
    return pa.Table.from_pylist(found)
