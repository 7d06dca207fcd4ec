"""Counting matches over many relocated and relabelled belts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray, FloatArray, IntArray

__all__ = [
    "count_matches",
    "places_by_size",
    "places_in_strata",
    "set_masks",
]


def set_masks(kind: NDArray[np.int8]) -> NDArray[np.uint64]:
    """Bits of the cluster sets that each belt set relates to.

    `kind` (cluster sets, belt sets) is 0, 1 or 2; the result is (belt sets + 1, 2, words):
    related bits, identical bits. The last row is empty: an unmapped belt.
    """
    n_ours, n_theirs = kind.shape
    words = max(1, -(-n_ours // 64))
    out = np.zeros((n_theirs + 1, 2, words), dtype=np.uint64)
    for i in range(n_ours):
        bit = np.uint64(1) << np.uint64(i % 64)
        for level in (1, 2):
            out[:-1, level - 1, i // 64][kind[i] >= level] |= bit
    return out


def places_in_strata(
    rng: np.random.Generator, size: int, stratum: IntArray, host: IntArray
) -> NDArray[np.int32]:
    """Cities of the hosts, shape (size, hosts): a random injection inside each stratum.

    `stratum` (cities) is 0, 1, ...; `host` holds the hosts' own cities.
    """
    order = np.argsort(stratum + rng.random((size, stratum.size)), axis=1)
    start = np.searchsorted(np.sort(stratum), np.arange(int(stratum.max()) + 1))
    own = stratum[host]
    # the j-th host of a stratum takes the j-th city of the stratum's shuffled cities
    rank = np.empty(host.size, dtype=np.int64)
    for g in np.unique(own):
        rank[own == g] = np.arange(int((own == g).sum()))
    return order[:, start[own] + rank].astype(np.int32)


def places_by_size(
    rng: np.random.Generator, size: int, weight: FloatArray, host: IntArray
) -> NDArray[np.int32]:
    """Cities of the hosts when cities are drawn one after the other, likely if large.

    The largest host takes the city drawn first, and so on.
    """
    # smallest exponential clocks with rate `weight`: successive sampling
    clock = rng.standard_exponential((size, weight.size)) / weight
    order = np.argsort(clock, axis=1)[:, : host.size]
    out = np.empty((size, host.size), dtype=np.int32)
    out[:, np.argsort(-weight[host], kind="stable")] = order
    return out


@njit(nogil=True, cache=True)
def _shuffle(label: NDArray[np.int32], state: NDArray[np.uint64]) -> None:
    """Shuffle in place: Fisher and Yates, numbers from SplitMix64, bounds by Lemire."""
    for i in range(label.size - 1, 0, -1):
        bound = np.uint64(i + 1)
        low = np.uint64(0)
        floor = np.uint64(0)
        high = np.uint64(0)
        while True:
            state[0] += np.uint64(0x9E3779B97F4A7C15)
            z = state[0]
            z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            product = ((z ^ (z >> np.uint64(31))) >> np.uint64(32)) * bound
            high = product >> np.uint64(32)
            low = product & np.uint64(0xFFFFFFFF)
            if low >= bound:
                break
            # rarely: the exact bound of what would be too likely
            floor = (np.uint64(0x100000000) - bound) % bound
            if low >= floor:
                break
        j = np.int64(high)
        held = label[i]
        label[i] = label[j]
        label[j] = held


@njit(nogil=True, cache=True)
def _hold(
    held: NDArray[np.uint64],
    seen: NDArray[np.int32],
    mark: int,
    label: NDArray[np.int32],
    link_host: IntArray,
    link_belt: IntArray,
    masks: NDArray[np.uint64],
) -> None:
    """Collect the relations of all belts of each host."""
    held[:] = 0
    for k in range(link_host.size):
        h = link_host[k]
        s = label[link_belt[k]]
        # the same label twice in a city adds nothing
        if seen[h, s] != mark:
            seen[h, s] = mark
            for w in range(masks.shape[2]):
                held[h, 0, w] |= masks[s, 0, w]
                held[h, 1, w] |= masks[s, 1, w]


@njit(nogil=True, cache=True)
def count_matches(  # noqa: PLR0917 (one loop over draws, arrays only)
    place: NDArray[np.int32],
    seeds: NDArray[np.uint64],
    label: NDArray[np.int32],
    link_host: IntArray,
    link_belt: IntArray,
    masks: NDArray[np.uint64],
    start: IntArray,
    city: IntArray,
    cluster_set: IntArray,
    group: IntArray,
    group_city: BoolArray,
    need_all: bool,
) -> FloatArray:
    """Co-existing cities, identical and similar clusters, shape (draws, groups, 3).

    `place` (draws, hosts) has the city of each host. `seeds` (draws) deal the label sets
    `label` (belts) out anew in every draw; empty: belts keep theirs. `start`
    (clusters + 1) cuts `city` into the cities of each cluster.
    """
    n_draws, n_hosts = place.shape
    n_groups, n_cities = group_city.shape
    out = np.zeros((n_draws, n_groups, 3))
    held = np.zeros((n_hosts, 2, masks.shape[2]), dtype=np.uint64)
    seen = np.full((n_hosts, masks.shape[0]), -1, dtype=np.int32)
    at = np.empty(n_cities, dtype=np.int32)
    dealt = label.copy()
    state = np.empty(1, dtype=np.uint64)
    for d in range(n_draws):
        if seeds.size > 0:
            state[0] = seeds[d]
            _shuffle(dealt, state)
        if d == 0 or seeds.size > 0:
            _hold(held, seen, d, dealt, link_host, link_belt, masks)
        at[:] = -1
        for h in range(n_hosts):
            at[place[d, h]] = h
            for g in range(n_groups):
                if group_city[g, place[d, h]]:
                    out[d, g, 0] += 1.0
        for c in range(cluster_set.size):
            s = cluster_set[c]
            word, bit = s // 64, np.uint64(1) << np.uint64(s % 64)
            best = 0
            every = True
            for k in range(start[c], start[c + 1]):
                h = at[city[k]]
                kind = 0
                if h >= 0 and held[h, 0, word] & bit:
                    kind = 2 if held[h, 1, word] & bit else 1
                best = max(best, kind)
                every = every and kind > 0
            if best > 0 and (every or not need_all):
                out[d, group[c], 3 - best] += 1.0
    return out
