"""Definitions as labels in the order of the matrices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from agglo.core.errors import AlignmentError, OptionError
from agglo.relatedness.candidates import CandidateDefinitions
from agglo.relatedness.definitions import ClusterDefinitions, as_cluster_definitions
from agglo.relatedness.mixture_results import EMClusters

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import FrameKind, IntArray, IntoFrame

Definition: TypeAlias = (
    "IntoFrame | Mapping[str, str] | ClusterDefinitions | EMClusters"
)


def assigned(given: Definition) -> tuple[dict[str, str], str]:
    """Give industry to cluster, and the name of the definition."""
    if isinstance(given, CandidateDefinitions):
        msg = "One definition is needed: candidates.definition(0)."
        raise OptionError(msg)
    if isinstance(given, EMClusters):
        labels = [f"C{c + 1:02d}" for c in given.label.tolist()]
        return dict(zip(given.item.tolist(), labels, strict=True)), given.method
    table = as_cluster_definitions(given)
    # an industry shared between clusters goes where most of it is
    order = np.lexsort((-table.weight, table.industry_code))
    out: dict[str, str] = {}
    for i in order:
        out.setdefault(
            str(table.industry[table.industry_code[i]]),
            str(table.cluster[table.cluster_code[i]]),
        )
    return out, table.definition


def kind_of(given: Definition) -> FrameKind:
    """Give the kind of frame a definition came in."""
    if isinstance(given, EMClusters):
        return given.frame_kind
    return as_cluster_definitions(given).frame_kind


def labels_for(
    given: Definition, industry: NDArray[np.str_]
) -> tuple[IntArray, NDArray[np.str_], str]:
    """Give a label per industry (-1 is not in the definition) and cluster names."""
    cluster, name = assigned(given)
    words = [cluster.get(str(i)) for i in industry]
    names = np.array(sorted({w for w in words if w is not None}), dtype=np.str_)
    if not names.size:
        msg = (
            "The definition has none of the industries, for example "
            f"{industry[:5].tolist()}; it has {list(cluster)[:5]}."
        )
        raise AlignmentError(msg)
    place = {str(n): i for i, n in enumerate(names)}
    label = np.array([-1 if w is None else place[w] for w in words], dtype=np.int64)
    return label, names, name


__all__ = ["Definition", "assigned", "kind_of", "labels_for"]
