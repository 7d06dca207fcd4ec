"""A release that is swapped while it is read, and answers asked at once."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from agglo.observatory.api import Settings
from agglo.observatory.api.problems import ApiError
from agglo.observatory.api.shelf import Shelf
from agglo.observatory.release import CURRENT
from agglo.store import write_text
from tests.observatory.conftest import client_of


@pytest.fixture
def two(project, release, tmp_path) -> tuple[Path, list[str]]:
    """Give a folder with two releases that differ in their version."""
    shutil.copytree(project / "release", tmp_path / "release")
    other = "f" * 16
    folder = tmp_path / "release" / other
    shutil.copytree(release.folder, folder)
    catalogue = folder / "release.json"
    whole = json.loads(catalogue.read_text("utf-8"))
    catalogue.write_text(json.dumps({**whole, "id": other, "version": "next"}))
    return tmp_path, [release.id, other]


def test_readers_see_one_release_or_the_other_while_it_is_swapped(two):
    folder, ids = two
    client = client_of(folder, Settings())
    versions = {ids[0]: "0", ids[1]: "next"}
    pointer = folder / "release" / CURRENT["private"]

    def read(at: int) -> tuple[str, str, int]:
        if at % 5 == 0:
            write_text(pointer, f"{ids[(at // 5) % 2]}\n")
        answer = client.get("/api/v1/views/industry.ranking?limit=50")
        assert answer.status_code == 200
        meta = answer.json()["meta"]
        return meta["release"], meta["version"], len(answer.json()["data"])

    with ThreadPoolExecutor(4) as pool:
        seen = list(pool.map(read, range(80)))
    assert {release for release, _, _ in seen} == set(ids)
    assert len({rows for _, _, rows in seen}) == 1
    for release, version, _ in seen:
        assert (version == "next") == (versions[release] == "next")


def test_the_next_request_sees_the_new_release(two):
    folder, ids = two
    shelf = Shelf(folder, "private")
    assert shelf.current().release.id == ids[0]
    kept = shelf.current()
    write_text(folder / "release" / CURRENT["private"], f"{ids[1]}\n")
    assert shelf.current().release.id == ids[1]
    assert kept.table("concentration.regions").num_rows > 0


def test_paging_across_a_swap_is_said(two):
    folder, ids = two
    client = client_of(folder, Settings())
    page = client.get("/api/v1/views/industry.ranking?limit=3").json()["page"]
    write_text(folder / "release" / CURRENT["private"], f"{ids[1]}\n")
    answer = client.get(f"/api/v1/views/industry.ranking?limit=3&cursor={page['next']}")
    assert answer.status_code == 409
    assert answer.json()["code"] == "other_release"


@pytest.mark.parametrize("pointer", [None, "", "nothing-here", "../.."])
def test_without_a_release_the_answer_is_try_again(two, pointer):
    folder, _ = two
    path = folder / "release" / CURRENT["private"]
    path.unlink() if pointer is None else path.write_text(pointer)
    answer = client_of(folder, Settings()).get("/api/v1/meta")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    with pytest.raises(ApiError):
        Shelf(folder, "private").current()


def test_many_readers_at_once_get_the_same_bytes(served):
    paths = [f"/views/map.quotient?limit={n}" for n in (5, 50)] * 20

    def read(path: str) -> bytes:
        return served.get(path).content

    with ThreadPoolExecutor(8) as pool:
        bodies = list(pool.map(read, paths))
    assert len(set(bodies)) == 2
