"""Rules over everything that is public: reachable, explained, tested, in words."""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from pathlib import Path

import pytest
from numpydoc.docscrape import ClassDoc, FunctionDoc

import agglo
from docs.generate_pages import areas, public_names
from tests.contracts.api import measures, public_classes, public_functions
from tests.contracts.repository import python_files

function = pytest.mark.parametrize("name", sorted(public_functions()))
every_class = pytest.mark.parametrize("name", sorted(public_classes()))


def test_exports_exist_and_are_sorted_names():
    for module in [*(f"agglo.{a}" for a in areas()), "agglo"]:
        owner = import_module(module)
        names = public_names(module)
        assert len(names) == len(set(names)), module
        lost = [n for n in names if not hasattr(owner, n)]
        assert not lost, module
        private = [n for n in names if n.startswith("_") and n != "__version__"]
        assert not private, module


def test_every_measure_is_on_the_front_page():
    offered = set(agglo.__all__)
    assert not [m for m in measures() if m.split(".")[1] not in offered]


def test_dir_shows_what_is_offered():
    assert set(agglo.__all__) <= set(dir(agglo))


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no_such_measure"):
        agglo.no_such_measure  # noqa: B018


@function
def test_function_is_explained(name):
    target = public_functions()[name]
    doc = FunctionDoc(target)
    assert "".join(doc["Summary"]).endswith(".")
    signature = inspect.signature(target)
    described = {n.strip(" *") for p in doc["Parameters"] for n in p.name.split(",")}
    assert set(signature.parameters) <= described
    if signature.return_annotation not in ("None", None):
        assert doc["Returns"] or doc["Yields"]


@function
def test_function_is_typed_without_any(name):
    signature = inspect.signature(public_functions()[name])
    spelled = [str(p.annotation) for p in signature.parameters.values()]
    spelled.append(str(signature.return_annotation))
    assert "<class 'inspect._empty'>" not in spelled
    assert not [s for s in spelled if re.search(r"\bAny\b", s)]


@function
def test_function_is_called_by_a_test(name):
    if name in measures():
        return  # tests/contracts/cases.py calls it
    called = re.compile(rf"\b{name.split('.')[1]}\(")
    assert any(
        called.search(p.read_text(encoding="utf-8")) for p in python_files("tests")
    )


@every_class
def test_class_is_explained(name):
    target = public_classes()[name]
    assert "".join(ClassDoc(target)["Summary"]).rstrip().endswith(".")
    assert target.__doc__ != getattr(target.__base__, "__doc__", None)


@every_class
def test_methods_are_explained(name):
    target = public_classes()[name]
    methods = [
        n for n, m in vars(target).items() if n[0] != "_" and inspect.isroutine(m)
    ]
    assert not [n for n in methods if not inspect.getdoc(getattr(target, n))]


def test_type_checkers_see_the_same_names():
    stub = Path(agglo.__file__).with_suffix(".pyi").read_text(encoding="utf-8")
    told = set(re.findall(r"(\w+) as \1\b", stub)) | {"__version__"}
    assert told == set(agglo.__all__)
