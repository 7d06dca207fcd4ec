"""The pages in a browser: first view and switches for a country of 3,110 x 961 cells.

Chromium without a GPU, the server warm, every switch to an industry not asked before.
Wall time counts from the address or the choice to the drawn marks; CPU is the thread time
of the tasks of the page's main thread, from Chromium's trace, so it can be read under load.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.bench_observatory import (
    _SERVER,
    PERIODS,
    REGIONS,
    _ask,
    _free_port,
    country,
)

sync_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.web,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
__all__ = ["country"]

FIRST, SWITCH, TASK = 1.0, 0.2, 0.2
# bytes of an answer to a switch; the budget is half of it, as for all that CI guards
MOVED = 100_000
TIMES = 5
# milliseconds after which a page that was switched asks nothing more
SETTLED = 700
# the choice is made; then the figure must have changed (marks, or the words over a canvas),
# and the frame after the one that draws it is awaited
_CHOOSE = """
([name, value]) => new Promise(done => {
  const select = [...document.querySelectorAll('.selectors label')]
    .find(l => l.textContent.includes(name)).querySelector('select');
  const figure = document.querySelector('section.figure');
  const began = performance.now();
  const seen = new MutationObserver(() => {
    if (!figure.querySelector('[data-mark], canvas')) return;
    seen.disconnect();
    requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - began)));
  });
  seen.observe(figure, { subtree: true, childList: true, characterData: true, attributes: true });
  select.value = value;
  select.dispatchEvent(new Event('change', { bubbles: true }));
})
"""
_SLIDE = """
year => new Promise(done => {
  const slider = document.querySelector('#v-map-over_time-year');
  const figure = document.querySelector('#v-map-over_time');
  const began = performance.now();
  const seen = new MutationObserver(() => {
    seen.disconnect();
    requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - began)));
  });
  seen.observe(figure.querySelector('.scene'), { subtree: true, childList: true, attributes: true });
  slider.value = String(year - 1);
  slider.dispatchEvent(new Event('input', { bubbles: true }));
  slider.dispatchEvent(new Event('change', { bubbles: true }));
})
"""


@pytest.fixture(scope="module")
def home(country: Path) -> Iterator[str]:
    port = _free_port()
    server = subprocess.Popen(
        [sys.executable, "-c", _SERVER, str(country), str(port)], stdout=subprocess.PIPE
    )
    assert server.stdout.readline() == b"ready\n"
    for path in (
        "map.quotient?industry=I960&limit=10000",
        "region.structure?region=R3109",
    ):
        _ask(port, f"/api/v1/views/{path}")
    yield f"http://127.0.0.1:{port}"
    server.terminate()
    server.wait()
    server.stdout.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    with sync_api.sync_playwright() as driver:
        found = driver.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield found
        found.close()


def _tasks(trace: bytes) -> list[float]:
    """Give the CPU seconds of every task of the page's main thread, the longest first."""
    events = json.loads(trace)["traceEvents"]
    main = {
        (e["pid"], e["tid"])
        for e in events
        if e.get("name") == "thread_name" and e["args"]["name"] == "CrRendererMain"
    }
    found = [
        e.get("tdur", 0) / 1e6
        for e in events
        if e.get("ph") == "X"
        and "RunTask" in e["name"]
        and (e["pid"], e["tid"]) in main
    ]
    return sorted(found, reverse=True)


def _say(what: str, walls: list[float], traces: list[bytes], budget: float) -> None:
    wall, load = statistics.median(walls), os.getloadavg()[0]
    tasks = [_tasks(t) for t in traces]
    cpu = statistics.median(sum(t) for t in tasks)
    longest = statistics.median(max(t, default=0.0) for t in tasks)
    print(
        f"\n{what}: {wall * 1e3:.0f} ms (budget {budget * 1e3:.0f}); CPU of the page "
        f"{cpu * 1e3:.0f} ms, of its longest task {longest * 1e3:.0f} ms; load {load:.1f}"
    )
    assert longest < TASK
    assert cpu < budget
    if load < 2:
        assert wall < budget


