"""The work of the promotion organisation: ties, questionnaires, agreements."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import AlignmentError, OptionError
from agglo.core.frames import float_column
from agglo.core.options import check_choice, check_number
from agglo.studies.columns import text_of
from agglo.studies.formation.columns import table_of

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "AGREEMENTS",
    "HEADINGS",
    "TIES",
    "Agreement",
    "Answer",
    "OrganisationBook",
    "Tie",
    "questionnaire_levels",
]

TIES = ("copatent", "supply", "project", "ownership", "association")
AGREEMENTS = ("member_agreement", "code_of_conduct")
# in the spirit of European cluster-management labels; items are named heading.item
HEADINGS = (
    "structure",
    "governance",
    "financing",
    "strategy",
    "achievements",
)
_MOST = 4.0
# shares of the maximum; thresholds from memory, not verified
_LEVELS = ((0.8, "gold"), (0.6, "silver"), (0.4, "bronze"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tie:
    """Who works with whom, in what kind, since when.

    Parameters
    ----------
    origin, destination
        The ends: members or others.
    kind
        One of `TIES`.
    since, until
        Periods; empty `until`: it still holds.
    weight
        How much; 1 by default.
    source
        Who says so.
    """

    origin: str
    destination: str
    kind: str
    since: str
    until: str = ""
    weight: float = 1.0
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer of the questionnaire: an item scored 0 to 4."""

    cluster: str
    item: str
    period: str
    score: float
    respondent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """A member that signed, or left, an agreement or a code of conduct."""

    cluster: str
    member: str
    kind: str
    signed: str
    ended: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class OrganisationBook:
    """Register of ties, questionnaire and agreements of cluster organisations.

    Parameters
    ----------
    ties, answers, agreements
        Rows, in the order in which they were written.

    Examples
    --------
    >>> from agglo.studies.formation.organisation import OrganisationBook
    >>> book = OrganisationBook().add_tie("m1", "m2", kind="project", since="2022")
    >>> book = book.add_answer("k1", "governance.board", score=3, period="2024")
    >>> book.edges(["2021", "2022", "2023"]).num_rows, book.levels()["share"][0].as_py()
    (2, 0.75)
    """

    ties: tuple[Tie, ...] = ()
    answers: tuple[Answer, ...] = ()
    agreements: tuple[Agreement, ...] = ()

    def add_tie(
        self,
        origin: str,
        destination: str,
        *,
        kind: str,
        since: str,
        weight: float = 1.0,
        source: str = "",
    ) -> OrganisationBook:
        """Give the book with a tie; a tie with itself, or one that holds, is refused."""
        check_choice("kind", kind, TIES)
        check_number("weight", weight, minimum=0, open_ends=True)
        ends = {origin, destination}
        if len(ends) < 2:
            msg = f"origin={origin!r} is the destination as well: a tie has two ends."
            raise OptionError(msg)
        if any({t.origin, t.destination} == ends and t.kind == kind and not t.until
               for t in self.ties):  # fmt: skip
            msg = f"The {kind} tie of {sorted(ends)} is in the book; end it first."
            raise OptionError(msg)
        tie = Tie(
            origin=origin,
            destination=destination,
            kind=kind,
            since=since,
            weight=weight,
            source=source,
        )
        return replace(self, ties=(*self.ties, tie))

    def end_tie(
        self, origin: str, destination: str, *, kind: str, until: str
    ) -> OrganisationBook:
        """Give the book in which a tie has ended; its past stays.

        Raises
        ------
        AlignmentError
            If there is no such tie that holds.
        """
        out, found = [], False
        for t in self.ties:
            same = {t.origin, t.destination} == {origin, destination} and t.kind == kind
            if same and not t.until:
                out.append(replace(t, until=until))
                found = True
            else:
                out.append(t)
        if not found:
            msg = (
                f"There is no {kind} tie of {origin!r} and {destination!r} that holds."
            )
            raise AlignmentError(msg)
        return replace(self, ties=tuple(out))

    def add_answer(
        self,
        cluster: str,
        item: str,
        *,
        score: float,
        period: str,
        respondent: str = "",
    ) -> OrganisationBook:
        """Give the book with an answer, 0 to 4; items are named ``heading.item``."""
        check_number("score", score, minimum=0, maximum=_MOST)
        answer = Answer(
            cluster=cluster,
            item=item,
            score=float(score),
            period=period,
            respondent=respondent,
        )
        return replace(self, answers=(*self.answers, answer))

    def add_agreement(
        self, cluster: str, member: str, *, kind: str, signed: str, source: str = ""
    ) -> OrganisationBook:
        """Give the book with a member that signed an agreement or code of conduct."""
        check_choice("kind", kind, AGREEMENTS)
        row = Agreement(
            cluster=cluster, member=member, kind=kind, signed=signed, source=source
        )
        return replace(self, agreements=(*self.agreements, row))

    def edges(self, periods: list[str]) -> pa.Table:
        """Give the table `edges`: one row per tie and period in which it holds."""
        rows = [
            {**asdict(t), "period": p}
            for t in self.ties
            for p in periods
            if t.since <= p and (not t.until or p < t.until)
        ]
        columns = {"origin": "s", "destination": "s", "kind": "s", "period": "s"}
        return table_of(rows, {**columns, "weight": "f"})

    def answer_table(self) -> pa.Table:
        """Give the table `answers`."""
        columns = {"cluster": "s", "item": "s", "period": "s", "score": "f"}
        rows = [asdict(a) for a in self.answers]
        return table_of(rows, {**columns, "respondent": "s"})

    def levels(self) -> pa.Table:
        """Give the level of every cluster by heading; see `questionnaire_levels`."""
        return questionnaire_levels(self.answer_table())


