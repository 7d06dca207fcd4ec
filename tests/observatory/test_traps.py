"""The traps of the specification that others fell into, one regression test each.

The winding of polygons is looked at where boundaries are drawn, in `test_looks.py`.
"""

from __future__ import annotations

import functools
import http.client
import http.server
import io
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pv
import pyarrow.parquet as pq
import pytest

from agglo.observatory.api.rows import ViewQuery, frame, row_numbers
from agglo.observatory.export import export_html, export_site
from agglo.observatory.pages import VIEWS
from agglo.observatory.release import build_release
from agglo.runs import add_import, start
from agglo.runs.toml_text import project_text, study_text
from agglo.simulate import simulate_country
from agglo.store import write_text
from tests.observatory.conftest import _FAST, Served, client_of
from tests.observatory.made_up import made_up
from tests.observatory.visits import WEB, Visit, serving


def _web(test):
    return functools.reduce(lambda made, mark: mark(made), WEB, test)


@pytest.fixture
def small(project, release, browser) -> Iterator[Visit]:
    """A tab at the small project."""
    del release
    with serving(project) as address:
        found = Visit(browser, address)
        yield found
        found.context.close()
    assert found.complaints == []


TRAPS = ("winding", "worker", "chinese", "below_a_path", "own_server", "nan_",
         "leading_zeros", "from_disk")  # fmt: skip


def test_every_known_trap_has_its_test(root):
    names = []
    for path in (root / "tests/observatory").glob("test_*.py"):
        names += re.findall(r"def (test_trap_\w+)", path.read_text("utf-8"))
    assert [t for t in TRAPS if not any(t in name for name in names)] == []


# NaN sorted first in rankings


@pytest.mark.parametrize("direction", ["", "-"])
def test_trap_nan_is_never_first_in_a_ranking(tmp_path, direction):
    stock = made_up(tmp_path, "industry")
    view = VIEWS["industry.ranking"]
    file = tmp_path / "release" / "r" / f"out_{view.table.replace('.', '_')}.parquet"
    table = pq.read_table(file)
    odd = {
        "gamma": [np.nan, 2.0, None, np.inf, 1.0, -3.0],
        "locational_gini": [None, None, 1.0, np.nan, np.nan, np.nan],
    }
    for name, values in odd.items():
        at = table.column_names.index(name)
        table = table.set_column(at, name, pa.array(values, pa.float64()))
    pq.write_table(table, file)
    known = {"gamma": [-3.0, 1.0, 2.0], "locational_gini": [1.0]}
    for name, values in known.items():
        query = ViewQuery(sort=f"{direction}{name}")
        rows = row_numbers(stock, view, query)
        found = [table[name][int(i)].as_py() for i in rows]
        want = values[::-1] if direction else values
        assert found[: len(want)] == want
        assert not any(v is not None and np.isfinite(v) for v in found[len(want) :])
        assert frame(stock, view, rows).num_rows == 6


# leading zeros lost in codes


@pytest.fixture(scope="module")
def zeros(tmp_path_factory) -> Served:
    """A project imported from CSV whose codes begin with zeros, as many real ones do."""
    folder = tmp_path_factory.mktemp("zeros") / "zeros"
    country = simulate_country(
        n_regions=20, n_industries=20, n_plants=1000, n_periods=1, seed=4
    ).tables()
    write_text(folder / "agglo.toml", project_text("zeros", "Zeros", "en", 7, generated=True)
               + "\n" + study_text("concentration", _FAST))  # fmt: skip
    for name in ("regions", "industries", "establishments", "activity"):
        table = country[name]
        if "region" in table.column_names:
            codes = [str(c).removeprefix("R") for c in table["region"].to_pylist()]
            at = table.column_names.index("region")
            table = table.set_column(at, "region", pa.array(codes))
        file = folder / f"{name}.csv"
        pv.write_csv(table, file, pv.WriteOptions(quoting_style="none"))
        add_import(folder, "table", [str(file)], options={"table": name}, id=name)
    start(folder, "concentration")
    from agglo.observatory.api import Settings

    settings = Settings()
    return Served(folder, build_release(folder), settings, client_of(folder, settings))


