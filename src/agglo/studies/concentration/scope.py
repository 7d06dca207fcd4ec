"""What the profile is about: period and versions, chosen once and written down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.errors import OptionError, suggest

if TYPE_CHECKING:
    from agglo.core.typing import Json
    from agglo.studies.concentration.options import ConcentrationOptions

__all__ = ["Scope", "choose_scope", "growth_span", "rows_of"]

_VERSIONS = ("region_version", "industry_version")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Period and versions of the profile, and of its growth part.

    Parameters
    ----------
    period, region_version, industry_version
        Of the profile; empty where the table has no such column.
    growth_industry_version
        Version of the growth part.
    growth_periods
        First and last period; empty when there is only one.
    """

    period: str
    region_version: str
    industry_version: str
    growth_industry_version: str = ""
    growth_periods: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Json]:
        """Give plain values."""
        out: dict[str, Json] = {**asdict(self)}
        out["growth_periods"] = list(self.growth_periods)
        return out

    @classmethod
    def from_document(cls, document: Json) -> Scope:
        """Read back what :meth:`to_dict` gave."""
        facts = document["scope"] if isinstance(document, dict) else {}
        if not isinstance(facts, dict):
            facts = {}
        periods = facts.get("growth_periods")
        return cls(
            period=str(facts.get("period", "")),
            region_version=str(facts.get("region_version", "")),
            industry_version=str(facts.get("industry_version", "")),
            growth_industry_version=str(facts.get("growth_industry_version", "")),
            growth_periods=tuple(map(str, periods))
            if isinstance(periods, list)
            else (),
        )


def choose_scope(table: pa.Table, options: ConcentrationOptions) -> Scope:
    """Choose period and versions, as the options say or by what there is most of.

    Parameters
    ----------
    table
        The activity table.
    options
        Options of the study.

    Returns
    -------
    Scope
        What the study is about.

    Raises
    ------
    OptionError
        If an option names a period or version that the table does not have.
    """
    groups = _groups(table)
    for name in (*_VERSIONS, "period"):
        groups = _keep(groups, name, getattr(options, name))
    latest = max(str(g["period"]) for g in groups)
    main = max(
        (g for g in groups if g["period"] == latest or options.period),
        key=lambda g: (int(str(g["n"])), str(g["industry_version"])),
    )
    region, industry = str(main["region_version"]), str(main["industry_version"])
    growth = _growth(_keep(_groups(table), "region_version", region), industry, options)
    return Scope(
        period=str(main["period"]),
        region_version=region,
        industry_version=industry,
        growth_industry_version=growth[0],
        growth_periods=growth[1],
    )


def rows_of(
    table: pa.Table, *, period: str, region_version: str, industry_version: str
) -> pa.Table:
    """Give the rows of one period and one version of the codes."""
    wanted = {
        "period": period,
        "region_version": region_version,
        "industry_version": industry_version,
    }
    mask = None
    for name, value in wanted.items():
        if name in table.column_names:
            found = pc.equal(_text(table, name), value)
            mask = found if mask is None else pc.and_(mask, found)
    return table if mask is None else table.filter(mask)


def growth_span(table: pa.Table, scope: Scope) -> list[str]:
    """Give the periods of the growth part that the table has, in order."""
    groups = _keep(_groups(table), "region_version", scope.region_version)
    groups = _keep(groups, "industry_version", scope.growth_industry_version)
    first, last = scope.growth_periods
    return sorted(p for p in (str(g["period"]) for g in groups) if first <= p <= last)


def _text(table: pa.Table, name: str) -> pa.ChunkedArray:
    if name not in table.column_names:
        return pa.chunked_array([pa.array([""] * table.num_rows, pa.string())])
    return pc.fill_null(pc.cast(table[name], pa.string()), "")


def _groups(table: pa.Table) -> list[dict[str, object]]:
    columns = {name: _text(table, name) for name in (*_VERSIONS, "period")}
    counted = pa.table(columns).group_by(list(columns)).aggregate([([], "count_all")])
    rows: list[dict[str, object]] = counted.rename_columns([*columns, "n"]).to_pylist()
    return rows


def _keep(
    groups: Sequence[dict[str, object]], name: str, wanted: str | None
) -> list[dict[str, object]]:
    if wanted is None:
        return list(groups)
    found = [g for g in groups if g[name] == wanted]
    if not found:
        known = sorted({str(g[name]) for g in groups})
        msg = (
            f"{name}={wanted!r} is not in the activity table. {suggest(wanted, known)}"
        )
        msg = f"{msg.rstrip()} There are: {known[:20]}"
        raise OptionError(msg)
    return found


def _growth(
    groups: Sequence[dict[str, object]], industry: str, options: ConcentrationOptions
) -> tuple[str, tuple[str, ...]]:
    """Choose version and end periods of the growth part."""
    given = options.growth_industry_version
    groups = _keep(groups, "industry_version", given)
    periods: dict[str, list[str]] = {}
    for group in groups:
        periods.setdefault(str(group["industry_version"]), []).append(
            str(group["period"])
        )
    chosen = given or industry
    if given is None and len(periods.get(industry, ())) < 2:
        chosen = max(sorted(periods), key=lambda v: len(periods[v]))
    known = sorted(periods.get(chosen, ()))
    ends = []
    for name, default in (("growth_from", 0), ("growth_to", -1)):
        wanted = getattr(options, name)
        if wanted is not None and wanted not in known:
            msg = f"{name}={wanted!r}: version '{chosen}' has the periods {known}."
            raise OptionError(msg)
        ends.append(wanted or (known[default] if known else ""))
    if len(known) < 2 or ends[0] >= ends[1]:
        return chosen, ()
    return chosen, (ends[0], ends[1])
