"""Covariances of regression coefficients from scores, with small-sample factors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.errors import NotIdentifiedError, Problem
from agglo.core.frames import as_text, encode_text, require_columns
from agglo.econometrics._kernels.absorb import components
from agglo.econometrics._kernels.moments import crossed_meat, dyadic_meat, floored
from agglo.econometrics._regression_input import Rows, codes_of
from agglo.econometrics.regression_vcov import (
    ClusteredBy,
    Dyadic,
    Homoskedastic,
    RegressionCovariance,
)

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntArray

__all__ = ["Spread", "labels_needed", "spread_of"]

FEW_CLUSTERS = 10
FEW_MEMBERS = 25


def labels_needed(vcov: RegressionCovariance) -> tuple[str, ...]:
    """Say which columns the standard errors read."""
    if isinstance(vcov, ClusteredBy):
        return vcov.columns
    return (vcov.first, vcov.second) if isinstance(vcov, Dyadic) else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Clusters of the kept rows and what counts as a parameter.

    `absorbed` counts levels of effects that are not nested in a cluster.
    """

    vcov: RegressionCovariance
    clusters: tuple[IntArray, ...]
    members: tuple[IntArray, IntArray, int] | None
    n: int
    n_groups: int
    absorbed: int
    warnings: tuple[str, ...]

    def factor(self, k: int) -> float:
        """Give the small-sample factor with `k` coefficients."""
        if self.members is not None:
            return self.n_groups / (self.n_groups - 1.0)
        free = self.n - k - self.absorbed
        if not self.clusters:
            return self.n / free
        g = self.n_groups
        return g / (g - 1.0) * (self.n - 1.0) / free

    def df(self, k: int) -> float:
        """Give the degrees of freedom of t: groups less one, else rows less parameters."""
        if self.clusters or self.members is not None:
            return float(self.n_groups - 1)
        return float(self.n - k - self.absorbed)

    def meat(self, scores: FloatArray) -> FloatArray:
        """Give the sum of score products of correlated rows."""
        if self.members is not None:
            return dyadic_meat(scores, *self.members)
        return crossed_meat(scores, self.clusters)

    def covariance(
        self,
        scores: FloatArray,
        bread: FloatArray,
        k: int,
        equal: FloatArray | None = None,
    ) -> tuple[FloatArray, tuple[str, ...]]:
        """Give the covariance; `equal` is the meat under equal variances."""
        if isinstance(self.vcov, Homoskedastic) and equal is not None:
            return bread @ equal @ bread.T, self.warnings
        cov = bread @ self.meat(scores) @ bread.T * self.factor(k)
        cov, mended = floored(cov)
        note = "the covariance was not positive; negative eigenvalues were set to 0"
        return cov, (*self.warnings, note) if mended else self.warnings


def spread_of(rows: Rows, vcov: RegressionCovariance, k: int) -> Spread:
    """Read clusters or pairs; refuse one cluster and too few rows for the parameters."""
    clusters, members, groups, notes = _groups(rows, vcov)
    absorbed = _absorbed(rows, clusters)
    n = int(rows.y.size)
    if n - k - absorbed <= 0:
        msg = f"{n} rows cannot carry {k} regressors and {absorbed} levels of effects."
        raise NotIdentifiedError(
            msg,
            [
                Problem(
                    code="too_few_observations",
                    what=f"{n} rows left for {k + absorbed} parameters",
                    fix="use fewer regressors or effects, or more rows",
                )
            ],
        )
    return Spread(
        vcov=vcov,
        clusters=clusters,
        members=members,
        n=n,
        n_groups=groups,
        absorbed=absorbed,
        warnings=notes,
    )


def _groups(
    rows: Rows, vcov: RegressionCovariance
) -> tuple[
    tuple[IntArray, ...], tuple[IntArray, IntArray, int] | None, int, tuple[str, ...]
]:
    named = {f"vcov[{i}]": c for i, c in enumerate(labels_needed(vcov))}
    require_columns(rows.table, named)
    if isinstance(vcov, ClusteredBy):
        clusters = tuple(codes_of(rows.table, [c]) for c in vcov.columns)
        counts = [int(c.max()) + 1 for c in clusters]
        _check_groups(min(counts), "cluster", vcov.columns[int(np.argmin(counts))])
        few = min(counts) < FEW_CLUSTERS
        note = f"only {min(counts)} clusters: use wild_bootstrap for tests"
        return clusters, None, min(counts), (note,) if few else ()
    if isinstance(vcov, Dyadic):
        columns = (vcov.first, vcov.second)
        pieces = [p for c in columns for p in as_text(rows.table[c]).chunks]
        labels, code = encode_text(pa.chunked_array(pieces, type=pieces[0].type))
        n = int(labels.size)
        _check_groups(n, "member", vcov.first)
        half = code.size // 2
        note = f"only {n} members of pairs: dyadic errors are unreliable below 25"
        members = (code[:half].astype(np.int64), code[half:].astype(np.int64), n)
        return (), members, n, (note,) if n < FEW_MEMBERS else ()
    return (), None, int(rows.y.size), ()


def _check_groups(n: int, what: str, column: str) -> None:
    if n < 2:
        msg = f"`{column}` has one {what}: errors between {what}s cannot be seen."
        raise NotIdentifiedError(
            msg,
            [
                Problem(
                    code="one_cluster",
                    what=f"a single {what} in column '{column}'",
                    column=column,
                    fix="cluster by a column with many labels",
                )
            ],
        )


def _absorbed(rows: Rows, clusters: Sequence[IntArray]) -> int:
    """Count levels of effects that no cluster contains, redundant ones left out."""
    free = [
        f for f in range(rows.codes.shape[0]) if not _nested(rows.codes[f], clusters)
    ]
    total = 0
    for place, f in enumerate(free):
        levels = int(rows.codes[f].max()) + 1
        if place == 0:
            total += levels
        elif place == 1:
            total += levels - components(rows.codes[free[0]], rows.codes[f])
        else:
            total += levels - 1
    return total


def _nested(code: IntArray, clusters: Sequence[IntArray]) -> bool:
    for c in clusters:
        first = np.full(int(code.max()) + 1, -1, dtype=np.int64)
        first[code] = c
        if (first[code] == c).all():
            return True
    return False
