"""numpydoc's validation of everything public, with the checks named in pyproject.toml."""

from __future__ import annotations

import dataclasses

import pytest
from numpydoc.docscrape import ClassDoc
from numpydoc.validate import validate

from tests.contracts.api import public_classes, public_functions
from tests.contracts.repository import project

IN_WORDS = ("PR01", "PR02")
CHECKS = set(project()["tool"]["numpydoc_validation"]["checks"])


def _remarks(target: object) -> list[str]:
    found = validate(f"{target.__module__}.{target.__qualname__}")["errors"]
    return [f"{code} {text}" for code, text in found if code in CHECKS]


@pytest.mark.parametrize("name", sorted(public_functions()))
def test_functions(name):
    assert not _remarks(public_functions()[name])


@pytest.mark.parametrize("name", sorted(public_classes()))
def test_classes(name):
    # fields are described once, where they are declared, as parameters or attributes
    remarks = [r for r in _remarks(public_classes()[name]) if r[:4] not in IN_WORDS]
    assert not remarks


@pytest.mark.parametrize("name", sorted(public_classes()))
def test_fields(name):
    target = public_classes()[name]
    if not dataclasses.is_dataclass(target):
        return
    doc = ClassDoc(target)
    listed = [*doc["Parameters"], *doc["Attributes"]]
    described = {n.strip() for p in listed for n in p.name.split(",")}
    own = vars(target).get("__annotations__", {})
    fields = {f.name for f in dataclasses.fields(target) if f.name in own}
    assert {f for f in fields if f[0] != "_"} <= described


def test_validation_can_fail():
    def measure(data):
        """does something"""
        return data

    measure.__module__, measure.__qualname__ = __name__, "_planted"
    globals()["_planted"] = measure
    codes = {remark.split()[0] for remark in _remarks(measure)}
    assert {"SS03", "PR01", "RT01"} <= codes & CHECKS
