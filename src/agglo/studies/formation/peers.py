"""Peers of a cluster: the nearest by Gower distance in the same group and size band."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agglo.core.typing import FloatArray

__all__ = ["PROFILE", "peers_of"]

PROFILE = ("quotient", "focus", "pay", "mean_size", "growth", "diversity")
_BAND = 3.0


def peers_of(
    cluster: Sequence[str],
    group: Sequence[str],
    size: FloatArray,
    profile: FloatArray,
    chosen: Sequence[str],
    n: int,
) -> list[dict[str, object]]:
    """Find the peers of the chosen clusters.

    Parameters
    ----------
    cluster, group, size
        Of all candidates; the size band is a third to three times.
    profile
        (n_candidates, n_measures), NaN where unknown: left out of a pair's distance.
    chosen
        Clusters that want peers.
    n
        How many.

    Returns
    -------
    list of dict
        cluster, peer, distance, place, shared (measures both have), closest (the measure
        on which they differ least).
    """
    spread = np.nanmax(profile, axis=0, initial=-np.inf) - np.nanmin(
        profile, axis=0, initial=np.inf
    )
    scaled = profile / np.where(np.isfinite(spread) & (spread > 0), spread, np.nan)
    groups = np.asarray(group)
    at = {c: k for k, c in enumerate(cluster)}
    out: list[dict[str, object]] = []
    for name in chosen:
        if name not in at:
            continue
        k = at[name]
        near = (
            (groups == groups[k])
            & (size <= _BAND * size[k])
            & (size >= size[k] / _BAND)
        )
        near[k] = False
        others = np.flatnonzero(near)
        gap = np.abs(scaled[others] - scaled[k])
        known = np.isfinite(gap)
        shared = known.sum(axis=1)
        mean = np.where(
            shared > 0,
            np.where(known, gap, 0.0).sum(axis=1) / np.maximum(shared, 1),
            np.inf,
        )
        for place, j in enumerate(np.argsort(mean, kind="stable")[:n], 1):
            if not np.isfinite(mean[j]):
                continue
            closest = int(np.argmin(np.where(known[j], gap[j], np.inf)))
            out.append(
                {
                    "cluster": name,
                    "peer": cluster[int(others[j])],
                    "distance": float(mean[j]),
                    "place": place,
                    "shared": int(shared[j]),
                    "closest": PROFILE[closest],
                }
            )
    return out
