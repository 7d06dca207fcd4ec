"""Networks with the same degrees as the observed one: the null of structure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import OptionError
from agglo.core.parallel import monte_carlo
from agglo.networks._kernels import communities as kernels
from agglo.networks._network import Network

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray

__all__ = ["compiled_seed", "rewired_networks", "rewired_statistics"]

_SWAPS_PER_TIE = 10
# one bit per pair of nodes: 310 MB
_MOST_NODES = 50_000


def compiled_seed(rng: np.random.Generator) -> int:
    """Draw a seed for compiled code."""
    return int(rng.integers(0, 2**32, dtype=np.uint64))


def rewired_statistics(
    net: Network,
    statistic: Callable[[Network, np.random.Generator], float],
    *,
    draws: int,
    entropy: int,
) -> FloatArray:
    """Give the statistic of `draws` rewired networks without loops."""

    def draw(rng: np.random.Generator, size: int) -> FloatArray:
        return np.array([statistic(o, rng) for o in rewired_networks(net, rng, size)])

    return monte_carlo(draw, n=draws, seed=entropy, stream=1, block_size=16)


def rewired_networks(
    net: Network, rng: np.random.Generator, size: int
) -> Iterator[Network]:
    """Give `size` networks with the degrees of one without loops."""
    for _ in range(size):
        yield _rewired(net, rng)


def _rewired(net: Network, rng: np.random.Generator) -> Network:
    m = net.weight.size
    if net.n > _MOST_NODES:
        msg = (
            f"inference= rewires networks of up to {_MOST_NODES:,} nodes, this one has "
            f"{net.n:,}: take inference=None."
        )
        raise OptionError(msg)
    kernels.seeded(compiled_seed(rng))
    origin, destination = kernels.rewired(
        net.origin, net.destination, net.n, _SWAPS_PER_TIE * m, net.directed
    )
    return Network(
        nodes=net.nodes,
        origin=origin,
        destination=destination,
        weight=net.weight,
        directed=net.directed,
        frame_kind=net.frame_kind,
    )
