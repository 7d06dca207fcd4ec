"""Entries of the ledger as files, each with its own hash; nothing here computes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from agglo.core.errors import StoreError
from agglo.core.results import digest_of
from agglo.core.typing import Json
from agglo.runs.hashes import hash_file
from agglo.store import json_bytes, read_json

__all__ = ["damaged_entries", "read_entry"]


def damaged_entries(folder: Path) -> list[str]:
    """Read every file of a ledger anew and name those that are not as recorded.

    Parameters
    ----------
    folder
        Folder of the ledger; one that is absent has no entries.

    Returns
    -------
    list of str
        Names of files, in order. Values without an entry, written by a process that was
        killed before it entered them, do not count.
    """
    wrong: list[str] = []
    for path in sorted(folder.glob("*.json")):
        try:
            entry = read_entry(path)
        except StoreError:
            wrong.append(path.name)
            continue
        values = path.with_suffix(".parquet")
        if not values.is_file() or hash_file(values) != entry["values"]:
            wrong.append(values.name)
    return wrong


def read_entry(path: Path) -> Mapping[str, Json]:
    """Read an entry of the ledger.

    Parameters
    ----------
    path
        Its JSON file.

    Returns
    -------
    dict
        What was recorded.

    Raises
    ------
    StoreError
        If it is not as recorded: without its entries a release cannot be checked.
    """
    entry = read_json(path)
    if isinstance(entry, dict):
        rest = {k: v for k, v in entry.items() if k != "digest"}
        if digest_of(rest) == entry.get("digest") and path.read_bytes() == json_bytes(
            entry
        ):
            return entry
    msg = f"{path} is damaged; restore it before a public release."
    raise StoreError(msg)
