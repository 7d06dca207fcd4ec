"""Own benchmark cluster definitions of the United States, beside the official ones.

All five steps: similarity matrices, a grid of candidates, their scores, the best by the
rule, and proposals of changes decided one by one by a rule that is put on record. Writes
the versions of the definition, the scores of the grid and the log of the decisions.

    python examples/us/definitions.py OUT            the whole grid
    python examples/us/definitions.py OUT --quick    four numbers of groups, one start

The files lie in the folder that the environment variable AGGLO_SHARED names (default:
`shared` beside the repository).
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as frames

import agglo.relatedness as rel

ROOT = Path(__file__).resolve().parents[2]
GRID = tuple(range(30, 61))
QUICK = (30, 40, 51, 60)
ROUNDS = 3
GAIN = 0.0


def say(text: str) -> None:
    """Write a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def shared() -> Path:
    """Folder of the public files."""
    given = os.environ.get("AGGLO_SHARED", "")
    return (Path(given).expanduser() if given else ROOT.parent / "shared") / "data"


def inputs(data: Path) -> tuple[rel.SimilarityMatrices, dict[str, str]]:
    """Matrices of the traded six-digit industries, and their official clusters."""
    words = dict.fromkeys(["fips", "naics", "naics6"], pa.string())
    text = frames.ConvertOptions(column_types=words)
    official = frames.read_csv(
        data / "us_naics2017_to_cluster/naics6_to_cluster.csv", convert_options=text
    )
    official = official.filter(pc.equal(official["traded_local"], "Traded"))
    cells = frames.read_csv(
        data / "us_cbp_county/cbp_county_naics6_2021.csv.gz", convert_options=text
    )
    cells = cells.filter(pc.is_in(cells["naics"], official["naics6"]))
    matrices = rel.similarity_matrices(
        cells,
        region="fips",
        activity="naics",
        value="emp",
        establishments="est",
        input_output=trade(data / "us_bea_io/BEA_Detail_Use_SUT_2017_17sch.csv"),
        input_output_codes=codes(data / "us_bea_io/NAICS_to_BEA_Crosswalk_2017.csv"),
    )
    clusters = official["naics6"].to_pylist(), official["cluster"].to_pylist()
    return matrices, dict(zip(*clusters, strict=True))


def trade(path: Path) -> pa.Table:
    """Flows of the use table; a commodity is taken as the industry of its code."""
    with path.open() as file:
        head, *rows = list(csv.reader(file))
    column = {code: k for k, code in enumerate(head)}
    known = [row for row in rows if row[0] in column]
    flows = [
        (seller[0], buyer[0], float(amount))
        for seller in known
        for buyer in known
        if (amount := seller[column[buyer[0]]]) and float(amount) > 0
    ]
    names = ("seller", "buyer", "flow")
    return pa.table(dict(zip(names, map(list, zip(*flows, strict=True)), strict=True)))


def codes(path: Path) -> dict[str, str]:
    """Industry to its code in the use table; the first where there are several."""
    out: dict[str, str] = {}
    with path.open() as file:
        for row in csv.DictReader(file):
            out.setdefault(row["NAICS_2017_Code"], row["BEA_2017_Detail_Code"])
    return out


def corrected(
    definition: dict[str, str], matrices: rel.SimilarityMatrices, name: str, day: str
) -> tuple[dict[str, str], list[pa.Table]]:
    """Step five in rounds: what raises the overall score by itself is accepted.

    Decisions of people who know the industries would go into the same log.
    """
    current: object = pa.table(
        {
            "industry": list(definition),
            "cluster": list(definition.values()),
            "definition": [name] * len(definition),
        }
    )
    logs = []
    for turn in range(1, ROUNDS + 1):
        log = rel.propose_reassignments(current, matrices)
        for row, action in enumerate(log.action.tolist()):
            if action == "split":
                verdict, why = "rejected", "a split needs someone who knows the trade"
            elif log.after[row] - log.before[row] > GAIN:
                verdict, why = "accepted", "by itself it raises the overall score"
            else:
                verdict, why = "rejected", "by itself it does not raise the score"
            log = log.decide(row, verdict, who="rule of the example", when=day, why=why)
        logs.append(
            log.to_arrow().append_column("round", pa.array([turn] * len(log.decision)))
        )
        if "accepted" not in log.decision:
            break
        current = log.apply(f"{name}, round {turn}")
    table = rel.as_cluster_definitions(current)
    pairs = zip(table.industry_code.tolist(), table.cluster_code.tolist(), strict=True)
    return {str(table.industry[i]): str(table.cluster[c]) for i, c in pairs}, logs


