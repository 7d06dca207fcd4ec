"""The committed bundle is the build of the committed sources, small and self-contained."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FRONTEND = ROOT / "frontend"
STATIC = ROOT / "src" / "agglo" / "observatory" / "static"
FILES = ("package.json", "package-lock.json", "svelte.config.js", "tsconfig.json")
FOLDERS = ("scripts", "src")
BUDGETS = {"app.js": 150_000, "charts.js": 300_000}
WHOLE = 1_000_000
PERMISSIVE = {"MIT", "ISC", "0BSD", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0"}


def _sources() -> list[str]:
    inside = [
        p.relative_to(FRONTEND).as_posix()
        for folder in FOLDERS
        for p in (FRONTEND / folder).rglob("*")
        if p.is_file()
    ]
    return sorted([*FILES, *inside])


def _hash_of_sources() -> str:
    digest = hashlib.sha256()
    for path in _sources():
        digest.update(path.encode() + b"\0")
        digest.update((FRONTEND / path).read_bytes() + b"\0")
    return digest.hexdigest()


@pytest.fixture(scope="module")
def record():
    return json.loads((STATIC / "BUILD.json").read_text(encoding="utf-8"))


def test_bundle_is_the_build_of_the_sources(record):
    assert record["sources"] == _hash_of_sources(), (
        "frontend/ changed after the bundle was built: npm ci && npm run build there"
    )


def test_bundle_files_are_those_recorded(record):
    assert set(record["files"]) == {"app.js", "charts.js", "app.css"}
    for name, entry in record["files"].items():
        content = (STATIC / name).read_bytes()
        assert len(content) == entry["bytes"]
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]


def test_bundle_is_within_its_budgets(record):
    sizes = {
        name: len(gzip.compress((STATIC / name).read_bytes(), 9))
        for name in record["files"]
    }
    for name, budget in BUDGETS.items():
        assert sizes[name] <= budget
    assert sum(sizes.values()) < WHOLE


def test_bundle_holds_permissive_packages_only(record):
    assert {"svelte", "echarts", "d3-geo"} <= set(record["packages"])
    assert {p["licence"] for p in record["packages"].values()} <= PERMISSIVE


def test_bundle_asks_no_other_host():
    """Addresses in the scripts are namespaces and links in texts, never loaded."""
    harmless = re.compile(
        r"https?://(www\.w3\.org/(2000|1999|1998/Math|XML)/|svelte\.dev/e/|github\.com/)"
    )
    for path in STATIC.glob("*.*s*"):
        content = path.read_text(encoding="utf-8")
        found = [m.group() for m in re.finditer(r"https?://[^\s\"'`)]*", content)]
        assert [a for a in found if not harmless.match(a)] == [], path.name


def test_lock_names_no_host():
    lock = (FRONTEND / "package-lock.json").read_text(encoding="utf-8")
    assert "resolved" not in json.loads(lock)["packages"]["node_modules/svelte"]
    assert not re.search(r'"resolved"|https?://', lock)


def test_sources_hold_no_raw_markup():
    """Names from data are text nodes; the content policy allows no style attribute."""
    for path in (FRONTEND / "src").rglob("*"):
        if path.suffix in {".svelte", ".ts"}:
            source = path.read_text(encoding="utf-8")
            assert not re.search(r"\{@html|innerHTML|outerHTML|insertAdjacent", source)
            assert not re.search(r"""\sstyle=["'{]""", source), path.name
