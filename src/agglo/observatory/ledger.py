"""The ledger: what every public release has published, for the check of the next one.

One entry per protected table, and one for the estimates of a study, in ``release/ledger``. An entry counts once its
JSON file stands; its values are written before. Entries are never changed or removed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pyarrow as pa

from agglo.core.results import digest_of
from agglo.core.typing import Json
from agglo.observatory.disclosure_policy import GatePolicy
from agglo.observatory.ledger_entries import read_entry, read_values
from agglo.observatory.public.told import (
    Number,
    Told,
    joined,
    numbers_table,
    read_numbers,
)
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
_ESTIMATES = "estimates"
# name, hash of what it was made from, what else is said of it, values
_Entered: TypeAlias = tuple[str, str, Mapping[str, Json], pa.Table]


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
    estimates
        Numbers to be recorded with the release, by study, with the hash of what was asked.
    watch
        Told of every audit: name of the table, questions put, questions in all.
    """

    folder: Path
    policy: GatePolicy
    pending: dict[str, SuppressedTable] = field(default_factory=dict)
    estimates: dict[str, tuple[str, Told]] = field(default_factory=dict)
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

    def told(self, study: str, asked: Told) -> dict[str, set[Number]]:
        """Give the numbers of estimates that earlier releases told.

        Parameters
        ----------
        study
            Name of the study.
        asked
            Numbers of all estimates that could be released now.

        Returns
        -------
        dict
            What they are about to numbers. The very same estimates are judged by what was
            out when they were published first, and give the same choice again.
        """
        now = (_digest(asked), self.policy.digest)
        before: list[Told] = []
        for entry in self.entries:
            if entry["table"] != f"{study}.{_ESTIMATES}":
                continue
            if (entry["asked"], entry["policy"]) == now:
                break
            path = self.folder / f"{entry['file']}.parquet"
            before.append(read_numbers(read_values(path, entry)))
        return joined(before)

    def tell(self, study: str, asked: Told, kept: Told) -> None:
        """Remember which numbers of estimates the release tells.

        Parameters
        ----------
        study
            Name of the study.
        asked
            As for `told`.
        kept
            Those that are released.
        """
        self.estimates[study] = (_digest(asked), kept)

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
        made = [*self._tables(release), *self._estimates()]
        for step, (name, entered, shape, values) in enumerate(made, start=1):
            if (name, entered, self.policy.digest) in known:
                continue
            path = self.folder / f"{start + step:06d}-{release}.parquet"
            write_table(path, values)
            entry: dict[str, Json] = {
                "table": name,
                "release": release,
                "input": entered,
                "policy": self.policy.digest,
                "values": hash_file(path),
                **shape,
            }
            entry["digest"] = digest_of(entry)
            write_json(path.with_suffix(".json"), entry)

    def _tables(self, release: str) -> list[_Entered]:
        """Give what is entered of protected tables."""
        found: list[_Entered] = []
        for name, table in sorted(self.pending.items()):
            out = table.published(release)
            dimensions: list[Json] = [
                {
                    "name": d.name,
                    "codes": [str(c) for c in d.codes],
                    "parent": [int(p) for p in d.parent],
                }
                for d in out.dimensions
            ]
            shape: dict[str, Json] = {"measure": out.measure, "dimensions": dimensions}
            values = pa.table({"value": pa.array(out.values, from_pandas=True)})
            found.append((name, table.cells.digest, shape, values))
        return found

    def _estimates(self) -> list[_Entered]:
        """Give what is entered of estimates; a study that tells none has no entry."""
        return [
            (
                f"{study}.{_ESTIMATES}",
                digest_of([asked, _digest(kept)]),
                {"asked": asked},
                numbers_table(kept),
            )
            for study, (asked, kept) in sorted(self.estimates.items())
            if any(kept.values())
        ]

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


def _digest(numbers: Told) -> str:
    return digest_of(numbers_table(numbers).to_pydict())


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
