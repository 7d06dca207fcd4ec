"""The code digest: what a function rests on, and what leaves it alone."""

from __future__ import annotations

import importlib
import os
import sys
from functools import partial
from pathlib import Path

import pytest

from agglo.core.errors import RunError, suggest
from agglo.runs import code_digest
from agglo.runs.source_code import import_closure
from agglo.studies.deferred import deferred

FILES = {
    "__init__.py": "",
    "base.py": "def low():\n    return 1\n",
    "lone.py": "def other():\n    return 2\n",
    "area/__init__.py": "from {p}.area.one import first\nfrom {p}.area.two import second\n",
    "area/one.py": "from {p}.base import low\ndef first():\n    return low()\n",
    "area/two.py": "def second():\n    return 3\n",
    "area/page.html": "<p>",
    "area/parts/head.html": "<b>",
    "study.py": (
        "from typing import TYPE_CHECKING\n"
        "from {p}.area import first\n"
        "if TYPE_CHECKING:\n    from {p}.lone import other\n"
        "def run():\n    return first()\n"
    ),
    "lazy/__init__.py": "def __getattr__(name):\n    raise AttributeError(name)\n",
    "lazy/deep.py": "x = 1\n",
    "late.py": "def run():\n    from {p}.lazy import something\n    return something\n",
    "relative.py": "from .area.two import second\nfrom . import lone\ndef run():\n    return second()\n",
}


@pytest.fixture
def package(tmp_path, monkeypatch, request):
    name = f"digest_{abs(hash(request.node.name))}"
    for file, text in FILES.items():
        path = tmp_path / name / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("{p}", name))
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    yield name, tmp_path / name
    for module in [m for m in sys.modules if m.split(".")[0] == name]:
        del sys.modules[module]


def closure(package, module):
    name, _ = package
    function = importlib.import_module(f"{name}.{module}").run
    return {n.removeprefix(f"{name}.") for n in import_closure(function)}


def test_names_are_followed_to_the_module_that_defines_them(package):
    found = closure(package, "study")
    assert {"study", "area.one", "base"} <= found
    assert not {"area.two", "lone", "area"} & found
    assert {"area:page.html", "area:parts/head.html"} <= found


def test_a_name_made_on_access_stands_for_the_whole_package(package):
    assert {"late", "lazy", "lazy.deep"} <= closure(package, "late")


def test_relative_imports_are_followed(package):
    found = closure(package, "relative")
    assert {"relative", "area.two", "lone"} <= found
    assert "base" not in found


@pytest.mark.parametrize(
    ("file", "old", "new", "changes"),
    [
        ("base.py", "return 1", "return 9", True),
        ("area/one.py", "low()", "low() + 1", True),
        ("area/page.html", "<p>", "<i>", True),
        ("area/two.py", "3", "4", False),
        ("lone.py", "2", "4", False),
        ("base.py", "return 1", "return 1  # sure\n\n", False),
    ],
)
def test_the_digest_changes_with_the_code_it_rests_on(package, file, old, new, changes):
    name, folder = package
    function = importlib.import_module(f"{name}.study").run
    before = code_digest(function)
    path = folder / file
    path.write_text(path.read_text().replace(old, new))
    assert (code_digest(function) != before) is changes


def test_a_change_is_seen_whatever_size_and_time_say(package):
    name, folder = package
    function = importlib.import_module(f"{name}.study").run
    path = folder / "base.py"
    before, state = code_digest(function), path.stat()
    path.write_text(path.read_text().replace("1", "9"))
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    after = path.stat()
    assert (after.st_size, after.st_mtime_ns) == (state.st_size, state.st_mtime_ns)
    assert code_digest(function) != before


def test_a_deferred_function_has_the_digest_of_the_function(package):
    name, _ = package
    later = deferred(f"{name}.study:run")
    found = code_digest(later)
    assert f"{name}.study" not in sys.modules
    assert found == code_digest(importlib.import_module(f"{name}.study").run)


def test_a_deferred_function_that_is_nowhere_is_refused(package):
    name, _ = package
    with pytest.raises(RunError, match="Define it in a module"):
        code_digest(deferred(f"{name}.gone:run"))


def test_a_partial_has_the_digest_of_its_function():
    assert code_digest(partial(suggest, "a")) == code_digest(suggest)
    assert len(code_digest(suggest)) == 64


def test_code_without_a_file_is_refused():
    space: dict[str, object] = {"__name__": "nowhere"}
    exec("def f():\n    return 1\n", space)  # noqa: S102
    with pytest.raises(RunError, match="Define it in a module"):
        code_digest(space["f"])


def test_agglo_follows_its_own_modules():
    from agglo.core.results import to_json

    found = import_closure(to_json)
    assert {"agglo.core.results", "agglo.core.frames", "agglo.core.errors"} <= set(
        found
    )
    assert all(isinstance(p, Path) and p.is_file() for p in found.values())
