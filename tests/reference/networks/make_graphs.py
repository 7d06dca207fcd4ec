"""Write the graphs that the tests use: networkx 3.6.1's own copies, edges with weights.

Run by hand: `python tests/reference/networks/make_graphs.py`.
"""

from __future__ import annotations

import json
from pathlib import Path

import networkx as nx

GRAPHS = {
    "les_miserables": nx.les_miserables_graph,
    "florentine_families": nx.florentine_families_graph,
}


def main() -> None:
    for name, make in GRAPHS.items():
        edges = [
            [str(a), str(b), float(d.get("weight", 1))]
            for a, b, d in make().edges(data=True)
        ]
        text = json.dumps({"source": f"networkx {nx.__version__}", "edges": edges})
        (Path(__file__).parent / f"{name}.json").write_text(
            text + "\n", encoding="utf-8"
        )


if __name__ == "__main__":
    main()
