"""City names: the ladder of rules on the real list, and every kind of doubt."""

from __future__ import annotations

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from agglo.core.errors import (
    AlignmentError,
    ColumnNotFoundError,
    InvalidTableError,
    OptionError,
)
from agglo.matching import as_gazetteer, normalise_cities, normalise_city
from agglo.sources import china_cities


def _wide(text):
    """The same text in full-width characters."""
    return "".join(chr(ord(c) + 0xFEE0) for c in text)


@pytest.fixture(scope="module")
def cities():
    return as_gazetteer(china_cities().data)


@pytest.mark.parametrize(
    ("text", "city", "method"),
    [
        ("苏州市", "320500", "exact"),
        ("蘇州市", "320500", "exact"),  # traditional
        ("　苏 州 市 ", "320500", "exact"),  # full-width and inner spaces
        ("\ufeff苏州", "320500", "suffix"),  # byte-order mark
        ("苏州", "320500", "suffix"),
        ("宿州", "341300", "suffix"),
        ("Hangzhou", "330100", "exact"),
        ("hangzhou CITY", "330100", "suffix"),
        (_wide("SUZHOU(Anhui)"), "341300", "exact"),
        ("Suzhou, Anhui", "341300", "exact"),
        ("恩施", "422800", "suffix"),
        ("西双版纳", "532800", "suffix"),
        ("义乌", "330700", "alias"),
        ("義烏市", "330700", "alias"),
        ("晋江", "350500", "alias"),
        ("石狮", "350500", "alias"),
        ("顺德", "440600", "alias"),
        ("乐从", "440600", "alias"),
        ("虎门", "441900", "alias"),
        ("昆山", "320500", "alias"),
        ("江北新区", "320100", "alias"),
        ("浦东新区", "310000", "alias"),  # a district of a municipality
        ("上海市浦东新区", "310000", "alias"),
        ("吉林省长春市", "220100", "exact"),
        ("朝阳", "211300", "suffix"),
        ("澄迈县", "469023", "exact"),  # directly administered: keeps its code
        ("110000", "110000", "code"),
        ("440605", "440600", "rollup"),
        ("310115", "310000", "rollup"),
        ("莱芜市", "370100", "succession"),
        ("371200", "370100", "succession"),
        ("襄樊", "420600", "succession"),
        ("义乌大陈镇", "330700", "containment"),
        ("天津滨海高新区", "120000", "containment"),
        ("Hangzhou Bay New Area", "330100", "containment"),
    ],
)
def test_finds(cities, text, city, method):
    found = normalise_city(text, cities)
    assert (found.city, found.method) == (city, method)
    assert found.needs_review == (method == "containment")
    assert 0 < found.score <= 1


@pytest.mark.parametrize(
    ("text", "method", "candidates"),
    [
        ("Suzhou", "ambiguous", ("320500", "341300")),
        ("Taizhou", "ambiguous", ("321200", "331000")),
        ("Fuzhou", "ambiguous", ("350100", "361000")),
        ("Yichun", "ambiguous", ("230700", "360900")),
        (
            "朝阳区",
            "ambiguous",
            ("110000", "220100"),
        ),  # a district, not the city 朝阳市
        ("巢湖市", "ambiguous", ("340100", "340200", "340500")),  # divided in 2011
        ("吉林省", "province", ()),
        ("Suzhoo", "unmatched", ()),  # never by edit distance
        ("无此地", "unmatched", ()),
        ("999999", "unmatched", ()),
        ("", "empty", ()),
        ("  ", "empty", ()),
    ],
)
def test_doubt_is_listed(cities, text, method, candidates):
    found = normalise_city(text, cities)
    assert found.city == ""
    assert found.method == method
    assert found.candidates == candidates
    assert found.needs_review


@pytest.mark.parametrize("province", ["Anhui", "安徽省", "安徽"])
def test_province_decides(cities, province):
    assert normalise_city("Suzhou", cities, province=province).city == "341300"


def test_province_that_contradicts_is_no_match(cities):
    found = normalise_city("苏州", cities, province="安徽")
    assert found.city == ""
    assert found.candidates == ("320500",)


def test_municipality_district_shared_with_another_city(cities):
    assert normalise_city("朝阳区", cities, province="北京").city == "110000"
    assert normalise_city("北京市朝阳区", cities).city == "110000"


