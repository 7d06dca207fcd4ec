"""How far a matched share depends on the choices that nobody can prove."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import OptionError
from agglo.core.options import check_number
from agglo.core.results import ColumnData, Provenance, Result, frozen_array
from agglo.matching.industries import IndustryTree, as_industry_tree
from agglo.matching.labels import LabelDictionary, as_label_dictionary
from agglo.matching.lists import CITY_RULES, match_designations
from agglo.matching.place_lists import PlaceList, as_belts, as_designations

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray, FloatArray, IntArray, IntoFrame, Lang

__all__ = ["MatchingSensitivity", "matching_sensitivity"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class MatchingSensitivity(Result):
    """Rates under every combination of rules.

    Attributes
    ----------
    containment, city_rule, links
        Rules of each row, shape (k,).
    s
        Weight of similar of each row.
    n
        Mapped clusters.
    identical, similar
        Counts.
    degree
        Degree index.
    """

    containment: NDArray[np.str_]
    city_rule: NDArray[np.str_]
    links: BoolArray
    s: FloatArray
    n: IntArray
    identical: IntArray
    similar: IntArray
    degree: FloatArray

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per combination."""
        n = np.maximum(self.n, 1)
        return {
            "containment": self.containment,
            "city_rule": self.city_rule,
            "links": self.links,
            "s": self.s,
            "n": self.n,
            "identical_share": np.where(self.n > 0, self.identical / n, np.nan),
            "similar_share": np.where(self.n > 0, self.similar / n, np.nan),
            "matched_share": np.where(
                self.n > 0, (self.identical + self.similar) / n, np.nan
            ),
            "degree": self.degree,
        }

    def summary(self) -> str:
        """Give the range of the matched share and of the degree."""
        matched = np.asarray(self.columns()["matched_share"])
        return (
            f"{self.s.size} combinations of rules: matched share "
            f"{matched.min():.1%} to {matched.max():.1%}, degree "
            f"{self.degree.min():.3f} to {self.degree.max():.3f}"
        )

    def _draw(self, ax: Axes) -> None:
        ax.plot(np.sort(self.degree), color="#4477aa", marker=".")
        ax.set_xlabel("combination, by degree")
        ax.set_ylabel("degree")


def matching_sensitivity(
    designations: IntoFrame | PlaceList,
    belts: IntoFrame | PlaceList,
    tree: IntoFrame | IndustryTree,
    labels: IntoFrame | LabelDictionary,
    *,
    links: IntoFrame | None = None,
    lang: Lang = "zh",
    s: Sequence[float] = (0.0, 0.25, 0.5, 0.75, 1.0),
    io_min: float = 0.05,
    rel_q: float = 0.90,
) -> MatchingSensitivity:
    """Measure how far matching rates depend on the rules.

    Use beside any single set of rules, since no rule of the reference study is published.

    Parameters
    ----------
    designations, belts, tree, labels, links, lang
        As in `match_designations`; with `links` every combination is run with and without.
    s
        Weights of similar in the degree index.
    io_min, rel_q
        As in `match_designations`.

    Returns
    -------
    MatchingSensitivity
        One row per containment × city rule × links × s: at least 30 with the default s.

    Raises
    ------
    OptionError
        If a weight is outside [0, 1] or there is none.
    InvalidTableError
        With every problem of a table.

    Notes
    -----
    O(combinations × matching).

    References
    ----------
    Saltelli et al. (2008), doi:10.1002/9780470725184 (runs over all combinations).

    Examples
    --------
    >>> import pyarrow as pa, agglo.matching as am
    >>> tree = pa.table({"industry": ["X", "X1", "X11"], "parent": ["", "X", "X1"], "level": [1, 2, 3]})
    >>> words = pa.table({"label": ["a", "b"], "lang": ["zh", "zh"], "node_ids": ["X11", "X1"]})
    >>> ours = pa.table({"cluster": ["c"], "city": ["1"], "industry_label": ["a"]})
    >>> theirs = pa.table({"belt": ["p"], "city": ["1"], "industry_label": ["b"]})
    >>> found = am.matching_sensitivity(ours, theirs, tree, words)
    >>> found.degree.size, float(found.degree.min())
    (30, 0.0)
    """
    if isinstance(s, (int, float)) or len(s) == 0:
        msg = f"s={s!r} must be a sequence of weights."
        raise OptionError(msg)
    for value in s:
        check_number("s", value, minimum=0, maximum=1)
    clusters, observed = as_designations(designations), as_belts(belts)
    known = as_industry_tree(tree)
    words = as_label_dictionary(labels, known)
    rows: list[tuple[str, str, bool, float, int, int, int]] = []
    with_links = (False, True) if links is not None else (False,)
    for containment, rule, on in product(
        ("identical", "similar"), CITY_RULES, with_links
    ):
        found = match_designations(
            clusters,
            observed,
            known,
            words,
            links=links if on else None,
            lang=lang,
            city_rule=rule,  # type: ignore[arg-type]
            containment=containment,  # type: ignore[arg-type]
            io_min=io_min,
            rel_q=rel_q,
        )
        counts = found.counts
        n = clusters.item.size - counts["unmapped"]
        both = counts["identical"], counts["similar"]
        rows += [(containment, rule, on, float(v), n, *both) for v in s]
    columns = list(zip(*rows, strict=True))
    weight = np.array(columns[3], dtype=np.float64)
    n_all = np.array(columns[4], dtype=np.int64)
    identical, similar = (np.array(columns[i], dtype=np.int64) for i in (5, 6))
    degree = np.full(weight.size, np.nan)
    np.divide(identical + weight * similar, n_all, out=degree, where=n_all > 0)
    return MatchingSensitivity(
        containment=frozen_array(np.array(columns[0], dtype=np.str_)),
        city_rule=frozen_array(np.array(columns[1], dtype=np.str_)),
        links=frozen_array(np.array(columns[2], dtype=bool)),
        s=frozen_array(weight),
        n=frozen_array(n_all),
        identical=frozen_array(identical),
        similar=frozen_array(similar),
        degree=frozen_array(degree),
        frame_kind=clusters.frame_kind,
        provenance=Provenance.of(
            matching_sensitivity,
            clusters,
            observed,
            known,
            words,
            parameters={
                "lang": lang,
                "s": list(s),
                "io_min": io_min,
                "rel_q": rel_q,
                "links": links is not None,
            },
        ),
    )
