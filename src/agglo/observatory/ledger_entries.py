"""Entries of the ledger as files, each with its own hash; nothing here computes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from agglo.core.errors import StoreError
from agglo.core.results import digest_of
from agglo.core.typing import Json
from agglo.runs.hashes import hash_file
from agglo.store import json_bytes, read_json, read_table

__all__ = ["damaged_entries", "read_entry", "read_values"]


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
        if not _stands(values, entry):
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
    raise _damaged(path)


def read_values(path: Path, entry: Mapping[str, Json]) -> pa.Table:
    """Read the values of an entry.

    Parameters
    ----------
    path
        Their Parquet file.
    entry
        What was recorded with them.

    Returns
    -------
    pyarrow.Table
        Column ``value``.

    Raises
    ------
    StoreError
        If the file is not as recorded.
    """
    if not _stands(path, entry):
        raise _damaged(path)
    return read_table(path)


def _stands(values: Path, entry: Mapping[str, Json]) -> bool:
    return values.is_file() and hash_file(values) == entry["values"]


def _damaged(path: Path) -> StoreError:
    return StoreError(f"{path} is damaged; restore it before a public release.")
