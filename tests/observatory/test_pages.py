"""The pages: every view draws columns that the demo project has, in both languages."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path

import pytest

from agglo.core.errors import OptionError
from agglo.observatory.api.declarations import (
    beside,
    default_value,
    fitted,
    page_json,
    stands,
)
from agglo.observatory.api.stock import Stock
from agglo.observatory.page import (
    BESIDE,
    CHARTS,
    Look,
    Page,
    Pick,
    Selector,
    Text,
    View,
)
from agglo.observatory.pages import PAGES, VIEWS
from agglo.observatory.pages.columns import COLUMNS
from agglo.observatory.pages.indicators import INDICATORS
from agglo.relatedness import CONVENTIONS, proximity
from agglo.studies.networks.conventions import (
    MAIN_PRESET,
    PRESETS,
    RULE_WORDS,
    SOURCES,
)
from tests.observatory.made_up import made_up

DEMO = json.loads(
    (Path(__file__).parent / "data" / "demo_columns.json").read_text("utf-8")
)
_ABOUT = "project."
_HAN = re.compile(r"[\u4e00-\u9fff]")


def _picked(look: Look) -> list[str]:
    return [column for pick in look.picks for column in pick.encode.values()]


def _wanted(view: View) -> set[str]:
    placed = {"lon", "lat", "lon2", "lat2"} if view.place else set()
    drawn = {c for role, c in view.encode.items() if role not in BESIDE} - placed
    named = {c.name for c in view.columns}
    sort = {view.order.removeprefix("-")} - {""}
    looks = {c for look in view.looks for c in (look.column, *_picked(look))} - {""}
    return {*drawn, *named, *sort, *looks, *view.filters.values(), *view.keep, *view.labels,
            *view.place}  # fmt: skip


@pytest.mark.parametrize("view", VIEWS.values(), ids=lambda v: v.id)
def test_every_view_draws_columns_that_the_demo_has(view):
    if view.table.startswith(_ABOUT):
        return
    assert _wanted(view) <= set(DEMO[view.table])


def test_views_about_the_release_draw_its_columns(served):
    for view in VIEWS.values():
        if view.table.startswith(_ABOUT):
            assert _wanted(view) <= set(served.release.table(view.table).column_names)


@pytest.mark.slow
def test_the_list_of_columns_is_that_of_the_demo(tmp_path):
    from agglo.observatory.release import build_release
    from agglo.runs import start
    from agglo.runs.demo import make_demo

    project = make_demo(tmp_path / "demo")
    start(project.root)
    release = build_release(project)
    for table, columns in DEMO.items():
        assert release.table(table).column_names == columns, table


@pytest.mark.parametrize("view", VIEWS.values(), ids=lambda v: v.id)
def test_every_column_of_a_view_is_called_in_both_languages(view):
    for name in DEMO.get(view.table, ()) if not view.columns else ():
        assert name in COLUMNS, (view.id, name)
    for text in (view.title, view.uncertainty, view.note, view.unit):
        if text is not None:
            assert _HAN.search(text.zh), text
            assert not _HAN.search(text.en), text


def test_the_menu_asks_questions_in_order():
    assert list(PAGES) == [
        "home", "map", "region", "industry", "cluster", "compare", "space", "networks",
        "coagglomeration", "digital", "policy", "formation", "about",
    ]  # fmt: skip
    for page in PAGES.values():
        assert page.question.en.endswith("?")
        assert _HAN.search(page.question.zh)


def test_ids_of_views_begin_with_their_page():
    for page in PAGES.values():
        for view in page.views:
            assert view.id.startswith(f"{page.id}.")
    assert len(VIEWS) == sum(len(p.views) for p in PAGES.values())


def test_filters_name_selectors_of_their_page():
    for page in PAGES.values():
        # a pair of industries and sets of places are put together from other choices
        known = {s.id for s in page.selectors} | {"pair", "sets"}
        for view in page.views:
            assert set(view.filters) <= known, view.id


def test_selectors_choose_among_values_of_the_demo():
    for page in PAGES.values():
        for selector in page.selectors:
            assert selector.column in DEMO[selector.table], selector.id


def test_methods_are_pages_of_the_documentation():
    from agglo.observatory.api.methods import method_pages

    assert {v.method for v in VIEWS.values()} <= set(method_pages())


def test_views_that_stand_beside_others_are_on_the_same_page():
    for page in PAGES.values():
        own = {v.id for v in page.views}
        for view in page.views:
            for role in BESIDE & set(view.encode):
                assert view.encode[role] in own, (view.id, role)


def test_indicators_stand_on_columns_of_the_demo():
    extra = {"employment_lower", "employment_upper"}
    for indicator in INDICATORS.values():
        columns = {indicator.value, indicator.lo, indicator.hi, indicator.region,
                   indicator.industry, indicator.period, indicator.n} - {""}  # fmt: skip
        assert columns <= set(DEMO[indicator.table]) | extra, indicator.id


def test_a_view_without_its_roles_is_refused():
    text = Text("a", "甲")
    with pytest.raises(OptionError, match="missing"):
        View(
            id="x.y", title=text, table="a.b", chart="map", uncertainty=text, method="m"
        )
    with pytest.raises(OptionError, match="both languages"):
        Text("a", "")
    assert set(CHARTS) >= {v.chart for v in VIEWS.values()}


def test_a_page_without_tables_says_what_is_missing(served):
    for name in ("policy", "formation", "coagglomeration", "digital", "networks"):
        page = served.data(f"/pages/{name}")
        assert page["available"] is False
        assert "agglo run" in page["missing"]["en"]
        assert "agglo run" in page["missing"]["zh"]
        assert page["views"] == []
        assert page["absent"]


def test_a_page_with_some_tables_shows_them_and_names_the_rest(served):
    page = served.data("/pages/region")
    assert page["available"] is True
    assert page["missing"] is None
    assert {v["table"] for v in page["views"]} & set(page["absent"]) == set()
    assert len(page["views"]) + sum(
        v.table in page["absent"] for v in VIEWS.values() if v.id.startswith("region.")
    ) == len(PAGES["region"].views)


def test_every_served_view_carries_what_a_reader_needs(served):
    for name in PAGES:
        for view in served.data(f"/pages/{name}")["views"]:
            assert view["uncertainty"]["en"], view["id"]
            assert view["source"], view["id"]
            assert view["columns"], view["id"]
            for column in view["columns"]:
                assert column["label"]["en"], column
                assert column["label"]["zh"], column
                assert column["type"] in (
                    "text", "number", "integer", "boolean", "share", "code",
                )  # fmt: skip


def test_conventions_of_the_industry_space_have_names_words_and_sources():
    """Codes of a convention are said in words; the study's own default is the main one."""
    assert inspect.signature(proximity).parameters["convention"].default == MAIN_PRESET
    assert set(PRESETS) == set(SOURCES) == set(CONVENTIONS)
    rules = ("presence", "phi", "index", "scaling", "sign")
    for convention in CONVENTIONS.values():
        for column, rule in zip(RULE_WORDS, rules, strict=True):
            assert getattr(convention, rule) in RULE_WORDS[column], (convention, rule)


