"""The observation platform: every change by a user with a role, and in one audit trail."""

from __future__ import annotations

import importlib
import io
import json
from dataclasses import asdict, dataclass, field, replace
from html import escape
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.errors import AlignmentError, MissingExtraError
from agglo.core.options import check_choice
from agglo.core.results import to_json
from agglo.store.disclosure import cells_from_records, suppress_cells
from agglo.studies.formation.access import Access
from agglo.studies.formation.alerts import ALERT_COLUMNS, Alert
from agglo.studies.formation.columns import table_of
from agglo.studies.formation.organisation import OrganisationBook
from agglo.studies.formation.registry import ClusterRegistry
from agglo.studies.formation.vintages import Measured, PeriodBook
from agglo.studies.outputs import csv_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agglo.store.disclosure import DisclosurePolicy, SuppressedTable
    from agglo.studies.formation.audit import AuditTrail

__all__ = ["EXPORTS", "ObservationPlatform", "member_cells"]

EXPORTS = ("csv", "json", "html", "xlsx")


@dataclass(frozen=True, slots=True)
class ObservationPlatform:
    """Register, periodic indicators, organisation and alerts under one audit trail.

    Parameters
    ----------
    access
        Users and roles.
    register
        Clusters, members, organisations, designations; it holds the audit trail.
    periods
        Indicators by period and vintage.
    organisation
        Ties, answers, agreements.
    alerts
        Alerts, those acknowledged among them.

    Examples
    --------
    >>> from agglo.studies.formation.access import Access
    >>> from agglo.studies.formation.observation import ObservationPlatform
    >>> desk = ObservationPlatform(Access({"li": "editor", "wu": "viewer"}))
    >>> desk = desk.add_cluster("k1", name="Valves", valid_from="2020", at="2026", user="li")
    >>> len(desk.trail.verify_chain())
    1
    """

    access: Access
    register: ClusterRegistry = field(default_factory=ClusterRegistry)
    periods: PeriodBook = field(default_factory=PeriodBook)
    organisation: OrganisationBook = field(default_factory=OrganisationBook)
    alerts: tuple[Alert, ...] = ()

    @property
    def trail(self) -> AuditTrail:
        """The audit trail."""
        return self.register.trail

    def add_cluster(
        self,
        id: str,  # noqa: A002  the field's word
        *,
        user: str,
        **told: str,
    ) -> ObservationPlatform:
        """Add a cluster; see `ClusterRegistry.add_cluster`. Takes an editor."""
        self.access.require(user, "add")
        return replace(self, register=self.register.add_cluster(id, user=user, **told))

    def add_member(
        self,
        id: str,  # noqa: A002  the field's word
        cluster: str,
        *,
        user: str,
        **told: str,
    ) -> ObservationPlatform:
        """Add a member; see `ClusterRegistry.add_member`. Takes an editor."""
        self.access.require(user, "add")
        book = self.register.add_member(id, cluster, user=user, **told)
        return replace(self, register=book)

    def add_organisation(
        self,
        id: str,  # noqa: A002  the field's word
        cluster: str,
        *,
        user: str,
        **told: str,
    ) -> ObservationPlatform:
        """Add an organisation; see `ClusterRegistry.add_organisation`. Takes an editor."""
        self.access.require(user, "add")
        book = self.register.add_organisation(id, cluster, user=user, **told)
        return replace(self, register=book)

    def add_designation(
        self, cluster: str, programme: str, *, user: str, **told: str
    ) -> ObservationPlatform:
        """Add a designation; see `ClusterRegistry.add_designation`. Takes an editor."""
        self.access.require(user, "add")
        book = self.register.add_designation(cluster, programme, user=user, **told)
        return replace(self, register=book)

    def retire(
        self,
        kind: str,
        id: str,  # noqa: A002  the field's word
        *,
        user: str,
        **told: str,
    ) -> ObservationPlatform:
        """End something; its past stays. Takes an editor."""
        self.access.require(user, "retire")
        book = self.register.retire(kind, id, user=user, **told)  # type: ignore[arg-type]
        return replace(self, register=book)

    def compute_period(
        self,
        period: str,
        vintage: str,
        values: Iterable[Measured],
        *,
        user: str,
        at: str,
    ) -> ObservationPlatform:
        """Write the indicators of a period in a new vintage. Takes an analyst."""
        self.access.require(user, "compute")
        book = self.periods.compute_period(period, vintage, values)
        made = len(book.rows) - len(self.periods.rows)
        done = replace(self, periods=book)
        return done._recorded(
            at, user, "compute", f"period:{period}:{vintage}", after={"values": made}
        )

    def add_tie(
        self,
        origin: str,
        destination: str,
        *,
        kind: str,
        since: str,
        user: str,
        at: str,
    ) -> ObservationPlatform:
        """Write a tie down; see `OrganisationBook.add_tie`. Takes an editor."""
        self.access.require(user, "tie")
        book = self.organisation.add_tie(origin, destination, kind=kind, since=since)
        done = replace(self, organisation=book)
        after = asdict(book.ties[-1])
        return done._recorded(
            at, user, "tie", f"tie:{origin}:{destination}", after=after
        )

    def add_answer(
        self, cluster: str, item: str, *, score: float, period: str, user: str, at: str
    ) -> ObservationPlatform:
        """Write an answer of the questionnaire down. Takes an editor."""
        self.access.require(user, "answer")
        book = self.organisation.add_answer(
            cluster, item, score=score, period=period, respondent=user
        )
        done = replace(self, organisation=book)
        after = asdict(book.answers[-1])
        return done._recorded(
            at, user, "answer", f"answer:{cluster}:{item}", after=after
        )

    def add_agreement(
        self, cluster: str, member: str, *, kind: str, signed: str, user: str, at: str
    ) -> ObservationPlatform:
        """Write a signed agreement or code of conduct down. Takes an editor."""
        self.access.require(user, "agree")
        book = self.organisation.add_agreement(
            cluster, member, kind=kind, signed=signed
        )
        done = replace(self, organisation=book)
        after = asdict(book.agreements[-1])
        name = f"{kind}:{cluster}:{member}"
        return done._recorded(at, user, "agree", name, after=after)

    def acknowledge(
        self, cluster: str, alert: str, *, user: str, at: str
    ) -> ObservationPlatform:
        """Say that an open alert was seen. Takes an analyst.

        Raises
        ------
        AlignmentError
            If there is no such open alert.
        """
        self.access.require(user, "acknowledge")
        out, found = [], False
        for a in self.alerts:
            if (a.cluster, a.alert) == (cluster, alert) and not a.closed:
                out.append(replace(a, acknowledged_by=user))
                found = True
            else:
                out.append(a)
        if not found:
            msg = f"There is no open alert {alert} of {cluster!r}."
            raise AlignmentError(msg)
        done = replace(self, alerts=tuple(out))
        return done._recorded(at, user, "acknowledge", f"alert:{alert}:{cluster}")

    def approve(
        self,
        object: str,  # noqa: A002  the field's word
        *,
        user: str,
        at: str,
    ) -> ObservationPlatform:
        """Sign something off, for example a card before it is published. An approver's."""
        self.access.require(user, "approve")
        return self._recorded(at, user, "approve", object)

    def correct(
        self,
        object: str,  # noqa: A002  the field's word
        *,
        before: object,
        after: object,
        source: str,
        user: str,
        at: str,
    ) -> ObservationPlatform:
        """Write a correction down as a new record; an approver's."""
        self.access.require(user, "correct")
        return self._recorded(at, user, "correct", object, before, after, source)

    def export(self, table: str, kind: str, *, user: str) -> bytes:
        """Give a table of the platform as a file.

        Parameters
        ----------
        table
            ``register``, ``periods``, ``alerts``, ``edges``, ``answers`` or ``levels``.
        kind
            ``csv``, ``json``, ``html`` or ``xlsx`` (extra ``excel``).
        user
            Who asks; takes a viewer.

        Returns
        -------
        bytes
            The file. Cells of single firms are not in these tables; for sums over members
            see `member_cells`.
        """
        self.access.require(user, "export")
        check_choice("kind", kind, EXPORTS)
        periods = sorted({r.period for r in self.periods.rows})
        tables = {
            "register": self.register.to_table,
            "periods": self.periods.to_table,
            "alerts": lambda: table_of([asdict(a) for a in self.alerts], ALERT_COLUMNS),
            "edges": lambda: self.organisation.edges(periods),
            "answers": self.organisation.answer_table,
            "levels": self.organisation.levels,
        }
        check_choice("table", table, tuple(tables))
        return _written(tables[table](), table, kind)

    def _recorded(
        self,
        at: str,
        user: str,
        action: str,
        object: str,  # noqa: A002  the field's word
        before: object = None,
        after: object = None,
        source: str = "",
    ) -> ObservationPlatform:
        trail = self.trail.record(
            time=at,
            user=user,
            action=action,
            object=object,
            before=to_json(before),
            after=to_json(after),
            source=source,
        )
        return replace(self, register=ClusterRegistry(self.register.rows, trail))


