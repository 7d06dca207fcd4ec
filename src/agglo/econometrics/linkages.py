"""How industries are linked: flows of goods, citations and people, and shared profiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.core.checks import flag_rows, repeated
from agglo.core.errors import AlignmentError, NotIdentifiedError, Problem
from agglo.core.frames import frame_kind, require_columns, to_arrow
from agglo.core.options import check_choice, check_number
from agglo.core.results import ColumnData, Provenance, Result, Undefined, frozen_array
from agglo.core.tables._columns import labels_of, numbers_of, raise_problems

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntoFrame

__all__ = ["LinkClasses", "Linkage", "flow_linkage", "link_classes", "profile_linkage"]

CLASSES = ("io", "technology", "both", "none")
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

    Returns
    -------
    Linkage
        Shares in [0, 1], or a ratio.

    Raises
    ------
    InvalidTableError
        Negative, infinite or missing flows, duplicate pairs.
    OptionError
        If `kind` is unknown.

    Notes
    -----
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


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class LinkClasses(Result):
    """Ordered pairs of industries by kind of link.

    Attributes
    ----------
    industries
        Sorted labels both linkages have.
    membership
        Class to (I, I) of 0 or 1; the four sum to 1 off the diagonal.
    correlation
        Of the two linkages over pairs.
    sizes
        Pairs per class.
    unknown
        Pairs where a linkage is undefined; they count as not linked by it.
    """

    industries: NDArray[np.str_]
    membership: Mapping[str, FloatArray]
    correlation: float
    sizes: Mapping[str, int]
    unknown: int

    @property
    def weak(self) -> bool:
        """Whether pairs linked both ways exceed half of either class."""
        both = self.sizes["both"]
        smaller = min(self.sizes["io"], self.sizes["technology"]) + both
        return bool(both > 0.5 * smaller)

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per ordered pair with its class."""
        i, j = np.nonzero(~np.eye(self.industries.size, dtype=bool))
        stacked = np.stack([self.membership[c][i, j] for c in CLASSES])
        names = np.array(CLASSES)[stacked.argmax(axis=0)]
        return {
            "first": self.industries[i],
            "second": self.industries[j],
            "link": names,
            "weight": stacked.max(axis=0),
        }

    def summary(self) -> str:
        """Give sizes, correlation and whether the split can tell them apart."""
        sizes = ", ".join(f"{c} {n}" for c, n in self.sizes.items())
        text = f"{self.industries.size} industries: {sizes}; correlation of the two "
        text += f"linkages {self.correlation:.3f}, {self.unknown} pairs unknown"
        return text + ("; the split is WEAK" if self.weak else "")

    def _draw(self, ax: Axes) -> None:
        ax.bar(list(self.sizes), list(self.sizes.values()), color="#0072B2")
        ax.set(ylabel="ordered pairs")


def link_classes(
    io: Linkage, technology: Linkage, *, quantile: float = 0.75
) -> LinkClasses:
    """Split pairs by whether they trade, share technology, both or neither.

    Parameters
    ----------
    io, technology
        Linkages; industries that only one of them has are an error.
    quantile
        A pair is linked when its linkage is above this quantile of all pairs, and above 0.

    Returns
    -------
    LinkClasses
        Four classes of ordered pairs; ``weak`` when they can hardly be told apart.

    Raises
    ------
    AlignmentError
        If the industries differ.
    OptionError
        If `quantile` is outside (0, 1).
    NotIdentifiedError
        If no pair is known.

    Notes
    -----
    Hard classes at the upper quartile by default. An undefined linkage counts as not
    linked and is counted. O(I^2 log I).

    References
    ----------
    The split follows the question of Chen and Liu 2025, doi:10.3868/s060-020-025-0015-9;
    thresholds are inferred, its text was not available.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.econometrics import flow_linkage, link_classes
    >>> one = flow_linkage(pa.table({"supplier": list("abc"), "user": list("bca"),
    ...                              "value": [9.0, 1.0, 1.0]}), kind="output")
    >>> link_classes(one, one, quantile=0.5).sizes["both"]
    3
    """
    check_number("quantile", quantile, minimum=0, maximum=1, open_ends=True)
    if not np.array_equal(io.industries, technology.industries):
        differ = np.setxor1d(io.industries, technology.industries)
        msg = f"io and technology have different industries: {list(differ[:5])}"
        raise AlignmentError(msg)
    off = ~np.eye(io.industries.size, dtype=bool)
    known = off & np.isfinite(io.values) & np.isfinite(technology.values)
    if not known.any():
        msg = "No pair has both linkages."
        raise NotIdentifiedError(msg, [Problem(code="no_pair", what="all undefined")])
    one, two = (_linked(link, quantile) for link in (io, technology))
    parts = {
        "io": one & ~two & off,
        "technology": two & ~one & off,
        "both": one & two & off,
        "none": ~one & ~two & off,
    }
    a, b = io.values[known], technology.values[known]
    spread = a.std() > 0 and b.std() > 0
    return LinkClasses(
        provenance=Provenance.of(
            link_classes,
            io.provenance.input_digest,
            technology.provenance.input_digest,
            parameters={"quantile": quantile},
        ),
        frame_kind=io.frame_kind,
        industries=io.industries,
        membership={c: frozen_array(m.astype(np.float64)) for c, m in parts.items()},
        correlation=float(np.corrcoef(a, b)[0, 1]) if spread else float("nan"),
        sizes={c: int(m.sum()) for c, m in parts.items()},
        unknown=int(off.sum() - known.sum()),
    )


def _linked(link: Linkage, quantile: float) -> NDArray[np.bool_]:
    known = link.values[np.isfinite(link.values)]
    cut = max(float(np.quantile(known, quantile)), 0.0) if known.size else np.inf
    return np.asarray(np.nan_to_num(link.values, nan=-np.inf) > cut, dtype=bool)
