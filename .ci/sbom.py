"""Write the list of all software behind a release, as CycloneDX 1.6 JSON.

    python .ci/sbom.py build/agglo.cdx.json

Components are from `constraints.txt` and `frontend/package-lock.json` alone. Packages
that are in the page code are marked as part of it; what else is in the lock file only
builds and tests it. Python packages are those of all extras and of development, each with
the environment that it is for.

What depends on what is from the lock file and, for Python, from the metadata of the
packages that are installed here in the version of the pin: the same pins in the same
environment give the same bytes. A pin that is not installed has no entry in the graph
(its dependencies are not known, see `compositions`). What nothing known depends on hangs
on agglo itself and says so (`agglo:dependents`).
"""

from __future__ import annotations

import base64
import functools
import itertools
import json
import re
import sys
import tomllib
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import quote

from packaging.markers import Marker
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;]+)(?: ; (.+))?$")
_NAMESPACE = uuid.UUID("6ba7b812-9dad-11d1-80b4-00c04fd430c8")  # RFC 9562: of OIDs
Graph = dict[str, set[str]]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()  # as PEP 503 says


def _lock() -> dict[str, dict[str, Any]]:
    text = (ROOT / "frontend/package-lock.json").read_text("utf-8")
    return dict(json.loads(text)["packages"])


def _npm_purl(place: str, package: dict[str, Any]) -> str:
    name = place.rpartition("node_modules/")[2]
    return f"pkg:npm/{quote(name)}@{quote(package['version'])}"


def python_components() -> list[dict[str, Any]]:
    """Give one component per pin of `constraints.txt`."""
    found = []
    for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            pin = _PIN.match(line)
            if pin is None:
                sys.exit(f"constraints.txt: no exact pin: {line}")
            name, version, marker = pin.groups()
            purl = f"pkg:pypi/{_normal(name)}@{quote(version)}"
            entry = _component(name, version, purl)
            if marker:
                said = {"name": "agglo:environment", "value": marker}
                entry["properties"] = [said]
            found.append(entry)
    return found


def page_components() -> list[dict[str, Any]]:
    """Give one component per package of `frontend/package-lock.json`."""
    built = json.loads(
        (ROOT / "src/agglo/observatory/static/BUILD.json").read_text("utf-8")
    )["packages"]
    found: dict[str, dict[str, Any]] = {}
    for place, package in sorted(_lock().items()):
        if not place:
            continue  # the page code itself
        name = place.rpartition("node_modules/")[2]
        version = package["version"]
        purl = _npm_purl(place, package)
        entry = _component(name, version, purl)
        bundled = built.get(name, {}).get("version") == version
        entry["scope"] = "required" if bundled else "excluded"
        entry["licenses"] = [{"expression": package["license"]}]
        kind, _, digest = package["integrity"].partition("-")
        content = base64.b64decode(digest).hex()
        entry["hashes"] = [
            {"alg": kind.upper().replace("SHA", "SHA-"), "content": content}
        ]
        found[purl] = entry
    return list(found.values())


def _component(name: str, version: str, purl: str) -> dict[str, Any]:
    return {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
        "purl": purl,
    }


def _environments() -> Iterator[dict[str, str]]:
    """Give the environments that agglo is for, as markers of requirements see them."""
    pythons = ("3.11.0", "3.11.9", "3.12.9", "3.13.9")
    systems = (
        ("linux", "Linux", "posix", "x86_64"),
        ("linux", "Linux", "posix", "aarch64"),
        ("darwin", "Darwin", "posix", "arm64"),
        ("win32", "Windows", "nt", "AMD64"),
        ("emscripten", "Emscripten", "posix", "wasm32"),
    )
    kinds = (("CPython", "cpython"), ("PyPy", "pypy"))
    for full, system, kind in itertools.product(pythons, systems, kinds):
        yield {
            "python_version": full.rpartition(".")[0],
            "python_full_version": full,
            "implementation_version": full,
            "sys_platform": system[0],
            "platform_system": system[1],
            "os_name": system[2],
            "platform_machine": system[3],
            "platform_python_implementation": kind[0],
            "implementation_name": kind[1],
            "platform_release": "",
            "platform_version": "",
        }


@functools.cache
def _holds(marker: str, extra: str) -> bool:
    """Tell whether a marker holds with this extra in one of the environments."""
    parsed = Marker(marker)
    return any(parsed.evaluate({**e, "extra": extra}) for e in _environments())


def _asked(lines: Iterable[str], extras: Iterable[str]) -> list[Requirement]:
    """Give the requirements that count with these extras."""
    return [
        asked
        for asked in map(Requirement, lines)
        if asked.marker is None
        or any(_holds(str(asked.marker), extra) for extra in ("", *sorted(extras)))
    ]


