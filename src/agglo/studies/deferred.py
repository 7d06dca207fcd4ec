"""A function that is imported when it is called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Generic, TypeVar, cast

__all__ = ["Deferred", "deferred"]

Given = TypeVar("Given")
Made = TypeVar("Made")


@dataclass(frozen=True)
class Deferred(Generic[Given, Made]):
    """A function known by its place: a study names its stages without loading their methods.

    Parameters
    ----------
    module
        The module that defines it.
    name
        Its name there.
    """

    module: str
    name: str

    def __call__(self, given: Given) -> Made:
        """Import the function and call it."""
        return self.function(given)

    @property
    def function(self) -> Callable[[Given], Made]:
        """The function itself."""
        return cast(
            "Callable[[Given], Made]", getattr(import_module(self.module), self.name)
        )

    def source(self) -> str | None:
        """Give the path of the module, which is not imported for it."""
        spec = find_spec(self.module)
        return None if spec is None else spec.origin


def deferred(place: str) -> Deferred[Any, Any]:
    """Name a function by its place.

    Parameters
    ----------
    place
        Module and function, for example ``"agglo.studies.policy.effects:effects"``.

    Returns
    -------
    Deferred
        To be called as the function.
    """
    module, _, name = place.partition(":")
    return Deferred(module, name)