def member_cells(
    members: pa.Table, *, policy: DisclosurePolicy | str = "p10"
) -> SuppressedTable:
    """Give employment by cluster and industry, with what single firms would show hidden.

    Parameters
    ----------
    members
        Table `members` with employment; firms of no cluster (``*``) are left out.
    policy
        Rules of `suppress_cells`; by default fewer than three firms, a firm above 85 %,
        or within 10 % of the largest.

    Returns
    -------
    SuppressedTable
        Primary cells and their companions, audited against outsiders and members.
    """
    held = members.filter(pc.not_equal(members["cluster"], "*"))
    held = held.filter(pc.is_valid(held["employment"]))
    held = held.filter(pc.is_valid(held["industry"]))
    cells = cells_from_records(
        held.select(["cluster", "industry", "employment", "member"]),
        dimensions=("cluster", "industry"),
        value="employment",
        holding="member",
    )
    return suppress_cells(cells, policy=policy)


def _written(table: pa.Table, name: str, kind: str) -> bytes:
    if kind == "csv":
        return csv_bytes(table)
    if kind == "json":
        rows = [to_json(r) for r in table.to_pylist()]
        return (json.dumps(rows, ensure_ascii=False, indent=1) + "\n").encode()
    if kind == "html":
        return _page(table, name).encode()
    return _sheet(table, name)


def _page(table: pa.Table, name: str) -> str:
    head = "".join(f"<th>{escape(c)}</th>" for c in table.column_names)
    body = "".join(
        "<tr>" + "".join(f"<td>{_cell(v)}</td>" for v in row.values()) + "</tr>"
        for row in table.to_pylist()
    )
    return (
        f'<!doctype html><html><head><meta charset="utf-8"><title>{escape(name)}</title>'
        f"</head><body><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        "</body></html>\n"
    )


def _cell(value: object) -> str:
    return "" if value is None else escape(str(value))


def _sheet(table: pa.Table, name: str) -> bytes:
    try:
        excel = importlib.import_module("openpyxl")
    except ImportError as error:
        package, extra = "openpyxl", "excel"
        raise MissingExtraError(package, extra, "Writing Excel files") from error
    book = excel.Workbook()
    sheet = book.active
    sheet.title = name[:31]
    sheet.append(table.column_names)
    for row in table.to_pylist():
        sheet.append(list(row.values()))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