def test_trap_leading_zeros_of_codes_are_kept_in_every_format(zeros):
    rows = zeros.data("/views/map.quotient.json")
    pairs = [(r["region"], r["industry"]) for r in rows]
    assert len(pairs) > 20
    assert all(re.fullmatch(r"0\d\d", region) for region, _ in pairs)
    assert all(re.fullmatch(r"\d{4}", industry) for _, industry in pairs)
    assert any(industry.startswith("0") for _, industry in pairs)
    text = zeros.get("/views/map.quotient.csv").content.decode("utf-8-sig")
    for region, industry in pairs:
        assert re.search(rf'(^|,)"?{region}"?,"?{industry}"?,', text, re.M)
    held = pq.read_table(io.BytesIO(zeros.get("/views/map.quotient.parquet").content))
    columns = (held["region"].to_pylist(), held["industry"].to_pylist())
    assert list(zip(*columns, strict=True)) == pairs
    openpyxl = pytest.importorskip("openpyxl")
    body = zeros.get("/views/map.quotient.xlsx").content
    head, *lines = openpyxl.load_workbook(io.BytesIO(body))["data"].values
    at = head.index("region"), head.index("industry")
    assert [(line[at[0]], line[at[1]]) for line in lines] == pairs
    # codes are asked for as they are written
    code = pairs[0][0]
    assert zeros.data(f"/views/region.structure?region={code}")
    lost = zeros.get("/views/region.structure", params={"region": code.lstrip("0")})
    assert lost.status_code == 404


# the address of a worker under the content policy


def test_trap_the_page_code_starts_no_worker(root):
    """Its address would be refused from disk and under a sub-path; there is none."""
    starts = re.compile(r"\b(new\s+(Shared)?Worker|importScripts|serviceWorker)\b")
    code = list((root / "src/agglo/observatory/static").glob("*.js"))
    assert len(code) >= 2
    for path in [*code, *(root / "frontend/src").rglob("*.ts")]:
        found = starts.search(path.read_text("utf-8"))
        assert found is None, (path.name, found)


# libraries that load map files from outside


def test_trap_the_page_code_knows_no_map_file(root):
    """No address of outlines or tiles: what is drawn is asked from the own API."""
    for path in (root / "src/agglo/observatory/static").glob("*.js"):
        text = path.read_text("utf-8")
        assert not re.search(
            r"(world|china|countries|land)[-\w]*\.(geo|topo)?json", text
        )
        assert not re.search(r"\{z\}|/tiles?/|mapbox|geojson\.(io|cn)|datav", text)
        assert "XMLHttpRequest" not in text


@_web
def test_trap_maps_ask_the_own_server_only(small: Visit) -> None:
    asked: list[str] = []
    small.tab.on("request", lambda r: asked.append(r.url))
    tab = small.open("map")
    tab.locator("#v-map-quotient [data-mark]").first.wait_for()
    tab.wait_for_load_state("networkidle")
    assert any(u.endswith("/api/v1/geometry") for u in asked)
    foreign = [u for u in asked if not u.startswith((small.home, "data:", "blob:"))]
    assert foreign == []


# missing CJK glyphs in screenshots

_DRAWN = """([text, font]) => {
  const canvas = document.createElement('canvas');
  canvas.width = 80 * text.length + 40; canvas.height = 120;
  const pen = canvas.getContext('2d');
  pen.font = `64px ${font}`; pen.textBaseline = 'top';
  pen.fillText(text, 10, 10);
  const pixels = pen.getImageData(0, 0, canvas.width, canvas.height).data;
  let dark = 0, sum = 0;
  for (let i = 3; i < pixels.length; i += 4)
    if (pixels[i] > 64) { dark += 1; sum = (sum * 31 + i) % 2147483647; }
  return [dark, sum];
}"""


@_web
def test_trap_chinese_is_drawn_as_characters_not_as_boxes(small: Visit) -> None:
    tab = small.open("map?lang=zh")
    words = tab.locator("main h1").inner_text()
    characters = sorted(set(re.findall(r"[\u4e00-\u9fff]", words)))
    assert len(characters) >= 3
    font = tab.evaluate(
        "getComputedStyle(document.querySelector('main h1')).fontFamily"
    )
    figure = tab.locator("#v-map-quotient svg text").first
    figure.wait_for()
    drawn_with = figure.evaluate("e => getComputedStyle(e).fontFamily")
    for family in {font, drawn_with}:
        # a code point that no font has: what is drawn for it is the box
        box = tab.evaluate(_DRAWN, ["\U0010fffd", family])
        seen = [tab.evaluate(_DRAWN, [c, family]) for c in characters]
        assert all(dark > 100 for dark, _ in seen)
        assert box not in seen
        assert len({tuple(s) for s in seen}) == len(characters)


