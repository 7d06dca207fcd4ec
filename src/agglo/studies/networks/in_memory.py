"""The networks study on tables in memory: the findings as typed answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from agglo.core.checks import check_table
from agglo.core.errors import InvalidTableError, OptionError, Problem, suggest
from agglo.core.frames import to_arrow
from agglo.core.options import check_choice
from agglo.studies.contract import Finding, ProjectFacts, StageInputs, spoken
from agglo.studies.networks.options import NetworksOptions
from agglo.studies.networks.study import STUDY

if TYPE_CHECKING:
    import pyarrow as pa

    from agglo.core.typing import IntoFrame, Json, Lang

__all__ = ["NetworksReport", "run_networks_study"]

_T = TypeVar("_T")


@dataclass(frozen=True, eq=False, kw_only=True)
class NetworksReport:
    """What the networks study found.

    Attributes
    ----------
    findings
        ``"F1"`` to ``"F8"``, each with estimate, interval, null, p and reading; the estimate
        is ``"not_computable"`` where a table is missing.
    tables
        Name to table: everything the findings rest on.
    notes
        Name to document: the numbers behind the verdicts.
    files
        File name to bytes: ``report.html``, tables as CSV, figures as SVG, networks as
        GraphML and GEXF.
    """

    findings: Mapping[str, Finding]
    tables: Mapping[str, pa.Table]
    notes: Mapping[str, Json]
    files: Mapping[str, bytes]

    def summary(self) -> str:
        """Give every answer on a line."""
        return "\n".join(f"{k}: {f.answer}" for k, f in self.findings.items())

    def to_dict(self) -> dict[str, Json]:
        """Give the findings as plain values."""
        return {k: f.to_dict() for k, f in self.findings.items()}


def run_networks_study(
    tables: Mapping[str, IntoFrame],
    options: NetworksOptions | None = None,
    *,
    seed: int = 7,
    title: str = "Networks of places and industries",
    language: Lang = "en",
) -> NetworksReport:
    """Answer how places and industries are tied, from tables in memory.

    Use for the whole chain at once; in a project folder `agglo run --study networks` does
    the same, resumes, and keeps what it read. Single measures are functions of their own.

    Parameters
    ----------
    tables
        Name to table of the data model: ``regions``, and any of ``activity``,
        ``industries``, ``link_events``, ``establishments``, ``ownership``, ``patents``,
        ``definitions``, ``input_output``, ``concordances``, ``truth``.
    options
        Options of the study; default all defaults.
    seed
        Seed of every draw.
    title, language
        Of the report, ``"en"`` or ``"zh"``.

    Returns
    -------
    NetworksReport
        Findings, tables, notes and files. A finding whose table or column is missing is
        ``"not_computable"`` and names it; the rest is answered.

    Raises
    ------
    InvalidTableError
        Listing the problems of all tables at once; nothing is computed then.
    OptionError
        If a name is not a table of the study, `regions` is missing, or a level or period of
        the options is not there.

    Notes
    -----
    The stages are those of the command line, in order; numbers are the same. With the
    defaults well under a minute for 100 districts, 40,000 events and 50 industries.

    References
    ----------
    Questions of Shen et al. 2025, doi:10.1007/s11769-025-1566-6; the rules are ours.

    See Also
    --------
    integration_pattern, nested_hierarchy, complementarity, cross_regional_propensity

    Examples
    --------
    >>> import agglo as ag
    >>> made = ag.simulate.simulate_networks(n_branch=2000, n_patents=1000, seed=1)
    >>> light = ag.NetworksOptions(label_draws=19, core_draws=199, bootstrap_draws=19,
    ...     em_starts=2, stability_draws=0, structure_draws=19, sensitivity=False)
    >>> links = {"regions": made.regions, "link_events": made.link_events}
    >>> found = ag.run_networks_study(links, light)
    >>> found.findings["F2"].estimate["city"]["cores"], found.findings["F3"].estimate
    (['C01'], 'not_computable')
    """
    check_choice("language", language, ("en", "zh"))
    options = NetworksOptions() if options is None else options
    read = _checked(tables)
    results: dict[tuple[str, str], pa.Table] = {}
    documents: dict[tuple[str, str], Json] = {}
    files: dict[str, bytes] = {}
    project = ProjectFacts(
        title=title, language=language, generated="truth" in read, origins=()
    )
    for stage in STUDY.stages:
        names = (*stage.tables, *stage.optional)
        done = stage.run(
            StageInputs(
                tables={n: read[n] for n in names if n in read},
                options=options,
                results=_of(results, stage.after),
                documents=_of(documents, stage.after),
                seed=seed,
                project=project,
            )
        )
        results |= {(stage.name, n): t for n, t in done.tables.items()}
        documents |= {(stage.name, n): d for n, d in done.documents.items()}
        files |= done.files
    return NetworksReport(
        findings=_findings(documents[STUDY.stages[-1].name, "findings"], language),
        tables={n: t for (_, n), t in results.items()},
        notes={n: d for (_, n), d in documents.items() if n != "findings"},
        files=files,
    )


def _of(
    found: Mapping[tuple[str, str], _T], stages: tuple[str, ...]
) -> dict[tuple[str, str], _T]:
    return {(s, n): v for (s, n), v in found.items() if s in stages}


def _checked(tables: Mapping[str, IntoFrame]) -> dict[str, pa.Table]:
    """Read the tables and list the problems of all of them together."""
    known = sorted({n for s in STUDY.stages for n in (*s.tables, *s.optional)})
    for name in tables:
        if name not in known:
            msg = f"tables has '{name}', which the study does not read. "
            msg += f"{suggest(name, known)} Tables: {known}"
            raise OptionError(msg)
    if "regions" not in tables:
        msg = "tables needs 'regions': the places and what they lie in."
        raise OptionError(msg)
    read = {
        n: to_arrow(t, where=n).replace_schema_metadata(None) for n, t in tables.items()
    }
    problems: list[Problem] = []
    for name, table in read.items():
        # links and patents may leave the regions: the study counts these
        problems += check_table(table, name, references=read, unknown="warn").problems
    if problems:
        msg = f"The tables of the study have {len(problems)} problems."
        raise InvalidTableError(msg, problems)
    return read


def _findings(found: Json, lang: Lang) -> dict[str, Finding]:
    """Give the findings in the language asked for; names of numbers stay."""
    out = {}
    for row in found if isinstance(found, list) else []:
        if not isinstance(row, dict):
            continue
        ends, evidence, p = row["interval"], row["evidence"], row["p"]
        out[str(row["id"])] = Finding(
            id=str(row["id"]),
            question=str(spoken(row, "question", lang)),
            answer=str(spoken(row, "answer", lang)),
            estimate=row["estimate"],
            interval=_pair(ends),
            null=row["null"],
            p=float(p) if isinstance(p, int | float) else None,
            reading=str(spoken(row, "reading", lang)),
            evidence=tuple(map(str, evidence)) if isinstance(evidence, list) else (),
            truth=row["truth"],
        )
    return out


def _pair(ends: Json) -> tuple[float, float] | None:
    if not isinstance(ends, list) or len(ends) != 2:
        return None
    low, high = ends
    if isinstance(low, int | float) and isinstance(high, int | float):
        return float(low), float(high)
    return None
