"""The observatory without a server: one file that opens from disk, or a folder to upload.

The page code is the same; the released data lie in the page, packed. An export passes
the gate of the public mode and carries its certificate.
"""

from __future__ import annotations

import base64
import glob
import gzip
import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from agglo.core.errors import OptionError, Problem, RunError
from agglo.core.typing import IntArray, Json
from agglo.observatory.api.answers import encode, envelope
from agglo.observatory.api.bundle import bundle, release_manifest
from agglo.observatory.api.declarations import page_json
from agglo.observatory.api.files import csv_bytes, parquet_bytes
from agglo.observatory.api.listing import code_list, meta_json
from agglo.observatory.api.methods import method_entry, method_pages
from agglo.observatory.api.packing import SMALLEST, pack
from agglo.observatory.api.page_files import ASSETS, asset, json_script, packed_asset
from agglo.observatory.api.rows import (
    ViewQuery,
    frame,
    json_columns,
    row_numbers,
    shown,
)
from agglo.observatory.api.stock import Stock
from agglo.observatory.page import View
from agglo.observatory.pages import PAGES, VIEWS
from agglo.observatory.release import Mode, Release, current_release
from agglo.runs import Project
from agglo.runs.progress import Progress
from agglo.store import write_bytes

__all__ = ["REFUSED_MB", "WARNED_MB", "Export", "export_html", "export_site"]

WARNED_MB = 10.0
REFUSED_MB = 50.0
_MB = 1_000_000
_MARK = ".agglo-export"
_COSTLIEST = 8
_PERIOD = "period"
_YEAR = re.compile(r"^[0-9]{4}$")
_POLICY = (
    "default-src 'none'; script-src {scripts}; style-src {styles}; "
    "img-src 'self' data: blob:; font-src data:; connect-src 'none'; base-uri 'none'; "
    "form-action 'none'"
)


@dataclass(frozen=True, kw_only=True)
class Export:
    """What was written and what it weighs.

    Parameters
    ----------
    path
        File or folder.
    release
        Release it shows.
    mode
        Its mode.
    bytes
        Size of the file, or of all files.
    parts
        Bytes by part, the largest first: code, and each view before packing.
    warning
        Said when it is large; empty otherwise.
    """

    path: Path
    release: str
    mode: str
    bytes: int
    parts: Mapping[str, int] = field(default_factory=dict)
    warning: str = ""

    def to_dict(self) -> dict[str, Json]:
        """Give plain values."""
        return {
            "path": str(self.path),
            "release": self.release,
            "mode": self.mode,
            "bytes": self.bytes,
            "parts": dict(self.parts),
            "warning": self.warning,
        }


def export_html(
    project: Path,
    path: Path,
    *,
    mode: Mode = "public",
    regions: Sequence[str] = (),
    years: Sequence[str] = (),
    lang: str = "en",
    force: bool = False,
    progress: Progress | None = None,
) -> Export:
    """Write one file with everything, which opens from disk without a network.

    Parameters
    ----------
    project
        Project folder with results.
    path
        File to write; replaced in one step, or left as it was.
    mode
        ``"public"``, or ``"private"`` for generated data.
    regions
        Codes of regions to keep; all when empty.
    years
        Years to keep in tables over time, each a year or a span (``"2015-2020"``); all
        when empty. Numbers over several years stay as they are.
    lang
        Language it opens in; both are in it.
    force
        Write it above 50 MB too.
    progress
        Told what is audited, where a release is built first.

    Returns
    -------
    Export
        Size, and what costs most.

    Raises
    ------
    OptionError
        For private data, an unknown region or year, or a file above 50 MB without `force`.
    RunError
        If there are no results.
    """
    release = _gate(project, mode, progress)
    stock = Stock(release)
    cut = _cut(stock, regions, years)
    data, parts = _data(stock, cut)
    code = {name: asset(name).decode("utf-8") for name in ASSETS}
    scripts = {n: _inline(code[n]) for n in ("charts.js", "app.js")}
    boot = json_script("boot", {"mode": "file", "lang": lang})
    policy = _POLICY.format(
        scripts=" ".join(_hash(text) for text in scripts.values()),
        styles=_hash(code["app.css"]),
    )
    html = (
        _head(policy, lang)
        + f"<style>{code['app.css']}</style>\n</head>\n<body>\n"
        + f'<div id="app"></div>\n{boot}\n{_packed(data)}\n'
        + "".join(f"<script>{text}</script>\n" for text in scripts.values())
        + "</body>\n</html>\n"
    )
    whole = html.encode("utf-8")
    parts = {"page code": sum(len(text) for text in code.values()), **parts}
    warning = _check_size(len(whole), parts, force=force)
    _sweep(path.resolve())
    write_bytes(path, whole)
    return Export(
        path=path,
        release=release.id,
        mode=mode,
        bytes=len(whole),
        parts=_largest(parts),
        warning=warning,
    )


