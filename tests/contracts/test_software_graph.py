"""S18: the graph of the list of software, what depends on what."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys

import pytest

from tests.contracts.repository import ROOT


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("sbom", ROOT / ".ci/sbom.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def told(script):
    return script.document()


@pytest.fixture(scope="module")
def graph(told):
    return {entry["ref"]: set(entry["dependsOn"]) for entry in told["dependencies"]}


def test_s18_every_reference_of_the_graph_is_a_component(told, graph):
    root = told["metadata"]["component"]["bom-ref"]
    refs = {c["bom-ref"] for c in told["components"]} | {root}
    assert set(graph) <= refs
    assert set().union(*graph.values()) <= refs - {root}
    assert all(ref not in to for ref, to in graph.items())


def test_s18_the_graph_says_nothing_twice(told):
    refs = [entry["ref"] for entry in told["dependencies"]]
    assert refs == sorted(set(refs))
    for entry in told["dependencies"]:
        assert set(entry) == {"ref", "dependsOn"}
        assert entry["dependsOn"] == sorted(set(entry["dependsOn"]))
    names = [c["bom-ref"] for c in told["components"]]
    assert len(names) == len(set(names))


def test_s18_agglo_reaches_every_component(script, told, graph):
    root = told["metadata"]["component"]["bom-ref"]
    refs = {c["bom-ref"] for c in told["components"]}
    assert script.reached(graph, root) == refs | {root}


def test_s18_what_the_graph_does_not_know_is_said(told, graph):
    """Each component is complete, incomplete or unknown; the unknown have no entry."""
    kinds = {c["aggregate"]: set(c["dependencies"]) for c in told["compositions"]}
    assert set(kinds) <= {"complete", "incomplete", "unknown"}
    known = kinds["complete"] | kinds.get("incomplete", set())
    assert known == set(graph)
    unknown = kinds.get("unknown", set())
    assert known | unknown == set(graph) | {c["bom-ref"] for c in told["components"]}
    assert not known & unknown
    assert not any(ref.startswith("pkg:npm/") for ref in unknown)


def test_s18_same_input_gives_the_same_bytes(tmp_path):
    """Whatever the order in which sets are walked."""
    found = set()
    for seed in ("0", "1", "2"):
        path = tmp_path / f"{seed}.json"
        subprocess.run(
            [sys.executable, str(ROOT / ".ci/sbom.py"), str(path)],
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        )
        found.add(path.read_bytes())
    assert len(found) == 1
    assert json.loads(found.pop())["dependencies"]


def test_s18_direct_dependencies_are_those_of_the_project(told, graph):
    root = told["metadata"]["component"]["bom-ref"]
    direct = {to.rpartition("@")[0] for to in graph[root]}
    wanted = {"duckdb", "numpy", "pyarrow", "pyspark", "fastapi", "ruff"}
    assert {f"pkg:pypi/{name}" for name in wanted} <= direct
    assert {"pkg:npm/svelte", "pkg:npm/echarts", "pkg:npm/vite"} <= direct
    (echarts,) = [to for to in graph if to.startswith("pkg:npm/echarts@")]
    assert {to.rpartition("@")[0] for to in graph[echarts]} == {
        "pkg:npm/tslib",
        "pkg:npm/zrender",
    }


def test_s18_requirements_count_by_extra_and_environment(script):
    lines = [
        "plain>=1",
        "wide; extra == 'more'",
        "other; extra == 'less'",
        "windows; sys_platform == 'win32'",
        "old; python_version < '3.8'",
        "both; extra == 'more' and python_version < '3.8'",
    ]
    named = {asked.name for asked in script._asked(lines, {"more"})}
    assert named == {"plain", "wide", "windows"}
    assert {a.name for a in script._asked(lines, ())} == {"plain", "windows"}


def test_s18_a_package_of_the_page_is_looked_up_as_node_does(script):
    lock = {
        "": {},
        "node_modules/a": {},
        "node_modules/a/node_modules/b": {},
        "node_modules/b": {},
        "node_modules/@s/c": {},
    }
    looked = script._looked_up
    assert looked(lock, "node_modules/a", "b") == "node_modules/a/node_modules/b"
    assert looked(lock, "node_modules/@s/c", "b") == "node_modules/b"
    assert looked(lock, "node_modules/a/node_modules/b", "@s/c") == "node_modules/@s/c"
    assert looked(lock, "", "b") == "node_modules/b"
    assert looked(lock, "node_modules/a", "absent") is None
