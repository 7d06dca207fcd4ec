"""Related and unrelated variety on arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agglo.concentration._kernels.inequality import surprise

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntArray

_LN2 = float(np.log(2.0))


def variety(
    p: FloatArray, group: IntArray, n_groups: int
) -> tuple[FloatArray, FloatArray]:
    """Entropy between groups and mean entropy within groups per row, in bits.

    Parameters
    ----------
    p
        Shares, (n_units, n_parts), rows sum to 1; NaN is left out.
    group
        Group of every part, (n_parts,), in [0, n_groups).
    n_groups
        Number of groups.

    Returns
    -------
    unrelated, related : numpy.ndarray
        (n_units,) each; NaN for a row of NaN.
    """
    order = np.argsort(group, kind="stable")
    start = np.searchsorted(group[order], np.arange(n_groups))
    known = np.where(np.isnan(p), 0.0, p)[:, order]
    share = np.add.reduceat(known, start, axis=1)
    unrelated = surprise(share).sum(axis=1)
    # sum_i p ln(P/p) = sum_i p ln(1/p) - sum_g P ln(1/P), term by term within each group
    inside = np.add.reduceat(surprise(known), start, axis=1) - surprise(share)
    related = inside.sum(axis=1)
    lacking = np.isnan(p).all(axis=1)
    return (
        np.where(lacking, np.nan, unrelated / _LN2),
        np.where(lacking, np.nan, np.maximum(related, 0.0) / _LN2),
    )
