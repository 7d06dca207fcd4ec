"""Long work from the desk: started, watched, ended; never from elsewhere, never unbounded."""

from __future__ import annotations

import json
import shutil
import time

import pytest

from agglo.observatory.api import Limits, Settings
from agglo.observatory.api.application import build
from agglo.observatory.jobs import Job, JobCaps, Jobs
from agglo.observatory.release import open_release
from agglo.store import locked
from tests.observatory.conftest import Served, client_of

OWN = {"origin": "http://127.0.0.1:8321", "x-agglo": "1"}
CSV = "region,industry,jobs\nR001,I01,12\nR002,I01,7\n"


@pytest.fixture(scope="module")
def desk(project, release, tmp_path_factory) -> Served:
    """Give a desk whose project may be changed."""
    folder = tmp_path_factory.mktemp("desk") / "small"
    shutil.copytree(project, folder)
    settings = Settings()
    return Served(folder, release, settings, client_of(folder, settings))


def _post(served, path, *, body=None, status=202, **more):
    answer = served.client.post(f"/api/v1{path}", json=body, headers=OWN, **more)
    assert answer.status_code == status, answer.text
    return answer


def _ended(served, name, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = served.data(f"/runs/{name}")
        if found["status"] != "working":
            return found
        time.sleep(0.05)
    raise AssertionError(found)


def test_a_run_is_accepted_watched_and_shown(desk):
    answer = _post(desk, "/runs", body={"study": "concentration"})
    name = answer.json()["data"]["id"]
    assert answer.headers["location"] == f"/api/v1/runs/{name}"
    told = desk.get(f"/runs/{name}/events").text
    events = [json.loads(x[6:]) for x in told.splitlines() if x.startswith("data: ")]
    assert events[-1]["status"] == "done", events[-1]
    assert events[-1]["result"]["studies"] == ["concentration"]
    assert events[-1]["result"]["release"] == open_release(desk.project).id
    stages = [e["stage"] for e in events if e["stage"]]
    assert stages
    assert all(e["done"] <= e["total"] for e in events)
    # a reader who comes back is told what is new, and nothing twice
    version = [x for x in told.splitlines() if x.startswith("id: ")][-1][4:]
    again = desk.get(f"/runs/{name}/events", headers={"last-event-id": version}).text
    assert "data:" not in again
    assert desk.data("/runs")[0]["id"] == name


def test_readers_are_served_whole_releases_while_a_run_works(desk):
    """Whatever is asked while tables are replaced is of one release or the next."""
    old = open_release(desk.project).id
    toml = desk.project / "agglo.toml"
    text = toml.read_text("utf-8")
    toml.write_text(text.replace("rank_draws = 19", "rank_draws = 29"), "utf-8")
    name = _post(desk, "/runs", body={"study": "concentration"}).json()["data"]["id"]
    paths = (
        "/views/map.quotient?limit=50", "/views/industry.ranking.csv", "/meta",
        "/tables/concentration.regions", "/views/region.structure.parquet",
    )  # fmt: skip
    seen, working, asked = set(), 0, 0
    while asked < 3 * len(paths) or desk.data(f"/runs/{name}")["status"] == "working":
        answer = desk.get(paths[asked % len(paths)])
        assert answer.status_code == 200, answer.text[:300]
        working += desk.data(f"/runs/{name}")["status"] == "working"
        if answer.headers["content-type"].startswith("application/json"):
            seen.add(answer.json()["meta"]["release"])
        asked += 1
        time.sleep(0.1)
    toml.write_text(text, "utf-8")
    new = _ended(desk, name)["result"]["release"]
    assert working >= len(paths), "nothing was asked while the run worked"
    assert old in seen
    assert desk.data("/runs")[0]["status"] == "done"
    assert desk.get("/meta").json()["meta"]["release"] == new != old
    assert seen <= {old, new}


def test_a_report_gives_a_file(desk):
    body = {"page": "industry", "lang": "zh", "format": "html"}
    name = _post(desk, "/reports", body=body).json()["data"]["id"]
    assert _ended(desk, name)["status"] == "done"
    file = desk.get(f"/runs/{name}/file")
    assert file.headers["content-disposition"] == 'attachment; filename="brief.html"'
    assert open_release(desk.project).id in file.text


def test_a_report_that_cannot_be_is_refused_before_it_starts(desk):
    before = len(desk.get("/runs").json()["data"])
    body = {"page": "region", "choice": "R9999"}
    answer = _post(desk, "/reports", body=body, status=404)
    assert answer.json()["code"] == "unknown_value"
    assert "R9999" in answer.json()["detail"]
    assert len(desk.get("/runs").json()["data"]) == before


def _import(desk, content, **query):
    given = {
        "source": "table",
        "ending": "csv",
        "options": '{"table": "activity"}',
        **query,
    }  # fmt: skip
    return desk.client.post(
        "/api/v1/imports", content=content, params=given,
        headers={**OWN, "content-type": "application/octet-stream"},
    )  # fmt: skip


def test_a_file_is_imported_under_a_name_of_ours(desk):
    content = "region,name_en\nX1,First\nX2,Second\n"
    answer = _import(
        desk, content, source="table", name="places", options='{"table": "regions"}'
    )
    assert answer.status_code == 202, answer.text
    found = _ended(desk, answer.json()["data"]["id"])
    assert found["status"] == "done", found
    assert found["result"]["tables"] == {"regions": 2}
    text = (desk.project / "agglo.toml").read_text("utf-8")
    assert "sources/uploads/" in text
    assert str(desk.project) not in json.dumps(found)


@pytest.mark.parametrize("content", [b"\x00\x01\x02", b"a,b\n1\n2,3,4\n"])
def test_a_hostile_file_is_a_problem_and_leaves_nothing(desk, content):
    uploads = desk.project / "sources" / "uploads"
    before = sorted(uploads.glob("*")) if uploads.is_dir() else []
    toml = (desk.project / "agglo.toml").read_bytes()
    answer = _import(desk, content, source="table", options='{"table": "regions"}')
    found = _ended(desk, answer.json()["data"]["id"])
    assert found["status"] == "failed", found
    assert found["problem"]["detail"]
    assert str(desk.project) not in json.dumps(found["problem"])
    for _ in range(40):
        if sorted(uploads.glob("*")) == before:
            break
        time.sleep(0.05)
    assert sorted(uploads.glob("*")) == before
    assert (desk.project / "agglo.toml").read_bytes() == toml


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"source": "nowhere"}, 404, "unknown_source"),
        ({"source": "table", "options": "[]"}, 400, "bad_options"),
        ({"source": "table", "options": '{"no": 1}'}, 400, "unknown_option"),
        ({"source": "table", "options": '{"title": "${HOME}"}'}, 400, "bad_options"),
        ({"source": "table", "options": '{"title": "{data}/x"}'}, 400, "bad_options"),
        ({"ending": "exe"}, 400, "bad_value"),
        ({"name": "../x"}, 400, "bad_value"),
    ],
)
def test_an_import_takes_closed_lists_only(desk, query, status, code):
    answer = _import(desk, CSV, **query)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_an_empty_or_too_large_file_is_refused(desk, project):
    assert _import(desk, b"").json()["code"] == "empty_body"
    settings = Settings(limits=Limits(upload=100))
    small = Served(project, desk.release, settings, client_of(project, settings))
    assert _import(small, b"x" * 101).status_code == 413


