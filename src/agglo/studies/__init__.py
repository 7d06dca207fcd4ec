"""The studies: plain compositions of the areas, tables in, findings and report out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

from agglo.core.errors import OptionError, suggest

if TYPE_CHECKING:
    from agglo.studies.contract import Study

__all__ = ["STUDIES"]


class _Studies(Mapping[str, "Study"]):
    """Name to study; a study is imported when it is asked for."""

    def __init__(self, where: Mapping[str, str]) -> None:
        self._where = dict(where)

    def __getitem__(self, name: str) -> Study:
        if name not in self._where:
            hint = suggest(name, list(self._where))
            msg = f"There is no study '{name}'. {hint}".rstrip()
            msg = f"{msg} Studies: {sorted(self._where)}"
            raise OptionError(msg)
        module, _, attribute = self._where[name].partition(":")
        study: Study = getattr(import_module(module), attribute)
        return study

    def __contains__(self, name: object) -> bool:
        return name in self._where

    def __iter__(self) -> Iterator[str]:
        return iter(self._where)

    def __len__(self) -> int:
        return len(self._where)


STUDIES: Mapping[str, Study] = _Studies(
    {
        "coagglomeration": "agglo.studies.coagglomeration:STUDY",
        "concentration": "agglo.studies.concentration:STUDY",
        "digital": "agglo.studies.digital:STUDY",
        "formation": "agglo.studies.formation:STUDY",
        "policy": "agglo.studies.policy:STUDY",
        "networks": "agglo.studies.networks:STUDY",
    }
)