def test_longest_name_wins_in_containment(cities):
    assert normalise_city("张家口市高新区", cities).city == "130700"
    found = normalise_city("南京苏州联合", cities)
    assert found.method == "ambiguous"
    assert found.candidates == ("320100", "320500")


def test_english_containment_needs_whole_words(cities):
    assert normalise_city("Hangzhouish", cities).method == "unmatched"


def test_as_of_keeps_what_still_existed(cities):
    before = normalise_city("莱芜", cities, as_of=2018)
    assert (before.city, before.method) == ("371200", "historic")
    after = normalise_city("莱芜", cities, as_of=2019)
    assert (after.city, after.recoded_from) == ("370100", "371200")


def test_own_succession_table(cities):
    own = pa.table(
        {
            "code": ["111111"],
            "name_zh": ["旧城市"],
            "name_en": ["Old"],
            "successor": ["110000"],
            "year": ["2000"],
        }
    )
    found = normalise_city("旧城", cities, succession=own)
    assert (found.city, found.recoded_from) == ("110000", "111111")
    with pytest.raises(InvalidTableError, match="year"):
        normalise_city("x", cities, succession=own.set_column(4, "year", [["soon"]]))


def test_own_alias_replaces_the_shipped_one():
    table = china_cities().data
    assert normalise_city("义乌", table, aliases={"义乌": "330100"}).city == "330100"
    several = pa.table({"alias": ["新城", "新城"], "city": ["110000", "120000"]})
    assert normalise_city("新城", table, aliases=several).method == "ambiguous"


def test_column_keeps_every_row(cities):
    names = ["苏州", None, "Suzhou", "苏州", "无此地"]
    frame = pa.table({"place": names, "where": ["", "", "Anhui", "", ""]})
    audit = normalise_cities(frame, cities, name="place", province="where")
    assert audit.city.tolist() == ["320500", "", "341300", "320500", ""]
    assert audit.n_review == 2
    table = audit.to_arrow()
    assert table.num_rows == 5
    assert table["method"].to_pylist() == [
        "suffix",
        "empty",
        "exact",
        "suffix",
        "unmatched",
    ]
    assert "5 place strings, 2 without a city" in audit.summary()
    assert audit.plot().has_data()


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame])
def test_frame_kind_comes_back(cities, kind):
    found = normalise_cities(kind({"city": ["苏州"]}), cities)
    assert isinstance(found.to_frame(), kind)


def test_errors_list_every_string(cities):
    with pytest.raises(AlignmentError) as caught:
        normalise_cities(
            ["Suzhou", "Taizhou", "nowhere", "Suzhou"],
            cities,
            on_ambiguous="raise",
            on_unmatched="raise",
        )
    found = {(p.code, p.n_rows) for p in caught.value.problems}
    assert found == {("ambiguous_city", 2), ("ambiguous_city", 1), ("unknown_city", 1)}


def test_unknown_province_is_named(cities):
    with pytest.raises(AlignmentError, match="Atlantis"):
        normalise_cities(["苏州", "杭州"], cities, province=["江苏", "Atlantis"])


def test_options_are_checked(cities):
    with pytest.raises(OptionError, match="on_ambiguous"):
        normalise_city("苏州", cities, on_ambiguous="rise")
    with pytest.raises(OptionError, match="as_of"):
        normalise_city("苏州", cities, as_of=12)
    with pytest.raises(OptionError, match="aliases"):
        normalise_city("苏州", cities, aliases={"a": "110000"})
    with pytest.raises(AlignmentError, match="province has 1"):
        normalise_cities(["苏州", "杭州"], cities, province=["江苏"])
    with pytest.raises(OptionError, match="province"):
        normalise_cities(pa.table({"city": ["苏州"]}), cities, province=["江苏"])
    with pytest.raises(ColumnNotFoundError, match="name='place'"):
        normalise_cities(pa.table({"city": ["苏州"]}), cities, name="place")


def test_gazetteer_lists_all_its_problems():
    bad = pa.table(
        {"region": ["1", "1", "", "2"], "name_zh": ["甲市", "乙市", "丙市", ""]}
    )
    with pytest.raises(InvalidTableError) as caught:
        as_gazetteer(bad, aliases={"x": "9"})
    codes = {p.code for p in caught.value.problems}
    assert codes == {"duplicate_key", "null_key", "unnamed_city", "unknown_code"}
    with pytest.raises(ColumnNotFoundError):
        as_gazetteer(pa.table({"region": ["1"]}))
    with pytest.raises(InvalidTableError, match="no row"):
        as_gazetteer(
            pa.table(
                {
                    "region": pa.array([], pa.string()),
                    "name_zh": pa.array([], pa.string()),
                }
            )
        )


