"""The hashes of a release computed anew: what one changed byte does."""

from __future__ import annotations

import shutil
from dataclasses import replace

from agglo.observatory.release import wrong_parts


def test_a_release_is_as_recorded(release):
    assert wrong_parts(release) == []


def test_a_changed_table_and_a_changed_catalogue_are_named(release, tmp_path):
    folder = tmp_path / "release"
    shutil.copytree(release.folder, folder)
    other = replace(release, folder=folder)
    names = sorted(n for n in release.tables if n.startswith("concentration."))
    first, last = (str(release.tables[n]["file"]) for n in (names[0], names[-1]))
    # one table in the place of another, and one that is no table any more
    shutil.copyfile(folder / last, folder / first)
    (folder / last).write_bytes(b"PAR1")
    assert wrong_parts(other) == [names[0], names[-1]]
    forged = replace(release, catalogue={**release.catalogue, "certificate": {}})
    assert wrong_parts(forged) == ["release.json"]


def test_the_page_can_ask_for_it(served):
    name = served.release.id
    answer = served.get(f"/manifests/{name}/check")
    assert answer.json()["data"] == {"checked": len(served.release.tables), "wrong": []}
    assert answer.headers["cache-control"] == "no-store"
    assert served.get("/manifests/other/check").status_code == 404