@pytest.mark.parametrize(
    ("path", "ready"),
    [
        ("", "main h2"),
        ("map?industry=I000", "[data-mark]"),
        ("region?region=R0000", ".figure canvas"),
    ],
    ids=["home", "map", "region"],
)
def test_first_view(home, browser, path, ready):
    walls, traces, sizes = [], [], []
    for k in range(TIMES):
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        tab = context.new_page()
        bodies: list[object] = []
        tab.on("response", lambda r, b=bodies: b.append(r))
        browser.start_tracing(page=tab, categories=["toplevel"])
        tab.goto(f"{home}/{path.replace('000', f'00{k}', 1)}")
        tab.locator(ready).first.wait_for()
        walls.append(tab.evaluate("performance.now()") / 1e3)
        traces.append(browser.stop_tracing())
        # what a server that compresses moves
        sizes.append(sum(len(gzip.compress(b.body(), 6)) for b in bodies))
        context.close()
    print(f"\n{statistics.median(sizes) / 1e3:.0f} kB compressed")
    _say(f"first view of /{path.partition('?')[0]}", walls, traces, FIRST)
    assert statistics.median(sizes) < 1_000_000


@pytest.mark.parametrize(
    ("path", "name", "values"),
    [
        ("map?industry=I000", "Industry", [f"I{k:03d}" for k in range(40, 49)]),
        ("region?region=R0000", "Region", [f"R{k:04d}" for k in range(40, 49)]),
        ("industry?industry=I000", "Industry", [f"I{k:03d}" for k in range(50, 59)]),
    ],
    ids=["map", "region", "industry"],
)
def test_switch(home, browser, path, name, values):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    tab = context.new_page()
    tab.goto(f"{home}/{path}")
    tab.locator("[data-mark], .figure canvas").first.wait_for()
    tab.wait_for_load_state("networkidle")
    # the lists of choices are filled when the page has been drawn
    tab.locator(f".selectors option[value='{values[-1]}']").first.wait_for(
        state="attached"
    )
    walls, traces, answers = [], [], []
    tab.on("response", lambda r: answers.append(r))  # noqa: PLW0108 (playwright looks into it)
    for value in values:
        browser.start_tracing(page=tab, categories=["toplevel"])
        walls.append(tab.evaluate(_CHOOSE, [name, value]) / 1e3)
        traces.append(browser.stop_tracing())
        # figures below the first ask when the page is idle: their answers count too
        tab.wait_for_timeout(SETTLED)
    # what the server sent, packed as it was
    moved = sum(int(a.header_value("content-length")) for a in answers) / len(values)
    print(
        f"\n{moved / 1e3:.1f} kB per switch, in {len(answers) / len(values):.1f} answers"
    )
    assert moved < MOVED
    if path.startswith("map"):
        assert (
            tab.locator("section.figure").first.locator("[data-mark]").count()
            == REGIONS
        )
    context.close()
    _say(
        f"switch of {name.lower()} on /{path.partition('?')[0]}", walls, traces, SWITCH
    )


def test_switch_of_year(home, browser):
    """All years came with the first view, so that colours mean the same in each."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    tab = context.new_page()
    asked: list[str] = []
    tab.on("request", lambda r: asked.append(r.url))
    tab.goto(f"{home}/map")
    figure = tab.locator("#v-map-over_time")
    figure.locator("[data-mark]").first.wait_for()
    tab.wait_for_load_state("networkidle")
    assert figure.locator("[data-mark]").count() == REGIONS
    asked.clear()
    walls, traces = [], []
    for year in range(1, PERIODS):
        browser.start_tracing(page=tab, categories=["toplevel"])
        walls.append(tab.evaluate(_SLIDE, year) / 1e3)
        traces.append(browser.stop_tracing())
    context.close()
    print(f"\n{len(asked)} requests for {PERIODS - 1} switches")
    assert not asked
    _say("switch of year on /map", walls, traces, SWITCH)
