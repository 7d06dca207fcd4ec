"""A small project with hostile names, its releases, and clients that may only ask it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from starlette.testclient import TestClient

from agglo.observatory.api import Settings, create_app
from agglo.observatory.release import Release, build_release
from agglo.runs import start
from agglo.runs.toml_text import import_entry_text, project_text, study_text
from agglo.simulate import simulate_country
from agglo.store import write_table, write_text
from tests.observatory.visits import address, browser, demo, one_file, visit

# one browser and one demo for all files of this folder
__all__ = ["address", "browser", "demo", "one_file", "visit"]

# values that no aggregate can give by chance, and that no public answer may hold
CANARIES = (4321.1875, 3456.8125)
HOSTILE = (
    "<script>alert(1)</script>",
    '=HYPERLINK("//x.invalid")',
    "</script><img src=x onerror=alert(1)>",
    "\"'><svg onload=alert(1)>",
    "@SUM(A1)\t+1",
)
_FAST = {
    "quotient_draws": 199,
    "rank_draws": 19,
    "chance_draws": 19,
    "cluster_draws": 19,
    "jackknife_groups": 4,
}


def _named(table: pa.Table, column: str) -> pa.Table:
    names = table[column].to_pylist()
    for at, name in enumerate(HOSTILE):
        names[at] = name
    where = table.column_names.index(column)
    return table.set_column(where, column, pa.array(names, pa.string()))


def _with_canaries(plants: pa.Table) -> pa.Table:
    """Give two plants of their own cells sizes that are seen at once when they leak."""
    cells = list(
        zip(plants["region"].to_pylist(), plants["industry"].to_pylist(), strict=True)
    )
    own = {cells[0]: 0, cells[-1]: len(cells) - 1}
    alone = [own.get(cell, i) == i for i, cell in enumerate(cells)]
    plants = plants.filter(pa.array(alone))
    jobs = plants["employment"].to_pylist()
    jobs[0], jobs[-1] = CANARIES
    where = plants.column_names.index("employment")
    return plants.set_column(where, "employment", pa.array(jobs, pa.float64()))


def _cells(plants: pa.Table) -> pa.Table:
    """Count plants and jobs by region and industry."""
    known = plants.filter(pc.is_valid(plants["employment"]))
    found = known.group_by(["region", "industry"]).aggregate(
        [("employment", "sum"), ("employment", "count")]
    )
    jobs = found["employment_sum"].cast(pa.float64())
    return pa.table(
        {
            "region": found["region"],
            "industry": found["industry"],
            "period": pa.array(["2021"] * found.num_rows),
            "employment": jobs,
            "establishments": found["employment_count"].cast(pa.float64()),
        }
    )


def make_project(folder: Path) -> Path:
    """Write a generated country with hostile names and run the concentration study."""
    country = simulate_country(
        n_regions=20, n_industries=20, n_plants=1500, n_periods=2, seed=3
    ).tables()
    country["regions"] = _named(country["regions"], "name_en")
    country["industries"] = _named(country["industries"], "name_zh")
    country["establishments"] = _with_canaries(country["establishments"])
    country["activity"] = _cells(country["establishments"])
    text = project_text("small", "Small & <b>bold</b>", "en", 7, generated=True)
    for name, table in country.items():
        write_table(folder / "sources" / f"{name}.parquet", table)
        options = {"table": name, "title": "Made up", "publisher": "tests",
                   "licence": "none needed"}  # fmt: skip
        text += "\n" + import_entry_text(
            name, "table", [f"sources/{name}.parquet"], options
        )
    write_text(folder / "agglo.toml", text + "\n" + study_text("concentration", _FAST))
    start(folder, "concentration")
    return folder


@dataclass(frozen=True)
class Served:
    """A project, its release, and a client of its application."""

    project: Path
    release: Release
    settings: Settings
    client: TestClient

    def get(self, path: str, **more):
        """Ask the API."""
        return self.client.get(f"/api/v1{path}", **more)

    def data(self, path: str):
        """Give the data of an answer that must be there."""
        answer = self.get(path)
        assert answer.status_code == 200, (path, answer.text[:400])
        return answer.json()["data"]


def client_of(project: Path, settings: Settings) -> TestClient:
    """Give a client with the cookie of this start."""
    base = f"http://127.0.0.1:{settings.port}"
    return TestClient(
        create_app(project, settings),
        base_url=base,
        cookies={settings.cookie: settings.token},
        follow_redirects=False,
        raise_server_exceptions=True,
    )


@pytest.fixture(scope="session")
def project(tmp_path_factory) -> Path:
    return make_project(tmp_path_factory.mktemp("observatory"))


@pytest.fixture(scope="session")
def release(project: Path) -> Release:
    return build_release(project)


@pytest.fixture(scope="session")
def served(project: Path, release: Release) -> Served:
    settings = Settings()
    return Served(project, release, settings, client_of(project, settings))


@pytest.fixture(scope="session")
def public(project: Path, release: Release) -> Served:
    del release
    found = build_release(project, mode="public")
    settings = Settings(mode="public")
    return Served(project, found, settings, client_of(project, settings))


@pytest.fixture
def serve(project: Path, release: Release) -> Callable[..., Served]:
    """Give a server with other settings."""

    def make(**settings) -> Served:
        chosen = Settings(**settings)
        return Served(project, release, chosen, client_of(project, chosen))

    return make
