"""What each page promises to give as a file, asked of the demo of all studies."""

from __future__ import annotations

import io
import json
import zipfile

import pyarrow.csv as pv
import pyarrow.parquet as pq
import pytest

from agglo.observatory.api import Settings
from agglo.observatory.api.stock import Stock
from agglo.observatory.brief import build_brief
from agglo.observatory.pages import PAGES, VIEWS
from agglo.observatory.release import build_release, open_release
from tests.observatory.conftest import client_of
from tests.observatory.visits import CHROMIUM

# page: what it offers beside CSV, Parquet, JSON and zip of every view
PROMISED = {
    "map": ("views/map.quotient.geojson", "views/map.quotient.geoparquet"),
    "industry": ("views/industry.curve.csv",),
    "cluster": ("views/cluster.elements.csv", "views/cluster.ego.graphml"),
    "compare": ("views/compare.quotients.xlsx",),
    "space": ("views/space.graph.graphml", "views/space.nodes.csv"),
    "networks": ("views/networks.graph.graphml", "views/networks.graph.parquet"),
    "coagglomeration": ("views/coagglomeration.movers.parquet",),
    "digital": ("views/digital.matches.csv", "views/digital.unmatched.csv"),
    "policy": ("downloads/policy.zip",),
    "formation": ("views/formation.ranks.xlsx", "views/formation.pillars.xlsx"),
    "about": ("manifests/current", "certificates/current", "downloads/about.zip"),
}
READ = {
    "csv": lambda body: pv.read_csv(io.BytesIO(body)).num_rows,
    "parquet": lambda body: pq.read_table(io.BytesIO(body)).num_rows,
    "geoparquet": lambda body: pq.read_table(io.BytesIO(body)).num_rows,
    "geojson": lambda body: len(json.loads(body)["features"]),
    "graphml": lambda body: body.count(b"<edge "),
    "xlsx": lambda body: len(zipfile.ZipFile(io.BytesIO(body)).namelist()),
    "zip": lambda body: len(zipfile.ZipFile(io.BytesIO(body)).namelist()),
    "current": lambda body: len(json.loads(body)["data"]),
}


@pytest.fixture(scope="module")
def client(demo):
    return client_of(demo, Settings())


@pytest.mark.parametrize("page", PROMISED)
def test_what_a_page_promises_is_there_and_can_be_read(client, page):
    for path in PROMISED[page]:
        answer = client.get(f"/api/v1/{path}")
        assert answer.status_code == 200, (path, answer.text[:300])
        assert READ[path.replace("/", ".").rpartition(".")[2]](answer.content) > 0, path


def test_the_layout_of_the_space_is_a_file(client):
    body = client.get("/api/v1/views/space.nodes.csv").content
    assert {"industry", "x", "y"} <= set(pv.read_csv(io.BytesIO(body)).column_names)


def test_the_folder_of_the_policy_page_repeats_its_numbers(client, demo):
    release = open_release(demo)
    chosen = {"outcome": release.table("policy.impacts")["outcome"][-1].as_py()}
    body = client.get("/api/v1/downloads/policy.zip", params=chosen).content
    again = client.get("/api/v1/downloads/policy.zip", params=chosen).content
    assert body == again
    with zipfile.ZipFile(io.BytesIO(body)) as folder:
        names = set(folder.namelist())
        for view in PAGES["policy"].views:
            own = client.get(f"/api/v1/views/{view.id}.csv", params=chosen)
            assert folder.read(f"{view.id}/data.csv") == own.content
            about = json.loads(folder.read(f"{view.id}/metadata.json"))
            assert about["id"] == view.id
            table = pq.read_table(io.BytesIO(folder.read(f"{view.id}/data.parquet")))
            assert table.num_rows == pv.read_csv(io.BytesIO(own.content)).num_rows
        assert "policy.event_study/figure.svg" in names
        assert len(json.loads(folder.read("findings.json"))) == len(
            release.findings("policy")
        )
        assert json.loads(folder.read("manifest.json"))["release"] == release.id
        ran = json.loads(folder.read("settings.json"))
        assert ran["policy"]["seed"] == release.catalogue["project"]["seed"]
        assert ran["policy"]["options"]["placebo_draws"] == 499
        assert folder.read("citation.bib").startswith(b"@misc{agglo-policy-")
        for end, word in (("", "Repeat it"), (".zh", "复现")):
            text = folder.read(f"README{end}.md").decode()
            assert word in text
            assert "agglo run --study policy" in text
        assert len(folder.read("reproduce.txt").splitlines()) == len(
            PAGES["policy"].views
        )


