"""A small reader and a small study, for tests of the machinery around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from agglo.core.errors import OptionError, SourceError
from agglo.runs import Project, Registry
from agglo.runs.hashes import hash_file
from agglo.sources import Origin, Reader, ReaderOption, SourceTable
from agglo.studies.contract import (
    Demo,
    Finding,
    Stage,
    StageInputs,
    StageOutput,
    Study,
)

ROWS = "region,industry,period,employment\n01,x,2021,10\n01,y,2021,30\n02,x,2021,60\n"


def read_small(
    paths: Sequence[Path], *, table: str = "activity", unit: str = ""
) -> tuple[SourceTable, ...]:
    """Read CSV files into one table; codes stay text."""
    title = Path(unit).read_text() if unit else "small"
    names = ("region", "industry", "period")
    types = dict.fromkeys(names, pa.string()) | {"employment": pa.float64()}
    options = csv.ConvertOptions(column_types=types)
    try:
        parts = [csv.read_csv(p, convert_options=options) for p in paths]
    except pa.ArrowInvalid as error:
        raise SourceError(str(error)) from error
    files = tuple((p.name, hash_file(p)) for p in paths)
    origin = Origin(title=title, publisher="us", licence="", citation="", files=files)
    return (SourceTable(table=table, data=pa.concat_tables(parts), origin=origin),)


@dataclass(frozen=True, kw_only=True)
class SmallOptions:
    """Options of the small study."""

    factor: float = 1.0
    words: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.factor <= 0:
            msg = "factor must be positive"
            raise OptionError(msg)


def sums(inputs: StageInputs) -> StageOutput:
    """Sum employment by region and draw one number from the seed."""
    options = inputs.options_as(SmallOptions)
    table = inputs.table("activity")
    total = table.group_by("region").aggregate([("employment", "sum")])
    total = total.sort_by("region")
    scaled = pc.multiply(total["employment_sum"], options.factor)
    draw = float(np.random.default_rng(inputs.seed).normal())
    return StageOutput(
        tables={"sums": pa.table({"region": total["region"], "jobs": scaled})},
        documents={"draw": draw},
    )


def report(inputs: StageInputs) -> StageOutput:
    """Turn the sums into one finding and a page."""
    jobs = inputs.result("sums", "sums")["jobs"].to_pylist()
    draw = inputs.document("sums", "draw")
    finding = Finding(
        id="largest",
        question="How many jobs has the largest region?",
        answer=f"{max(jobs):g} (noise {draw})",
        estimate=max(jobs),
        evidence=("sums",),
    )
    origins = ", ".join(o.title for o in inputs.project.origins)
    page = f"<h1>{inputs.project.title}</h1><p>{origins}</p>"
    return StageOutput(
        documents={"findings": [finding.to_dict()]},
        files={"report.html": page.encode()},
    )


def small_demo(seed: int) -> Demo:
    """Give a file whose numbers depend on the seed."""
    text = ROWS + f"03,x,2021,{seed}\n"
    entry = {"id": "jobs", "source": "small", "files": ["data/jobs.csv"]}
    return Demo(
        files={"data/jobs.csv": text.encode()},
        imports=(entry,),
        options={"factor": 2.0},
    )


SMALL = Study(
    name="small",
    title={"en": "Small study", "zh": "小研究"},
    question={"en": "How large?", "zh": "多大？"},
    options=SmallOptions,
    stages=(
        Stage(name="sums", run=sums, tables=("activity",)),
        Stage(name="report", run=report, after=("sums",), optional=("regions",)),
    ),
    demo=small_demo,
)

NEEDY = Study(
    name="needy",
    title={"en": "Needy study", "zh": "缺数据"},
    question={"en": "What links?", "zh": "联系？"},
    options=SmallOptions,
    stages=(Stage(name="all", run=report, tables=("links",)),),
)

READER = Reader(
    name="small",
    summary="Small CSV files.",
    tables=("*",),
    function=read_small,
    options=(
        ReaderOption(
            name="table",
            type="text",
            help="Table of the data model.",
            default="activity",
            choices=("activity", "regions"),
        ),
        ReaderOption(name="unit", type="path", help="A file that is read too."),
    ),
)

REGISTRY = Registry(studies={"small": SMALL, "needy": NEEDY}, readers={"small": READER})


def write_project(folder: Path, rows: str = ROWS, extra: str = "") -> Project:
    """Make a project whose one import reads the given CSV text."""
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "jobs.csv").write_text(rows)
    text = f'[project]\nname = "{folder.name}"\n\n[[import]]\nid = "jobs"\n'
    text += 'source = "small"\nfiles = ["data/jobs.csv"]\n'
    (folder / "agglo.toml").write_text(text + extra)
    return Project.open(folder)


def tree(folder: Path) -> dict[str, bytes]:
    """Give every published file of a project with its bytes."""
    found = {}
    for top in ("tables", "results", "manifest.json"):
        start = folder / top
        files = [start] if start.is_file() else sorted(start.rglob("*"))
        for path in files:
            if path.is_file():
                found[path.relative_to(folder).as_posix()] = path.read_bytes()
    return found
