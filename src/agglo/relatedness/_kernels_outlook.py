"""Outlook on arrays. m and w (n_regions, n), phi (n, n) with 0 for no tie, pci (n,)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray


def outlook(m: FloatArray, w: FloatArray, pci: FloatArray) -> FloatArray:
    """Complexity of what a region lacks, weighted by how near it is."""
    return np.nan_to_num(w) * (1.0 - m) @ pci


def gain(m: FloatArray, phi: FloatArray, pci: FloatArray, kind: str) -> FloatArray:
    """Sum the complexity of what is lacking by its nearness to p: what p opens.

    NaN where p has no tie at all.
    """
    lacking = (1.0 - m) * pci
    if kind == "opportunity_gain":
        phi = phi.copy()
        np.fill_diagonal(phi, 0.0)
    around = phi.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        if kind == "source_norm":
            return lacking @ np.nan_to_num(phi / around[:, None])
        out = lacking @ phi / around
        if kind == "opportunity_gain":
            out -= m @ phi / phi.sum(axis=0) * pci
    out[:, ~(around > 0)] = np.nan
    return out
