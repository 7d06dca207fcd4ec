"""The office's rules: ``disclosure.toml`` beside the project file, hashed into every release.

Without the file the preset ``p10`` holds. The file may start from another preset and
change single numbers, name cells whose contributors agreed, and cells that are out anyway.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from agglo.core.errors import OptionError, Problem
from agglo.core.options import check_number
from agglo.core.results import digest_of
from agglo.observatory.public.rules import LEAST
from agglo.store.disclosure import DISCLOSURE_POLICIES, DisclosurePolicy

__all__ = ["POLICY_FILE", "GatePolicy", "read_gate_policy"]

POLICY_FILE = "disclosure.toml"
_RULES = tuple(f.name for f in fields(DisclosurePolicy))
_LISTS = ("waived", "public")
_KEYS = ("version", "preset", "least", *_RULES, *_LISTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class GatePolicy:
    """What the gate goes by.

    Parameters
    ----------
    rules
        Rules for cells and attackers.
    least
        Units that a released statistic of its own must rest on.
    version
        What the office calls this version; empty without a file.
    waived, public
        Cells whose contributors agreed, and cells that are out anyway; each names its
        ``table`` and its codes.
    """

    rules: DisclosurePolicy = DISCLOSURE_POLICIES["p10"]
    least: int = LEAST
    version: str = ""
    waived: tuple[Mapping[str, str], ...] = ()
    public: tuple[Mapping[str, str], ...] = ()

    @property
    def digest(self) -> str:
        """Hash of all of it, for certificates."""
        cells = [
            [sorted(c.items()) for c in part] for part in (self.waived, self.public)
        ]
        return digest_of(self.rules.digest, self.least, self.version, cells)


def read_gate_policy(root: Path) -> GatePolicy:
    """Read the rules of a project.

    Parameters
    ----------
    root
        Project folder.

    Returns
    -------
    GatePolicy
        The preset ``p10`` where the project has no file.

    Raises
    ------
    OptionError
        For a file that is no TOML, unknown keys, and numbers out of range; then nothing
        is released.
    """
    path = root / POLICY_FILE
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return GatePolicy()
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        msg = f"{POLICY_FILE} is no TOML: {error}."
        raise OptionError(msg) from error
    _refuse_unknown(given)
    preset = str(given.get("preset", "p10"))
    if preset not in DISCLOSURE_POLICIES:
        msg = f"preset='{preset}' in {POLICY_FILE} is none of {sorted(DISCLOSURE_POLICIES)}."
        raise OptionError(msg)
    changes: dict[str, Any] = {k: given[k] for k in _RULES if k in given}
    if "dominance" in changes:
        changes["dominance"] = _pairs(changes["dominance"])
    least = check_number("least", given.get("least", LEAST), minimum=3, integer=True)
    return GatePolicy(
        rules=replace(DISCLOSURE_POLICIES[preset], **changes),
        least=int(least),
        version=str(given.get("version", "")),
        waived=_cells(given, "waived"),
        public=_cells(given, "public"),
    )


def _refuse_unknown(given: Mapping[str, object]) -> None:
    unknown = sorted(set(given) - set(_KEYS))
    if unknown:
        msg = f"{POLICY_FILE} has keys that nothing reads."
        raise OptionError(
            msg,
            [
                Problem(
                    code="unknown_option",
                    what=f"'{key}' is no rule",
                    where=POLICY_FILE,
                    fix=f"one of {', '.join(_KEYS)}",
                )
                for key in unknown
            ],
        )


def _pairs(given: object) -> tuple[tuple[int, float], ...]:
    found: list[tuple[int, float]] = []
    for pair in given if isinstance(given, list) else [None]:
        if not isinstance(pair, list) or len(pair) != 2:
            msg = f"dominance in {POLICY_FILE} is a list of pairs, such as [[1, 85.0]]."
            raise OptionError(msg)
        found.append((pair[0], float(pair[1])))
    return tuple(found)


def _cells(given: Mapping[str, object], name: str) -> tuple[Mapping[str, str], ...]:
    rows = given.get(name, [])
    whole = isinstance(rows, list) and all(
        isinstance(row, dict) and "table" in row for row in rows
    )
    if not isinstance(rows, list) or not whole:
        msg = f"Each [[{name}]] in {POLICY_FILE} names a table and the codes of a cell."
        raise OptionError(msg)
    return tuple({str(k): str(v) for k, v in row.items()} for row in rows)
