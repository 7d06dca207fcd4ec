"""Write the list of all software behind a release, as CycloneDX 1.6 JSON.

    python .ci/sbom.py build/agglo.cdx.json

From `constraints.txt` and `frontend/package-lock.json` alone, so that the same pins give
the same bytes. Packages that are in the page code are marked as part of it; what else is
in the lock file only builds and tests it. Python packages are those of all extras and of
development, each with the environment that it is for.
"""

from __future__ import annotations

import base64
import json
import re
import sys
import tomllib
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import quote

ROOT = Path(__file__).resolve().parents[1]
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;]+)(?: ; (.+))?$")
_NAMESPACE = uuid.UUID("6ba7b812-9dad-11d1-80b4-00c04fd430c8")  # RFC 9562: of OIDs


def python_components() -> list[dict[str, Any]]:
    """Give one component per pin of `constraints.txt`."""
    found = []
    for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            pin = _PIN.match(line)
            if pin is None:
                sys.exit(f"constraints.txt: no exact pin: {line}")
            name, version, marker = pin.groups()
            normal = re.sub(r"[-_.]+", "-", name).lower()  # as PEP 503 says
            entry = _component(name, version, f"pkg:pypi/{normal}@{quote(version)}")
            if marker:
                said = {"name": "agglo:environment", "value": marker}
                entry["properties"] = [said]
            found.append(entry)
    return found


def page_components() -> list[dict[str, Any]]:
    """Give one component per package of `frontend/package-lock.json`."""
    lock = json.loads((ROOT / "frontend/package-lock.json").read_text("utf-8"))
    built = json.loads(
        (ROOT / "src/agglo/observatory/static/BUILD.json").read_text("utf-8")
    )["packages"]
    found: dict[str, dict[str, Any]] = {}
    for place, package in sorted(lock["packages"].items()):
        if not place:
            continue  # the page code itself
        name = place.rpartition("node_modules/")[2]
        version = package["version"]
        purl = f"pkg:npm/{quote(name)}@{quote(version)}"
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


def document() -> dict[str, Any]:
    """Give the whole list."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    components = [*python_components(), *page_components()]
    told = json.dumps(components, sort_keys=True)
    own = _component(
        project["name"],
        project["version"],
        f"pkg:pypi/{project['name']}@{project['version']}",
    )
    own["licenses"] = [{"expression": project["license"]}]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(_NAMESPACE, told)}",
        "version": 1,
        "metadata": {"component": {**own, "type": "application"}},
        "components": components,
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
