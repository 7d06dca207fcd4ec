"""An append-only record whose entries hold the hash of the one before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from agglo.core.errors import InvalidTableError, Problem

if TYPE_CHECKING:
    from agglo.core.typing import Json

__all__ = ["AuditTrail"]

_START = "0" * 64
_KEYS = ("time", "user", "action", "object", "before", "after", "source", "previous")


@dataclass(frozen=True, slots=True)
class AuditTrail:
    """Who changed what, when, on what ground; a change of an entry breaks the chain.

    Parameters
    ----------
    entries
        Entries in order, each with its hash; filled by `record`.

    Examples
    --------
    >>> from agglo.studies.formation.audit import AuditTrail
    >>> trail = AuditTrail().record(time="2026-01-01", user="a", action="add", object="k1")
    >>> len(trail.verify_chain())
    1
    """

    entries: tuple[Mapping[str, Json], ...] = ()

    def record(
        self,
        *,
        time: str,
        user: str,
        action: str,
        object: str,  # noqa: A002  the field's word
        before: Json = None,
        after: Json = None,
        source: str = "",
    ) -> AuditTrail:
        """Give the trail with one more entry; a correction is an entry as well.

        Parameters
        ----------
        time, user, action, object
            When, who, what, on which id.
        before, after
            State before and after.
        source
            On what ground.

        Returns
        -------
        AuditTrail
            A new trail.
        """
        last = self.entries[-1]["sha256"] if self.entries else _START
        body: dict[str, Json] = {
            "time": time,
            "user": user,
            "action": action,
            "object": object,
            "before": before,
            "after": after,
            "source": source,
            "previous": last,
        }
        entry = {**body, "sha256": _digest(body)}
        return replace(self, entries=(*self.entries, entry))

    def verify_chain(self) -> tuple[str, ...]:
        """Give the hashes of all entries.

        Returns
        -------
        tuple of str
            In order.

        Raises
        ------
        InvalidTableError
            With every entry that was changed, or does not follow the one before.
        """
        problems: list[Problem] = []
        last = _START
        for k, entry in enumerate(self.entries, 1):
            body = {n: entry.get(n) for n in _KEYS}
            if entry.get("sha256") != _digest(body):
                problems.append(_problem(k, "was changed after it was written"))
            elif entry.get("previous") != last:
                problems.append(_problem(k, "does not follow the entry before it"))
            last = str(entry.get("sha256"))
        if problems:
            msg = f"The audit trail is broken at {len(problems)} of its entries."
            raise InvalidTableError(msg, problems)
        return tuple(str(e["sha256"]) for e in self.entries)

    def to_bytes(self) -> bytes:
        """Write one JSON object per line."""
        lines = [
            json.dumps(e, ensure_ascii=False, sort_keys=True) for e in self.entries
        ]
        return "".join(f"{line}\n" for line in lines).encode("utf-8")

    @classmethod
    def from_lines(cls, lines: Iterable[str]) -> AuditTrail:
        """Read what `to_bytes` wrote; call `verify_chain` before trusting it."""
        return cls(tuple(json.loads(line) for line in lines if line.strip()))


def _digest(body: Mapping[str, Json]) -> str:
    text = json.dumps(body, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _problem(row: int, what: str) -> Problem:
    return Problem(
        code="broken_chain",
        what=f"entry {row} {what}",
        where="audit trail",
        rows=(row,),
        n_rows=1,
        fix="restore the file from a copy; corrections are new entries",
    )