def export_site(
    project: Path,
    folder: Path,
    *,
    mode: Mode = "public",
    regions: Sequence[str] = (),
    years: Sequence[str] = (),
    lang: str = "en",
    force: bool = False,
    progress: Progress | None = None,
) -> Export:
    """Write a folder for any web host; addresses are relative, so a sub-path is fine.

    Parameters
    ----------
    project
        Project folder with results.
    folder
        Folder to write; an earlier export there is replaced as a whole.
    mode, regions, years, lang, force
        As for `export_html`.

    Returns
    -------
    Export
        Size, and what costs most.

    Raises
    ------
    OptionError
        As for `export_html`; also when `folder` holds something else.
    RunError
        If there are no results.
    """
    target = folder.resolve()
    _refuse_foreign(target)
    release = _gate(project, mode, progress)
    stock = Stock(release)
    cut = _cut(stock, regions, years)
    data, parts = _data(stock, cut)
    files = _site_files(stock, data, cut, lang)
    total = sum(len(content) for content in files.values())
    # the page is what a reader must load; the other files are there to be fetched
    warning = _check_size(len(files["index.html"]), parts, force=force)
    _swap(target, files)
    return Export(
        path=folder,
        release=release.id,
        mode=mode,
        bytes=total,
        parts=_largest(parts),
        warning=warning,
    )


def _sweep(target: Path) -> None:
    """Remove what a killed export of this file left beside it."""
    for part in target.parent.glob(f".{glob.escape(target.name)}.????????.partial"):
        part.unlink(missing_ok=True)


def _gate(project: Path, mode: Mode, progress: Progress | None) -> Release:
    """Give the release of an export; private numbers of real places stay at home."""
    opened = Project.open(project)
    if mode == "review" or (mode == "private" and not opened.file.project.generated):
        msg = f"A {mode} release is not exported: it is for the owner's desk."
        what = (
            "it names the rules and the reasons of what is hidden"
            if mode == "review"
            else "the data of this project are not generated: numbers may show single firms"
        )
        problem = Problem(
            code="private_export",
            what=what,
            where="--mode",
            fix="export with --mode public",
        )
        raise OptionError(msg, [problem])
    return current_release(opened, mode=mode, progress=progress)


@dataclass(frozen=True, slots=True)
class _Cut:
    """What of a release is exported: regions and years; all where empty."""

    regions: Sequence[str]
    years: frozenset[str]


def _cut(stock: Stock, regions: Sequence[str], years: Sequence[str]) -> _Cut:
    """Read what to keep; a region or year that the release does not have is refused."""
    unknown = [r for r in regions if r not in stock.names["regions"].rows]
    if unknown:
        msg = f"There is no region {', '.join(unknown[:5])}."
        raise OptionError(msg)
    wanted = {year for text in years for year in _span(text)}
    held = {
        year
        for view in VIEWS.values()
        if view.table in stock.release and _PERIOD in shown(stock, view)
        for year in stock.lookup(view.table, _PERIOD).values
        if _YEAR.match(year)
    }
    missing = sorted(wanted - held)
    if wanted and not wanted & held:
        msg = (
            f"The release has no year {', '.join(missing[:5])}. It has: {sorted(held)}."
        )
        raise OptionError(msg)
    return _Cut(regions, frozenset(wanted))


def _span(text: str) -> list[str]:
    """Read a year or a span of years."""
    first, _, last = text.partition("-")
    last = last or first
    if not (_YEAR.match(first) and _YEAR.match(last)) or int(first) > int(last):
        msg = f"--years {text}: write a year (2020) or a span (2015-2020)."
        raise OptionError(msg)
    return [str(year) for year in range(int(first), int(last) + 1)]


def _kept(stock: Stock, view: View, cut: _Cut) -> IntArray:
    """Give the rows of a view that belong to the chosen regions and years."""
    rows = row_numbers(stock, view, ViewQuery())
    if cut.years and _PERIOD in shown(stock, view):
        lookup = stock.lookup(view.table, _PERIOD)
        dropped = [
            code
            for year, code in lookup.position.items()
            if _YEAR.match(year) and year not in cut.years
        ]
        rows = rows[~np.isin(lookup.codes[rows], dropped)]
    regions = cut.regions
    column = next(
        (
            name
            for name, kind in view.labels.items()
            if kind == "regions" and name in (*view.filters.values(), *view.place)
        ),
        "",
    )
    if not regions or not column:
        return rows
    lookup = stock.lookup(view.table, column)
    codes = [lookup.position[r] for r in regions if r in lookup.position]
    return rows[np.isin(lookup.codes[rows], codes)]


def _data(stock: Stock, cut: _Cut) -> tuple[dict[str, Json], dict[str, int]]:
    """Gather what the page reads, and the size of each view."""
    views: dict[str, Json] = {}
    parts: dict[str, int] = {}
    for view in VIEWS.values():
        if view.table in stock.release:
            table = frame(stock, view, _kept(stock, view, cut))
            entry: dict[str, Json] = {
                "columns": {**json_columns(table)},
                "meta": envelope(stock, None, view=view)["meta"],
            }
            parts[view.id] = len(encode(entry))
            views[view.id] = entry
    data: dict[str, Json] = {
        "meta": meta_json(stock),
        "pages": [page_json(stock, page, whole=True) for page in PAGES.values()],
        "regions": code_list(stock, "regions"),
        "industries": code_list(stock, "industries"),
        "geometry": json.loads(stock.release.geometry),
        "views": views,
        "manifest": release_manifest(stock),
        "methods": {name: method_entry(name, whole=True) for name in method_pages()},
    }
    return data, parts


