"""What all tests share: the shared data folder, reproducible draws, tidy workers."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

# before numpy, numba and joblib are imported: each xdist worker keeps to its own core
_WORKER = "PYTEST_XDIST_WORKER" in os.environ
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("LOKY_MAX_CPU_COUNT", "2")
if _WORKER:
    for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(_name, "1")

# collecting makes a million objects that stay: they are not gone through again and again
gc.disable()

# no test reaches another machine, nor does a process that it starts (rule S13)
_OFFLINE = str(Path(__file__).with_name("offline"))
if _OFFLINE not in os.environ.get("PYTHONPATH", "").split(os.pathsep):
    os.environ["PYTHONPATH"] = os.pathsep.join(
        [_OFFLINE, *filter(None, [os.environ.get("PYTHONPATH")])]
    )
    _handle, os.environ["AGGLO_OUTGOING"] = tempfile.mkstemp(prefix="agglo-outgoing-")
    os.close(_handle)

import pytest
from hypothesis import HealthCheck, settings

from tests.offline import sitecustomize as _guard

ROOT = Path(__file__).resolve().parents[1]
SHARED = "AGGLO_SHARED"

# `ci` is the default: the same examples every time, so a red test is red for everyone.
# HYPOTHESIS_PROFILE=explore draws new ones.
settings.register_profile(
    "ci",
    derandomize=True,
    deadline=None,
    max_examples=50,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("explore", deadline=None, max_examples=500)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave the generators of reference values alone: they need R or peer packages."""
    if (
        collection_path.suffix == ".py"
        and "reference" in collection_path.relative_to(ROOT).parts
        and not collection_path.name.startswith("test_")
    ):
        return True
    return None


# Workers begin far apart in the list: one with the servers, the browser and the demo, the
# next where kernels are compiled, so that neither is made twice. The many short tests of
# the contracts come last: no worker waits for the other's long one.
_TURNS = (
    "tests/observatory",
    "tests/docs",
    "tests/store",
    "src",
    "tests/studies",
    "",
    "tests/contracts",
)


def _turn(item: pytest.Item) -> tuple[int, bool]:
    place = item.path.relative_to(ROOT).as_posix()
    held = [k for k, folder in enumerate(_TURNS) if folder and place.startswith(folder)]
    # the demo runs when its kernels are compiled
    return min(held, default=_TURNS.index("")), "finished_demo" in item.fixturenames


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests in the order in which workers get them; one process keeps its own."""
    if _WORKER:
        items.sort(key=_turn)


def pytest_collection_finish() -> None:
    """What was collected stays; from here on what tests leave behind is looked for."""
    gc.freeze()
    gc.enable()


def pytest_unconfigure() -> None:
    """Leave no list of outgoing requests behind; workers share that of their run."""
    if not _WORKER:
        Path(os.environ["AGGLO_OUTGOING"]).unlink(missing_ok=True)


@pytest.fixture(scope="session")
def root() -> Path:
    """Root of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the shared public data sets; the test is skipped where it is absent."""
    given = os.environ.get(SHARED, "")
    shared = Path(given).expanduser() if given else ROOT.parent / "shared"
    data = shared / "data"
    if not data.is_dir():
        pytest.skip(
            f"no shared data at {data}: set {SHARED} to the folder that holds `data`"
        )
    return data


@pytest.fixture(scope="session")
def finished_demo(tmp_path_factory) -> Path:
    """Folder of the demo, run once from nothing; workers share it, runs do not."""
    import fcntl

    shared = tmp_path_factory.getbasetemp()
    # the folder of a worker lies in that of its run; without workers it is the run's own
    if _WORKER:
        shared = shared.parent
    folder = shared / "finished" / "agglo-demo"
    folder.parent.mkdir(exist_ok=True)
    with (folder.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "manifest.json").is_file():
            words = ["demo", "--path", str(folder), "--no-serve"]
            subprocess.run(
                [sys.executable, "-m", "agglo", *words],
                check=True,
                capture_output=True,
                text=True,
                timeout=900,
            )
    return folder


@pytest.fixture(autouse=True, scope="session")
def no_outgoing_request() -> Iterator[Path]:
    """S13: what was caught by a program under test fails the session all the same."""
    assert _guard.__name__
    log = Path(os.environ["AGGLO_OUTGOING"])
    yield log
    said = log.read_text("utf-8") if log.is_file() else ""
    assert not said, f"outgoing requests of tests or of what they started:\n{said}"


@pytest.fixture(autouse=True)
def _no_open_figures() -> Iterator[None]:
    """Close what a test drew, so that no test pays for another's figures."""
    yield
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close("all")