def judged(
    definition: dict[str, str],
    matrices: rel.SimilarityMatrices,
    official: dict[str, str],
) -> dict[str, object]:
    """Scores beside random labels, sizes, and agreement with the official clusters."""
    found = rel.score_definitions(definition, matrices, n_random=20, seed=1)
    agree = rel.compare_definitions(definition, official)
    basic = [i for i, m in enumerate(found.matrix) if m in ("LC-Emp", "LC-Est", "IO")]
    return {
        "clusters": int(found.cluster.size),
        "largest": int(found.size.max()),
        "singletons": int((found.size == 1).sum()),
        "overall": round(found.overall, 1),
        "random": round(float(found.random_mean[basic].mean()), 1),
        "by_matrix": {
            m: round(float(v), 1)
            for m, v in zip(found.matrix, found.scores.mean(axis=1), strict=True)
        },
        "ari": round(agree.adjusted_rand, 3),
        "nmi": round(agree.mutual_information, 3),
        "pairs": round(agree.pairs_together, 3),
    }


def picks(
    found: rel.CandidateScores,
    matrices: rel.SimilarityMatrices,
    official: dict[str, str],
) -> dict[str, object]:
    """Agreement with the official clusters: of each function's best, and of the nearest."""
    grid = found.candidates
    out: dict[str, object] = {}
    for function in dict.fromkeys(grid.function.tolist()):
        rows = np.flatnonzero(grid.function == function)
        row = int(rows[found.overall[rows].argmax()])
        out[function] = {
            "matrix": str(grid.matrix[row]),
            "k": int(grid.k[row]),
            **judged(grid.definition(row), matrices, official),
        }
    return out


def run(data: Path, out: Path, *, quick: bool, day: str) -> dict[str, object]:
    """All five steps; gives what it also writes to `summary.json`."""
    began = time.process_time()
    matrices, official = inputs(data)
    grid = rel.candidate_definitions(
        matrices,
        k=QUICK if quick else GRID,
        n_starts=1 if quick else 4,
        seed=1,
        progress=lambda done, total: say(f"candidates {done} of {total}"),
    )
    made = time.process_time() - began
    found = rel.score_candidates(grid, matrices)
    scored = time.process_time() - began - made
    say(found.summary())
    best = found.definition()
    final, logs = corrected(best, matrices, "own v1", day)
    seen = {
        "industries": int(matrices.industry.size),
        "matrices": list(matrices.name),
        "candidates": int(grid.k.size),
        "chosen": {
            "function": str(grid.function[found.best]),
            "matrix": str(grid.matrix[found.best]),
            "k": int(grid.k[found.best]),
        },
        "official": judged(official, matrices, official),
        "own_step_four": judged(best, matrices, official),
        "own_step_five": judged(final, matrices, official),
        "step_five": [
            {v: log["decision"].to_pylist().count(v) for v in ("accepted", "rejected")}
            for log in logs
        ],
        "best_of_function": picks(found, matrices, official),
        "cpu_seconds": {
            "candidates": round(made, 1),
            "scores": round(scored, 1),
            "all": round(time.process_time() - began, 1),
        },
    }
    write(out, found, best, final, logs, seen)
    return seen


def write(
    out: Path,
    found: rel.CandidateScores,
    best: dict[str, str],
    final: dict[str, str],
    logs: list[pa.Table],
    seen: dict[str, object],
) -> None:
    """Grid, versions of the definition, decisions, summary."""
    out.mkdir(parents=True, exist_ok=True)
    frames.write_csv(found.to_arrow(), out / "candidates.csv")
    frames.write_csv(pa.concat_tables(logs), out / "decisions.csv")
    versions = pa.table(
        {
            "industry": [*best, *final],
            "cluster": [*best.values(), *final.values()],
            "version": ["own v1"] * len(best) + ["own v2"] * len(final),
            "parent": [""] * len(best) + ["own v1"] * len(final),
        }
    )
    frames.write_csv(versions, out / "definitions.csv")
    (out / "summary.json").write_text(json.dumps(seen, indent=1) + "\n")


def main() -> None:
    """Read the arguments, run, and say what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    day = time.strftime("%Y-%m-%d")
    found = run(shared(), given.out, quick=given.quick, day=day)
    say(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