def test_a_public_release_holds_no_settings(release, project):
    """Options may name what only the owner's tables hold."""
    assert release.catalogue["settings"]["concentration"]["options"]
    assert build_release(project, mode="public").catalogue["settings"] == {}


def test_a_view_that_is_not_released_is_named_in_the_folder(served):
    """The small project has one study: the map page lacks a view of another one."""
    body = served.get("/downloads/map.zip").content
    with zipfile.ZipFile(io.BytesIO(body)) as folder:
        assert "map.quotient/data.csv" in folder.namelist()
        assert not any(n.startswith("map.over_time/") for n in folder.namelist())
        assert (
            "`map.over_time`: The table policy.outcomes"
            in folder.read("README.md").decode()
        )


def test_a_page_without_any_released_table_has_no_folder(served):
    answer = served.get("/downloads/policy.zip")
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_released"


def test_a_folder_of_another_release_is_refused(served):
    answer = served.get("/downloads/map.zip?rel=0000000000000000")
    assert answer.status_code == 409
    assert answer.json()["code"] == "other_release"


def test_a_topic_has_an_address_of_its_own(served):
    assert served.client.get("/about/location-quotient").status_code == 200
    for path in ("/about/no-such", "/home/location-quotient", "/about/x.json"):
        assert served.client.get(path).status_code == 404, path


def test_what_a_reader_sets_is_no_part_of_a_brief(demo):
    """Ranks under one's own weights need the page; a brief has those of the release."""
    told = build_brief(Stock(open_release(demo)), "formation", {})
    titles = {title for title, _, _ in told.pieces}
    own, ranks = (VIEWS[f"formation.{name}"].title for name in ("own_weights", "ranks"))
    assert own.en not in titles
    assert ranks.en in titles


@pytest.mark.web
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_one_file_makes_the_folder_of_a_page_itself(one_file, browser, client):
    from playwright.sync_api import expect

    tab = browser.new_page()
    try:
        tab.goto(f"{one_file.as_uri()}#/formation?v=1")
        tab.locator("main h1").wait_for()
        # figures that are drawn meanwhile would push the button away
        tab.locator(".figure .downloads").nth(3).wait_for(state="attached")
        expect(tab.locator(".figure .loading")).to_have_count(0, timeout=30_000)
        with tab.expect_download() as saved:
            tab.get_by_role("button", name="Everything on this page (zip)").click()
        with zipfile.ZipFile(saved.value.path()) as folder:
            assert folder.testzip() is None
            shown = {name.partition("/")[0] for name in folder.namelist()}
            assert {v.id for v in PAGES["formation"].views} <= shown
            own = pv.read_csv(io.BytesIO(folder.read("formation.ranks/data.csv")))
            served = client.get("/api/v1/views/formation.ranks.csv").content
            names = ["cluster", "median", "lower", "upper"]
            assert own.select(names) == pv.read_csv(io.BytesIO(served)).select(names)
            again = pq.read_table(
                io.BytesIO(folder.read("formation.ranks/data.parquet"))
            )
            assert again.num_rows == own.num_rows
            assert json.loads(folder.read("findings.json"))
            assert "one by one" in folder.read("README.txt").decode()
    finally:
        tab.close()
