"""Stage `prepare`: who was treated when, where regions lie, and their outcomes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.errors import OptionError, suggest
from agglo.core.frames import require_columns
from agglo.core.weights_contiguity import build_contiguity
from agglo.studies.columns import numbers_of, text_of, texts
from agglo.studies.contract import StageOutput
from agglo.studies.policy.economy import economy_of
from agglo.studies.policy.employment import chosen_employment, outcomes_of
from agglo.studies.policy.options import MEASURES, PolicyOptions

if TYPE_CHECKING:
    from agglo.core.typing import Json
    from agglo.studies.contract import StageInputs
    from agglo.studies.policy.employment import Employment, Outcomes

__all__ = ["prepare"]

_NEVER = ("", "0")


def prepare(inputs: StageInputs) -> StageOutput:
    """Bring treatments, places and outcomes together, region by region.

    Parameters
    ----------
    inputs
        Tables ``treatments`` and ``regions``; ``activity`` with ``industries`` for measures
        of specialisation and diversity, ``panel`` for other outcomes and covariates,
        ``boundaries`` for neighbours that touch.

    Returns
    -------
    StageOutput
        Tables ``outcomes`` (balanced), ``starts``, ``places``, ``borders``, ``excluded``;
        document ``scope``.

    Raises
    ------
    OptionError
        If a policy or an outcome is not there.
    """
    options = inputs.options_as(PolicyOptions)
    starts = _starts(inputs.table("treatments"), options)
    places = _places(inputs.table("regions"), {r for r, _, _ in starts})
    rows, employment, measured = _rows(inputs, {r for r, _, _ in starts}, options)
    excluded = [] if employment is None else list(employment.excluded)
    names = sorted(set(rows))
    away = [r for r in names if r not in places]
    excluded += [(r, "no position: counts in national totals only") for r in away]
    regions = [r for r in names if r in places]
    table, gaps = _balanced(rows, regions, options, measured)
    excluded += gaps
    regions = sorted(set(text_of(table, "region")))
    kept = [s for s in starts if s[0] in set(regions)]
    excluded += [
        (r, f"treated by '{p}' but without outcomes")
        for r, p, _ in starts
        if r not in set(regions)
    ]
    periods = sorted(set(text_of(table, "period")))
    late = [(r, p, s) for r, p, s in kept if s > periods[-1]]
    table = _with_treatment(table, {r: s for r, _, s in kept})
    scope: dict[str, Json] = {
        "periods": [str(p) for p in periods],
        "regions": len(regions),
        "treated": len({r for r, _, s in kept if s <= periods[-1]}),
        "starts_after_the_data": [r for r, _, _ in late],
        "policies": [str(p) for p in sorted({p for _, p, _ in kept})],
        "groups": {} if measured is None else {**measured.groups},
        "remarks": [] if measured is None else [str(v) for v in measured.remarks],
        "corrections": (
            [] if employment is None else [str(v) for v in employment.corrected]
        ),
        "blank_cells": 0 if employment is None else employment.n_blank,
        "status": _status(inputs.table("treatments"), [r for r, _, _ in kept], options),
    }
    return StageOutput(
        tables={
            "outcomes": table,
            "starts": _start_table(kept),
            "places": _place_table(
                places,
                regions,
                {r: s for r, _, s in kept},
                economy_of(inputs, employment, options, regions, kept),
            ),
            "borders": _borders(inputs, regions, options),
            "excluded": pa.table(
                {
                    "region": texts([r for r, _ in excluded]),
                    "reason": texts([w for _, w in excluded]),
                }
            ),
        },
        documents={"scope": scope},
    )


def _borders(
    inputs: StageInputs, regions: list[str], options: PolicyOptions
) -> pa.Table:
    """Give the pairs of regions that touch; none where there are no boundaries."""
    pairs: list[tuple[str, str]] = []
    if inputs.has("boundaries"):
        touching = build_contiguity(inputs.table("boundaries"))
        place = {str(r): i for i, r in enumerate(touching.ids)}
        kept = set(regions)
        for r in (r for r in regions if r in place):
            row = touching.matrix[[place[r]]].tocoo()
            names = [str(touching.ids[j]) for j in row.col]
            pairs += [(r, other) for other in names if other in kept]
    if options.weights == "contiguity" and not pairs:
        msg = (
            "weights='contiguity' needs the table 'boundaries' with the ids of the regions "
            "in its column 'boundary'."
        )
        raise OptionError(msg)
    return pa.table(
        {
            "region": texts([a for a, _ in pairs]),
            "neighbour": texts([b for _, b in pairs]),
        }
    )


_Start = tuple[str, str, str]
_Rows = dict[str, dict[str, dict[str, float]]]
_Place = tuple[str, str, float, float]


def _starts(table: pa.Table, options: PolicyOptions) -> list[_Start]:
    """Give region, policy and first treated period; the earliest policy of a region."""
    require_columns(
        table, {n: n for n in ("policy", "region", "start")}, where="treatments"
    )
    rows = list(
        zip(*(text_of(table, n) for n in ("region", "policy", "start")), strict=True)
    )
    known = sorted({p for _, p, _ in rows})
    for wanted in options.policies:
        if wanted not in known:
            msg = f"policies: there is no policy {wanted!r}. {suggest(wanted, known)} "
            msg += f"Policies: {known}"
            raise OptionError(msg)
    first: dict[str, _Start] = {}
    for row in sorted(rows, key=lambda r: (r[2], r[1])):
        if row[2] in _NEVER or (options.policies and row[1] not in options.policies):
            continue
        first.setdefault(row[0], row)
    return [first[r] for r in sorted(first)]


def _status(
    table: pa.Table, regions: list[str], options: PolicyOptions
) -> dict[str, Json]:
    """Count how well the starts are documented, where the table says so."""
    if "status" not in table.column_names:
        return {}
    wanted = set(regions)
    count: dict[str, Json] = {}
    seen = set()
    for r, p, s in zip(
        text_of(table, "region"),
        text_of(table, "policy"),
        text_of(table, "status"),
        strict=True,
    ):
        if (
            r in wanted
            and r not in seen
            and (not options.policies or p in options.policies)
        ):
            seen.add(r)
            word = s or "unknown"
            count[word] = int(str(count.get(word, 0))) + 1
    return count


def _places(table: pa.Table, treated: set[str]) -> dict[str, _Place]:
    """Give names and position of regions; of the version with most treated regions."""
    version = text_of(table, "region_version")
    codes = text_of(table, "region")
    count: dict[str, int] = {}
    for code, v in zip(codes, version, strict=True):
        count[v] = count.get(v, 0) + (code in treated)
    best = max(sorted(count), key=lambda v: count[v]) if count else ""
    lon, lat = numbers_of(table, "lon"), numbers_of(table, "lat")
    en, zh = text_of(table, "name_en"), text_of(table, "name_zh")
    return {
        codes[i]: (en[i], zh[i], float(lon[i]), float(lat[i]))
        for i in range(table.num_rows)
        if version[i] == best and np.isfinite(lon[i]) and np.isfinite(lat[i])
    }


def _rows(
    inputs: StageInputs, treated: set[str], options: PolicyOptions
) -> tuple[_Rows, Employment | None, Outcomes | None]:
    """Give region to period to variable, from activity and panel."""
    rows: _Rows = {}
    employment, measured = None, None
    if any(o in MEASURES for o in options.outcomes):
        employment = chosen_employment(inputs.table("activity"), treated, options)
        industries = inputs.table("industries") if inputs.has("industries") else None
        measured = outcomes_of(employment, industries, options)
        _add(
            rows,
            measured.table,
            [c for c in measured.table.column_names if c not in _KEYS],
        )
    asked = (
        *options.outcomes,
        *options.covariates,
        *options.match_on,
        *options.other_outcomes,
    )
    other = [n for n in dict.fromkeys(asked) if n not in MEASURES]
    if other:
        panel = inputs.table("panel")
        require_columns(
            panel, {n: n for n in ("region", "period", *other)}, where="panel"
        )
        known = set(rows)
        _add(rows, panel, other)
        if known:
            rows = {r: v for r, v in rows.items() if r in known}
    return rows, employment, measured


_KEYS = ("region", "period")


def _add(rows: _Rows, table: pa.Table, names: list[str]) -> None:
    columns = {n: numbers_of(table, n) for n in names}
    for i, (r, p) in enumerate(
        zip(text_of(table, "region"), text_of(table, "period"), strict=True)
    ):
        cell = rows.setdefault(r, {}).setdefault(p, {})
        for name in names:
            cell[name] = float(columns[name][i])


def _balanced(
    rows: _Rows, regions: list[str], options: PolicyOptions, measured: Outcomes | None
) -> tuple[pa.Table, list[tuple[str, str]]]:
    """Keep regions whose outcomes and covariates are known in every period."""
    needed = list(
        dict.fromkeys(
            [*options.outcomes, *options.covariates, *_further(options, measured)]
        )
    )
    lost = [
        n for n in needed if not any(n in c for r in rows.values() for c in r.values())
    ]
    if lost:
        msg = f"There is no outcome or covariate {lost}. Measures: {list(MEASURES)}"
        raise OptionError(msg)
    periods = sorted(
        {
            p
            for r in regions
            for p, cell in rows[r].items()
            if all(n in cell for n in needed)
            and (not options.first_period or p >= options.first_period)
            and (not options.last_period or p <= options.last_period)
        }
    )
    gaps, kept = [], []
    for r in regions:
        cells = [rows[r].get(p, {}) for p in periods]
        if all(np.isfinite(c.get(n, np.nan)) for c in cells for n in needed):
            kept.append(r)
        else:
            gaps.append((r, "an outcome or covariate is not known in every period"))
    extra = [] if measured is None else [*MEASURES, *measured.groups]
    names = list(dict.fromkeys([*needed, *extra]))
    columns = {
        n: [rows[r][p].get(n, np.nan) for r in kept for p in periods] for n in names
    }
    known = {n: v for n, v in columns.items() if not np.isnan(v).all()}
    return (
        pa.table(
            {
                "region": texts([r for r in kept for _ in periods]),
                "period": texts([p for _ in kept for p in periods]),
                **{n: pa.array(v, pa.float64()) for n, v in known.items()},
            }
        ),
        gaps,
    )


def _further(options: PolicyOptions, measured: Outcomes | None) -> list[str]:
    """Give columns of the match and of other outcomes; measures only where there are any."""
    asked = (*options.match_on, *options.other_outcomes)
    lost = [n for n in asked if n in MEASURES and measured is None]
    if lost:
        msg = (
            f"{lost} are measures of the table 'activity', which no outcome needs here."
        )
        raise OptionError(msg)
    return list(asked)


def _with_treatment(table: pa.Table, starts: dict[str, str]) -> pa.Table:
    on = [
        1.0 if r in starts and p >= starts[r] else 0.0
        for r, p in zip(text_of(table, "region"), text_of(table, "period"), strict=True)
    ]
    return table.append_column("treated", pa.array(on, pa.float64()))


def _start_table(starts: list[_Start]) -> pa.Table:
    return pa.table(
        {
            "region": texts([r for r, _, _ in starts]),
            "policy": texts([p for _, p, _ in starts]),
            "start": texts([s for _, _, s in starts]),
        }
    )


def _place_table(
    places: dict[str, _Place],
    regions: list[str],
    starts: dict[str, str],
    economy: list[float],
) -> pa.Table:
    at = [places[r] for r in regions]
    return pa.table(
        {
            "region": texts(regions),
            "name_en": texts([p[0] for p in at]),
            "name_zh": texts([p[1] for p in at]),
            "lon": pa.array([p[2] for p in at], pa.float64()),
            "lat": pa.array([p[3] for p in at], pa.float64()),
            "start": texts([starts.get(r, "") for r in regions]),
            "economy": pa.array(economy, pa.float64()),
        }
    )
