"""The gate: what public mode shows is computed from protected tables."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

from agglo.observatory.api.declarations import page_json
from agglo.observatory.disclosure_policy import GatePolicy
from agglo.observatory.ledger import Ledger
from agglo.observatory.pages import PAGES
from agglo.observatory.protection import Protected, _joined, _measured_on
from agglo.runs.project_file import ImportEntry
from agglo.store import write_table
from tests.observatory.conftest import CANARIES
from tests.observatory.made_up import made_up


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
    assert set(CANARIES) <= set(cells["employment"].to_pylist())


def test_public_mode_hides_some_and_shows_most(release, public):
    def shown(found) -> int:
        column = found.table("concentration.region_industries")["employment"]
        return int(np.isfinite(np.array(column.to_pylist(), dtype=float)).sum())

    assert 0 < shown(public.release) < shown(release)


def test_hidden_cells_are_unknown_never_zero(release, public):
    """An absent row says zero: every occupied cell keeps its row, hidden or not."""
    key = ("region", "industry")
    private = release.table("concentration.region_industries").select(key)
    there = public.release.table("concentration.region_industries")
    shown = set(zip(*(there[k].to_pylist() for k in key), strict=True))
    occupied = set(zip(*(private[k].to_pylist() for k in key), strict=True))
    assert occupied <= shown
    state = there["status"].to_pylist()
    hidden = np.isnan(np.array(there["employment"].to_pylist(), dtype=float))
    assert hidden.any()
    assert {s for s, h in zip(state, hidden, strict=True) if h} == {"confidential"}


def test_what_is_left_out_is_named_with_its_reason(public):
    for entry in public.release.catalogue["left_out"]:
        assert entry["reason"]["en"]
        assert entry["reason"]["zh"]


def test_clusters_are_called_by_their_place_in_both_languages():
    """A code joined of a region and a group has no table of names of its own."""
    named = pa.table(
        {"region": ["T7", "T8", "T9"], "name_en": ["Seven", None, ""],
         "name_zh": ["七", "八", None]}
    )  # fmt: skip
    found = Protected({}, {"regions": named}, {})._place_names()
    assert found == {"T7": ("Seven", "七"), "T8": ("八", "八"), "T9": ("T9", "T9")}
    assert _joined({"T7|K01", "T8|K01", "T7", "X|K01", "a|b"}, found) == {
        "T7|K01": {"en": "Seven · K01", "zh": "七 · K01"},
        "T8|K01": {"en": "八 · K01", "zh": "八 · K01"},
    }


def test_options_of_a_selector_are_called_as_in_the_tables(tmp_path):
    stock = made_up(tmp_path, "policy")
    stock.release.catalogue["words"] = {"outcome": {"K1": {"en": "One", "zh": "一"}}}
    page = page_json(stock, PAGES["policy"], whole=True)
    (outcome,) = [s for s in page["selectors"] if s["id"] == "outcome"]
    name = {"en": "One", "zh": "一"}
    assert outcome["options"] == [{"value": "K1", "label": name, "of": None}]
    others = [o for s in page["selectors"] for o in s["options"] if s is not outcome]
    assert all(o["label"] == {"en": o["value"], "zh": o["value"]} for o in others)


@pytest.mark.parametrize(
    ("second", "shared"),
    [
        ({"id": "own", "files": ["other.csv"], "studies": ["policy"]}, False),
        # the same file under two names is the same cells
        ({"id": "own", "files": ["jobs.csv"], "studies": ["policy"]}, True),
        ({"id": "own", "files": ["own.csv"]}, True),
    ],
)
def test_cells_that_a_study_shares_with_what_is_shown_are_found(
    tmp_path, second, shared
):
    entries = [
        ImportEntry(id="jobs", source="table", files=["jobs.csv"],
                    studies=["concentration"]),
        ImportEntry(source="table", **second),
    ]  # fmt: skip
    for name in ("jobs", "own"):
        write_table(
            tmp_path / "tables" / "activity" / f"{name}.parquet", pa.table({"a": [1]})
        )
    project = SimpleNamespace(imports=entries, workspace=tmp_path)
    pending = {
        "concentration.2020": object(),
        "formation.2020": object(),
        "networks.branch": object(),
    }
    ledger = Ledger(tmp_path / "ledger", GatePolicy(), pending)
    found = _measured_on(project, "policy", ledger)
    names = {"concentration.2020"} if shared else set()
    # an import without studies serves all of them
    names |= {"formation.2020"} if second.get("studies") is None else set()
    assert set(found) == names
    assert set(_measured_on(project, "formation", ledger)) <= {"concentration.2020"}