# script blocked when a page is opened from disk


@_web
def test_trap_scripts_run_when_a_page_is_opened_from_disk(
    project, release, browser, tmp_path
) -> None:
    del release
    export_html(project, tmp_path / "one.html", mode="private")
    export_site(project, tmp_path / "site", mode="private")
    for file in (tmp_path / "one.html", tmp_path / "site" / "index.html"):
        context = browser.new_context(offline=True)
        tab = context.new_page()
        wrong: list[str] = []
        tab.on("pageerror", lambda e, wrong=wrong: wrong.append(str(e)))
        tab.on("console", lambda m, wrong=wrong: wrong.append(m.text))
        tab.goto(file.as_uri() + "#/map?v=1")
        tab.locator("main svg [data-mark]").first.wait_for()
        context.close()
        assert wrong == []


# sub-path hosting


class _Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files, or what lies behind a path at another port."""

    behind: tuple[str, int] | None = None

    def log_message(self, *_) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        if self.behind is None:
            super().do_GET()
            return
        if not self.path.startswith("/behind/here/"):
            self.send_error(404)
            return
        host, port = self.behind
        upstream = http.client.HTTPConnection(host, port, timeout=20)
        asked = {k: v for k, v in self.headers.items() if k.lower() != "host"}
        upstream.request("GET", self.path.removeprefix("/behind/here"), headers=asked)
        answer = upstream.getresponse()
        body = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in (
                "connection",
                "transfer-encoding",
                "date",
                "server",
            ):
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        upstream.close()


@contextmanager
def _hosted(handler) -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def _walk(browser, start_at: str, root: str) -> None:
    """Open a page below a path, go to another by its link, and look where requests went."""
    context = browser.new_context()
    tab = context.new_page()
    asked, wrong = [], []
    tab.on("request", lambda r: asked.append(r.url))
    tab.on("console", lambda m: wrong.append(m.text))
    tab.on("pageerror", lambda e: wrong.append(str(e)))
    tab.on("response", lambda r: wrong.append(r.url) if r.status >= 400 else None)
    tab.goto(start_at)
    tab.locator("main h1").wait_for()
    tab.get_by_role("link", name="Where is it?").first.click()
    tab.locator("main svg [data-mark]").first.wait_for()
    assert tab.url.startswith(root)
    tab.reload()
    tab.locator("main svg [data-mark]").first.wait_for()
    tab.wait_for_load_state("networkidle")
    context.close()
    away = [u for u in asked if not u.startswith((root, "data:", "blob:"))]
    assert (away, wrong) == ([], [])
    assert len(asked) > 2


@_web
def test_trap_an_exported_folder_works_below_a_path(
    project, release, browser, tmp_path
) -> None:
    del release
    export_site(project, tmp_path / "pages" / "of us" / "site", mode="private")
    handler = functools.partial(_Quiet, directory=str(tmp_path))
    with _hosted(handler) as home:
        root = f"{home}/pages/of%20us/site/"
        _walk(browser, root, root)


@_web
def test_trap_a_server_works_below_a_path(project, release, browser) -> None:
    del release
    with serving(project, "--root", "/behind/here") as address:
        port, token = re.search(r":(\d+)/behind/here/\?token=(\S+)", address).groups()

        class Behind(_Quiet):
            behind = ("127.0.0.1", int(port))

        with _hosted(Behind) as home:
            root = f"{home}/behind/here/"
            _walk(browser, f"{root}?token={token}", root)


def test_trap_addresses_below_a_path_are_complete(served, serve):
    below = serve(root="/behind/here")
    text = below.client.get("/").text
    boot = json.loads(re.search(r'<script id="boot"[^>]*>([^<]*)<', text)[1])
    assert boot["root"] == "/behind/here/"
    for address in re.findall(r'(?:src|href)="(?!data:)([^"]*)"', text):
        assert address.startswith("/behind/here/static/")
    assert Path(boot["charts"].partition("?")[0]).name == "charts.js"
    assert 'href="/static/' in served.client.get("/").text
