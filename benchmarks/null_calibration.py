"""Draw the figure of docs/reference/directed-coagglomeration.md: p-values under the null.

Usage: python -m benchmarks.null_calibration FIGURE.svg

One pair in each of 300 economies of random industries; prints what the page says of it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pyarrow as pa
from scipy.stats import kstest

from agglo.concentration import nearest_coagglomeration, wasserstein_coagglomeration
from agglo.concentration.directed_results import DirectedPairs
from agglo.core.options import Permutation

PAIRS = 300


def _economy(seed: int) -> pa.Table:
    sizes = (30, 25, 80)
    at = np.random.default_rng(seed).uniform(0, 100, (sum(sizes), 2))
    kind = np.repeat(list("abc"), sizes)
    return pa.table({"x_km": at[:, 0], "y_km": at[:, 1], "industry": kind})


def _transport(method: str) -> Callable[[int], DirectedPairs]:
    def measure(seed: int) -> DirectedPairs:
        return wasserstein_coagglomeration(
            _economy(seed),
            anchor="a",
            mover="b",
            method=method,
            inference=Permutation(n=499, seed=seed),
        )

    return measure


MEASURES: dict[str, Callable[[int], DirectedPairs]] = {
    "nearest neighbours": lambda seed: nearest_coagglomeration(
        _economy(seed), anchor="a", mover="b"
    ),
    "Wasserstein, every draw solved": _transport("exact"),
    "Wasserstein, auto": _transport("auto"),
}


def main(file: str) -> None:
    """Measure, print and draw."""
    mpl.rcParams["svg.hashsalt"] = "null calibration"
    figure, ax = plt.subplots(figsize=(5.2, 4.4), layout="constrained")
    at = (np.arange(PAIRS) + 0.5) / PAIRS
    ax.axline((0, 0), slope=1, color="#6B7280", lw=0.8)
    for (name, measure), colour in zip(
        MEASURES.items(), ("#0072B2", "#D55E00", "#009E73"), strict=True
    ):
        found = [measure(seed) for seed in range(PAIRS)]
        p = np.array([f.p[0] for f in found])
        z = np.array([f.z[0] for f in found])
        ks = kstest(p, "uniform").pvalue
        ax.plot(at, np.sort(p), color=colour, label=f"{name} (KS p = {ks:.2f})")
        sys.stdout.write(
            f"{name}: KS p {ks:.3f}, z {z.mean():.2f} ± {z.std():.2f}, "
            f"p <= 0.05 in {np.mean(p <= 0.05):.1%}\n"
        )
    ax.legend(frameon=False, fontsize=8)
    ax.set(xlabel="uniform", ylabel="p of 300 null pairs, sorted", aspect="equal")
    figure.savefig(file, metadata={"Date": None})


if __name__ == "__main__":
    main(sys.argv[1])
