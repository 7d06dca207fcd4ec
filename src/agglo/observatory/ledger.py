"""The ledger: what every public release has published, for the check of the next one.

One entry per protected table and release in ``release/ledger``. An entry counts once its
JSON file stands; its values are written before. Entries are never changed or removed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from agglo.core.results import digest_of
from agglo.core.typing import Json
from agglo.observatory.disclosure_policy import GatePolicy
from agglo.observatory.ledger_entries import read_entry, read_values
from agglo.runs.hashes import hash_file
from agglo.store import write_json, write_table
from agglo.store.disclosure import (
    CellTable,
    EarlierRelease,
    SuppressedTable,
    suppress_cells,
)
from agglo.store.disclosure.hierarchy import Dimension

__all__ = ["Ledger"]

_EXACT = 400


@dataclass(frozen=True, eq=False)
class Ledger:
    """Earlier public releases of a project, and what this one adds.

    Parameters
    ----------
    folder
        Where the entries are.
    policy
        What the gate goes by.
    pending
        Tables protected so far, by name; recorded with the release.
    watch
        Told of every audit: name of the table, questions put, questions in all.
    """

    folder: Path
    policy: GatePolicy
    pending: dict[str, SuppressedTable] = field(default_factory=dict)
    watch: Callable[[str, int, int], None] | None = None

    @cached_property
    def entries(self) -> Sequence[Mapping[str, Json]]:
        """Every entry in the order in which they were published."""
        paths = sorted(self.folder.glob("*.json"))
        return [{**read_entry(path), "file": path.stem} for path in paths]

    def suppress(
        self,
        name: str,
        cells: CellTable,
        *,
        earlier: Sequence[Mapping[str, str]] = (),
    ) -> SuppressedTable:
        """Protect a table by the office's rules, checked with its earlier releases.

        Parameters
        ----------
        name
            Name of the table, the same in every release.
        cells
            The table.
        earlier
            Further cells to prefer, such as those hidden for another year.

        Returns
        -------
        SuppressedTable
            Recorded with the release.

        Raises
        ------
        NotIdentifiedError
            When no pattern protects it, or an earlier release has given it away.

        Notes
        -----
        The very same table by the same rules was audited when it was published first: it
        is checked with what was out by then, and gives the same pattern again.
        """
        before: list[EarlierRelease] = []
        for entry in self.entries:
            if entry["table"] != name:
                continue
            same = (cells.digest, self.policy.digest)
            if (entry["input"], entry["policy"]) == same:
                break
            before.append(self._read(entry))
        bad, _ = cells.unsafe(self.policy.rules)
        found = suppress_cells(
            cells,
            policy=self.policy.rules,
            earlier=_existing(cells, earlier),
            waived=_of(self.policy.waived, name),
            public=_of(self.policy.public, name),
            releases=before,
            exact=int(bad.sum()) <= _EXACT,
            progress=None if self.watch is None else partial(self.watch, name),
        )
        self.pending[name] = found
        return found

    def record(self, release: str) -> None:
        """Enter what was protected; what stands there already is left as it is.

        Parameters
        ----------
        release
            Name of the release, before it becomes current.
        """
        for path in self.folder.glob("*.parquet"):
            # a process was killed before it entered them: they never counted
            if not path.with_suffix(".json").is_file():
                path.unlink()
        known = {(e["table"], e["input"], e["policy"]) for e in self.entries}
        start = max(
            (int(str(e["file"]).split("-")[0]) for e in self.entries), default=0
        )
        for step, (name, table) in enumerate(sorted(self.pending.items()), start=1):
            if (name, table.cells.digest, self.policy.digest) in known:
                continue
            file = f"{start + step:06d}-{release}"
            out = table.published(release)
            values = self.folder / f"{file}.parquet"
            write_table(
                values, pa.table({"value": pa.array(out.values, from_pandas=True)})
            )
            dimensions: list[Json] = [
                {
                    "name": d.name,
                    "codes": [str(c) for c in d.codes],
                    "parent": [int(p) for p in d.parent],
                }
                for d in out.dimensions
            ]
            entry: dict[str, Json] = {
                "table": name,
                "release": release,
                "measure": out.measure,
                "input": table.cells.digest,
                "policy": self.policy.digest,
                "dimensions": dimensions,
                "values": hash_file(values),
            }
            entry["digest"] = digest_of(entry)
            write_json(self.folder / f"{file}.json", entry)

    def _read(self, entry: Mapping[str, Json]) -> EarlierRelease:
        table = read_values(self.folder / f"{entry['file']}.parquet", entry)
        trees = entry["dimensions"]
        dimensions = [
            Dimension(
                str(d["name"]),
                np.array(d["codes"], dtype=object),
                np.array(d["parent"], dtype=np.int64),
            )
            for d in (trees if isinstance(trees, list) else [])
            if isinstance(d, dict)
        ]
        return EarlierRelease(
            release=str(entry["release"]),
            measure=str(entry["measure"]),
            dimensions=tuple(dimensions),
            values=table["value"].to_numpy(),
        )


def _of(cells: Sequence[Mapping[str, str]], table: str) -> list[dict[str, str]]:
    return [
        {k: v for k, v in cell.items() if k != "table"}
        for cell in cells
        if cell["table"] == table
    ]


def _existing(
    cells: CellTable, named: Sequence[Mapping[str, str]]
) -> list[Mapping[str, str]]:
    places = {d.name: d.place for d in cells.dimensions}
    return [
        cell
        for cell in named
        if all(code in places.get(name, {}) for name, code in cell.items())
    ]