def test_s10_an_import_has_bounded_memory_and_time(desk):
    caps = JobCaps(seconds={"run": 5.0, "import": 5.0, "report": 5.0},
                   memory={"import": 1 << 20})  # fmt: skip
    jobs = Jobs(desk.project, caps)
    file = desk.project / "big.csv"
    file.write_text("region\n" + "R1\n" * 100_000)
    order = {"source": "table", "file": str(file), "options": {"table": "regions"}}
    job = jobs.submit("import", order, asked={})
    _wait(job)
    assert job.status == "failed"
    slow = Jobs(desk.project, JobCaps(seconds={"run": 0.05, "import": 1, "report": 1}))
    job = slow.submit("run", {"study": None}, asked={})
    _wait(job)
    assert job.problem["code"] == "run_timeout"


def _wait(job: Job, seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while job.status == "working" and time.monotonic() < end:
        time.sleep(0.02)


def test_s15_runs_at_once_are_capped_and_cancel_works(desk):
    before = sorted(p for p in (desk.project / "results").rglob("*") if p.is_file())
    name = _post(desk, "/runs", body={}).json()["data"]["id"]
    second = _post(desk, "/runs", body={}, status=429)
    assert second.headers["retry-after"] == "5"
    ended = desk.client.delete(f"/api/v1/runs/{name}", headers=OWN)
    assert ended.json()["data"]["status"] == "cancelled"
    assert (
        sorted(p for p in (desk.project / "results").rglob("*") if p.is_file())
        == before
    )
    # the lock went with the process: the next run may start
    with locked(desk.project / ".agglo", wait=5):
        pass
    # cancelling what has ended changes nothing
    late = desk.client.delete(f"/api/v1/runs/{name}", headers=OWN)
    assert late.json()["data"] == ended.json()["data"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/runs"),
        ("POST", "/imports"),
        ("POST", "/reports"),
        ("DELETE", "/runs/x"),
    ],
)
def test_s4_long_work_needs_origin_cookie_and_header(desk, method, path):
    from starlette.testclient import TestClient

    tries = ({}, {"origin": "https://evil.example", "x-agglo": "1"},
             {"origin": OWN["origin"]}, {"x-agglo": "1"})  # fmt: skip
    for headers in tries:
        answer = desk.client.request(method, f"/api/v1{path}", headers=headers)
        assert answer.status_code == 403, headers
    bare = TestClient(desk.client.app, base_url="http://127.0.0.1:8321")
    assert bare.request(method, f"/api/v1{path}", headers=OWN).status_code == 401
    assert desk.data("/runs") is not None


def test_s6_runs_have_opaque_ids(desk):
    for bad in ("x", "..%2f..", "%00", "a b"):
        assert desk.get(f"/runs/{bad}").status_code in (400, 404)
    names = [job["id"] for job in desk.data("/runs")]
    assert len(set(names)) == len(names)
    assert all(len(name) >= 20 for name in names)


DESK_ROUTES = {
    ("/api/v1/saved", "POST"),
    ("/api/v1/saved/{id}", "GET"),
    ("/api/v1/runs", "POST"), ("/api/v1/imports", "POST"), ("/api/v1/reports", "POST"),
    ("/api/v1/runs", "GET"), ("/api/v1/runs/{id}", "GET"), ("/api/v1/runs/{id}", "DELETE"),
    ("/api/v1/runs/{id}/events", "GET"), ("/api/v1/runs/{id}/file", "GET"),
}  # fmt: skip


def test_s17_long_work_is_mounted_on_the_own_desk_only(desk):
    def routes(**settings):
        return set(build(desk.project, Settings(**settings))[1].state.routes)

    public = routes(mode="public")
    assert routes() - public == DESK_ROUTES
    others = {"host": "0.0.0.0", "password": "x"}  # noqa: S104
    # on a network the owner's saved views can be opened, and nothing can be written
    assert routes(**others) - public == {("/api/v1/saved/{id}", "GET")}
    assert {methods for _, methods in routes(**others)} == {"GET"}