def test_gazetteer_universe_and_idempotence(cities):
    assert as_gazetteer(cities) is cities
    # 333 prefectures and 4 municipalities
    assert cities.prefecture_level().size == 337
    assert "375 cities" in repr(cities)


def test_every_city_of_the_list_finds_itself(cities):
    for names in (cities.name_zh, cities.name_en):
        audit = normalise_cities(names.tolist(), cities)
        assert audit.city.tolist() == cities.city.tolist()


def test_all_cities_of_the_shared_lists_are_found(cities, shared_data):
    rows = pd.read_csv(
        shared_data / "china_clusters" / "national_clusters_city_long.csv",
        dtype=str,
        keep_default_na=False,
    )
    audit = normalise_cities(rows, cities)
    assert audit.city.tolist() == rows["adcode"].tolist()
    assert audit.n_review == 0


@pytest.mark.parametrize(
    ("text", "year", "city", "before"),
    [
        ("毕节市", 2010, "522400", "520500"),  # got its code in 2011
        ("520500", 2010, "522400", "520500"),
        ("毕节市", 2011, "520500", ""),
        ("522400", 2011, "520500", "522400"),
        ("522400", 2010, "522400", ""),
        ("儋州", 2014, "469003", "460400"),
        ("济南", 2018, "370100", ""),  # took Laiwu in, and was Jinan before
        ("莱芜", 2018, "371200", ""),
        ("丽江市", 2001, "533200", "530700"),
    ],
)
def test_codes_of_a_year_in_both_directions(cities, text, year, city, before):
    found = normalise_city(text, cities, as_of=year)
    assert (found.city, found.recoded_from) == (city, before)


def test_recodings_from_general_knowledge_are_reviewed(cities):
    assert normalise_city("533200", cities).needs_review
    assert not normalise_city("522400", cities).needs_review
    audit = normalise_cities(["毕节市"], cities, as_of=2010)
    assert audit.columns()["city_name"] == ["毕节地区"]


def test_a_chain_of_successors_is_followed():
    chain = pa.table(
        {
            "code": ["A1", "B1"],
            "name_zh": ["旧城市", "中城市"],
            "successor": ["B1", "C1"],
            "year": ["2001", "2010"],
        }
    )
    now = pa.table({"region": ["C1"], "name_zh": ["新城市"]})
    assert normalise_city("A1", now, succession=chain).city == "C1"
    assert normalise_city("A1", now, succession=chain, as_of=2005).city == ""
    assert normalise_city("旧城", now, succession=chain).city == "C1"


@pytest.mark.parametrize(
    ("text", "codes", "review"),
    [
        ("成德绵自凉", ["510100", "510600", "510700", "510300", "513400"], False),
        ("金白兰武", ["620300", "620400", "620100", "620600"], False),
        ("金白兰武有色金属集群", ["620300", "620400", "620100", "620600"], True),
        ("南通市、泰州市、扬州市", ["320600", "321200", "321000"], False),
        ("Jinchang-Baiyin-Lanzhou", ["620300", "620400", "620100"], False),
    ],
)
def test_names_of_several_cities(cities, text, codes, review):
    found = normalise_city(text, cities)
    assert (found.method, found.city) == ("joint", "")
    assert list(found.cities) == codes
    assert found.needs_review is review
    table = normalise_cities([text, "无此城"], cities).expanded()
    assert table["city"].to_pylist() == codes
    assert sum(table["weight"].to_pylist()) == pytest.approx(1.0)


def test_own_table_of_joint_names(cities):
    own = pa.table({"name": ["甲乙"], "cities": ["110000;120000"]})
    assert normalise_city("甲乙", cities, joint=own).cities == ("110000", "120000")
    given = {"甲乙": ["110000"]}
    assert normalise_city("甲乙", cities, joint=given).city == "110000"
    assert normalise_city("甲乙", cities).method == "unmatched"


def test_codes_that_are_not_six_digits():
    known = pa.table({"region": ["DE212", "FRL0"], "name_en": ["Munich", "Provence"]})
    audit = normalise_cities(["DE212", "Munich", "frl0"], known)
    assert audit.city.tolist() == ["DE212", "DE212", ""]
    assert audit.columns()["city_name"] == ["Munich", "Munich", ""]
