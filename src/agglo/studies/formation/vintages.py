"""Periodic indicators in vintages: what was known when; a revision never overwrites."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from agglo.core.errors import OptionError
from agglo.core.options import check_choice
from agglo.core.results import version
from agglo.studies.formation.columns import number, table_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pyarrow as pa

__all__ = ["PERIOD_COLUMNS", "Measured", "PeriodBook"]

_STATUSES = ("computed", "proxy", "needs_data", "suppressed")
PERIOD_COLUMNS = {
    "cluster": "s",
    "period": "s",
    "indicator": "s",
    "value": "f",
    "lower": "f",
    "upper": "f",
    "status": "s",
    "inputs": "s",
    "vintage": "s",
    "code_version": "s",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One indicator of one cluster in a period, as a vintage has it.

    Parameters
    ----------
    cluster, indicator
        What.
    value, lower, upper
        Value and interval; ``None`` where unknown or without an interval.
    status
        ``computed``, ``proxy``, ``needs_data`` or ``suppressed``.
    inputs
        What it was computed from.
    period, vintage, code_version
        Filled in by `PeriodBook.compute_period`.
    """

    cluster: str
    indicator: str
    value: float | None
    lower: float | None = None
    upper: float | None = None
    status: str = "computed"
    inputs: str = ""
    period: str = ""
    vintage: str = ""
    code_version: str = ""


@dataclass(frozen=True, slots=True)
class PeriodBook:
    """Values of all periods and vintages; only ever added to.

    Parameters
    ----------
    rows
        All values, in the order in which they were computed.

    Examples
    --------
    >>> from agglo.studies.formation.vintages import Measured, PeriodBook
    >>> first = [Measured(cluster="k", indicator="jobs", value=100.0)]
    >>> book = PeriodBook().compute_period("2024", "2025-03", first)
    >>> book = book.compute_period("2024", "2025-09", [Measured(cluster="k",
    ...     indicator="jobs", value=104.0)])
    >>> [r.value for r in book.revisions("k", "jobs", "2024")], book.known("2025-06")[0].value
    ([100.0, 104.0], 100.0)
    """

    rows: tuple[Measured, ...] = ()

    def compute_period(
        self, period: str, vintage: str, values: Iterable[Measured]
    ) -> PeriodBook:
        """Give the book with the values of a period in a new vintage.

        Parameters
        ----------
        period
            Period that they are about.
        vintage
            Date or digest of the data behind them; vintages sort as text.
        values
            The values.

        Returns
        -------
        PeriodBook
            A new book.

        Raises
        ------
        OptionError
            If the period is in the book in this vintage already, a status is unknown, or a
            value is missing without a status that says so.
        """
        if any(r.period == period and r.vintage == vintage for r in self.rows):
            msg = (
                f"Period {period!r} has vintage {vintage!r} already: a revision is a new "
                "vintage."
            )
            raise OptionError(msg)
        made = []
        for v in values:
            check_choice("status", v.status, _STATUSES)
            if (v.value is None) != (v.status in ("needs_data", "suppressed")):
                msg = f"{v.cluster} {v.indicator}: value={v.value!r} as {v.status!r}."
                raise OptionError(msg)
            told = {"period": period, "vintage": vintage, "code_version": version()}
            made.append(Measured(**{**asdict(v), **told}))
        return PeriodBook((*self.rows, *made))

    def known(self, vintage: str = "") -> tuple[Measured, ...]:
        """Give the newest value of everything, by what a vintage knew; empty: all."""
        newest: dict[tuple[str, str, str], Measured] = {}
        for r in self.rows:
            key = (r.cluster, r.indicator, r.period)
            usable = not vintage or r.vintage <= vintage
            if usable and (key not in newest or newest[key].vintage <= r.vintage):
                newest[key] = r
        return tuple(newest.values())

    def revisions(
        self, cluster: str, indicator: str, period: str
    ) -> tuple[Measured, ...]:
        """Give every vintage of one value, the oldest first."""
        found = [
            r
            for r in self.rows
            if (r.cluster, r.indicator, r.period) == (cluster, indicator, period)
        ]
        return tuple(sorted(found, key=lambda r: r.vintage))

    def to_table(self) -> pa.Table:
        """Give all values as a table."""
        return table_of([asdict(r) for r in self.rows], PERIOD_COLUMNS)

    @classmethod
    def from_table(cls, table: pa.Table) -> PeriodBook:
        """Read what `to_table` gave."""
        rows = []
        for r in table.select(list(PERIOD_COLUMNS)).to_pylist():
            numbers = {k: None if r[k] is None else number(r[k]) for k in _NUMBERS}
            rows.append(Measured(**{**r, **numbers}))
        return cls(tuple(rows))


_NUMBERS = ("value", "lower", "upper")
