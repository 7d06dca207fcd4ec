"""Plain names of results: the twin of a page; values as one file."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from agglo.observatory.api.answers import split_codes
from agglo.observatory.pages.indicators import INDICATORS


def test_a_profile_is_the_twin_of_its_page(served):
    industry = served.data("/industries")[3]["id"]
    for kind, code in (("region", "R003"), ("industry", industry)):
        twin = served.client.get(f"/{kind}/{code}.json").json()["data"]
        assert served.data(f"/profiles/{kind}/{code}") == twin
        assert twin["chosen"] == {kind: code}
        assert any(view["data"] for view in twin["views"])


def test_a_cluster_is_found_whichever_selector_holds_it(served):
    table = served.release.table("concentration.clusters")
    name = table["cluster"][0].as_py()
    found = served.data(f"/profiles/cluster/{name}")
    assert found["chosen"] == {"cluster": name}
    views = {view["id"]: view for view in found["views"]}
    assert {row["cluster"] for row in views["cluster.where"]["data"]} == {name}


def test_compared_regions_are_the_ones_asked_for(served):
    found = served.data("/compare?regions=R003,R004,R007")
    rows = {view["id"]: view["data"] for view in found["views"]}["compare.quotients"]
    assert {row["region"] for row in rows} == {"R003", "R004", "R007"}
    alone = served.data("/views/compare.quotients?regions=R004&limit=10000")
    both = served.data("/views/compare.quotients?regions=R004,R003&limit=10000")
    assert [row for row in both if row["region"] == "R004"] == alone
    assert len(both) > len(alone)


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [("/compare?regions=R003", 422, "bad_number"), ("/compare", 400, "bad_value"),
     ("/compare?regions=R003,R003", 422, "bad_number"),
     ("/compare?regions=R003,nowhere", 404, "unknown_value"),
     ("/compare?regions=" + ",".join(f"R{i:03d}" for i in range(11)), 422, "bad_number"),
     ("/profiles/region/nowhere", 404, "unknown_value"), ("/profiles/planet/R003", 400, "bad_value"),
     ("/matches/other", 404, "unknown_study"), ("/networks/branch", 404, "not_released")],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_its_code(served, path, status, code):
    answer = served.get(path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["fix"] or code == "bad_value"


def test_studies_without_results_say_what_is_missing(served):
    for path in ("/space", "/coagglomeration", "/matches/digital", "/evaluations/current",
                 "/scoreboards/formation"):  # fmt: skip
        found = served.data(path)
        assert found["available"] is False
        assert found["missing"]["en"]
        assert found["missing"]["zh"]


def test_codes_with_commas_survive():
    assert split_codes("a%2Cb,c,,c,%252C") == ["a,b", "c", "%2C"]


def test_values_in_one_parquet_file(served):
    whole = pq.read_table(io.BytesIO(served.get("/values.parquet").content))
    held = [i.id for i in INDICATORS.values() if i.table in served.release]
    assert sorted(set(whole["indicator"].to_pylist())) == sorted(held)
    one = served.data("/values?indicator=lq&region=R003&limit=10000")
    part = pq.read_table(
        io.BytesIO(served.get("/values.parquet?indicator=lq&region=R003").content)
    )
    assert part.to_pylist() == one
    assert part.schema == whole.schema
    asked = {"accept": "application/vnd.apache.arrow.stream"}
    stream = served.get("/values?indicator=lq&region=R003", headers=asked).content
    assert pa.ipc.open_stream(stream).read_all().to_pylist() == one
    of_region = pq.read_table(
        io.BytesIO(served.get("/values.parquet?region=R003").content)
    )
    assert set(of_region["region"].to_pylist()) == {"R003"}
    assert "gamma" not in of_region["indicator"].to_pylist()


def test_values_of_nothing_are_an_empty_table(served):
    body = served.get("/values.parquet?region=R003&industry=nowhere").content
    assert pq.read_table(io.BytesIO(body)).num_rows == 0


def test_too_many_values_are_refused(serve):
    from agglo.observatory.api import Limits

    answer = serve(limits=Limits(file_rows=10)).get("/values.csv")
    assert answer.status_code == 413
    assert answer.json()["code"] == "too_many_rows"
