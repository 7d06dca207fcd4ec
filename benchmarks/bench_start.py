"""Start-up: `import agglo` and `agglo --help` beside importing every area at once.

The twin is what a package without lazy areas would cost. Limits: 0.3 s and 0.5 s. Then the
demo: run from nothing, run again when nothing changed, and served. Limits: 3 minutes, 5 s,
2 s until the first two answers, 400 MB.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psutil
import pytest

LIMITS = {"import": 0.3, "help": 0.5}
CODE = {
    "import": "import agglo",
    "help": (
        "import sys\nfrom agglo.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass"
    ),
}
EVERYTHING = (
    "import agglo, importlib, pkgutil\n"
    "for m in pkgutil.iter_modules(agglo.__path__, 'agglo.'):\n"
    "    m.name.endswith('__main__') or importlib.import_module(m.name)\n"
)


def _python(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


@pytest.mark.parametrize("what", list(CODE))
def test_start(versus, benchmark, what):
    found = versus(
        lambda: _python(CODE[what]), twin=lambda: _python(EVERYTHING), size=what
    )
    # the quickest of the rounds: what the code costs, not what the machine was doing
    assert benchmark.stats.stats.min < LIMITS[what]
    assert found.ratio > 1


AGGLO = (sys.executable, "-m", "agglo")
_SETTLED = 3.0  # seconds after which all tables of the demo are in memory


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> tuple[Path, float]:
    """Run the demo from nothing; its folder and seconds."""
    path = tmp_path_factory.mktemp("demo") / "agglo-demo"
    began = time.perf_counter()
    _demo(path)
    return path, time.perf_counter() - began


def _demo(path: Path) -> str:
    return subprocess.run(
        [*AGGLO, "demo", "--no-serve", "--path", str(path)],
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def test_demo_when_nothing_changed(benchmark, demo):
    path, first = demo
    said = benchmark.pedantic(lambda: _demo(path), rounds=5, warmup_rounds=1)
    benchmark.extra_info["size"] = f"{first:.0f} s from nothing"
    assert "\n0 of " in said
    assert first < 180
    assert benchmark.stats.stats.min < 5


class _Server:
    """`agglo serve` of a project, on any free port."""

    def __init__(self, path: Path) -> None:
        words = [*AGGLO, "serve", str(path), "--port", "0", "--no-browser", "--json"]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        said = ""
        while not said.rstrip().endswith("}"):
            said += self.process.stdout.readline()
        address = urlsplit(json.loads(said)["address"])
        self.port = address.port
        self.token = parse_qs(address.query)["token"][0]

    def get(self, path: str) -> None:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            cookie = f"agglo_{self.port}={self.token}"
            line.request("GET", path, headers={"cookie": cookie})
            assert line.getresponse().status == 200
        finally:
            line.close()

    def end(self) -> None:
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


def test_demo_server_until_first_answers(benchmark, demo):
    path, _ = demo
    running: list[_Server] = []

    def begin() -> None:
        running.append(_Server(path))
        for address in ("/api/v1/", "/"):
            running[-1].get(address)

    def end() -> None:
        while running:
            running.pop().end()

    begin()  # builds the release
    try:
        benchmark.pedantic(begin, setup=end, rounds=5)
        time.sleep(_SETTLED)
        held = psutil.Process(running[-1].process.pid).memory_info().rss / 1e6
    finally:
        end()
    benchmark.extra_info |= {"size": "private", "added_mb": held, "peak_mb": held}
    assert benchmark.stats.stats.min < 2
    assert held < 400