def questionnaire_levels(answers: pa.Table) -> pa.Table:
    """Give the share of the maximum that every cluster reaches, by heading.

    Parameters
    ----------
    answers
        Table `answers`: cluster, item (``heading.item``, else heading ``other``), score 0
        to 4; null scores are left out, and the newest period counts.

    Returns
    -------
    pyarrow.Table
        cluster, heading (``all`` last), items, share, level: gold from 80 %, silver 60 %,
        bronze 40 % (thresholds from memory, not verified). It is never averaged with
        statistics.
    """
    newest: dict[tuple[str, str], tuple[str, list[float]]] = {}
    rows = zip(
        text_of(answers, "cluster"),
        text_of(answers, "item"),
        text_of(answers, "period"),
        float_column(answers, "score"),
        strict=True,
    )
    for cluster, item, period, score in rows:
        if np.isnan(score):
            continue
        before = newest.get((cluster, item))
        if before is None or before[0] < period:
            newest[cluster, item] = (period, [float(score)])
        elif before[0] == period:
            before[1].append(float(score))  # several respondents
    held: dict[str, dict[str, list[float]]] = {}
    for (cluster, item), (_, scores) in newest.items():
        heading = item.partition(".")[0]
        heading = heading if heading in HEADINGS else "other"
        mean = float(np.mean(scores))
        held.setdefault(cluster, {}).setdefault(heading, []).append(mean)
    out: list[dict[str, object]] = []
    for cluster, headings in sorted(held.items()):
        groups = {h: headings[h] for h in (*HEADINGS, "other") if h in headings}
        groups["all"] = [v for values in headings.values() for v in values]
        for heading, values in groups.items():
            share = float(np.mean(values)) / _MOST
            level = next((name for least, name in _LEVELS if share >= least), "none")
            out.append(
                {
                    "cluster": cluster,
                    "heading": heading,
                    "items": len(values),
                    "share": share,
                    "level": level,
                }
            )
    columns = {"cluster": "s", "heading": "s", "items": "i", "share": "f", "level": "s"}
    return table_of(out, columns)
