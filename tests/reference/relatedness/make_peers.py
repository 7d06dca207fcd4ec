"""Run the published packages on one small table and write what they say.

Each package in its own environment, by hand; the test reads `peers.json` only::

    python make_peers.py ecomplexity econcomplex          # ecomplexity 0.5.3, econcomplex 1.0.1
    python make_peers.py economic_complexity              # 0.3.0, with pandas below 3

A path to the world trade of the shared data as `--trade FILE --out FOLDER` writes the
arrays of that table instead, for the differences that the documentation quotes.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent


def small_table() -> pd.DataFrame:
    """14 regions and 18 activities, nested with noise, a third of the cells empty."""
    rng = np.random.default_rng(20)
    able = np.linspace(-2, 2, 14)[:, None] - np.linspace(-2, 2, 18)
    chance = 1 / (1 + np.exp(-2.0 * able - rng.normal(0, 1, able.shape)))
    x = rng.poisson(60 * chance * rng.lognormal(0, 0.6, able.shape)).astype(float)
    return pd.DataFrame(
        x, [f"r{k:02d}" for k in range(14)], [f"a{k:02d}" for k in range(18)]
    )


def ecomplexity(x: pd.DataFrame) -> dict[str, np.ndarray]:
    from ecomplexity import ecomplexity as run
    from ecomplexity import proximity

    long = x.stack().rename("v").reset_index()
    long.columns = ["l", "p", "v"]
    long["t"] = 2000
    names = {"time": "t", "loc": "l", "prod": "p", "val": "v"}
    out = run(long, names, check_logsupermodularity=False, verbose=False)
    near = proximity(long, names)

    def wide(column: str) -> np.ndarray:
        table = out.pivot_table(index="l", columns="p", values=column)
        return table.reindex(index=x.index, columns=x.columns).to_numpy()

    near.columns = [*near.columns[:-3], "one", "other", "phi"]
    phi = near.pivot_table(index="one", columns="other", values="phi")
    phi = phi.reindex(index=x.columns, columns=x.columns).to_numpy().copy()
    np.fill_diagonal(phi, 1.0)
    return {
        "presence": wide("mcp"),
        "phi": phi,
        "density": wide("density"),
        "eci": wide("eci")[:, 0],
        "pci": wide("pci")[0],
        "coi": wide("coi")[:, 0],
        "cog": wide("cog"),
    }


def economic_complexity(x: pd.DataFrame) -> dict[str, np.ndarray]:
    import economic_complexity as ec

    quotient = ec.rca(x)
    eci, pci = ec.complexity(quotient)
    phi = ec.proximity(quotient)
    return {
        "presence": (quotient >= 1).to_numpy().astype(float),
        "phi": phi.to_numpy(),
        "density": ec.relatedness(quotient, proximities=phi).to_numpy(),
        "eci": eci.to_numpy(),
        "pci": pci.to_numpy(),
        "gain": ec.opportunity_gain(quotient, pci=pci, proximities=phi).to_numpy(),
        "relative": ec.relative_relatedness(quotient, proximities=phi).to_numpy(),
        "similarity": ec.similarity(quotient).to_numpy(),
    }


def econcomplex(x: pd.DataFrame) -> dict[str, np.ndarray]:
    from econcomplex.complexity.eci_pci import eci_pci
    from econcomplex.complexity.fitness import fitness_complexity
    from econcomplex.core.rca import mcp
    from econcomplex.outlook.coi_cog import (
        complexity_outlook_gain,
        complexity_outlook_index,
    )
    from econcomplex.productivity.prody import expy, product_gini_index, prody
    from econcomplex.relatedness.density import (
        relatedness_density,
        relative_relatedness,
    )
    from econcomplex.relatedness.proximity import proximity
    from econcomplex.specialization.similarity import export_similarity

    eci, pci = eci_pci(x, trim=False)
    fit, quality = fitness_complexity(x, iterations=19, tol=0.0)
    income = pd.Series(np.arange(1.0, len(x) + 1), x.index)
    return {
        "presence": np.asarray(mcp(x), dtype=float),
        "phi": np.asarray(proximity(x, compute="product")["product"], dtype=float),
        "density": np.asarray(relatedness_density(x), dtype=float),
        "relative": np.asarray(relative_relatedness(x), dtype=float),
        "eci": np.asarray(eci, dtype=float),
        "pci": np.asarray(pci, dtype=float),
        "fitness": np.asarray(fit, dtype=float),
        "quality": np.asarray(quality, dtype=float),
        "coi": np.asarray(complexity_outlook_index(x, pci), dtype=float),
        "cog": np.asarray(complexity_outlook_gain(x, pci), dtype=float),
        "prody": np.asarray(prody(x, income), dtype=float),
        "expy": np.asarray(expy(x, income), dtype=float),
        "gini": np.asarray(product_gini_index(x, income), dtype=float),
        "similarity": np.asarray(export_similarity(x), dtype=float),
    }


PEERS = {
    "ecomplexity": ("ecomplexity", ecomplexity),
    "economic_complexity": ("economic-complexity", economic_complexity),
    "econcomplex": ("econcomplex", econcomplex),
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("peer", nargs="+", choices=list(PEERS))
    parser.add_argument("--trade", type=Path)
    parser.add_argument("--out", type=Path, default=HERE)
    given = parser.parse_args()
    x = small_table()
    if given.trade:
        text = {"country": str, "product": str}
        long = pd.read_csv(given.trade, dtype=text, keep_default_na=False)
        long["value"] = long["value"].astype(float)
        x = long.pivot_table(
            index="country", columns="product", values="value", aggfunc="sum"
        ).fillna(0.0)
    found = {}
    for name in given.peer:
        package, run = PEERS[name]
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            arrays = run(x)
        if given.trade:
            np.savez(given.out / f"{name}.npz", **arrays)
            continue
        found[name] = {
            "package": package,
            "version": version(package),
            **{k: np.asarray(v).tolist() for k, v in arrays.items()},
        }
    if given.trade:
        return
    file = given.out / "peers.json"
    whole = json.loads(file.read_text()) if file.exists() else {}
    whole["table"] = {
        "region": x.index.tolist(),
        "activity": x.columns.tolist(),
        "values": x.to_numpy().tolist(),
    }
    file.write_text(json.dumps(whole | found, indent=None) + "\n")


if __name__ == "__main__":
    main()
