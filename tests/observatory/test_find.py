"""The find box: hanzi, pinyin, initials, English, codes, old names."""

from __future__ import annotations

import pyarrow as pa
import pytest

from agglo.observatory.api.listing import code_list, find
from agglo.observatory.api.stock import Stock
from agglo.observatory.release import Release
from agglo.observatory.spelling import has_pinyin, pinyin_of, spelling_table
from agglo.store import write_table

REGIONS = pa.table(
    {
        "region": ["500000", "510100", "610100", "361100"],
        "name_en": ["Chongqing", "Chengdu", "Xi'an", "Shangrao"],
        "name_zh": ["重庆市", "成都市", "西安市", "上饶市"],
        "world": [""] * 4,
    }
)
INDUSTRIES = pa.table(
    {
        "industry": ["C21", "C36"],
        "name_zh": ["家具制造业", "汽车制造业"],
        "world": ["", ""],
    }
)


@pytest.fixture(scope="module")
def stock(tmp_path_factory) -> Stock:
    folder = tmp_path_factory.mktemp("find")
    names = {"regions": REGIONS, "industries": INDUSTRIES}
    tables = {
        **{f"project.{name}": table for name, table in names.items()},
        "project.spellings": spelling_table(
            names, [("锦官城", "510100"), ("长安", "610100"), ("Nowhere", "999999")]
        ),
    }
    for name, table in tables.items():
        write_table(folder / f"{name}.parquet", table)
    return Stock(Release(folder, {"id": "x", "tables": {
        name: {"file": f"{name}.parquet"} for name in tables}}))  # fmt: skip


def _first(stock, words):
    hits = find(stock, words)
    return (hits[0]["id"], hits[0]["by"]) if hits else None


@pytest.mark.parametrize(
    ("words", "code", "by"),
    [("重庆", "500000", "name"), ("chengdu", "510100", "name"), ("510100", "510100", "name"),
     ("长安", "610100", "old_name"), ("锦官城", "510100", "old_name"), ("家具", "C21", "name")],
)  # fmt: skip
def test_names_codes_and_old_names_are_found(stock, words, code, by):
    assert _first(stock, words) == (code, by)


@pytest.mark.parametrize(
    ("words", "code", "by"),
    [("chongqingshi", "500000", "pinyin"), ("cqs", "500000", "initials"),
     ("cds", "510100", "initials"), ("xi an shi", "610100", "pinyin"),
     ("changan", "610100", "old_name"), ("jiaju", "C21", "pinyin"),
     ("qczzy", "C36", "initials"), ("QiChe", "C36", "pinyin")],
)  # fmt: skip
def test_pinyin_and_initials_are_found(stock, words, code, by):
    if not has_pinyin():
        pytest.skip("pypinyin is not installed (extra pinyin)")
    assert _first(stock, words) == (code, by)


def test_a_code_that_is_no_region_of_the_project_is_not_found(stock):
    assert find(stock, "nowhere") == []
    assert find(stock, "  ") == []


def test_code_lists_carry_the_other_spellings_for_search_without_a_server(stock):
    also = {entry["id"]: entry["also"] for entry in code_list(stock, "regions")}
    assert "锦官城" in also["510100"]
    assert also["500000"] == (["chongqingshi", "cqs"] if has_pinyin() else [])


def test_readings_follow_the_words_of_a_name():
    if not has_pinyin():
        pytest.skip("pypinyin is not installed (extra pinyin)")
    assert pinyin_of("重庆市")[0] == "chongqingshi"
    assert pinyin_of("吕梁市")[0] == "lvliangshi"
    assert pinyin_of("R001") == ("", "")


def test_what_is_found_can_be_opened_where_it_is_chosen(served):
    """Every hit names a page and a selector that offers it; parents of industries have none."""
    stock = Stock(served.release)
    hits = [h for word in ("R0", "0", "generated") for h in find(stock, word, 500)]
    assert {h["kind"] for h in hits} >= {"region", "industry"}
    offered = {
        (page["id"], s["id"]): {o["value"] for o in s["options"] or ()}
        for page in (served.data(f"/pages/{i}") for i in {h["page"] for h in hits})
        for s in page["selectors"]
    }
    for hit in hits:
        if hit["kind"] != "page":
            assert hit["id"] in offered[hit["page"], hit["key"]]
            assert hit["page"] == hit["kind"]
