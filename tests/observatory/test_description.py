"""The committed description is the application's, and the application keeps it."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from agglo.observatory.api import Settings
from agglo.observatory.api.application import build
from agglo.observatory.jobs import Job, Jobs
from tests.observatory.crawl import addresses

TYPES = Path(__file__).resolve().parents[2] / "frontend" / "types"


@pytest.fixture(scope="module")
def maker():
    spec = importlib.util.spec_from_file_location("api_types", TYPES / "make.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def whole(maker):
    return maker.description()


def test_the_committed_description_is_the_applications(maker, whole):
    committed = (TYPES / "openapi.json").read_text("utf-8")
    assert committed == maker.description_text(whole), (
        "the API changed: run python frontend/types/make.py and commit both files"
    )


def test_the_types_of_the_page_code_are_made_from_it(maker, whole):
    assert (TYPES / "api.ts").read_text("utf-8") == maker.types_text(whole)


def test_the_server_sends_the_description_it_is_committed_with(served, whole):
    assert served.get("/openapi.json").json() == json.loads(json.dumps(whole))


def test_every_route_is_described_with_its_problems(served, whole):
    routes = build(served.project, served.settings)[1].state.routes
    api = {path for path, _ in routes if path.startswith("/api/v1")}
    assert set(whole["paths"]) == api
    for path, operations in whole["paths"].items():
        for operation in operations.values():
            assert "default" in operation["responses"], path
            assert "422" not in operation["responses"], path
            assert operation["summary"], path


_FILES = (".csv", ".parquet", ".xlsx", ".svg", ".zip")


def test_every_answer_keeps_its_shape(served):
    """The crawl, against the committed description."""
    schemathesis = pytest.importorskip(
        "schemathesis", reason="schemathesis is not installed (extra test)"
    )
    described = schemathesis.openapi.from_asgi(
        "/api/v1/openapi.json", _Bare(served.client.app, served.settings)
    )
    seen = 0
    for path in addresses(served):
        # files have no shape to keep; drawing and packing them takes most of a crawl
        if not path.startswith("/api/v1/") or path.endswith(_FILES):
            continue
        answer = served.client.get(path)
        media = answer.headers["content-type"]
        operation = described.find_operation_by_path("GET", path.partition("?")[0])
        if operation is None or not media.startswith("application/json"):
            continue
        assert operation.is_valid_response(_plain(answer)), path
        seen += 1
    assert seen > 40
    # the comparison can fail: an answer without its envelope is none
    menu = described.find_operation_by_path("GET", "/api/v1/pages")
    assert not menu.is_valid_response(_plain(served.get("/")))


def _plain(answer):
    import schemathesis

    return schemathesis.Response.from_any(answer)


class _Bare:
    """The application with the cookie and the name of its owner."""

    def __init__(self, app, chosen: Settings) -> None:
        self.app = app
        self.own = [
            (b"host", f"127.0.0.1:{chosen.port}".encode()),
            (b"cookie", f"{chosen.cookie}={chosen.token}".encode()),
            (b"origin", f"http://127.0.0.1:{chosen.port}".encode()),
            (b"x-agglo", b"1"),
        ]

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http":
            own = {name for name, _ in self.own}
            kept = [h for h in scope["headers"] if h[0] not in own]
            scope = {**scope, "headers": [*kept, *self.own]}
        await self.app(scope, receive, send)


def _reads(served):
    schemathesis = pytest.importorskip(
        "schemathesis", reason="schemathesis is not installed (extra test)"
    )
    app = _Bare(served.client.app, served.settings)
    return schemathesis.openapi.from_asgi("/api/v1/openapi.json", app)


def _not_started(jobs, kind, order, *, asked, file=None, after=lambda _: None):
    del jobs, order
    job = Job("x" * 22, kind, asked, file=file)
    job.end("cancelled")
    after(job)
    return job


@pytest.mark.parametrize("n", [6, pytest.param(60, marks=pytest.mark.slow)])
def test_s6_no_question_of_schemathesis_breaks_the_server(served, monkeypatch, n):
    """Every route, malformed and well-formed: no 5xx, statuses and shapes are kept."""
    described = _reads(served)
    from schemathesis.checks import CHECKS, load_all_checks

    load_all_checks()
    names = ("not_a_server_error", "status_code_conformance", "content_type_conformance",
             "response_schema_conformance")  # fmt: skip
    held = CHECKS.get_by_names(names)
    # what is asked for is not done: the routes are tried, not the studies
    monkeypatch.setattr(Jobs, "submit", _not_started)
    count = 0
    for result in described.get_all_operations():
        operation = result.ok()

        def check(case):
            nonlocal count
            count += 1
            case.call_and_validate(checks=held)

        tried = given(case=operation.as_strategy())(check)
        settings(
            max_examples=n, database=None, deadline=None, derandomize=True,
            suppress_health_check=list(HealthCheck),
        )(tried)()  # fmt: skip
    assert count > 60
    assert not list((served.project / "sources").glob("uploads/*"))
