"""The register of clusters, members, organisations and designations, with its history."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from agglo.core.errors import AlignmentError, OptionError, suggest
from agglo.core.options import check_choice
from agglo.core.results import to_json
from agglo.studies.formation.audit import AuditTrail
from agglo.studies.formation.columns import table_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

__all__ = ["ClusterRegistry", "Entry"]

Kind: TypeAlias = Literal["cluster", "member", "organisation", "designation"]
_KINDS = ("cluster", "member", "organisation", "designation")
_COLUMNS = {
    "kind": "s",
    "id": "s",
    "cluster": "s",
    "name": "s",
    "aliases": "s",
    "role": "s",
    "valid_from": "s",
    "valid_to": "s",
    "recorded_at": "s",
    "source": "s",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row: what held from when to when, and when we came to know it.

    Parameters
    ----------
    kind
        ``cluster``, ``member``, ``organisation`` or ``designation``.
    id
        Stable id within the kind.
    cluster
        Cluster that it belongs to; its own id for a cluster.
    name, aliases
        Names; aliases joined by ``;``.
    role
        Role of a member or organisation, programme of a designation.
    valid_from, valid_to
        Dates, ISO; empty `valid_to`: it still holds.
    recorded_at
        When it was written down.
    source
        Who says so.
    """

    kind: Kind
    id: str
    cluster: str
    name: str = ""
    aliases: str = ""
    role: str = ""
    valid_from: str
    valid_to: str = ""
    recorded_at: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class ClusterRegistry:
    """Rows that are only ever added to: every change is a new row and an audit entry.

    Parameters
    ----------
    rows
        All rows, in the order in which they were recorded.
    trail
        The audit trail.

    Examples
    --------
    >>> from agglo.studies.formation.registry import ClusterRegistry
    >>> book = ClusterRegistry().add_cluster("k1", name="K", valid_from="2020", at="2026")
    >>> book = book.retire("cluster", "k1", valid_to="2025", at="2026")
    >>> len(book.as_of("2021")), len(book.as_of("2026"))
    (1, 0)
    """

    rows: tuple[Entry, ...] = ()
    trail: AuditTrail = field(default_factory=AuditTrail)

    def add_cluster(
        self,
        id: str,  # noqa: A002  the field's word
        *,
        name: str,
        valid_from: str,
        at: str,
        aliases: str = "",
        source: str = "",
        user: str = "",
    ) -> ClusterRegistry:
        """Give the register with a cluster.

        Parameters
        ----------
        id, name, aliases
            Stable id and names.
        valid_from, at
            Since when, and when recorded.
        source, user
            Who says so, who wrote it.

        Returns
        -------
        ClusterRegistry
            A new register.

        Raises
        ------
        OptionError
            If the cluster is there already.
        """
        row = Entry(
            kind="cluster",
            id=id,
            cluster=id,
            name=name,
            aliases=aliases,
            valid_from=valid_from,
            recorded_at=at,
            source=source,
        )
        return self._added(row, user)

    def add_member(
        self,
        id: str,  # noqa: A002  the field's word
        cluster: str,
        *,
        valid_from: str,
        at: str,
        name: str = "",
        role: str = "firm",
        aliases: str = "",
        source: str = "",
        user: str = "",
    ) -> ClusterRegistry:
        """Give the register with a member of a cluster; arguments as for `add`."""
        return self.add(
            "member",
            id,
            cluster,
            valid_from=valid_from,
            at=at,
            name=name,
            role=role,
            aliases=aliases,
            source=source,
            user=user,
        )

    def add_organisation(
        self,
        id: str,  # noqa: A002  the field's word
        cluster: str,
        *,
        valid_from: str,
        at: str,
        name: str = "",
        role: str = "body",
        aliases: str = "",
        source: str = "",
        user: str = "",
    ) -> ClusterRegistry:
        """Give the register with an organisation (body, institute, park); see `add`."""
        return self.add(
            "organisation",
            id,
            cluster,
            valid_from=valid_from,
            at=at,
            name=name,
            role=role,
            aliases=aliases,
            source=source,
            user=user,
        )

    def add_designation(
        self,
        cluster: str,
        programme: str,
        *,
        valid_from: str,
        at: str,
        valid_to: str = "",
        level: str = "",
        source: str = "",
        user: str = "",
    ) -> ClusterRegistry:
        """Give the register with a designation of a cluster.

        Parameters
        ----------
        cluster, programme
            Who, by which programme; their pair is the id.
        valid_from, valid_to, at
            From when to when (empty: it still holds), and when recorded.
        level
            Level of the programme, for example ``national``; kept as the name.
        source, user
            Who says so, who wrote it.

        Returns
        -------
        ClusterRegistry
            A new register.
        """
        return self.add(
            "designation",
            f"{cluster}:{programme}",
            cluster,
            valid_from=valid_from,
            valid_to=valid_to,
            at=at,
            name=level,
            role=programme,
            source=source,
            user=user,
        )

    def add(
        self,
        kind: Kind,
        id: str,  # noqa: A002  the field's word
        cluster: str,
        *,
        valid_from: str,
        at: str,
        valid_to: str = "",
        name: str = "",
        role: str = "",
        aliases: str = "",
        source: str = "",
        user: str = "",
    ) -> ClusterRegistry:
        """Give the register with a member, an organisation or a designation of a cluster.

        Parameters
        ----------
        kind
            Kind of the row.
        id, name, role, aliases
            Stable id, name, role or programme, other names.
        cluster
            Cluster it belongs to.
        valid_from, valid_to, at
            Since when, until when (empty: it still holds), and when recorded.
        source, user
            Who says so, who wrote it.

        Returns
        -------
        ClusterRegistry
            A new register.

        Raises
        ------
        OptionError
            If the kind is unknown, the same row holds already, or it ends before it begins.
        AlignmentError
            If there is no such cluster.
        """
        check_choice("kind", kind, _KINDS)
        self._known("cluster", cluster)
        if valid_to and valid_to < valid_from:
            msg = f"valid_to={valid_to!r} lies before valid_from={valid_from!r}."
            raise OptionError(msg)
        row = Entry(
            kind=kind,
            id=id,
            cluster=cluster,
            name=name,
            role=role,
            aliases=aliases,
            valid_from=valid_from,
            valid_to=valid_to,
            recorded_at=at,
            source=source,
        )
        return self._added(row, user)

    def retire(
        self,
        kind: Kind,
        id: str,  # noqa: A002  the field's word
        *,
        valid_to: str,
        at: str,
        user: str = "",
        source: str = "",
    ) -> ClusterRegistry:
        """Give the register in which something has ended; its past stays.

        Parameters
        ----------
        kind, id
            What.
        valid_to, at
            Until when, and when recorded.
        user, source
            Who wrote it, on what ground.

        Returns
        -------
        ClusterRegistry
            A new register.

        Raises
        ------
        AlignmentError
            If it is not in the register.
        """
        old = self._known(kind, id)
        new = replace(
            old, valid_to=valid_to, recorded_at=at, source=source or old.source
        )
        trail = self.trail.record(
            time=at,
            user=user,
            action="retire",
            object=f"{kind}:{id}",
            before=to_json(asdict(old)),
            after=to_json(asdict(new)),
            source=source,
        )
        return ClusterRegistry((*self.rows, new), trail)

    def history(self, id: str) -> tuple[Entry, ...]:  # noqa: A002  the field's word
        """Give all rows of an id or one of its aliases, the oldest knowledge first."""
        return tuple(
            r for r in self.rows if r.id == id or (id and id in r.aliases.split(";"))
        )

    def as_of(self, date: str, *, known_at: str = "") -> tuple[Entry, ...]:
        """Give what held on a date, by what was known then or is known now.

        Parameters
        ----------
        date
            The date.
        known_at
            Only rows recorded until then; empty: all.

        Returns
        -------
        tuple of Entry
            The newest row of every id that holds on the date.
        """
        newest: dict[tuple[str, str, str], Entry] = {}
        for row in self.rows:
            if not known_at or row.recorded_at <= known_at:
                newest[row.kind, row.id, row.cluster] = row
        return tuple(
            r
            for r in newest.values()
            if r.valid_from <= date and (not r.valid_to or date < r.valid_to)
        )

    def to_table(self) -> pa.Table:
        """Give all rows as a table."""
        return table_of([asdict(r) for r in self.rows], _COLUMNS)

    def _known(self, kind: str, id: str) -> Entry:  # noqa: A002
        found: Mapping[str, Entry] = {r.id: r for r in self.rows if r.kind == kind}
        if id not in found:
            hint = suggest(id, list(found))
            msg = f"There is no {kind} '{id}' in the register. {hint}".rstrip()
            raise AlignmentError(msg)
        return found[id]

    def _added(self, row: Entry, user: str) -> ClusterRegistry:
        for old in self.as_of(row.valid_from):
            if (old.kind, old.id, old.cluster) == (row.kind, row.id, row.cluster):
                msg = f"id={row.id!r}: this {row.kind} is in the register; retire it first."
                raise OptionError(msg)
        trail = self.trail.record(
            time=row.recorded_at,
            user=user,
            action="add",
            object=f"{row.kind}:{row.id}",
            after=to_json(asdict(row)),
            source=row.source,
        )
        return ClusterRegistry((*self.rows, row), trail)
