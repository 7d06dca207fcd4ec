"""How industries are linked: flows of goods, citations and people, and shared profiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.core.checks import flag_rows, repeated
from agglo.core.errors import AlignmentError, NotIdentifiedError, Problem
from agglo.core.frames import frame_kind, require_columns, to_arrow
from agglo.core.options import check_choice
from agglo.core.results import ColumnData, Provenance, Result, Undefined, frozen_array
from agglo.core.tables._columns import labels_of, numbers_of, raise_problems

if TYPE_CHECKING:
    import pyarrow as pa
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntoFrame

__all__ = ["Linkage", "flow_linkage", "profile_linkage"]

FLOW_KINDS = ("input", "output", "max", "relatedness")
PROFILE_KINDS = ("cosine", "mahalanobis", "correlation")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Linkage(Result):
    """How strongly every two industries are linked.

    Attributes
    ----------
    industries
        Sorted labels.
    values
        (I, I); [i, j] is what i has from j for ``"input"``; the diagonal is NaN.
    kind
        How it was measured.
    """

    industries: NDArray[np.str_]
    values: FloatArray
    kind: str

    def standardised(self) -> FloatArray:
        """Give values over their standard deviation over pairs (mean 0)."""
        off = self.values[np.isfinite(self.values)]
        spread = float(off.std()) if off.size else float("nan")
        if not spread > 0:
            return np.full(self.values.shape, np.nan)
        out: FloatArray = (self.values - off.mean()) / spread
        return out

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per ordered pair."""
        i, j = np.nonzero(~np.eye(self.industries.size, dtype=bool))
        return {
            "first": self.industries[i],
            "second": self.industries[j],
            "value": self.values[i, j],
        }

    def summary(self) -> str:
        """Give kind, size and the strongest pair."""
        n = self.industries.size
        known = np.isfinite(self.values)
        text = (
            f"{self.kind} linkage of {n} industries, {int(known.sum())} ordered pairs"
        )
        if known.any():
            i, j = np.unravel_index(int(np.nanargmax(self.values)), self.values.shape)
            text += (
                f"; strongest {self.industries[i]} - {self.industries[j]} "
                f"{self.values[i, j]:.4f}"
            )
        return text

    def _draw(self, ax: Axes) -> None:
        shown = ax.imshow(self.values, cmap="viridis")
        ax.figure.colorbar(shown, ax=ax, label=self.kind)
        ax.set(xlabel="second industry", ylabel="first industry")


