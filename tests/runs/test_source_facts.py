"""Facts about source text: found by content, kept between processes, never wrong."""

from __future__ import annotations

import ast
import hashlib
import os
import sys
from pathlib import Path

import pytest

from agglo.core.errors import RunError
from agglo.runs.source_facts import FactsStore, cache_folder

TEXT = b"""
from typing import TYPE_CHECKING
import json
from .near import one as first, two
from ..far import *
if TYPE_CHECKING:
    from only.types import T
else:
    from when.run import U
def run():
    from late import x
def __getattr__(name):
    raise AttributeError(name)
"""


@pytest.fixture
def no_parsing(monkeypatch):
    def refuse(*_):
        raise AssertionError("parsed")

    monkeypatch.setattr(ast, "parse", refuse)


def filled(folder: Path, *texts: bytes) -> FactsStore:
    store = FactsStore(folder)
    for text in texts:
        store.of(text, "x.py")
    store.save()
    return store


def test_imports_origins_and_names_made_on_access():
    facts = FactsStore(None).of(TEXT, "x.py")
    assert set(facts.imports) == {
        (0, "typing", ("TYPE_CHECKING",)),
        (0, "json", ()),
        (1, "near", ("one", "two")),
        (2, "far", ()),
        (0, "when.run", ("U",)),
        (0, "late", ("x",)),
    }
    assert facts.origins["first"] == (1, "near", "one")
    assert "late" not in {base for _, base, _ in facts.origins.values()}
    assert facts.lazy
    assert not FactsStore(None).of(b"def f(): pass", "x.py").lazy


def test_layout_does_not_count_and_code_does():
    store = FactsStore(None)
    base = store.of(b"def f():\n    return 1\n", "x.py").digest
    assert store.of(b"# why\ndef f():\n\n    return (1)\n", "x.py").digest == base
    assert store.of(b"def f():\n    return 2\n", "x.py").digest != base


def test_what_is_not_python_is_said():
    with pytest.raises(RunError, match=r"x\.py cannot be parsed"):
        FactsStore(None).of(b"def f(:", "x.py")


def test_the_next_process_does_not_parse_again(tmp_path, request):
    facts = filled(tmp_path, TEXT, b"a = 1").of(TEXT, "x.py")
    request.getfixturevalue("no_parsing")
    later = FactsStore(tmp_path)
    assert later.of(TEXT, "x.py") == facts
    with pytest.raises(AssertionError, match="parsed"):
        later.of(TEXT + b"# other", "x.py")


def test_processes_keep_what_others_kept(tmp_path, request):
    one, two = FactsStore(tmp_path), FactsStore(tmp_path)
    for store, text in ((one, b"a = 1"), (two, b"b = 1")):
        store.of(text, "x.py")
    one.save()
    two.save()
    request.getfixturevalue("no_parsing")
    both = FactsStore(tmp_path)
    assert both.of(b"a = 1", "x.py").digest != both.of(b"b = 1", "x.py").digest


def test_nothing_is_written_when_nothing_is_new(tmp_path):
    filled(tmp_path, TEXT)
    (file,) = tmp_path.iterdir()
    os.utime(file, ns=(1, 1))
    filled(tmp_path, TEXT)
    assert file.stat().st_mtime_ns == 1


def spoilt(whole: bytes, how: str) -> bytes:
    seal, body = whole.split(b"\n", 1)
    digest = FactsStore(None).of(TEXT, "x.py").digest.encode()
    other = body.replace(digest, digest[::-1])
    assert other != body
    return {
        "empty": b"",
        "cut": whole[:-9],
        "text": b"\xff\xfe nothing",
        "another digest": seal + b"\n" + other,
        "sealed without Python": hashlib.sha256(other).hexdigest().encode()
        + b"\n"
        + other,
    }[how]


@pytest.mark.parametrize(
    "how", ["empty", "cut", "text", "another digest", "sealed without Python"]
)
def test_a_damaged_cache_is_ignored_and_written_again(tmp_path, how):
    right = filled(tmp_path, TEXT).of(TEXT, "x.py")
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    file.write_bytes(spoilt(whole, how))
    assert FactsStore(tmp_path).of(TEXT, "x.py") == right
    filled(tmp_path, TEXT)
    assert file.read_bytes() == whole


def test_another_python_parses_for_itself(tmp_path, monkeypatch, request):
    filled(tmp_path, TEXT)
    monkeypatch.setattr(sys, "version", "4.0")
    request.getfixturevalue("no_parsing")
    with pytest.raises(AssertionError, match="parsed"):
        FactsStore(tmp_path).of(TEXT, "x.py")


def test_a_folder_that_cannot_be_written_costs_time_only(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    store = filled(blocked / "agglo", TEXT)
    assert store.of(TEXT, "x.py") == FactsStore(None).of(TEXT, "x.py")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_the_cache_does_not_grow_for_ever(tmp_path, monkeypatch, request):
    monkeypatch.setattr("agglo.runs.source_facts._MOST_KEPT", 3)
    filled(tmp_path, b"a = 1", b"a = 2")
    filled(tmp_path, b"a = 3", b"a = 4")
    request.getfixturevalue("no_parsing")
    later, parsed = FactsStore(tmp_path), 0
    for n in range(1, 5):
        try:
            later.of(f"a = {n}".encode(), "x.py")
        except AssertionError:
            parsed += 1
    assert parsed == 1  # what the last process used is kept first


def test_the_folder_is_the_one_of_the_system(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "agglo"
    monkeypatch.setenv("XDG_CACHE_HOME", "not/absolute")  # to be ignored, says XDG
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    for platform, within in (("linux", ".cache"), ("darwin", "Library/Caches")):
        monkeypatch.setattr(sys, "platform", platform)
        assert cache_folder() == tmp_path / within / "agglo"
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    assert cache_folder() == tmp_path / "agglo" / "cache"
    monkeypatch.delenv("LOCALAPPDATA")
    assert cache_folder() is None
