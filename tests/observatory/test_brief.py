"""Briefs: what the pages say, on paper, in three formats and two languages."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from agglo.core.errors import OptionError
from agglo.observatory.api.rows import frame
from agglo.observatory.api.stock import Stock
from agglo.observatory.brief import build_brief, chosen_by
from agglo.observatory.brief_files import save_brief
from agglo.observatory.drawing import (
    _against,
    _Asked,
    _spread,
    _told_apart,
    draw_view,
)
from agglo.observatory.pages import PAGES, VIEWS
from agglo.observatory.pages.columns import columns
from agglo.observatory.release import Release
from tests.observatory.conftest import HOSTILE
from tests.observatory.made_up import made_up


@pytest.fixture(scope="module")
def stock(release: Release) -> Stock:
    return Stock(release)


@pytest.fixture(scope="module")
def region(stock: Stock) -> str:
    table = stock.table("concentration.region_industries")
    return str(table["region"][table.num_rows - 1].as_py())


def test_a_brief_says_what_the_page_says(stock: Stock, region: str) -> None:
    brief = build_brief(stock, "region", {"region": region})
    html = brief.report.to_html()
    assert html.count("<figure>") >= 2
    assert stock.release.id in html
    assert "generated" in html.lower()
    assert "Private release" in html
    titles = [title for title, _, _ in brief.pieces]
    assert "Strongest specialisations" in titles
    table = {t: b for t, _, b in brief.pieces}["Strongest specialisations"]
    source = stock.table("concentration.region_industries").to_pylist()
    jobs = {r["employment"] for r in source if str(r["region"]) == region}
    assert set(table.columns["Jobs (jobs)"]) <= jobs


def test_both_languages_and_no_foreign_request(stock: Stock, region: str) -> None:
    html = build_brief(stock, "region", {"region": region}, lang="zh").report.to_html()
    assert "我的地区擅长什么" in html
    assert "http://" not in html.replace("http://www.w3.org", "")


def test_hostile_names_stay_text(stock: Stock) -> None:
    for page in ("compare", "map"):
        html = build_brief(stock, page, {}).report.to_html()
        for name in HOSTILE:
            if "<" in name:
                assert name not in html


def test_what_has_no_rows_is_named(stock: Stock) -> None:
    brief = build_brief(stock, "networks", {})
    assert brief.pieces == ()
    assert any("No data for" in note for note in brief.notes)


@pytest.mark.parametrize(
    ("page", "chosen", "told"),
    [
        ("regio", {}, "region"),
        ("region", {"region": "nowhere"}, "no region"),
        ("region", {"industry": "a"}, "It knows"),
    ],
)
def test_what_does_not_exist_is_refused(stock: Stock, page, chosen, told) -> None:
    with pytest.raises(OptionError, match=told):
        build_brief(stock, page, chosen)


def test_files(stock: Stock, region: str, tmp_path) -> None:
    brief = build_brief(stock, "region", {"region": region})
    save_brief(brief, tmp_path / "b.html")
    assert (tmp_path / "b.html").read_bytes() == brief.report.to_bytes()
    with pytest.raises(OptionError, match="docx"):
        save_brief(brief, tmp_path / "b.odt")


@pytest.mark.parametrize(
    ("page", "selector", "lang"),
    [("cluster", "profile", "zh"), ("policy", "outcome", "en")],
)
def test_briefs_of_a_cluster_and_a_policy(tmp_path, page, selector, lang) -> None:
    stock = made_up(tmp_path, page)
    chosen = chosen_by(stock, page, "K1")
    assert chosen == {selector: "K1"}
    brief = build_brief(stock, page, chosen, lang=lang)
    asked = PAGES[page].views
    views = [v for v in asked if selector in v.filters or not v.filters]
    assert len(brief.pieces) == len(views)
    assert not [note for note in brief.notes if "No data" in note or "没有数据" in note]
    drawn = {t for t, drawing, _ in brief.pieces if drawing}
    tabular = {getattr(v.title, lang) for v in views if v.chart == "table"}
    assert drawn
    assert not drawn & tabular
    html = brief.report.to_html()
    assert html.count("<svg") == len([d for _, d, _ in brief.pieces if d])
    save_brief(brief, tmp_path / "b.html")


def test_a_code_belongs_to_the_selector_that_holds_it(stock: Stock) -> None:
    name = stock.table("concentration.clusters")["cluster"][0].as_py()
    assert chosen_by(stock, "cluster", name) == {"cluster": name}
    assert chosen_by(stock, "region", "") == {}
    with pytest.raises(OptionError, match="R003"):
        chosen_by(stock, "region", "R003x")


def test_the_column_of_what_was_chosen_is_left_out(stock: Stock, region: str) -> None:
    brief = build_brief(stock, "region", {"region": region})
    for _, _, table in brief.pieces:
        assert "Region" not in table.columns
        assert table.columns


def test_names_beside_a_slope_stand_apart() -> None:
    level = np.array([1.0, 1.01, 1.02, 5.0, 0.99])
    found = _spread(level, 0.5)
    assert (np.diff(np.sort(found)) >= 0.5 - 1e-12).all()
    assert (np.argsort(found) == np.argsort(level)).all()
    assert np.array_equal(_spread(np.array([1.0, 9.0]), 0.5), [1.0, 9.0])


def test_what_a_drawing_is_held_against_is_drawn(tmp_path) -> None:
    """The line of a histogram comes from another table, and may lie beyond the bars."""
    stock = made_up(tmp_path, "policy")
    view = VIEWS["policy.draws"]
    rows = frame(stock, view, np.arange(6))
    (level,) = set(stock.table("policy.placebo")["value"].to_pylist()[:1])
    assert _against(_Asked(stock, view, rows, "en")) == level
    orange = "#b8540b"
    assert orange in draw_view(stock, view, rows, "en")
    alone = replace(view, encode={"value": "value"})
    assert orange not in draw_view(stock, alone, rows, "en")


def test_bars_of_the_same_name_are_told_apart(stock: Stock) -> None:
    view = replace(
        VIEWS["policy.placebo_one"], columns=columns("outcome", "kind", "effect")
    )
    rows = pa.table(
        {"outcome": ["a"] * 3, "kind": ["moved"] * 3, "effect": ["x", "y", "z"]}
    )
    asked = _Asked(stock, view, rows, "en")
    assert _told_apart(asked, ["moved"] * 3) == ["moved, x", "moved, y", "moved, z"]
    same = _Asked(stock, view, rows.select(["outcome", "kind"]), "en")
    assert _told_apart(same, ["moved"] * 3) == ["moved"] * 3


def test_years_have_no_half(tmp_path) -> None:
    stock = made_up(tmp_path, "cluster")
    view = VIEWS["cluster.size_path"]
    rows = frame(stock, view, np.arange(6))
    at = rows.column_names.index("period")
    years = pa.array(["2001", "2002", "2003", "2004", "2005", "2006"])
    svg = draw_view(stock, view, rows.set_column(at, "period", years), "en")
    said = re.findall(r">(20\d\d(?:\.\d)?)</text>", svg)
    assert len(said) >= 3
    assert not [s for s in said if "." in s]