def flow_linkage(
    data: IntoFrame,
    *,
    source: str = "supplier",
    target: str = "user",
    value: str = "value",
    kind: Literal["input", "output", "max", "relatedness"] = "max",
    members: IntoFrame | None = None,
) -> Linkage:
    r"""Measure linkage by what flows between industries.

    Use for input-output tables, citations between patent industries, R&D flows
    (``"max"``), and for moves of workers (``"relatedness"``).

    Parameters
    ----------
    data
        One row per ordered pair; absent = no flow; flows at least 0, any unit. Flows
        inside an industry count in totals.
    source, target, value
        Columns.
    kind
        ``"input"``: [i, j] = share of i's inputs that come from j. ``"output"``: share of
        i's sales that go to j. ``"max"``: largest of the four shares of a pair, symmetric.
        ``"relatedness"``: ``F_ij F / (F_i. F_.j)``, symmetrised by the mean; 1 = as expected.
    members
        Where the flows are of coarser groups: one row per industry and group with columns
        ``industry``, ``group`` and ``employment``. A flow of two groups is apportioned by
        the shares of their industries in employment; groups without members are left out.

    Returns
    -------
    Linkage
        Shares in [0, 1], or a ratio.

    Raises
    ------
    InvalidTableError
        Negative, infinite or missing flows, duplicate pairs; a group of `members` without
        employment.
    AlignmentError
        If no group of `members` has a flow.
    OptionError
        If `kind` is unknown.

    Notes
    -----
    Apportioned: :math:`S F S'` with S the share of an industry in its group; industries of
    a group get the same shares of inputs, so what is inside a group is not seen.
    A total of 0 (an industry that buys nothing) gives NaN for its shares; the maximum is
    over the defined ones. O(I^2).

    References
    ----------
    Ellison, Glaeser and Kerr 2010, doi:10.1257/aer.100.3.1195. Neffke, Otto and Weyh
    2017, doi:10.1016/j.jebo.2017.07.021 (relatedness).

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.econometrics import flow_linkage
    >>> flows = pa.table({"supplier": ["a", "a", "b", "c"], "user": ["b", "c", "c", "a"],
    ...                   "value": [30.0, 10.0, 30.0, 5.0]})
    >>> float(flow_linkage(flows, kind="input").values[2, 1])
    0.75
    """
    check_choice("kind", kind, FLOW_KINDS)
    labels, flow, notes = _square(data, source, target, value)
    if members is not None:
        labels, flow = _apportioned(labels, flow, to_arrow(members))
        notes = (*notes, "flows of groups are apportioned by employment")
    if kind == "relatedness":
        with np.errstate(divide="ignore", invalid="ignore"):
            expected = flow.sum(axis=1)[:, None] * flow.sum(axis=0)[None] / flow.sum()
            ratio = flow / expected
        found = (ratio + ratio.T) / 2.0
    else:
        with np.errstate(divide="ignore", invalid="ignore"):
            inputs = (flow / flow.sum(axis=0)[None, :]).T
            outputs = flow / flow.sum(axis=1)[:, None]
        found = {"input": inputs, "output": outputs}.get(
            kind, _largest(inputs, inputs.T, outputs, outputs.T)
        )
    values = np.array(found)
    np.fill_diagonal(values, np.nan)
    return Linkage(
        provenance=Provenance.of(
            flow_linkage,
            to_arrow(data).select([source, target, value]),
            parameters={"kind": kind},
            warnings=notes,
        ),
        frame_kind=frame_kind(data),
        undefined=_undefined(labels, values, "a total of its flows is 0"),
        industries=labels,
        values=frozen_array(values),
        kind=kind,
    )


def _largest(*parts: FloatArray) -> FloatArray:
    out = np.fmax.reduce(parts)
    return np.asarray(out, dtype=np.float64)


def _undefined(
    labels: NDArray[np.str_], values: FloatArray, reason: str
) -> tuple[Undefined, ...]:
    lost = np.isnan(values) & ~np.eye(labels.size, dtype=bool)
    return tuple(
        Undefined(reason=reason, activity=str(labels[i]), n=int(lost[i].sum()))
        for i in np.flatnonzero(lost.any(axis=1))
    )


def _square(
    data: IntoFrame, source: str, target: str, value: str
) -> tuple[NDArray[np.str_], FloatArray, tuple[str, ...]]:
    table = to_arrow(data)
    require_columns(table, {"source": source, "target": target, "value": value})
    problems: list[Problem] = []
    one, i = labels_of(table, source, problems, "data")
    two, j = labels_of(table, target, problems, "data")
    amount = numbers_of(table, value, problems, "data", missing=False)
    problems += flag_rows(
        repeated(i * max(two.size, 1) + j),
        code="duplicate_key",
        what=f"the same ({source}, {target}) occurs more than once",
        where="data",
        fix="add the flows up",
    )
    raise_problems(problems, "data")
    labels = np.unique(np.concatenate([one, two]))
    if labels.size < 2:
        msg = "Linkage needs two industries or more."
        raise NotIdentifiedError(msg, [Problem(code="one_industry", what="one label")])
    flow = np.zeros((labels.size, labels.size))
    flow[np.searchsorted(labels, one)[i], np.searchsorted(labels, two)[j]] = amount
    alone = int(((flow.sum(axis=0) + flow.sum(axis=1)) == 0).sum())
    return labels, flow, (f"{alone} industries have no flow",) if alone else ()


