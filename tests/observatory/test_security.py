"""Rules S1 to S18 of the specification at the server, each test named after its rule.

`tests/contracts/test_security_rules.py` checks that every rule has one, and holds S14.
"""

from __future__ import annotations

import base64
import logging
import re
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from agglo.core.errors import OptionError
from agglo.observatory.api import LOOPBACK, Limits, Settings, check_binding, create_app
from agglo.observatory.api.application import build
from agglo.observatory.api.security import CSP
from agglo.observatory.pages import PAGES, VIEWS
from tests.observatory.conftest import CANARIES, HOSTILE, client_of
from tests.observatory.crawl import Seen, addresses, crawl

TRAVERSAL = (
    "..", "../", "../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd",
    "..%252f..%252fetc", "..\\..\\windows\\win.ini", "..%5c..%5cwin.ini", "/etc/passwd",
    "//etc/passwd", "%2fetc%2fpasswd", "app.js%00.css", "%00", "\\\\host\\share",
    "%5c%5chost%5cshare", "CON", "NUL", "aux.txt", "C:\\x", "file:%2f%2f/etc/passwd",
    "release.json", "out_concentration_cells.parquet", ".cursor-key", "BUILD.json",
    "....//....//x", "..;/x", "%c0%ae%c0%ae/x", "app.js/../../release.json",
)  # fmt: skip
INJECTION = (
    "' OR 1=1 --", "R001'; DROP TABLE regions; --", "R001 UNION SELECT * FROM x",
    "${jndi:ldap://x}", "{{7*7}}", "$(id)", "`id`", "1;ATTACH 'x'", "read_csv('/etc/passwd')",
    "*", "%", "_", "R00%", "[0-9]", ".*", "\\", "\"", "null", "NaN", "-1", "1e309",
)  # fmt: skip


# one crawl of each mode; every rule that is about all answers judges what it left


@dataclass(frozen=True)
class Crawled:
    """What a crawl saw, what was logged meanwhile, and the files before and after."""

    seen: Seen
    logged: list[logging.LogRecord]
    before: dict[Path, int]
    after: dict[Path, int]


