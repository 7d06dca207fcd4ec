"""Rules of the repository that no other tool checks."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from tests.contracts.repository import (
    ROOT,
    SOURCE,
    areas,
    classes,
    functions,
    project,
    python_files,
    text,
    tracked,
)

FILE_LINES = 600
FUNCTION_LINES = 60
IMPORT_SECONDS = 0.3
HELP_SECONDS = 0.5
REPEATS = 5
SHARED_ALLOWED = {"china_clusters", "points90"}

# written in pieces, so that this file does not name them
MACHINE_PATHS = re.compile(
    r"(?<![\w.~-])/(?:"
    + "|".join(["work", "farm", "root", r"home/(?!you\b)\w+"])
    + ")/"
)
HOSTS = re.compile(
    r"https?://|(?<!no-emit-)index-url|find-links|files\.python" + "hosted", re.I
)
DEPENDENCY_FILES = re.compile(
    r"(^|/)(pyproject\.toml|constraints[\w-]*\.txt|requirements[\w-]*\.txt|Makefile"
    r"|package(-lock)?\.json|\.npmrc|pip\.conf|uv\.toml|\.ci/run|[^/]*\.lock)$"
)
BAD_NAME = re.compile(r"(^|_)(utils?|helpers?|misc)$")


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _areas_in_layers() -> list[str]:
    contracts = project()["tool"]["importlinter"]["contracts"]
    (layers,) = [c["layers"] for c in contracts if c["type"] == "layers"]
    words = (word for layer in layers for word in re.split(r"[|:]", layer))
    return [w.strip() for w in words]


def test_every_area_is_on_the_map():
    architecture = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    lost = [a for a in areas() if not re.search(rf"\b{a}/", architecture)]
    assert not lost, f"ARCHITECTURE.md does not say what these folders are for: {lost}"


def test_layers_are_the_folders_that_exist():
    assert sorted(_areas_in_layers()) == areas()


def test_every_folder_is_a_package():
    folders = {p.parent for p in python_files("src")} - {SOURCE.parent}
    bare = [_name(f) for f in folders if not (f / "__init__.py").is_file()]
    assert not bare, f"folders without __init__.py: {bare}"


def test_files_are_short():
    long = {
        _name(p): n
        for p in python_files("src", "tests", "benchmarks")
        if (n := len(p.read_text(encoding="utf-8").splitlines())) > FILE_LINES
    }
    assert not long, f"over {FILE_LINES} lines, look for the seam: {long}"


def test_functions_are_short():
    long = {
        f"{_name(p)}:{name}": n
        for p in python_files("src")
        for name, n in functions(p)
        if n > FUNCTION_LINES
    }
    assert not long, f"over {FUNCTION_LINES} lines, look for the seam: {long}"


def test_names_say_what_things_are():
    vague = [
        _name(p)
        for p in python_files("src", "tests", "benchmarks")
        if any(
            BAD_NAME.search(part) for part in p.relative_to(ROOT).with_suffix("").parts
        )
    ]
    vague += [
        f"{_name(p)}:{name}"
        for p in python_files("src")
        for name in classes(p)
        if "Manager" in name or "Helper" in name
    ]
    assert not vague


def test_dependency_files_name_no_host():
    checked = [p for p in tracked() if DEPENDENCY_FILES.search(_name(p))]
    assert {"pyproject.toml", "constraints.txt"} <= {_name(p) for p in checked}
    named = {
        _name(p): found.group()
        for p in checked
        if (found := HOSTS.search(text(p) or ""))
    }
    assert not named


def test_constraints_pin_exactly():
    pin = re.compile(r"^[A-Za-z0-9._-]+==[A-Za-z0-9.!+_-]+( ; .+)?$")
    for name in ("constraints.txt", "constraints-oldest.txt"):
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        loose = [x for x in lines if x and not x.startswith("#") and not pin.match(x)]
        assert not loose, f"{name}: {loose}"


def test_every_dependency_is_pinned():
    described = project()["project"]
    wanted = list(described["dependencies"])
    for extra in described["optional-dependencies"].values():
        wanted += extra
    names = {re.split(r"[\[<>=!~; ]", w, maxsplit=1)[0] for w in wanted} - {"agglo"}
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {x.split("==")[0] for x in lines if "==" in x}
    assert not names - pinned, "run `make pins`"


def test_no_path_of_a_machine():
    found = {}
    for path in tracked():
        hit = MACHINE_PATHS.search(text(path) or "")
        if hit:
            found[_name(path)] = hit.group()
    assert not found


def test_nothing_is_left_to_do():
    left = re.compile(r"\b(TODO|FIXME|XXX)\b|\braise NotImplementedError\b")
    found = {
        _name(p): hit.group()
        for p in python_files("src", "benchmarks")
        if (hit := left.search(text(p) or ""))
    }
    assert not found


def test_shared_data_is_not_copied(shared_data):
    by_size = defaultdict(list)
    for path in tracked():
        by_size[path.stat().st_size].append(path)
    copies = []
    for theirs in shared_data.rglob("*"):
        folder = theirs.relative_to(shared_data).parts[0]
        if not theirs.is_file() or folder in SHARED_ALLOWED:
            continue
        ours = by_size.get(theirs.stat().st_size, [])
        if ours:
            digest = hashlib.sha256(theirs.read_bytes()).digest()
            copies += [
                _name(p)
                for p in ours
                if hashlib.sha256(p.read_bytes()).digest() == digest
            ]
    assert not copies


def _least_cpu_seconds(code: str) -> float:
    """Processor time of `code` in a new interpreter, the best of a few."""
    script = (
        "import time\nstart = time.process_time()\n"
        f"{code}\nprint(time.process_time() - start)"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True
        ).stdout.splitlines()[-1]
        for _ in range(REPEATS)
    ]
    return min(float(r) for r in runs)


def test_import_is_quick():
    assert _least_cpu_seconds("import agglo") < IMPORT_SECONDS


def test_help_is_quick():
    code = (
        "import sys\nfrom agglo.cli import main\nsys.argv = ['agglo', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass"
    )
    assert _least_cpu_seconds(code) < HELP_SECONDS


@pytest.mark.parametrize(
    "package", ["pandas", "polars", "matplotlib", "numba", "scipy"]
)
def test_import_leaves_heavy_packages_alone(package):
    code = f"import sys, agglo; sys.exit({package!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_required_install_needs_no_frame_library():
    names = {
        re.split(r"[\[<>=!~; ]", d, maxsplit=1)[0]
        for d in project()["project"]["dependencies"]
    }
    assert not names & {"pandas", "polars", "pyspark"}


def test_changes_are_named_and_one_sentence():
    types = [t["directory"] for t in project()["tool"]["towncrier"]["type"]]
    name = re.compile(rf"^\d+\.[a-z0-9-]+\.({'|'.join(types)})\.md$")
    for path in (ROOT / "changes").iterdir():
        if path.name in ("README.md", "template.md.jinja"):
            continue
        assert name.match(path.name), path.name
        assert path.read_text(encoding="utf-8").strip().endswith("."), path.name
