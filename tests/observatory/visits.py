"""A finished demo, a server and a browser, shared by the tests of the pages.

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
from contextlib import contextmanager
from pathlib import Path

import pytest

__all__ = [
    "LANGS",
    "PAGES",
    "STUDIES",
    "WEB",
    "Visit",
    "address",
    "agglo",
    "browser",
    "demo",
    "one_file",
    "serving",
    "visit",
]

AGGLO = (sys.executable, "-c", "from agglo.cli import main; main()")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
WEB = [
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
def demo(finished_demo: Path) -> Path:
    """The finished demo with its release; workers share one, runs do not."""
    with (finished_demo.parent / "release.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        agglo("serve", str(finished_demo), "--get", "/api/v1/meta")
    return finished_demo


@pytest.fixture(scope="session")
def one_file(demo: Path) -> Path:
    """The demo as one file, exported once for all workers."""
    file = demo.parent / "observatory.html"
    with (demo.parent / "export.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not file.is_file():
            agglo("export", str(demo), "--html", str(file), "--mode", "private")
    return file


@pytest.fixture(scope="session")
def address(demo: Path) -> Iterator[str]:
    """Serve the demo; the address holds the token."""
    with serving(demo) as found:
        yield found


@contextmanager
def serving(project: Path, *words: str) -> Iterator[str]:
    """Serve a project; the address holds the token."""
    command = [
        *AGGLO, "serve", str(project),
        "--port", "0", "--no-browser", "--json", *words,
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
    sync_api = pytest.importorskip("playwright.sync_api")
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
        # trades the token for the cookie of this context, without drawing a page
        answer = self.context.request.get(address, max_redirects=0)
        assert answer.status in (200, 303), (answer.status, answer.text()[:200])

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
    assert found.complaints == []
