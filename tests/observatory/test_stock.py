"""A release in memory: read once, by whoever comes first, and nobody waits for another's table."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pyarrow as pa
import pytest

from agglo.observatory.api.server import _warmed
from agglo.observatory.api.stock import Stock

WAIT = 20  # seconds until a test that hangs fails


class Tables:
    """A release whose table ``slow`` is there when it is let go."""

    def __init__(self) -> None:
        self.read: list[str] = []
        self.asked, self.go = threading.Event(), threading.Event()

    def __contains__(self, name: object) -> bool:
        return name in {"slow", "quick", "project.regions"}

    def table(self, name: str) -> pa.Table:
        self.read.append(name)
        if name == "slow":
            self.asked.set()
            assert self.go.wait(WAIT)
        return pa.table({"region": ["b", "a", "b"], "name": ["B", "A", "B"]})


@pytest.fixture
def release():
    tables = Tables()
    yield tables
    tables.go.set()


def test_who_asks_for_another_table_does_not_wait(release):
    stock = Stock(release)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(stock.lookup, "slow", "region")
        assert release.asked.wait(WAIT)
        rows = stock.lookup("quick", "region").rows("b")
        beside = stock.beside("quick", "region", "regions", rows)
        assert not slow.done()
        release.go.set()
        assert slow.result(WAIT).rows("b").tolist() == rows.tolist() == [0, 2]
    assert beside["en"].to_pylist() == ["B", "B"]


def test_a_table_is_read_once_however_many_ask(release):
    stock = Stock(release)
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(stock.lookup, "slow", "region") for _ in range(8)]
        assert release.asked.wait(WAIT)
        release.go.set()
        assert len({id(a.result(WAIT)) for a in asked}) == 1
    assert release.read == ["slow"]


def test_warming_ends_when_it_is_told(release):
    stock = Stock(release)
    stock.warm([("gone", ("region",)), ("quick", ("region", "absent"))])
    assert release.read == ["quick"]
    asked: list[int] = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) > 1

    Stock(release).warm([("quick", ("region",)), ("project.regions", ())], stop)
    assert release.read == ["quick", "quick"]


def test_no_thread_outlives_the_server(release):
    stock = Stock(release)
    shelf = SimpleNamespace(
        warm=lambda stop: stock.warm([("slow", ("region",)), ("quick", ())], stop)
    )

    def served() -> None:
        with _warmed(shelf):
            assert release.asked.wait(WAIT)
            threading.Timer(0.05, release.go.set).start()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        served()
    assert "warm" not in {t.name for t in threading.enumerate()}
    assert release.read == ["slow"]  # what was begun is finished, the rest is left


def test_serving_loads_nothing_that_computes():
    code = (
        "import sys\n"
        "from agglo.observatory.api.server import run_server\n"
        "from agglo.observatory.api.application import build\n"
        "from agglo.observatory.release import current_release\n"
        "heavy = ('scipy', 'numba', 'pandas', 'matplotlib', 'agglo.store.disclosure')\n"
        "print(*[m for m in heavy if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "\n"