def test_looks_that_cannot_be_applied_are_refused():
    label = Text("k", "k")
    for kind, column, picks in (
        ("measure", "", ()),
        ("measure", "c", (Pick(value="a"),)),
        ("one", "", ()),
        ("heaviest", "w", ()),
    ):
        with pytest.raises(OptionError, match=kind):
            Look(id="k", label=label, kind=kind, column=column, picks=picks)


def test_looks_keep_one_name_for_one_thing():
    """A key of an address means the same wherever it stands, and is no selector's."""
    labels: dict[str, set[str]] = {}
    for page in PAGES.values():
        own = {s.id for s in page.selectors}
        for view in page.views:
            keys = [look.id for look in view.looks]
            assert len(keys) == len(set(keys))
            assert not own & set(keys)
            for look in view.looks:
                labels.setdefault(look.id, set()).add(look.kind)
    assert {key: len(kinds) for key, kinds in labels.items()} == dict.fromkeys(
        labels, 1
    )


def _view(name: str, **more) -> View:
    text = Text("a", "甲")
    return View(id=f"map.{name}", title=text, table="concentration.regions", chart="table",
                uncertainty=text, method="specialisation", **more)  # fmt: skip


def test_views_stand_for_selectors_of_their_page():
    lost = {
        view.id: set(view.when) - {s.id for s in page.selectors}
        for page in PAGES.values()
        for view in page.views
    }
    assert not {name: keys for name, keys in lost.items() if keys}


def test_one_of_two_views_is_drawn_and_an_optional_selector_begins_with_the_first_row(
    tmp_path,
):
    stock = made_up(tmp_path, "map")
    column = stock.table("concentration.regions")["region"].to_pylist()
    selector = Selector(id="level", label=Text("Level", "层级"), optional=True,
                        table="concentration.regions", column="region")  # fmt: skip
    views = tuple(_view(v, when={"level": (v,)}) for v in sorted(set(column)))
    page = Page(id="map", question=Text("?", "？"), lead=Text(".", "。"),
                empty=Text(".", "。"), selectors=(selector,), views=views)  # fmt: skip
    assert default_value(stock, selector, views) == column[0]
    at_first = [v.id for v in views if stands(stock, page, v, {})]
    assert at_first == [f"map.{column[0]}"]
    last = views[-1]
    assert stands(stock, page, last, {"level": last.id.partition(".")[2]})
    assert not stands(stock, page, last, {"level": "another"})


def test_results_of_an_earlier_version_are_shown_without_the_filters_they_lack(
    tmp_path,
):
    stock = made_up(tmp_path, "map")
    view = _view("v", filters={"region": "region", "scheme": "scheme"})
    assert fitted(stock, view).filters == {"region": "region"}
    known = _view("v", filters={"region": "region"})
    assert fitted(stock, known) is known


def test_values_of_a_selector_stand_beside_those_of_another(served):
    """A selector within another one offers what its table holds beside that choice."""
    stock = Stock(served.release)
    for page in PAGES.values():
        for selector in page.selectors:
            if not selector.within or selector.table not in stock.release:
                continue
            outer = next(s for s in page.selectors if s.id == selector.within)
            table = stock.table(selector.table)
            pairs = set(zip(table[selector.column].to_pylist(),
                            table[outer.column].to_pylist(), strict=True))  # fmt: skip
            of = beside(stock, page, selector)
            assert {(v, o) for v, held in of.items() for o in held} == pairs
            told = page_json(stock, page, whole=True)["selectors"]
            (mine,) = (s for s in told if s["id"] == selector.id)
            assert {o["value"]: o["of"] for o in mine["options"]} == of
    assert "def" in {s.within for s in PAGES["cluster"].selectors}
