"""Which pairs of industries trade, share technology, both or neither."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.stats import rankdata

from agglo.core.errors import AlignmentError, NotIdentifiedError, Problem
from agglo.core.options import check_choice, check_number
from agglo.core.results import ColumnData, Provenance, Result, frozen_array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray
    from agglo.econometrics.linkages import Linkage

__all__ = ["LinkClasses", "link_classes"]

CLASSES = ("io", "technology", "both", "none")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class LinkClasses(Result):
    """Ordered pairs of industries by kind of link.

    Attributes
    ----------
    industries
        Sorted labels both linkages have.
    membership
        Class to (I, I) of 0 or 1 (soft: between them); the four sum to 1 off the diagonal.
    correlation
        Of the two linkages over pairs.
    sizes
        Pairs per class (soft: summed weights).
    unknown
        Pairs where a linkage is undefined; they count as not linked by it.
    """

    industries: NDArray[np.str_]
    membership: Mapping[str, FloatArray]
    correlation: float
    sizes: Mapping[str, float]
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
        sizes = ", ".join(f"{c} {n:g}" for c, n in self.sizes.items())
        text = f"{self.industries.size} industries: {sizes}; correlation of the two "
        text += f"linkages {self.correlation:.3f}, {self.unknown} pairs unknown"
        return text + ("; the split is WEAK" if self.weak else "")

    def _draw(self, ax: Axes) -> None:
        ax.bar(list(self.sizes), list(self.sizes.values()), color="#0072B2")
        ax.set(ylabel="ordered pairs")


def link_classes(
    io: Linkage,
    technology: Linkage,
    *,
    quantile: float = 0.75,
    kind: Literal["hard", "soft"] = "hard",
) -> LinkClasses:
    """Split pairs by whether they trade, share technology, both or neither.

    Parameters
    ----------
    io, technology
        Linkages; industries that only one of them has are an error.
    quantile
        A pair is linked when its linkage is above this quantile of all pairs, and above 0.
    kind
        ``"hard"``: a pair is in one class. ``"soft"``: a pair is linked to the degree of
        its rank among all pairs (0 for no linkage), `quantile` is not used.

    Returns
    -------
    LinkClasses
        Four classes of ordered pairs; ``weak`` when they can hardly be told apart.

    Raises
    ------
    AlignmentError
        If the industries differ.
    OptionError
        If `quantile` is outside (0, 1) or `kind` unknown.
    NotIdentifiedError
        If no pair is known.

    Notes
    -----
    Hard classes at the upper quartile by default. With degrees a and b of the two links the
    classes have weights a(1-b), (1-a)b, ab, (1-a)(1-b). An undefined linkage counts as not
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
    check_choice("kind", kind, ("hard", "soft"))
    if not np.array_equal(io.industries, technology.industries):
        differ = np.setxor1d(io.industries, technology.industries)
        msg = f"io and technology have different industries: {list(differ[:5])}"
        raise AlignmentError(msg)
    off = ~np.eye(io.industries.size, dtype=bool)
    known = off & np.isfinite(io.values) & np.isfinite(technology.values)
    if not known.any():
        msg = "No pair has both linkages."
        raise NotIdentifiedError(msg, [Problem(code="no_pair", what="all undefined")])
    one, two = (
        _degree(link) if kind == "soft" else _linked(link, quantile)
        for link in (io, technology)
    )
    parts = {
        "io": one * (1.0 - two) * off,
        "technology": two * (1.0 - one) * off,
        "both": one * two * off,
        "none": (1.0 - one) * (1.0 - two) * off,
    }
    a, b = io.values[known], technology.values[known]
    spread = a.std() > 0 and b.std() > 0
    return LinkClasses(
        provenance=Provenance.of(
            link_classes,
            io.provenance.input_digest,
            technology.provenance.input_digest,
            parameters={"quantile": quantile, "kind": kind},
        ),
        frame_kind=io.frame_kind,
        industries=io.industries,
        membership={c: frozen_array(m) for c, m in parts.items()},
        correlation=float(np.corrcoef(a, b)[0, 1]) if spread else float("nan"),
        sizes={
            c: float(m.sum()) if kind == "soft" else int(m.sum())
            for c, m in parts.items()
        },
        unknown=int(off.sum() - known.sum()),
    )


def _linked(link: Linkage, quantile: float) -> FloatArray:
    known = link.values[np.isfinite(link.values)]
    cut = max(float(np.quantile(known, quantile)), 0.0) if known.size else np.inf
    above = np.nan_to_num(link.values, nan=-np.inf) > cut
    return np.asarray(above, dtype=np.float64)


def _degree(link: Linkage) -> FloatArray:
    """Give the share of pairs that are linked no more than a pair, ties at their middle."""
    known = np.isfinite(link.values)
    out = np.zeros(link.values.shape)
    found = link.values[known]
    place = rankdata(found) / max(found.size, 1)
    out[known] = np.where(found > 0, place, 0.0)
    return out
