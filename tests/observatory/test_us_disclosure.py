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

POLICY = DisclosurePolicy(minimum_count=10, dominance=(), p_percent=None)


def counties(shared_data, digits: int, state: str = ""):
    pytest.importorskip("highspy", reason="the extra disclosure is not installed")
    file = shared_data / "us_cbp_county" / f"cbp_county_naics{digits}_2021.csv.gz"
    found = read_cbp([file], industry_version=f"naics{digits}_2017")
    tables = found if isinstance(found, tuple) else (found,)
    rows = next(t.data for t in tables if t.table == "activity")
    rows = rows.filter(pc.starts_with(rows["region"], state))
    rows = rows.filter(
        pc.and_(rows["employment"].is_valid(), rows["establishments"].is_valid())
    )
    return cells_from_totals(
        rows, dimensions=("region", "industry"), value="employment",
        contributors="establishments", whole=True,
    )  # fmt: skip


def test_no_primary_cell_of_the_us_example_is_recoverable(shared_data):
    cells = counties(shared_data, 4, "06")
    table = suppress_cells(cells, policy=POLICY)
    assert table.audit.n_unsafe > 2000
    assert audit_disclosure(cells, table.hidden, policy=POLICY).safe
    # the audit can fail: the unsafe cells alone do not hide themselves
    assert not audit_disclosure(cells, table.status == 1, policy=POLICY).safe


@pytest.mark.slow
def test_no_primary_cell_of_the_whole_country_is_recoverable(shared_data):
    """All counties by six-digit industry: 2,985,086 cells, of which 217,421 are unsafe."""
    table = suppress_cells(counties(shared_data, 6), policy=POLICY)
    assert table.audit.safe
    assert table.audit.n_unsafe == 217_421
    assert table.audit.n_secondary < 100
