"""Rules S8, S13, S14 and S18 where they hold for all of the repository; the list of all."""

from __future__ import annotations

import ast
import json
import re
import socket
import subprocess
import sys
from collections import defaultdict

import pytest

from tests.contracts.repository import ROOT, python_files
from tests.contracts.security import running

RULES = range(1, 19)


def test_every_security_rule_has_its_test():
    """S1 to S18 of the specification, one test each, named after the rule."""
    found = defaultdict(list)
    for path in python_files("tests"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef):
                named = re.match(r"test_s(\d+)_\w+", node.name)
                if named:
                    found[int(named.group(1))].append(node.name)
    assert sorted(found) == list(RULES)


# S13

PLACES = ("192.0.2.1", "2001:db8::1", "8.8.8.8")


@pytest.fixture
def heard(tmp_path, monkeypatch):
    """What the guard says, apart from what it says of other tests."""
    log = tmp_path / "outgoing"
    monkeypatch.setenv("AGGLO_OUTGOING", str(log))
    return log


@pytest.mark.parametrize("place", PLACES)
def test_s13_no_test_reaches_another_machine(heard, place):
    family = socket.AF_INET6 if ":" in place else socket.AF_INET
    with (
        socket.socket(family) as line,
        pytest.raises(AssertionError, match="outgoing"),
    ):
        line.connect((place, 80))
    with (
        socket.socket(family, socket.SOCK_DGRAM) as line,
        pytest.raises(AssertionError, match="outgoing"),
    ):
        line.sendto(b"x", (place, 53))
    assert heard.read_text("utf-8").count(place) == 2


def test_s13_no_test_asks_for_a_name(heard):
    with pytest.raises(AssertionError, match=r"example\.org"):
        socket.getaddrinfo("example.org", 80)
    assert "example.org" in heard.read_text("utf-8")


def test_s13_this_machine_may_be_reached():
    with socket.socket() as server, socket.socket() as client:
        server.bind(("127.0.0.1", 0))
        server.listen()
        client.connect(server.getsockname())
        assert client.getpeername() == server.getsockname()
    assert socket.getaddrinfo("localhost", 80)


def test_s13_programs_that_tests_start_are_held_too(heard):
    code = (
        "import urllib.request\n"
        "try:\n    urllib.request.urlopen('http://192.0.2.1/', timeout=2)\n"
        "except BaseException as error:\n    print(type(error).__name__)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "AssertionError"
    assert "192.0.2.1" in heard.read_text("utf-8")


# S14

UNSAFE = (
    "import pickle",
    "import pickle as p",
    "import a.pickle",
    "from pickle import loads",
    "from concurrent import pickle",
    "from yaml import load as read",
    "import yaml",
    "import ruamel.yaml",
    "import shelve, json",
    "import marshal",
    "eval('1')",
    "run = eval",
    "list(map(eval, lines))",
    "exec(text, {})",
    "compile(text, 'x', 'exec')",
    "__import__('os')",
    "import builtins\nbuiltins.eval('1')",
    "from builtins import exec as run",
    "getattr(object, 'eval')",
    "__builtins__['eval']",
    "import importlib\nimportlib.import_module('pickle')",
    "from importlib import import_module as load\nload('yaml.loader')",
    "frame.eval('a + b')",
    "pandas.read_pickle(path)",
    "joblib.externals.cloudpickle.loads(x)",
    "numpy.load(path, allow_pickle=True)",
    "subprocess.run(line, shell=True)",
    "def f():\n    import marshal as m\n    return m.loads",
)
SAFE = (
    "import re\nre.compile('x')",
    "import json\njson.loads(x)",
    "from importlib import import_module\nimport_module('agglo.core')",
    "problem.code",
    "evaluate(x)",
    "'eval'",
    "numpy.load(path, allow_pickle=False)",
)


@pytest.mark.parametrize("source", UNSAFE)
def test_s14_the_lint_sees(source):
    assert running(source)


@pytest.mark.parametrize("source", SAFE)
def test_s14_the_lint_leaves_alone(source):
    assert running(source) == []


def test_s14_nothing_in_the_package_runs_what_it_reads():
    found = {
        path.relative_to(ROOT).as_posix(): lines
        for path in python_files("src")
        if (lines := running(path.read_text("utf-8")))
    }
    assert found == {}


def test_s14_importing_the_package_imports_no_unsafe_reader():
    """At import time: of our own modules none brings `yaml`, `shelve` or `marshal` files."""
    code = (
        "import sys, agglo, agglo.cli, agglo.runs, agglo.studies, agglo.sources\n"
        "import agglo.observatory.api\n"
        "print(*sorted({'yaml', 'shelve', 'dill', 'jsonpickle'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []


# S18


@pytest.fixture(scope="module")
def listed(tmp_path_factory):
    """The list of software of a release, as the script writes it."""
    path = tmp_path_factory.mktemp("sbom") / "agglo.cdx.json"
    subprocess.run([sys.executable, str(ROOT / ".ci/sbom.py"), str(path)], check=True)
    again = path.with_name("again.json")
    subprocess.run([sys.executable, str(ROOT / ".ci/sbom.py"), str(again)], check=True)
    assert path.read_bytes() == again.read_bytes()
    return json.loads(path.read_text("utf-8"))


def test_s18_every_pinned_package_is_listed_with_its_version(listed):
    purls = [c["purl"] for c in listed["components"]]
    assert len(purls) == len(set(purls))
    named = {(c["purl"][4:8].rstrip("/"), c["name"], c["version"]) for c in
             listed["components"]}  # fmt: skip
    pins = re.findall(
        r"^([\w.-]+)==([^\s;]+)", (ROOT / "constraints.txt").read_text("utf-8"), re.M
    )
    lock = json.loads((ROOT / "frontend/package-lock.json").read_text("utf-8"))
    packages = {
        (place.rpartition("node_modules/")[2], package["version"])
        for place, package in lock["packages"].items()
        if place
    }
    assert len(pins) > 100
    assert len(packages) > 100
    wanted = {("pypi", *pin) for pin in pins} | {("npm", *p) for p in packages}
    assert named == wanted


def test_s18_the_list_is_cyclonedx_and_names_no_host(listed):
    assert (listed["bomFormat"], listed["specVersion"]) == ("CycloneDX", "1.6")
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", listed["serialNumber"])
    assert listed["metadata"]["component"]["name"] == "agglo"
    assert "://" not in json.dumps(listed)
    for entry in listed["components"]:
        assert entry["purl"].startswith(("pkg:pypi/", "pkg:npm/"))
        assert entry["purl"].endswith(f"@{entry['version']}")
        for value in entry.get("hashes", []):
            assert value["alg"] == "SHA-512"
            assert len(value["content"]) == 128


def test_s18_what_the_page_code_holds_is_marked(listed):
    """The packages of the bundle, their versions and licences."""
    built = json.loads(
        (ROOT / "src/agglo/observatory/static/BUILD.json").read_text("utf-8")
    )
    inside = {
        c["name"]: (c["version"], c["licenses"][0]["expression"])
        for c in listed["components"]
        if c.get("scope") == "required"
    }
    assert inside == {
        name: (p["version"], p["licence"]) for name, p in built["packages"].items()
    }
