"""The attacker audit on real cells: counties of California by four-digit industry, 2021."""

from __future__ import annotations

import pyarrow.compute as pc
import pytest

from agglo.sources import read_cbp
from agglo.store.disclosure import (
    DisclosurePolicy,
    audit_disclosure,
    cells_from_totals,
    suppress_cells,
)


def test_no_primary_cell_of_the_us_example_is_recoverable(shared_data):
    pytest.importorskip("highspy", reason="the extra disclosure is not installed")
    file = shared_data / "us_cbp_county" / "cbp_county_naics4_2021.csv.gz"
    found = read_cbp([file], industry_version="naics4_2017")
    tables = found if isinstance(found, tuple) else (found,)
    rows = next(t.data for t in tables if t.table == "activity")
    rows = rows.filter(pc.starts_with(rows["region"], "06"))
    rows = rows.filter(
        pc.and_(rows["employment"].is_valid(), rows["establishments"].is_valid())
    )
    cells = cells_from_totals(
        rows, dimensions=("region", "industry"), value="employment",
        contributors="establishments", whole=True,
    )  # fmt: skip
    policy = DisclosurePolicy(minimum_count=10, dominance=(), p_percent=None)
    table = suppress_cells(cells, policy=policy)
    assert table.audit.n_unsafe > 2000
    assert audit_disclosure(cells, table.hidden, policy=policy).safe
    # the audit can fail: the unsafe cells alone do not hide themselves
    assert not audit_disclosure(cells, table.status == 1, policy=policy).safe
