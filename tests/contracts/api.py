"""The public API, found rather than listed: what `__all__` exports, by area."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from types import FunctionType

import agglo
from docs.generate_pages import areas, public_names

AREAS: tuple[str, ...] = agglo._AREAS
# areas whose public functions are measures: data in, a result out
MEASURE_AREAS = ("concentration", "evaluation", "networks", "relatedness")


def _exported() -> Iterator[tuple[str, object]]:
    for module in [*(f"agglo.{a}" for a in areas()), "agglo"]:
        owner = import_module(module)
        for name in sorted(set(public_names(module)) - set(AREAS)):
            yield name, getattr(owner, name)


def _area(value: object) -> str:
    module = inspect.getmodule(value)
    parts = module.__name__.split(".") if module is not None else []
    return parts[1] if len(parts) > 1 and parts[0] == "agglo" else ""


@cache
def public_functions() -> Mapping[str, FunctionType]:
    """`area.name` to function, for everything that some `__all__` exports."""
    return {
        f"{_area(value)}.{name}": value
        for name, value in _exported()
        if isinstance(value, FunctionType) and _area(value)
    }


@cache
def public_classes() -> Mapping[str, type]:
    """`area.name` to class, for everything that some `__all__` exports."""
    return {
        f"{_area(value)}.{name}": value
        for name, value in _exported()
        if inspect.isclass(value) and _area(value)
    }


def measures() -> list[str]:
    """Public functions of the areas that measure; coercers only check and give shape."""
    return sorted(
        n
        for n in public_functions()
        if n.split(".")[0] in MEASURE_AREAS and not n.split(".")[1].startswith("as_")
    )


def documented_names() -> list[str]:
    """Names that the reference has to explain: measures and all that `ag.` offers."""
    offered = {n for n in agglo.__all__ if n[0] != "_"} - set(AREAS)
    return sorted(offered | {m.split(".")[1] for m in measures()})
