"""Co-patents: patents that tie their applicants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa

from agglo.core.errors import InvalidTableError, OptionError, Problem
from agglo.core.frames import frame_kind, to_arrow
from agglo.core.options import check_choice, check_number
from agglo.core.results import Provenance, Undefined
from agglo.networks._applicants import Applicants, read_applicants
from agglo.networks._kernels.counting import pairs_within, runs
from agglo.networks.event_results import CopatentEvents
from agglo.networks.events import as_link_events
from agglo.networks.flow_results import words

if TYPE_CHECKING:
    from agglo.core.typing import BoolArray, FloatArray, IntArray, IntoFrame

__all__ = ["copatent_events"]

_COUNTING = ("full", "fractional", "newman")


def copatent_events(
    data: IntoFrame,
    *,
    counting: Literal["full", "fractional", "newman"] = "full",
    unit: Literal["applicant", "region"] = "applicant",
    located: Literal["all", "located"] = "all",
    window: int | None = None,
    entities: Sequence[str] | None = None,
    max_applicants: int | None = 50,
) -> CopatentEvents:
    r"""Link the applicants of every patent, or their regions.

    Use for the layer of co-operation in invention; the shares of patents that cross
    regions are those of `cross_regional_propensity`.

    Parameters
    ----------
    data
        Table ``patents``: one row per patent and applicant (and industry); `patent`,
        `applicant`, and where they are there `region`, `industry`, `size`, `period`,
        `entity_type`, `weight` (share of the industry among those of the applicant).
    counting
        Weight of a pair: ``"full"`` 1; ``"fractional"`` 1 over the number of pairs;
        ``"newman"`` 1/(m - 1), so that every applicant has strength 1.
    unit
        Whether applicants are paired, or the distinct regions of the patent.
    located
        Whether m counts applicants without a region (``"all"``) or not; their pairs are
        dropped in either case.
    window
        Length of moving windows in years; a patent belongs to every window that covers
        its year. ``None``: each period by itself.
    entities
        Kinds of applicants (column `entity_type`) to keep, for example ``("firm",)``.
    max_applicants
        Largest m that full and newman counting accept; ``None``: any.

    Returns
    -------
    CopatentEvents
        Undirected links, the event is the patent; `counts` hold the denominators.

    Raises
    ------
    ColumnNotFoundError
        If a column is absent.
    InvalidTableError
        Listing null_key, not_positive, conflicting_region, conflicting_period,
        too_many_applicants; or empty_layer when no patent ties two located applicants.
    OptionError
        If a choice does not exist, or windows are asked of periods that are no years.

    Notes
    -----
    With m distinct applicants, fractional weights are :math:`1/\binom{m}{2}` and sum to the
    number of patents with m ≥ 2; newman weights sum to m/2 per patent. An applicant that
    occurs twice in a patent counts once. Several industries of an applicant share its ends
    by their weights, which sum to 1, so that totals do not change. Patents of one
    applicant give no link. O(pairs).

    References
    ----------
    Newman 2001, doi:10.1103/PhysRevE.64.016132.

    See Also
    --------
    build_links : Count the links.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> rows = pa.table({"patent": ["1", "1", "1"], "applicant": ["a", "b", "c"],
    ...                  "region": ["x", "x", "y"]})
    >>> ag.copatent_events(rows, counting="newman").counts["weight"]
    1.5
    """
    check_choice("counting", counting, _COUNTING)
    check_choice("unit", unit, ("applicant", "region"))
    check_choice("located", located, ("all", "located"))
    if window is not None:
        check_number("window", window, minimum=1, maximum=100, integer=True)
    if max_applicants is not None:
        check_number("max_applicants", max_applicants, minimum=2, integer=True)
    if isinstance(entities, str):
        msg = f"entities={entities!r} must be a sequence of kinds."
        raise OptionError(msg)
    read = read_applicants(to_arrow(data, where="patents"), entities=entities)
    limit = None if counting == "fractional" else max_applicants
    made = _pairs(read, counting, unit, located, limit)
    table = _table(read, made, unit)
    if window is not None:
        table = _windows(table, window)
    if table.num_rows == 0:
        bad = Problem(
            code="empty_layer",
            what="no patent ties two applicants with a region",
            where="patents",
            fix="give applicants their region, or keep more kinds of applicants",
        )
        msg = "There is no link between applicants."
        raise InvalidTableError(msg, [bad])
    events = as_link_events(table)
    return CopatentEvents(
        provenance=Provenance.of(
            copatent_events,
            events,
            parameters={
                "counting": counting,
                "unit": unit,
                "located": located,
                "window": window,
                "entities": entities,
                "max_applicants": max_applicants,
            },
        ),
        frame_kind=frame_kind(data),
        undefined=_notes(read, made.dropped),
        link_events=events,
        counts={**_counts(read, made), "weight": float(events.weight.sum())},
    )


class _Pairs:
    """Pairs of members (or of regions) with their weights."""

    __slots__ = ("dropped", "members", "one", "other", "patent", "weight")

    def __init__(
        self,
        patent: IntArray,
        one: IntArray,
        other: IntArray,
        weight: FloatArray,
        dropped: int,
        members: FloatArray,
    ) -> None:
        self.patent, self.one, self.other = patent, one, other
        self.weight, self.dropped, self.members = weight, dropped, members


def _pairs(
    read: Applicants, counting: str, unit: str, located: str, limit: int | None
) -> _Pairs:
    keep = np.ones(read.patent.size, dtype=np.bool_)
    if unit == "region":
        # the first member of every region stands for it
        order = np.lexsort((read.region, read.patent))
        same = (np.diff(read.patent[order]) == 0) & (np.diff(read.region[order]) == 0)
        keep[order[1:][same]] = False
        keep &= read.region >= 0
    elif located == "located":
        keep &= read.region >= 0
    member = np.flatnonzero(keep)
    start, m = runs(read.patent[member], read.n_patents)
    if limit is not None:
        _refuse_large(read, m, limit)
    patent, a, b = pairs_within(start, m)
    one, other = member[a], member[b]
    weight = _pair_weight(counting, m[patent].astype(np.float64))
    known: BoolArray = (read.region[one] >= 0) & (read.region[other] >= 0)
    home = read.patent[member[read.region[member] >= 0]]
    return _Pairs(
        patent[known],
        one[known],
        other[known],
        weight[known],
        int((~known).sum()),
        np.bincount(home, minlength=read.n_patents).astype(np.float64),
    )


def _pair_weight(counting: str, m: FloatArray) -> FloatArray:
    if counting == "fractional":
        return 2.0 / (m * (m - 1.0))
    return np.ones(m.size) if counting == "full" else 1.0 / (m - 1.0)


def _refuse_large(read: Applicants, m: IntArray, limit: int) -> None:
    large = np.flatnonzero(m > limit)
    if not large.size:
        return
    some = [f"{read.patent_label[i]} ({m[i]})" for i in large[:10]]
    bad = Problem(
        code="too_many_applicants",
        what=f"{large.size} patents have more than {limit} applicants: {some}",
        where="patents",
        fix="use counting='fractional', or raise max_applicants: full counting explodes",
    )
    msg = "Some patents have very many applicants."
    raise InvalidTableError(msg, [bad])


def _table(read: Applicants, pairs: _Pairs, unit: str) -> pa.Table:
    """Write pairs as events, once per combination of the industries of both ends."""
    if unit == "region":
        row = np.arange(pairs.one.size)
        of_one = of_other = np.full(row.size, -1, dtype=np.int64)
        weight, size_one, size_other = pairs.weight, None, None
        industry: tuple[IntArray | None, IntArray | None] = (None, None)
    else:
        row, of_one, of_other = _industries(read, pairs)
        weight = pairs.weight[row] * read.share[of_one] * read.share[of_other]
        industry = (read.industry[of_one], read.industry[of_other])
        size_one, size_other = read.size[pairs.one[row]], read.size[pairs.other[row]]
    one, other = pairs.one[row], pairs.other[row]
    columns: dict[str, pa.Array] = {
        "layer": pa.array(["copatent"] * row.size, pa.string()),
        "period": words(read.period_label, read.period[one]),
        "event": read.patent_label.take(pa.array(read.patent[one])),
        "origin": words(read.region_label, read.region[one]),
        "destination": words(read.region_label, read.region[other]),
        "weight": pa.array(weight),
        "members": pa.array(pairs.members[pairs.patent[row]]),
        "directed": pa.array(np.zeros(row.size, dtype=np.bool_)),
    }
    if size_one is not None and size_other is not None:
        columns["origin_size"] = words(read.size_label, size_one)
        columns["destination_size"] = words(read.size_label, size_other)
    if industry[0] is not None and industry[1] is not None:
        columns["origin_industry"] = words(read.industry_label, industry[0])
        columns["destination_industry"] = words(read.industry_label, industry[1])
    return pa.table(columns)


def _industries(read: Applicants, pairs: _Pairs) -> tuple[IntArray, IntArray, IntArray]:
    """Give pair, entry of the first end and entry of the second for all combinations."""
    start, length = runs(read.member, read.patent.size)
    na, nb = length[pairs.one], length[pairs.other]
    times = na * nb
    row = np.repeat(np.arange(times.size), times)
    inside = np.arange(row.size) - np.repeat(np.cumsum(times) - times, times)
    of_one = start[pairs.one[row]] + inside // nb[row]
    of_other = start[pairs.other[row]] + inside % nb[row]
    return row, of_one, of_other


def _windows(table: pa.Table, window: int) -> pa.Table:
    """Repeat every link in each window that covers its year."""
    words_ = table["period"].to_pylist()
    bad = sorted({w for w in words_ if not (w or "").isdigit()})
    if bad:
        msg = f"window={window} needs periods that are years; these are not: {bad[:5]}"
        raise OptionError(msg)
    year = np.array([int(w) for w in words_], dtype=np.int64)
    if not year.size:
        return table
    first, last = int(year.min()), int(year.max())
    starts = np.arange(first, max(last - window + 1, first) + 1)
    parts = []
    for start in starts.tolist():
        inside = (year >= start) & (year < start + window)
        part = table.filter(pa.array(inside))
        label = f"{start}-{start + window - 1}" if window > 1 else f"{start}"
        at = part.schema.get_field_index("period")
        part = part.set_column(
            at, "period", pa.array([label] * part.num_rows, pa.string())
        )
        parts.append(part)
    return pa.concat_tables(parts)


def _counts(read: Applicants, pairs: _Pairs) -> Mapping[str, float]:
    _, m = runs(read.patent, read.n_patents)
    with_region = np.bincount(read.patent[read.region >= 0], minlength=read.n_patents)
    return {
        "patents": float(read.n_patents),
        "single_applicant": float((m == 1).sum()),
        "two_or_more": float((m >= 2).sum()),
        "two_or_more_located": float((with_region >= 2).sum()),
        "pairs": float(pairs.one.size),
        "pairs_without_region": float(pairs.dropped),
    }


def _notes(read: Applicants, dropped: int) -> tuple[Undefined, ...]:
    out = []
    if dropped:
        out.append(Undefined(reason="an end has no region", item="pairs", n=dropped))
    if read.n_duplicates:
        why = "the same applicant occurs again in its patent; counted once"
        out.append(Undefined(reason=why, item="rows", n=read.n_duplicates))
    return tuple(out)
