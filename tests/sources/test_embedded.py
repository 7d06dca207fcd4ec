"""The lists of the package: complete, with status, equal to the shared files."""

import hashlib
import warnings
from importlib.resources import files

import pytest

import agglo as ag
from agglo.core.checks import check_table
from agglo.sources import (
    china_cities,
    industry_tree,
    label_dictionary,
    national_clusters,
    online_belts,
)

# published totals and rows here: README of the folder, counted by hand
CLUSTERS = {"MIIT": (70, 130), "NDRC": (66, 66), "MOST": (28, 28)}


@pytest.mark.parametrize("programme", sorted(CLUSTERS))
def test_lists_are_complete_and_follow_the_schema(programme):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ag.DataWarning)
        table = national_clusters(programme)
    clusters, links = CLUSTERS[programme]
    assert len(set(table.data["cluster"].to_pylist())) == clusters
    assert table.n_rows == links
    cities = china_cities().data
    assert check_table(table.data, "designations").problems == ()
    assert set(table.data["city"].to_pylist()) <= set(cities["region"].to_pylist())


def test_unverified_rows_are_announced_and_can_be_left_out():
    with pytest.warns(ag.DataWarning, match="15 of 70 clusters are unverified"):
        national_clusters("MIIT")
    with pytest.warns(ag.DataWarning, match="55 of 66"):
        national_clusters("NDRC")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sourced = national_clusters(only_sourced=True)
    assert set(sourced.data["status"].to_pylist()) == {"sourced"}
    assert len(set(sourced.data["cluster"].to_pylist())) == 55 + 11 + 28


def test_weights_of_a_cluster_add_up_to_one():
    with pytest.warns(ag.DataWarning):
        rows = national_clusters().data.to_pylist()
    total: dict[str, float] = {}
    for row in rows:
        total[row["cluster"]] = total.get(row["cluster"], 0.0) + row["weight"]
    assert all(v == pytest.approx(1.0, abs=1e-9) for v in total.values())
    assert len(total) == 164


def test_every_label_is_in_the_dictionary_and_every_node_in_the_tree():
    known = set(label_dictionary()["label_zh"].to_pylist())
    nodes = set(industry_tree().data["industry"].to_pylist())
    with pytest.warns(ag.DataWarning):
        labels = set(national_clusters().data["industry_label"].to_pylist())
    labels |= set(online_belts().data["industry_label"].to_pylist())
    assert labels <= known
    used = {
        n for ids in label_dictionary()["node_ids"].to_pylist() for n in ids.split(";")
    }
    assert used <= nodes


def test_unknown_programmes_are_suggested():
    with pytest.raises(ag.OptionError, match="Did you mean 'MIIT'"):
        national_clusters("MIT")


def test_files_are_those_of_the_shared_folder(shared_data):
    here = files("agglo.sources") / "data" / "china_clusters"
    there = shared_data / "china_clusters"
    for entry in here.iterdir():
        if entry.name == "README.md":
            continue
        ours = hashlib.sha256(entry.read_bytes()).hexdigest()
        assert ours == hashlib.sha256((there / entry.name).read_bytes()).hexdigest()