def _installed(name: str, version: str) -> list[str] | None:
    """Give the requirements of a pin; None if it is not installed in this version."""
    try:
        found = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return None
    return list(found.requires or []) if found.version == version else None


def python_graph(root: str, project: dict[str, Any]) -> tuple[Graph, set[str]]:
    """Give what Python packages depend on, and those with requirements without a pin.

    A package that is pinned once for each of several environments is depended on in all
    of its versions. Extras count where something in the graph asks for them.
    """
    pins = defaultdict(list)
    for entry in python_components():
        pins[_normal(entry["name"])].append(entry)
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    own = project["name"]
    lines = [x for x in itertools.chain(*groups) if Requirement(x).name != own]
    graph: Graph = {root: set()}
    open_: set[str] = set()
    extras: dict[str, set[str]] = defaultdict(set)
    waiting = [(root, asked) for asked in _asked(lines, ())]
    while waiting:
        by, asked = waiting.pop()
        name = _normal(asked.name)
        if name not in pins:
            open_.add(by)
        fresh = asked.extras - extras[name]
        extras[name] |= fresh
        for entry in pins[name]:
            ref = entry["bom-ref"]
            graph[by].add(ref)
            needs = _installed(entry["name"], entry["version"])
            if needs is not None and (fresh or ref not in graph):
                graph.setdefault(ref, set())
                waiting += [(ref, more) for more in _asked(needs, extras[name])]
    for ref in graph:
        graph[ref].discard(ref)  # a package that asks for an extra of its own
    return graph, open_


def page_graph(root: str) -> Graph:
    """Give what npm packages depend on, found as Node looks for them."""
    lock = _lock()
    graph: Graph = defaultdict(set)
    for place, package in lock.items():
        ref = _npm_purl(place, package) if place else root
        meta = package.get("peerDependenciesMeta", {})
        peers = package.get("peerDependencies", {})
        optional = {
            *package.get("optionalDependencies", {}),
            *(name for name in peers if meta.get(name, {}).get("optional")),
        }
        own = package.get("dependencies", {}), package.get("devDependencies", {})
        graph[ref] |= set()
        for name in {*own[0], *(own[1] if not place else ()), *peers, *optional}:
            found = _looked_up(lock, place, name)
            if found is not None:
                graph[ref].add(_npm_purl(found, lock[found]))
            elif name not in optional:
                sys.exit(f"package-lock.json: {place or 'the page code'}: no {name}")
    return graph


def _looked_up(lock: dict[str, Any], place: str, name: str) -> str | None:
    while True:
        found = f"{place}/node_modules/{name}".lstrip("/")
        if found in lock:
            return found
        if not place:
            return None
        place = place.rpartition("node_modules/")[0].rstrip("/")


def reached(graph: Graph, root: str) -> set[str]:
    """Give what can be reached from `root`, itself included."""
    found, waiting = {root}, [root]
    while waiting:
        fresh = graph.get(waiting.pop(), set()) - found
        found |= fresh
        waiting += fresh
    return found


def dependencies(
    root: str, project: dict[str, Any], components: list[dict[str, Any]]
) -> dict[str, Any]:
    """Give the graph and how complete it is; mark what nothing known depends on."""
    graph, open_ = python_graph(root, project)
    for ref, found in page_graph(root).items():
        graph.setdefault(ref, set()).update(found)
    direct = set(graph[root])
    known = reached(graph, root)
    for entry in components:
        if entry["bom-ref"] not in known:
            direct.add(entry["bom-ref"])
            said = {"name": "agglo:dependents", "value": "not known"}
            entry.setdefault("properties", []).append(said)
    graph[root] = direct
    unknown = {entry["bom-ref"] for entry in components} - set(graph)
    kinds = {
        "complete": set(graph) - open_,
        "incomplete": open_,
        "unknown": unknown,
    }
    return {
        "dependencies": [
            {"ref": ref, "dependsOn": sorted(graph[ref])} for ref in sorted(graph)
        ],
        "compositions": [
            {"aggregate": kind, "dependencies": sorted(refs)}
            for kind, refs in kinds.items()
            if refs
        ],
    }


def document() -> dict[str, Any]:
    """Give the whole list."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    components = [*python_components(), *page_components()]
    own = _component(
        project["name"],
        project["version"],
        f"pkg:pypi/{project['name']}@{project['version']}",
    )
    graph = dependencies(own["bom-ref"], project, components)
    told = json.dumps([components, graph], sort_keys=True)
    own["licenses"] = [{"expression": project["license"]}]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(_NAMESPACE, told)}",
        "version": 1,
        "metadata": {"component": {**own, "type": "application"}},
        "components": components,
        **graph,
    }


def main() -> None:
    """Write it where the argument says."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    target = Path(sys.argv[1])
    target.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(document(), indent=1, ensure_ascii=False)
    target.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