def _apportioned(
    groups: NDArray[np.str_], flow: FloatArray, members: pa.Table
) -> tuple[NDArray[np.str_], FloatArray]:
    """Share flows of groups out among their industries."""
    names = {c: c for c in ("industry", "group", "employment")}
    require_columns(members, names)
    problems: list[Problem] = []
    labels, i = labels_of(members, "industry", problems, "members")
    owners, g = labels_of(members, "group", problems, "members")
    jobs = numbers_of(members, "employment", problems, "members", missing=False)
    problems += flag_rows(
        repeated(i * max(owners.size, 1) + g),
        code="duplicate_key",
        what="the same industry and group occur more than once",
        where="members",
        fix="add them up",
    )
    total = np.bincount(g, weights=jobs, minlength=owners.size)
    problems += flag_rows(
        ~(total > 0)[g],
        code="empty_group",
        what="the industries of a group have no employment",
        where="members",
        fix="give employment, or equal numbers where it is unknown",
    )
    raise_problems(problems, "members")
    shared = np.isin(owners, groups)
    if not shared.any():
        msg = f"No group of `members` has a flow: {list(map(str, owners[:5]))}."
        raise AlignmentError(msg)
    share = np.zeros((labels.size, groups.size))
    kept = shared[g]
    at = np.searchsorted(groups, owners[g[kept]])
    share[i[kept], at] = jobs[kept] / total[g[kept]]
    return labels, np.asarray(share @ flow @ share.T, dtype=np.float64)


def profile_linkage(
    data: IntoFrame,
    *,
    industry: str = "industry",
    feature: str = "class",
    value: str = "value",
    kind: Literal["cosine", "mahalanobis", "correlation"] = "cosine",
) -> Linkage:
    r"""Measure linkage by how alike the profiles of two industries are.

    Use for patent classes (``"cosine"``, ``"mahalanobis"``) and for occupations
    (``"correlation"`` of shares, a measure of labour pooling).

    Parameters
    ----------
    data
        One row per industry and feature; absent = 0; counts at least 0.
    industry, feature, value
        Columns.
    kind
        ``"cosine"`` (Jaffe), ``"mahalanobis"``: shares weighted by how often features
        occur together, ``"correlation"`` of shares over features.

    Returns
    -------
    Linkage
        Symmetric; at most 1 for cosine and correlation.

    Raises
    ------
    InvalidTableError
        Negative, infinite or missing counts, duplicate keys.
    OptionError
        If `kind` is unknown.

    Notes
    -----
    An industry with a total of 0 is NaN. O(I^2 F).

    References
    ----------
    Jaffe 1986, American Economic Review 76:984. Bloom, Schankerman and Van Reenen 2013,
    doi:10.3982/ECTA9466 (Mahalanobis).

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.econometrics import profile_linkage
    >>> counts = pa.table({"industry": ["a", "a", "b"], "class": ["x", "y", "x"],
    ...                    "value": [3.0, 4.0, 2.0]})
    >>> round(float(profile_linkage(counts).values[0, 1]), 6)
    0.6
    """
    check_choice("kind", kind, PROFILE_KINDS)
    table = to_arrow(data)
    named = {"industry": industry, "feature": feature, "value": value}
    require_columns(table, named)
    problems: list[Problem] = []
    labels, i = labels_of(table, industry, problems, "data")
    features, j = labels_of(table, feature, problems, "data")
    amount = numbers_of(table, value, problems, "data", missing=False)
    problems += flag_rows(
        repeated(i * max(features.size, 1) + j),
        code="duplicate_key",
        what=f"the same ({industry}, {feature}) occurs more than once",
        where="data",
        fix="add the counts up",
    )
    raise_problems(problems, "data")
    counts = np.zeros((labels.size, features.size))
    counts[i, j] = amount
    values = _profiles(counts, kind)
    np.fill_diagonal(values, np.nan)
    return Linkage(
        provenance=Provenance.of(
            profile_linkage,
            table.select(list(named.values())),
            parameters={"kind": kind},
        ),
        frame_kind=frame_kind(data),
        undefined=_undefined(labels, values, "its profile is empty or flat"),
        industries=labels,
        values=frozen_array(values),
        kind=kind,
    )


def _profiles(counts: FloatArray, kind: str) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = counts / counts.sum(axis=1, keepdims=True)
        if kind == "correlation":
            shares = shares - shares.mean(axis=1, keepdims=True)
        unit = shares / np.linalg.norm(shares, axis=1, keepdims=True)
        if kind != "mahalanobis":
            return np.asarray(unit @ unit.T, dtype=np.float64)
        by_class = counts / np.linalg.norm(counts, axis=0, keepdims=True)
    by_class = np.nan_to_num(by_class)
    return np.asarray(unit @ (by_class.T @ by_class) @ unit.T, dtype=np.float64)
