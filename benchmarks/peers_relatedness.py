"""Run a published package on a table and time it, in whatever environment has it.

``python peers_relatedness.py PACKAGE table.npy answer.json``: reads a matrix of regions x
activities, writes seconds (processor and wall), peak memory and the index of regions. Exit code 3: the
package is not installed there.
"""

from __future__ import annotations

import contextlib
import io
import json
import resource
import sys
import time
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np


def ecomplexity(x: np.ndarray) -> np.ndarray:
    """Presence, proximity, density, outlook and complexity, as the package does at once."""
    import pandas as pd
    from ecomplexity import ecomplexity as run

    n = len(x)
    row, column = np.nonzero(x)
    long = pd.DataFrame({"t": 2000, "l": row, "p": column, "v": x[row, column]})
    names = {"time": "t", "loc": "l", "prod": "p", "val": "v"}
    start()
    with contextlib.redirect_stdout(io.StringIO()):
        out = run(long, names, check_logsupermodularity=False, verbose=False)
    stop()
    return out.groupby("l")["eci"].first().reindex(range(n)).to_numpy()


def econcomplex(x: np.ndarray) -> np.ndarray:
    """The same four, by the functions of the package."""
    from econcomplex.complexity.eci_pci import eci_pci
    from econcomplex.relatedness.density import relatedness_density
    from econcomplex.relatedness.proximity import proximity

    start()
    proximity(x, compute="product")
    relatedness_density(x)
    eci, _ = eci_pci(x, trim=False)
    stop()
    return np.asarray(eci, dtype=float)


_CLOCK: list[float] = []


def start() -> None:
    """Note when the package begins, after it was imported."""
    _CLOCK[:] = [time.perf_counter(), time.process_time()]


def stop() -> None:
    """Note how long it took."""
    _CLOCK[:] = [time.perf_counter() - _CLOCK[0], time.process_time() - _CLOCK[1]]


PEERS = {"ecomplexity": ecomplexity, "econcomplex": econcomplex}


def main() -> None:
    """Run one package."""
    name, table, answer = sys.argv[1:4]
    x = np.load(table)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            eci = PEERS[name](x)
    except ImportError:
        sys.exit(3)
    found = {
        "version": version(name),
        "seconds": _CLOCK[0],
        "processor_seconds": _CLOCK[1],
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "eci": eci.tolist(),
    }
    Path(answer).write_text(json.dumps(found))


if __name__ == "__main__":
    main()