class _Kept(logging.Handler):
    """Keep all records of the process."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def __enter__(self) -> _Kept:
        self.root = logging.getLogger()
        self.was = self.root.level
        self.root.addHandler(self)
        self.root.setLevel(logging.DEBUG)
        return self

    def __exit__(self, *_: object) -> None:
        self.root.removeHandler(self)
        self.root.setLevel(self.was)


def _crawled(found) -> Crawled:
    def files() -> dict[Path, int]:
        every = found.project.rglob("*")
        return {p: p.stat().st_mtime_ns for p in every if p.is_file()}

    before = files()
    with _Kept() as log:
        seen = crawl(found)
        found.client.get(f"/?token={found.settings.token}")
    return Crawled(seen, log.records, before, files())


@pytest.fixture(scope="module")
def crawled(served) -> Crawled:
    return _crawled(served)


@pytest.fixture(scope="module")
def public_crawled(public) -> Crawled:
    return _crawled(public)


# S1


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org"])  # noqa: S104
def test_s1_another_address_alone_is_refused(host):
    with pytest.raises(OptionError) as caught:
        check_binding(Settings(host=host), allow_network=False, without_tls=False)
    fixes = " ".join(p.what for p in caught.value.problems)
    for flag in ("--allow-network", "--allow-host", "AGGLO_PASSWORD", "--without-tls"):
        assert flag in fixes


def test_s1_each_missing_part_is_refused():
    whole = {"host": "0.0.0.0", "hosts": (*LOOPBACK, "desk"), "password": "x"}  # noqa: S104
    check_binding(Settings(**whole), allow_network=True, without_tls=True)
    for missing in ("hosts", "password"):
        less = {k: v for k, v in whole.items() if k != missing}
        with pytest.raises(OptionError):
            check_binding(Settings(**less), allow_network=True, without_tls=True)
    for flags in ((False, True), (True, False)):
        with pytest.raises(OptionError):
            check_binding(
                Settings(**whole), allow_network=flags[0], without_tls=flags[1]
            )


def test_s1_the_default_is_this_machine():
    assert Settings().host == "127.0.0.1"
    check_binding(Settings(), allow_network=False, without_tls=False)


def test_s1_a_password_is_asked_for_where_one_is_set(served):
    settings = Settings(password="hen house")  # noqa: S106
    client = TestClient(
        create_app(served.project, settings), base_url="http://localhost:8321"
    )
    assert client.get("/api/v1/meta").status_code == 401
    for said, status in (("wrong", 401), ("hen house", 200)):
        coded = base64.b64encode(f"x:{said}".encode()).decode()
        answer = client.get("/api/v1/meta", headers={"authorization": f"Basic {coded}"})
        assert answer.status_code == status
    broken = client.get("/api/v1/meta", headers={"authorization": "Basic %%%"})
    assert broken.status_code == 401


# S2


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1", "127.0.0.1:80", "127.0.0.1:83210", "localhost.evil:8321",
     "127.0.0.1:8321.evil", "", "127.0.0.1:8321@evil", "[::1]", "0.0.0.0:8321"],
)  # fmt: skip
def test_s2_a_forged_host_is_refused(served, host):
    answer = served.get("/meta", headers={"host": host})
    assert answer.status_code == 400
    assert answer.json()["code"] == "bad_host"


@pytest.mark.parametrize("host", ["127.0.0.1:8321", "localhost:8321", "[::1]:8321"])
def test_s2_own_names_are_taken(served, host):
    assert served.get("/meta", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("hosts", [[], ["127.0.0.1:8321", "127.0.0.1:8321"]])
def test_s2_a_missing_or_doubled_host_is_refused(served, hosts):
    import asyncio

    statuses = []
    scope = {
        "type": "http", "method": "GET", "path": "/api/v1/meta", "scheme": "http",
        "raw_path": b"/api/v1/meta", "query_string": b"", "http_version": "1.1",
        "headers": [(b"host", h.encode()) for h in hosts],
    }  # fmt: skip

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        statuses.append(message.get("status"))

    app = create_app(served.project, served.settings)
    # a thread of its own: a browser test of this process may hold the event loop
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(app(scope, receive, send))).result()
    assert statuses[0] == 400


# S3


def test_s3_without_the_cookie_nothing_is_shown(served):
    bare = TestClient(served.client.app, base_url="http://127.0.0.1:8321")
    for path in ("/", "/api/v1/meta", "/region/R001.json", "/static/app.js"):
        answer = bare.get(path)
        assert answer.status_code == 401, path
        assert answer.headers["content-type"] == "application/problem+json"


def test_s3_the_token_is_traded_for_a_cookie_and_leaves_the_address(served):
    bare = TestClient(
        served.client.app, base_url="http://127.0.0.1:8321", follow_redirects=False
    )
    token = served.settings.token
    answer = bare.get(f"/region/R001?token={token}&lang=zh")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/region/R001?lang=zh"
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{served.settings.cookie}={token};")
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert bare.get("/api/v1/meta").status_code == 200


def test_s3_the_cookie_is_named_after_the_port(serve):
    assert serve(port=9001).settings.cookie != serve(port=9002).settings.cookie


@pytest.mark.parametrize("token", ["", "x", "é", "0" * 43])
def test_s3_a_wrong_token_is_refused(served, token):
    bare = TestClient(served.client.app, base_url="http://127.0.0.1:8321")
    assert bare.get("/", params={"token": token}).status_code == 401
    bare.cookies.set(served.settings.cookie, quote(token))
    assert bare.get("/api/v1/meta").status_code == 401


def test_s3_tokens_are_long_and_of_one_start_only():
    tokens = {Settings().token for _ in range(20)}
    assert len(tokens) == 20
    assert all(len(base64.urlsafe_b64decode(t + "==")) == 32 for t in tokens)
    assert Settings().token not in repr(Settings())


@pytest.mark.parametrize("path", ["//evil.example", "/%0d%0aset-cookie:x=1", "/\\evil"])
def test_s3_the_trade_leads_to_no_other_host(served, path):
    bare = TestClient(
        served.client.app, base_url="http://127.0.0.1:8321", follow_redirects=False
    )
    answer = bare.get(f"http://127.0.0.1:8321{path}?token={served.settings.token}")
    location = answer.headers["location"]
    assert re.match(r"/(?![/\\])", location)
    assert "\r" not in location
    assert "\n" not in location


def test_s3_referrers_are_not_sent(served):
    assert served.get("/meta").headers["referrer-policy"] == "no-referrer"


# S4


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_s4_writing_needs_own_origin_and_header(served, method):
    own = "http://127.0.0.1:8321"
    tries = (
        ({}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": own}, 403),
        ({"x-agglo": "1"}, 403),
        ({"origin": own, "x-agglo": "1"}, 405),
    )
    for headers, status in tries:
        answer = served.client.request(method, "/api/v1/meta", headers=headers)
        assert answer.status_code == status, (method, headers)


def test_s4_reading_changes_no_file(served, crawled):
    key = served.project / "release" / ".cursor-key"
    before, after = (
        {p: at for p, at in files.items() if p != key}
        for files in (crawled.before, crawled.after)
    )
    assert len(before) > 30
    assert after == before


def test_s4_no_answer_lets_other_origins_read(served):
    for path in addresses(served)[:40]:
        answer = served.client.get(path, headers={"origin": "https://evil.example"})
        assert not [h for h in answer.headers if h.startswith("access-control")], path


# S5


def test_s5_every_answer_carries_the_policy(served):
    for path in [*addresses(served)[:40], "/nope", "/static/nope"]:
        headers = served.client.get(path).headers
        assert headers["content-security-policy"] == CSP, path
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["cross-origin-resource-policy"] == "same-origin"


def test_s5_the_policy_allows_nothing_inline_and_nothing_foreign():
    assert "unsafe" not in CSP
    assert "http" not in CSP
    assert "default-src 'none'" in CSP


# S6, S7, S9


@pytest.mark.parametrize("bad", [*TRAVERSAL, *INJECTION])
def test_s6_unknown_ids_are_not_found(served, bad):
    quoted = quote(bad, safe="%")
    for stem in ("pages", "views", "tables", "manifests", "certificates", "methods"):
        answer = served.get(f"/{stem}/{quoted}")
        assert answer.status_code in (404, 400), (stem, bad)


@pytest.mark.parametrize("bad", INJECTION)
def test_s7_filters_are_values_never_expressions(served, bad):
    answer = served.get("/views/region.structure", params={"region": bad})
    assert answer.status_code == 404
    assert answer.json()["code"] == "unknown_value"
    for key in ("sort", "limit", "layout", "cursor"):
        answer = served.get("/views/region.structure", params={key: bad})
        assert answer.status_code == 400, (key, bad)
    found = served.get("/find", params={"q": bad})
    assert found.status_code == 200


def test_s8_no_database_is_opened(served, monkeypatch):
    import duckdb

    def refuse(*_args, **_more):
        msg = "a request opened a database"
        raise AssertionError(msg)

    monkeypatch.setattr(duckdb, "connect", refuse)
    monkeypatch.setattr(duckdb, "sql", refuse)
    fresh = client_of(served.project, Settings())
    for path in addresses(served)[:30]:
        assert fresh.get(path).status_code < 500


def test_s8_the_server_has_no_database_in_its_imports(root):
    for path in (root / "src/agglo/observatory").rglob("*.py"):
        assert "duckdb" not in path.read_text("utf-8"), path


@pytest.mark.parametrize("bad", TRAVERSAL)
def test_s9_no_path_leads_to_a_file(served, bad):
    quoted = quote(bad, safe="%/")
    for stem in ("static", "api/v1/views", "api/v1/downloads", "region"):
        answer = served.client.get(f"http://127.0.0.1:8321/{stem}/{quoted}")
        if answer.request.url.path.startswith(f"/{stem}/"):  # not what the client made
            assert answer.status_code != 200 or "<!doctype html>" in answer.text, bad
        assert "root:" not in answer.text


def test_s9_static_files_come_from_a_list(served, monkeypatch, tmp_path):
    monkeypatch.setattr("agglo.observatory.api.page_files._STATIC", tmp_path)
    (tmp_path / "secret.txt").write_text("x")
    (tmp_path / "app.js").write_text("1")
    (tmp_path / "app.css").symlink_to("/etc/passwd")
    assert served.client.get("/static/app.js").text == "1"
    assert served.client.get("/static/secret.txt").status_code == 404
    assert served.client.get("/static/app.css").status_code == 404


# S12


def test_s12_names_are_data_never_markup(served):
    html = served.client.get("/")
    if html.status_code == 200:
        assert not any(name in html.text for name in HOSTILE)
        assert "<b>bold" not in html.text
    listed = served.data("/regions")
    names = {entry["name"]["en"] for entry in listed}
    assert set(HOSTILE) <= names
    assert served.get("/regions").headers["content-type"].startswith("application/json")


def test_s12_a_data_block_cannot_be_ended_by_a_name():
    from agglo.observatory.api.page_files import json_script

    for name in HOSTILE:
        block = json_script("data", {"name": name, name: "\u2028"})
        assert block.count("<") == 2
        assert block.count(">") == 2
        assert "\u2028" not in block


def test_s12_formula_cells_are_neutral_in_csv(served):
    for view in ("map.quotient", "region.structure", "industry.ranking"):
        text = served.get(f"/views/{view}.csv").content.decode("utf-8-sig")
        for cell in re.findall(r'"((?:[^"]|"")*)"', text):
            assert not re.match(r"[=+\-@\t\r]", cell), cell


# S13


def test_s13_the_crawl_makes_no_outgoing_request(crawled):
    # the guard of tests/offline ends the crawl at the first one
    assert crawled.seen.count > 30


# S15


def test_s15_a_large_body_is_refused(serve):
    small = serve(limits=Limits(body=100))
    own = {"origin": "http://127.0.0.1:8321", "x-agglo": "1"}
    answer = small.client.post("/api/v1/meta", content=b"x" * 101, headers=own)
    assert answer.status_code == 413


def test_s15_a_long_address_is_refused(served):
    assert served.get("/find", params={"q": "x" * 5000}).status_code == 414


@pytest.mark.parametrize("limit", ["0", "10001", "-5", "x", "1e3", "٣", "9" * 30])
def test_s15_rows_are_capped(served, limit):
    answer = served.get("/views/map.quotient", params={"limit": limit})
    assert answer.status_code == 400


def test_s15_files_are_capped(serve):
    small = serve(limits=Limits(file_rows=10))
    answer = small.get("/views/map.quotient.csv")
    assert answer.status_code == 413
    assert answer.json()["code"] == "too_many_rows"


def test_s15_too_many_at_once_are_told_to_wait(serve):
    answer = serve(limits=Limits(parallel=0)).get("/meta")
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "1"


def test_s15_a_slow_answer_is_ended(serve, monkeypatch):
    import time

    slow = serve(limits=Limits(seconds=0.05))
    real = slow.client.app.app

    async def wait(scope, receive, send):
        import asyncio

        await asyncio.sleep(5)
        await real(scope, receive, send)

    monkeypatch.setattr(slow.client.app, "app", wait)
    began = time.monotonic()
    answer = slow.get("/meta")
    assert answer.status_code == 503
    assert answer.json()["code"] == "timeout"
    assert time.monotonic() - began < 4


# S16


def test_s16_logs_hold_no_token_and_no_numbers(public, public_crawled):
    said = public_crawled.logged
    assert any(r.name.startswith("http") for r in said)  # the client's: all are kept
    for record in (r for r in said if not r.name.startswith("http")):
        said = record.getMessage()
        assert public.settings.token not in said
        assert not any(str(value) in said for value in CANARIES)


def test_s16_public_answers_hold_no_canary(public_crawled):
    seen = public_crawled.seen
    assert seen.count > 30
    for path, body in seen.bodies.items():
        for value in CANARIES:
            assert str(value).encode() not in body, path


def test_s16_the_canaries_would_be_seen(crawled):
    """The crawl finds them where they may be: on the owner's desk."""
    bodies = crawled.seen.bodies.values()
    assert [b for b in bodies if str(CANARIES[0]).encode() in b]


