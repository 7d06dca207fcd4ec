"""The observatory in a browser: every page, both languages, keyboard, axe, export from disk.

The project is the demo of all studies, run once; the browser is Debian's Chromium.
"""

from __future__ import annotations

import fcntl
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sync_api = pytest.importorskip("playwright.sync_api")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")

AGGLO = (sys.executable, "-c", "from agglo.cli import main; main()")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.web,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
    # the driver's own event loop leaves a socket to the garbage collector
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
PAGES = (
    "", "map", "region", "industry", "cluster", "compare", "space", "networks",
    "coagglomeration", "digital", "policy", "formation", "about",
)  # fmt: skip
STUDIES = ("networks", "coagglomeration", "digital", "policy", "formation")
LANGS = ("en", "zh")


def agglo(*words: str, **more) -> subprocess.CompletedProcess[str]:
    command = [*AGGLO, *words]
    return subprocess.run(
        command, check=True, capture_output=True, text=True, timeout=900, **more
    )


@pytest.fixture(scope="session")
def demo(tmp_path_factory) -> Path:
    """The finished demo; workers share one."""
    shared = tmp_path_factory.getbasetemp().parent
    folder = shared / "journeys" / "demo"
    folder.parent.mkdir(exist_ok=True)
    with (shared / "journeys" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "manifest.json").is_file():
            agglo("demo", "--path", str(folder), "--no-serve")
        agglo("serve", str(folder), "--get", "/api/v1/meta")  # builds the release
    return folder


@pytest.fixture(scope="session")
def address(demo: Path) -> Iterator[str]:
    """Serve the demo; the address holds the token."""
    command = [
        *AGGLO, "serve", str(demo),
        "--port", "0", "--no-browser", "--json",
    ]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            text = ""
            for line in server.stdout:
                text += line
                if line.rstrip() == "}" or (
                    line.startswith("{") and line.rstrip().endswith("}")
                ):
                    break
            yield json.loads(text)["address"]
        finally:
            server.terminate()


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    with sync_api.sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


class Visit:
    """A tab that notes what must never happen: errors, foreign requests."""

    def __init__(self, browser, address: str) -> None:
        self.home = re.match(r"http://[^/]+", address)[0]
        self.context = browser.new_context(viewport={"width": 1280, "height": 900})
        self.tab = self.context.new_page()
        self.complaints: list[str] = []
        self.tab.on("console", self._console)
        self.tab.on("pageerror", lambda e: self.complaints.append(str(e)))
        self.tab.on("request", self._request)
        self.tab.goto(address)

    def _console(self, message) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def _request(self, request) -> None:
        if not request.url.startswith((self.home, "data:", "blob:")):
            self.complaints.append(f"foreign request {request.url}")

    def open(self, path: str):
        self.tab.goto(f"{self.home}/{path}")
        self.tab.wait_for_load_state("networkidle")
        self.tab.locator("main h1").wait_for()
        return self.tab


@pytest.fixture
def visit(browser, address: str) -> Iterator[Visit]:
    found = Visit(browser, address)
    yield found
    found.context.close()
    assert not found.complaints


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("page", PAGES)
def test_axe_finds_nothing(visit: Visit, page: str, lang: str) -> None:
    tab = visit.open(f"{page}?lang={lang}")
    assert tab.evaluate("document.documentElement.lang").startswith(lang)
    found = axe.Axe().run(tab).response["violations"]
    assert not [(v["id"], v["nodes"][0]["html"][:120]) for v in found]


@pytest.mark.parametrize("study", STUDIES)
def test_a_study_answers_with_its_planted_truth(
    visit: Visit, demo: Path, study: str
) -> None:
    tab = visit.open(study)
    text = tab.locator("main").text_content()
    findings = json.loads((demo / "results" / study / "findings.json").read_text())
    assert tab.locator(".finding h3").all_text_contents() == [
        finding["question"] for finding in findings
    ]
    assert tab.locator(".finding .answer").all_text_contents() == [
        finding["answer"] for finding in findings
    ]
    assert any(f["truth"] is not None for f in findings)
    assert "Planted truth" in text
    assert "Generated data" in text
    assert tab.locator("main figure, main svg, main canvas").count() >= 3


def test_region_numbers_are_those_of_the_api(visit: Visit) -> None:
    tab = visit.open("region?region=R002")
    api = tab.evaluate(
        "fetch('/api/v1/views/region.specialisations?region=R002&limit=200')"
        ".then(r => r.json())"
    )
    jobs = [row["employment"] for row in api["data"]]
    table = tab.locator("section", has_text="Strongest specialisations").last
    table.get_by_role("button", name=re.compile("Show table")).first.click()
    shown = table.locator("table tbody tr")
    assert shown.count() == len(jobs)
    first = table.locator("table tbody tr").first.inner_text().replace(",", "")
    assert f"{jobs[0]:.0f}" in first


def test_choosing_a_region_changes_the_address_and_the_answer(visit: Visit) -> None:
    tab = visit.open("region")
    before = tab.locator("main").inner_text()
    tab.get_by_role("combobox", name="Region", exact=True).select_option("R005")
    tab.wait_for_url(re.compile("region=R005"))
    tab.wait_for_function(
        "before => document.querySelector('main').innerText !== before", arg=before
    )
    again = tab.url
    visit.tab.goto(again)
    tab.wait_for_load_state("networkidle")
    chosen = tab.get_by_role("combobox", name="Region", exact=True)
    assert chosen.input_value() == "R005"


def test_language_is_kept_in_the_address(visit: Visit) -> None:
    tab = visit.open("map")
    tab.get_by_role("button", name="中文").click()
    tab.locator("h1", has_text="它在哪里").wait_for()
    assert "lang=zh" in tab.url


def test_every_page_is_reached_by_keyboard(visit: Visit) -> None:
    tab = visit.open("")
    seen = set()
    for _ in range(40):
        tab.keyboard.press("Tab")
        seen.add(tab.evaluate("document.activeElement.textContent.trim()"))
    assert {"Where is it?", "Did the policy work?", "Can I trust this?"} <= seen


def test_hostile_addresses_give_a_page_that_says_so(visit: Visit) -> None:
    tab = visit.open("region?region=%3Cscript%3Ealert(1)%3C/script%3E")
    assert tab.locator("main").inner_text()
    assert tab.locator("script", has_text="alert(1)").count() == 0
    visit.complaints.clear()  # a 404 of the API is an error line of the console


def test_one_file_opens_from_disk_without_any_network(
    demo: Path, browser, tmp_path
) -> None:
    file = tmp_path / "observatory.html"
    agglo("export", str(demo), "--html", str(file), "--mode", "private")
    context = browser.new_context(offline=True)
    tab = context.new_page()
    asked: list[str] = []
    tab.on("request", lambda r: asked.append(r.url))
    tab.goto(file.as_uri())
    tab.locator("main h1").wait_for()
    tab.goto(file.as_uri() + "#/policy")
    tab.locator("main", has_text="Planted truth").wait_for()
    assert tab.locator("main svg").count() >= 3
    tab.get_by_role("button", name="中文").click()
    tab.locator("main h1", has_text="政策有效吗").wait_for()
    assert tab.evaluate("document.documentElement.lang") == "zh-Hans"
    assert tab.locator("main svg").count() >= 3
    foreign = [u for u in asked if not u.startswith(("file:", "data:", "blob:"))]
    context.close()
    assert not foreign
