"""A study of several stages that take their time and write several files each."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from agglo.runs import Project, Registry
from agglo.studies.contract import Finding, Stage, StageInputs, StageOutput, Study
from tests.runs.small import READER, SmallOptions, write_project

N_STAGES = 5
SECONDS = 0.1


def stage(number: int, inputs: StageInputs) -> StageOutput:
    """Add noise to what the stage before left; write three tables and a document."""
    if number == 0:
        values = np.array(inputs.table("activity")["employment"].to_pylist())
    else:
        before = f"stage_{number - 1}"
        values = inputs.result(before, f"values_{number - 1}_0")["value"].to_numpy()
    rng = np.random.default_rng([inputs.seed, number])
    tables = {}
    for part in range(3):
        time.sleep(SECONDS / 3)
        inputs.progress(part, 3, "part")
        noisy = values + rng.normal(size=values.size)
        tables[f"values_{number}_{part}"] = pa.table({"value": noisy})
    documents = {f"mean_{number}": float(values.mean())}
    if number < N_STAGES - 1:
        return StageOutput(tables=tables, documents=documents)
    finding = Finding(id="mean", question="Mean?", answer="", estimate=values.mean())
    return StageOutput(
        tables=tables,
        documents=documents | {"findings": [finding.to_dict()]},
        files={"report.html": b"<p>done</p>"},
    )


def _stage(number: int) -> Stage:
    return Stage(
        name=f"stage_{number}",
        run=partial(stage, number),
        tables=("activity",) if number == 0 else (),
        after=(f"stage_{number - 1}",) if number else (),
    )


SLOW = Study(
    name="slow",
    title={"en": "Slow study", "zh": "慢研究"},
    question={"en": "How long?", "zh": "多久？"},
    options=SmallOptions,
    stages=tuple(_stage(n) for n in range(N_STAGES)),
)

REGISTRY = Registry(studies={"slow": SLOW}, readers={"small": READER})


def make(folder: Path, changed: bool = False) -> Project:
    """Make the project, with one number changed on request."""
    project = write_project(folder)
    toml = folder / "agglo.toml"
    toml.write_text(toml.read_text().replace(f'"{folder.name}"', '"slow"', 1))
    if changed:
        change(folder)
    return project


def change(folder: Path) -> None:
    """Change one number of the input."""
    file = folder / "data" / "jobs.csv"
    file.write_text(file.read_text().replace("60", "61"))
