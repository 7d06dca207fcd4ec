"""The gate: what public mode shows is computed from protected tables."""

from __future__ import annotations

import numpy as np
import pyarrow.compute as pc

from tests.observatory.conftest import CANARIES


def test_public_mode_says_how_the_tables_were_protected(public):
    certificate = public.release.catalogue["certificate"]
    assert certificate["mode"] == "public"
    assert certificate["audited"] is True
    assert "concentration" in certificate["tables"]


def test_the_public_certificate_hides_the_parameters(public):
    said = str(public.release.catalogue["certificate"]["tables"]["concentration"])
    for word in ("p_percent", "dominance", "min_count"):
        assert word not in said


def test_private_mode_says_that_nothing_is_suppressed(release):
    assert release.catalogue["certificate"]["audited"] is False


def test_the_cells_of_the_canaries_are_hidden_in_public(public):
    cells = public.release.table("concentration.region_industries")
    jobs = np.array(cells["employment"].to_pylist(), dtype=float)
    for value in CANARIES:
        assert not np.any(jobs == value)
        # a cell that is the canary and a little more is the canary too
        assert not np.any((jobs >= value) & (jobs < value * 1.02))


def test_the_canaries_are_there_in_private(release):
    cells = release.table("concentration.region_industries")
    largest = pc.max(cells["employment"]).as_py()
    assert largest >= CANARIES[1]


def test_public_mode_hides_some_and_shows_most(release, public):
    def shown(found) -> int:
        column = found.table("concentration.region_industries")["employment"]
        return len(column) - column.null_count

    assert 0 < shown(public.release) < shown(release)


def test_what_is_left_out_is_named_with_its_reason(public):
    for entry in public.release.catalogue["left_out"]:
        assert entry["reason"]["en"]
        assert entry["reason"]["zh"]
