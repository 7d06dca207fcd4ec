"""Suppression and audit of a large table, alone and against pairs of contributors.

The table has 370 regions in 20 groups, 31 industries and 600,000 plants, each a holding
of its own. pytest prints the rows; `python -m benchmarks.bench_disclosure` gives
processor seconds beside the load of the machine.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from functools import cache, partial

import numpy as np
import pyarrow as pa
import pytest

from agglo.store.disclosure import (
    DISCLOSURE_POLICIES,
    CellTable,
    DisclosurePolicy,
    audit_disclosure,
    cells_from_records,
    suppress_cells,
)

SHAPE, GROUPS, PLANTS = (370, 31), 20, 600_000
ALONE = DISCLOSURE_POLICIES["p10"]
POLICIES = {"alone": ALONE, "pairs": replace(ALONE, coalition=2)}


@cache
def large_table(plants: int = PLANTS) -> CellTable:
    """Few plants in most cells: shares of regions and industries fall as 1 / rank."""
    rng = np.random.default_rng(1)
    picks = []
    for size, power in zip(SHAPE, (0.9, 1.0), strict=True):
        weight = 1.0 / np.arange(1, size + 1) ** power
        picks.append(rng.choice(size, plants, p=weight / weight.sum()))
    rows = pa.table(
        {
            "region": np.char.add("R", picks[0].astype(str)),
            "industry": np.char.add("I", picks[1].astype(str)),
            "jobs": np.ceil(rng.lognormal(2.0, 1.4, plants)),
        }
    )
    return cells_from_records(
        rows,
        dimensions=("region", "industry"),
        value="jobs",
        hierarchies={
            "region": {f"R{r}": f"G{r % GROUPS}" for r in np.unique(picks[0])}
        },
    )


@pytest.mark.parametrize("attackers", sorted(POLICIES))
@pytest.mark.benchmark(group="disclosure")
def test_suppression_of_a_large_table(versus, attackers):
    cells, policy = large_table(), POLICIES[attackers]
    found = versus(
        partial(suppress_cells, cells, policy=policy),
        size=f"370 x 31, {PLANTS:,} plants, {attackers}",
        rounds=1,
    )
    assert audit_disclosure(cells, found.result.hidden, policy=policy).safe


def measure(name: str, policy: DisclosurePolicy, plants: int) -> str:
    """Time suppression and the audit of what came out."""
    cells = large_table(plants)
    start = time.process_time()
    table = suppress_cells(cells, policy=policy)
    middle = time.process_time()
    safe = audit_disclosure(cells, table.hidden, policy=policy).safe
    end = time.process_time()
    return (
        f"{name}: {cells.total.size} cells, {table.audit.n_unsafe} unsafe, "
        f"{table.audit.n_secondary} hidden with them, {table.audit.n_attackers} attackers; "
        f"suppression with its audits {middle - start:.1f} s, audit alone "
        f"{end - middle:.1f} s, safe: {safe}; load {os.getloadavg()[0]:.1f}"
    )


def main() -> int:
    """Print one line per kind of attackers."""
    plants = int(sys.argv[1]) if len(sys.argv) > 1 else PLANTS
    for name, policy in POLICIES.items():
        print(measure(name, policy, plants), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
