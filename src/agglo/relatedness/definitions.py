"""Benchmark cluster definitions: which industries form which cluster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.errors import InvalidTableError, Problem
from agglo.core.frames import (
    encode_labels,
    float_column,
    frame_kind,
    require_columns,
    string_column,
    to_arrow,
)
from agglo.core.results import digest_of, frozen_array

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, FrameKind, IntArray, IntoFrame

__all__ = ["ClusterDefinitions", "as_cluster_definitions"]

KINDS = ("traded", "local", "")
_SHOWN_ROWS = 20
_ROUNDING = 1e-9


@dataclass(frozen=True, eq=False, kw_only=True)
class ClusterDefinitions:
    """Validated cluster definitions, one version.

    Parameters
    ----------
    industry
        Industry codes, sorted, shape (n_industries,).
    cluster
        Cluster labels, sorted, shape (n_clusters,).
    kind
        ``"traded"``, ``"local"`` or ``""`` (not said), shape (n_clusters,).
    industry_code, cluster_code, weight
        One entry per assignment: positions in `industry` and `cluster`, and the share of
        the industry that belongs to the cluster (0 to 1).
    definition
        Name and version; empty when the table does not say.
    digest
        Hash of the content.
    frame_kind
        Kind of frame the definitions came in.
    """

    industry: NDArray[np.str_]
    cluster: NDArray[np.str_]
    kind: NDArray[np.str_]
    industry_code: IntArray
    cluster_code: IntArray
    weight: FloatArray
    definition: str
    digest: str
    frame_kind: FrameKind = "pyarrow"

    def weights_for(self, activity: NDArray[np.str_]) -> FloatArray:
        """Give the share of each activity in each cluster.

        Parameters
        ----------
        activity
            Activity labels of a table.

        Returns
        -------
        numpy.ndarray of float64
            Shape (n_activities, n_clusters); a row of zeros is not in the definitions.
        """
        place = {str(name): k for k, name in enumerate(activity)}
        row = np.array(
            [place.get(str(name), -1) for name in self.industry], dtype=np.int64
        )
        position = row[self.industry_code]
        used = position >= 0
        out = np.zeros((activity.size, self.cluster.size))
        out[position[used], self.cluster_code[used]] = self.weight[used]
        return out


def as_cluster_definitions(
    data: IntoFrame | Mapping[str, str] | ClusterDefinitions,
    *,
    industry: str = "industry",
    cluster: str = "cluster",
    kind: str = "kind",
    weight: str = "weight",
    definition: str = "definition",
) -> ClusterDefinitions:
    """Check cluster definitions and bring them into one form.

    Use before `cluster_strength` or `aggregate_clusters`; giving the result again costs
    nothing.

    Parameters
    ----------
    data
        One row per industry and cluster; or a mapping industry to cluster; or
        `ClusterDefinitions`, which is returned as it is.
    industry, cluster
        Columns of codes and cluster names; both are text.
    kind
        Column with ``traded`` or ``local`` in any case; may be absent or empty.
    weight
        Column with the share of the industry that belongs to the cluster, above 0, at
        most 1, adding up to at most 1 per industry; may be absent (then 1).
    definition
        Column with name and version; may be absent, must not vary.

    Returns
    -------
    ClusterDefinitions
        Sorted, validated, hashed.

    Raises
    ------
    ColumnNotFoundError
        If `industry` or `cluster` is no column.
    InvalidTableError
        With every problem found: ``null_key``, ``duplicate_key``, ``not_allowed`` (kind),
        ``mixed_kind`` (one cluster both traded and local), ``out_of_range`` (weights),
        ``mixed_version``, ``empty_table``.

    Notes
    -----
    An industry in two clusters with weight 1 each would be counted twice, so it is
    refused. O(rows).

    References
    ----------
    Delgado, Porter and Stern 2016, doi:10.1093/jeg/lbv017.

    Examples
    --------
    >>> from agglo.relatedness import as_cluster_definitions
    >>> found = as_cluster_definitions({"3361": "Automotive", "3363": "Automotive"})
    >>> found.weights_for(found.industry).sum()
    np.float64(2.0)
    """
    if isinstance(data, ClusterDefinitions):
        return data
    source, shown = _source(data, industry, cluster)
    industries, industry_code = encode_labels(source, industry, where="definitions")
    clusters, cluster_code = encode_labels(source, cluster, where="definitions")
    weights = (
        float_column(source, weight, where="definitions")
        if weight in source.column_names
        else np.ones(source.num_rows)
    )
    kinds = _kinds(source, kind)
    name, problems = _version(source, definition)
    problems += _assignment_problems(
        industry_code * clusters.size + cluster_code, industries, industry_code, weights
    )
    cluster_kind, kind_problems = _cluster_kinds(kinds, cluster_code, clusters)
    problems += kind_problems
    if problems:
        msg = f"`definitions` has {len(problems)} problem(s)."
        raise InvalidTableError(msg, problems)
    order = np.lexsort((cluster_code, industry_code))
    industry_code, cluster_code = industry_code[order], cluster_code[order]
    weights = weights[order]
    return ClusterDefinitions(
        industry=frozen_array(industries),
        cluster=frozen_array(clusters),
        kind=frozen_array(cluster_kind),
        industry_code=frozen_array(industry_code),
        cluster_code=frozen_array(cluster_code),
        weight=frozen_array(weights),
        definition=name,
        digest=digest_of(
            industries,
            clusters,
            cluster_kind,
            industry_code,
            cluster_code,
            weights,
            name,
        ),
        frame_kind=shown,
    )


def _source(
    data: IntoFrame | Mapping[str, str], industry: str, cluster: str
) -> tuple[pa.Table, FrameKind]:
    """Give the definitions as a table that has the two columns and a row."""
    shown: FrameKind = "pyarrow"
    if isinstance(data, Mapping):
        source = pa.table(
            {
                industry: pa.array(list(data.keys()), pa.string()),
                cluster: pa.array(list(data.values()), pa.string()),
            }
        )
    else:
        source, shown = to_arrow(data, where="definitions"), frame_kind(data)
    require_columns(
        source, {"industry": industry, "cluster": cluster}, where="definitions"
    )
    if source.num_rows == 0:
        msg = "`definitions` has no rows."
        bad = Problem(code="empty_table", what="no rows", where="definitions")
        raise InvalidTableError(msg, [bad])
    return source, shown


def _kinds(table: pa.Table, column: str) -> list[str]:
    if column not in table.column_names:
        return [""] * table.num_rows
    words = string_column(table, column)
    return ["" if w is None else str(w).strip().lower() for w in words]


def _version(table: pa.Table, column: str) -> tuple[str, list[Problem]]:
    if column not in table.column_names:
        return "", []
    found = sorted({str(w) for w in string_column(table, column) if w is not None})
    if len(found) <= 1:
        return (found[0] if found else ""), []
    mixed = Problem(
        code="mixed_version",
        what=f"column '{column}' mixes {found[:5]}",
        where="definitions",
        column=column,
        fix="keep the rows of one version",
    )
    return "", [mixed]


def _rows_problem(
    code: str, what: str, rows: IntArray, column: str, fix: str
) -> Problem:
    return Problem(
        code=code,
        what=what,
        where="definitions",
        rows=tuple(int(r) + 1 for r in rows[:_SHOWN_ROWS]),
        n_rows=int(rows.size),
        column=column,
        fix=fix,
    )


def _assignment_problems(
    key: IntArray,
    industries: NDArray[np.str_],
    industry_code: IntArray,
    weight: FloatArray,
) -> list[Problem]:
    problems = []
    _, first = np.unique(key, return_index=True)
    again = np.setdiff1d(np.arange(key.size), first)
    if again.size:
        problems.append(
            _rows_problem(
                "duplicate_key",
                "an industry is assigned to the same cluster twice",
                again,
                "industry",
                "keep one row",
            )
        )
    bad = np.flatnonzero(~((weight > 0) & (weight <= 1 + _ROUNDING)))
    if bad.size:
        problems.append(
            _rows_problem(
                "out_of_range",
                "weights must lie above 0 and at most 1",
                bad,
                "weight",
                "",
            )
        )
    if problems:
        return problems
    total = np.bincount(industry_code, weight)
    over = np.flatnonzero(total > 1 + _ROUNDING)
    if over.size:
        problems.append(
            _rows_problem(
                "out_of_range",
                f"the weights of {industries[over[:5]].tolist()} add up to more than 1",
                np.flatnonzero(np.isin(industry_code, over)),
                "weight",
                "give shares of the industry, so that nothing is counted twice",
            )
        )
    return problems


def _cluster_kinds(
    kinds: list[str], cluster_code: IntArray, clusters: NDArray[np.str_]
) -> tuple[NDArray[np.str_], list[Problem]]:
    problems = []
    words = np.asarray(kinds, dtype=np.str_)
    odd = np.flatnonzero(~np.isin(words, KINDS))
    if odd.size:
        problems.append(
            _rows_problem(
                "not_allowed",
                f"kind is {sorted(set(words[odd].tolist()))[:5]}",
                odd,
                "kind",
                "use 'traded', 'local' or leave it empty",
            )
        )
    out = np.full(clusters.size, "", dtype="<U6")
    mixed = []
    for code, name in enumerate(clusters):
        found = sorted(set(words[cluster_code == code].tolist()) - {""})
        if len(found) > 1:
            mixed.append(str(name))
        elif found:
            out[code] = found[0]
    if mixed and not odd.size:
        problems.append(
            Problem(
                code="mixed_kind",
                what=f"clusters with industries of both kinds: {mixed[:5]}",
                where="definitions",
                n_rows=len(mixed),
                column="kind",
                fix="a cluster is traded or local as a whole",
            )
        )
    return out, problems
