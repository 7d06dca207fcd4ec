"""What may leave the house: unsafe cells, their companions, and the attacker who tests it."""

from agglo.store.disclosure.cells import (
    CellTable,
    cells_from_records,
    cells_from_totals,
)
from agglo.store.disclosure.policy import DISCLOSURE_POLICIES, DisclosurePolicy
from agglo.store.disclosure.releases import EarlierRelease
from agglo.store.disclosure.suppression import (
    DisclosureAudit,
    SuppressedTable,
    audit_disclosure,
    suppress_cells,
)

__all__ = [
    "DISCLOSURE_POLICIES",
    "CellTable",
    "DisclosureAudit",
    "DisclosurePolicy",
    "EarlierRelease",
    "SuppressedTable",
    "audit_disclosure",
    "cells_from_records",
    "cells_from_totals",
    "suppress_cells",
]