def _packed(data: Json) -> str:
    """Write data as a block; packed, because numbers as text are long."""
    packed = gzip.compress(encode(data), compresslevel=9, mtime=0)
    text = base64.b64encode(packed).decode("ascii")
    return (
        '<script id="data" type="application/json" data-encoding="gzip+base64">'
        f"{text}</script>"
    )


def _head(policy: str, lang: str) -> str:
    code = "zh-Hans" if lang == "zh" else "en"
    return (
        f'<!doctype html>\n<html lang="{code}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="referrer" content="no-referrer">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<title>agglo</title>\n<link rel="icon" href="data:,">\n'
    )


def _inline(script: str) -> str:
    """Make a script that its own text cannot end."""
    script = re.sub(r"</(script)", r"<\\/\1", script, flags=re.IGNORECASE)
    return script.replace("<!--", "<\\!--")


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def _largest(parts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(parts.items(), key=lambda part: (-part[1], part[0])))


def _check_size(size: int, parts: Mapping[str, int], *, force: bool) -> str:
    """Warn above 10 MB, refuse above 50 MB."""
    if size <= WARNED_MB * _MB:
        return ""
    costliest = list(_largest(parts).items())[:_COSTLIEST]
    listed = ", ".join(f"{name} {n / _MB:.1f} MB" for name, n in costliest)
    said = f"{size / _MB:.1f} MB; before packing: {listed}"
    if size > REFUSED_MB * _MB and not force:
        msg = f"The export is larger than {REFUSED_MB:.0f} MB."
        problem = Problem(
            code="export_too_large",
            what=said,
            where="--html",
            fix="choose regions with --region, or add --force",
        )
        raise OptionError(msg, [problem])
    return f"large: {said}"


def _site_files(stock: Stock, data: Json, cut: _Cut, lang: str) -> dict[str, bytes]:
    policy = _POLICY.format(scripts="'self'", styles="'self'")
    boot = json_script("boot", {"mode": "file", "lang": lang, "charts": "charts.js"})
    index = (
        _head(policy, lang)
        + '<link rel="stylesheet" href="app.css">\n</head>\n<body>\n'
        + f'<div id="app"></div>\n{boot}\n{_packed(data)}\n'
        + '<script src="app.js" defer></script>\n</body>\n</html>\n'
    )
    files: dict[str, bytes] = {
        "index.html": index.encode("utf-8"),
        **{name: asset(name) for name in ASSETS},
        "certificate.json": _json(stock.release.catalogue["certificate"]),
        "manifest.json": _json(release_manifest(stock)),
        _MARK: f"{stock.release.id}\n".encode(),
    }
    # web hosts that look for packed copies send these (gzip_static and the like)
    files["index.html.gz"] = pack(files["index.html"], SMALLEST)
    files |= {f"{name}.gz": packed_asset(name) for name in ASSETS}
    for view in VIEWS.values():
        if view.table in stock.release:
            table = frame(stock, view, _kept(stock, view, cut))
            files[f"data/{view.id}.csv"] = csv_bytes(table)
            files[f"data/{view.id}.parquet"] = parquet_bytes(table)
            files[f"data/{view.id}.zip"] = bundle(stock, view, ViewQuery(), table)
    return files


def _json(value: Json) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode("utf-8")


def _refuse_foreign(target: Path) -> None:
    """Finish a swap that was cut short, and refuse a folder that is not ours."""
    for old in sorted(target.parent.glob(f".{target.name}.*.old")):
        if not target.exists():
            old.rename(target)
        else:
            shutil.rmtree(old, ignore_errors=True)
    if target.is_dir() and any(target.iterdir()) and not (target / _MARK).is_file():
        msg = f"{target} holds something that agglo did not export."
        raise OptionError(msg)
    if target.exists() and not target.is_dir():
        msg = f"{target} is a file."
        raise OptionError(msg)


def _swap(target: Path, files: Mapping[str, bytes]) -> None:
    """Put a new folder in place of the old one; readers see one or the other."""
    mark = secrets.token_hex(4)
    draft = target.parent / f".{target.name}.{mark}.new"
    old = target.parent / f".{target.name}.{mark}.old"
    for stale in target.parent.glob(f".{target.name}.*.new"):
        shutil.rmtree(stale, ignore_errors=True)
    try:
        for name, content in files.items():
            write_bytes(draft / name, content)
        if target.exists():
            os.rename(target, old)  # noqa: PTH104 - one system call
        draft.rename(target)
    except OSError as error:
        if old.exists() and not target.exists():
            old.rename(target)
        msg = f"{target} cannot be written: {error.strerror}."
        raise RunError(msg) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