# S17

PUBLIC_ROUTES = [
    "/", "/api/v1/", "/api/v1/certificates/{release}", "/api/v1/coagglomeration",
    "/api/v1/compare", "/api/v1/downloads/{name}", "/api/v1/evaluations/{study}",
    "/api/v1/find", "/api/v1/geometry", "/api/v1/indicators", "/api/v1/industries",
    "/api/v1/manifests/{release}", "/api/v1/manifests/{release}/check",
    "/api/v1/matches/{study}", "/api/v1/meta",
    "/api/v1/methods", "/api/v1/methods/{name}", "/api/v1/networks/{layer}",
    "/api/v1/pages", "/api/v1/pages/{page}", "/api/v1/profiles/{kind}/{code}",
    "/api/v1/regions", "/api/v1/scoreboards/{study}", "/api/v1/space", "/api/v1/tables",
    "/api/v1/tables/{name}", "/api/v1/values", "/api/v1/values.{kind}",
    "/api/v1/views/{name}", "/static/{name}", "/{page}", "/{page}/{value}",
]  # fmt: skip


def test_s17_public_mode_mounts_a_fixed_list_for_reading(public):
    _, app, _ = build(public.project, public.settings)
    assert [path for path, _ in app.state.routes] == PUBLIC_ROUTES
    assert {methods for _, methods in app.state.routes} == {"GET"}


def test_s17_public_mode_serves_no_private_release(served, public):
    assert public.data("/meta")["release"]["mode"] == "public"
    assert served.data("/meta")["release"]["mode"] == "private"
    answer = public.get(f"/manifests/{served.release.id}")
    assert answer.status_code == 404


def test_s17_public_mode_has_no_tables_of_single_firms(public):
    names = set(public.release.tables)
    assert not [n for n in names if n.startswith(("networks.", "coagglomeration."))]


# S18


def test_s18_what_the_server_needs_is_pinned(root):
    pinned = (root / "constraints.txt").read_text("utf-8").lower()
    extra = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    web = extra["project"]["optional-dependencies"]["web"]
    for line in web:
        name = re.split(r"[<>=\[ ]", line)[0].lower()
        assert re.search(rf"^{name}==", pinned, re.MULTILINE), name


def test_s18_a_release_lists_the_packages_behind_it(served):
    manifest = served.data(f"/manifests/{served.release.id}")
    assert {"numpy", "pyarrow", "agglo"} <= set(manifest["packages"])


def test_every_page_and_view_is_crawled(served):
    seen = " ".join(addresses(served))
    for name in (*PAGES, *(v for v in VIEWS if VIEWS[v].table in served.release)):
        assert name in seen, name
