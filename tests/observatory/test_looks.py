"""How figures are looked at: years, certainty, peers, several regions, boundaries, files."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.observatory.visits import WEB, Visit

pytestmark = WEB


def _figure(tab, view: str):
    found = tab.locator(f"#v-{view.replace('.', '-')}")
    found.wait_for()
    return found


def _marks(figure) -> list[str]:
    figure.locator("[data-mark]").first.wait_for()
    return [m or "" for m in figure.locator("[data-mark]").evaluate_all(
        "all => all.map(m => m.getAttribute('aria-label'))"
    )]  # fmt: skip


def test_a_slider_plays_the_years_and_the_address_keeps_the_year(visit: Visit) -> None:
    tab = visit.open("map?year=2010")
    figure = _figure(tab, "map.over_time")
    before = _marks(figure)
    slider = figure.locator("input[type=range]")
    assert figure.locator("output").inner_text() == "2010"
    slider.focus()
    tab.keyboard.press("ArrowRight")
    tab.wait_for_url(re.compile("year=2011"))
    assert figure.locator("output").inner_text() == "2011"
    assert _marks(figure) != before
    figure.get_by_role("button", name="Play").click()
    tab.wait_for_url(re.compile("year=201[2-9]"))
    figure.get_by_role("button", name="Pause").click()
    # a year that is not there gives the nearest one
    tab = visit.open("map?year=1990")
    assert _figure(tab, "map.over_time").locator("output").inner_text() == "2006"


def test_what_cannot_be_told_from_the_reference_is_set_back(visit: Visit) -> None:
    tab = visit.open("map")
    figure = _figure(tab, "map.quotient")
    _marks(figure)
    hatched = figure.locator("[data-mark] .fill + .hatched").count()
    assert hatched > 20
    figure.get_by_role("checkbox").check()
    tab.wait_for_url(re.compile("only=1"))
    assert figure.locator("[data-mark] .fill + .hatched").count() == 0
    assert figure.locator("[data-mark] .faint").count() == hatched
    assert str(hatched) in figure.locator(".remark").first.inner_text()
    figure.get_by_role("checkbox").uncheck()
    figure.get_by_label("Map shows").select_option("certainty")
    tab.wait_for_url(re.compile("style=certainty"))
    for sure in range(3):
        assert figure.locator(f"path.sure{sure}").count() >= 1


def test_peers_go_along_and_are_marked_on_every_page(visit: Visit) -> None:
    tab = visit.open("map?region=R005&peers=structure")
    figure = _figure(tab, "map.quotient")
    tab.locator("#v-map-quotient .ring").first.wait_for()
    assert figure.locator("[data-mark] .ring.own").count() <= 1
    assert figure.locator("[data-mark] .ring").count() >= 3
    tab.get_by_role("link", name="How do we compare?").click()
    tab.wait_for_url(re.compile("compare.*peers=structure.*region=R005"))
    listed = tab.evaluate(
        "fetch('/api/v1/views/compare.peers?region=R005&peers=structure')"
        ".then(r => r.json())"
    )["data"]
    chips = tab.locator(".chips li")
    chips.nth(4).wait_for()
    assert [c.split("\n")[0].replace(" ×", "") for c in chips.all_inner_texts()][
        1:
    ] == [row["peer_en"] for row in listed[:4]]
    # the middle of the peers stands in the words before the figure
    words = "median of its 9 peers"
    tab.locator("#v-compare-specialisation", has_text=words).wait_for()


def test_regions_are_added_and_taken_away(visit: Visit) -> None:
    tab = visit.open("compare?region=R001&regions=R002,R003")
    assert tab.locator(".chips li").count() == 3
    tab.get_by_role("button", name=re.compile("Remove")).first.click()
    tab.wait_for_url(re.compile(r"regions=R003(&|$)"))
    tab.get_by_label("Add a region").select_option("R010")
    tab.wait_for_url(re.compile("regions=R003%2CR010"))
    figure = _figure(tab, "compare.differences")
    figure.get_by_role("button", name=re.compile("Show table")).click()
    rows = figure.locator("tbody tr")
    rows.filter(has_text="R010").first.wait_for()
    assert rows.count() >= 2
    # greyed (hollow) are the differences whose own interval covers 0
    hollow = figure.locator("[data-mark] .hollow").count()
    cells = [
        [float(c.replace("−", "-").replace(",", "")) for c in row.split("\t")[-2:]]
        for row in rows.all_inner_texts()
    ]
    assert hollow == sum(low <= 0 <= high for low, high in cells)


def test_ellipses_on_the_map_say_their_scale(visit: Visit) -> None:
    tab = visit.open("digital")
    figure = _figure(tab, "digital.map")
    figure.locator("path.oval").first.wait_for()
    assert figure.locator("[data-mark] path.oval").count() == 3
    assert "1 standard deviation" in figure.locator(".remark").first.inner_text()


SQUARE = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"region": f"R00{k}"},
            "geometry": {
                "type": "Polygon",
                # wound the wrong way round: it must not fill the map
                "coordinates": [[[100 + k, 26], [101 + k, 26], [101 + k, 27], [100 + k, 27], [100 + k, 26]]],
            },
        }
        for k in range(1, 8)
    ],
}  # fmt: skip


def test_trap_winding_boundaries_do_not_fill_the_map_and_name_their_source(
    visit: Visit,
) -> None:
    def meta(route) -> None:
        body = route.fetch().json()
        body["data"]["boundaries"] = {"source": "Office of Maps", "approval": "GS-1"}
        route.fulfill(json=body)

    visit.tab.route("**/api/v1/meta", meta)
    visit.tab.route(
        "**/api/v1/geometry", lambda r: r.fulfill(json={"schema": 1, "data": SQUARE})
    )
    tab = visit.open("map")
    figure = _figure(tab, "map.quotient")
    _marks(figure)
    areas = figure.locator("path.land")
    assert areas.count() == 7
    whole = figure.locator(".scene svg").first.bounding_box()
    for k in range(7):
        box = areas.nth(k).bounding_box()
        size = box["width"] * box["height"] / (whole["width"] * whole["height"])
        assert size < 0.25
    assert "Office of Maps; approval number: GS-1" in figure.inner_text()
    figure.locator("summary", has_text="Download").click()
    with tab.expect_download() as got:
        figure.get_by_role("button", name="SVG").click()
    text = Path(got.value.path()).read_text("utf-8")
    assert "Office of Maps" in text
    assert "GS-1" in text
    assert "R00" in text


def test_files_of_a_view_hold_the_numbers_of_the_answer(visit: Visit) -> None:
    tab = visit.open("policy")
    figure = _figure(tab, "policy.impacts")
    figure.locator("summary", has_text="Download").click()
    links = {
        a.inner_text(): a.get_attribute("href")
        for a in figure.locator("a[download]").all()
    }
    assert {"CSV", "Parquet", "JSON"} <= set(links)
    rows = tab.evaluate(f"fetch('{links['JSON']}').then(r => r.json())")["data"]
    text = tab.evaluate(f"fetch('{links['CSV']}').then(r => r.text())")
    for row in rows:
        assert repr(row["value"]) in text
    with tab.expect_download() as got:
        figure.get_by_role("button", name="PNG").click()
    assert Path(got.value.path()).read_bytes().startswith(b"\x89PNG")


def test_addresses_are_canonical_and_say_what_they_do_not_know(visit: Visit) -> None:
    tab = visit.open("map?theme=dark&zzz=1&industry=0102&v=1&lang=en")
    assert "zzz" in tab.locator(".notice").first.inner_text()
    tab.get_by_role("button", name="Copy link").click()
    tab.wait_for_url(re.compile("rel="))
    keys = re.findall(r"[?&](\w+)=", tab.url)
    assert keys[:2] == ["v", "rel"]
    assert keys[-1] == "theme"
    assert keys[2:-1] == sorted(keys[2:-1])
    again = tab.url
    tab.goto(again)
    tab.wait_for_load_state("networkidle")
    assert (
        tab.get_by_role("combobox", name="Industry", exact=True).input_value() == "0102"
    )
    tab = visit.open("map?industry=0199")
    assert "0199" in tab.locator(".notice").first.inner_text()


def test_a_figure_is_walked_by_keys(visit: Visit) -> None:
    tab = visit.open("map")
    figure = _figure(tab, "map.quotient")
    _marks(figure)
    figure.locator("[data-mark][tabindex='0']").focus()
    first = tab.evaluate("document.activeElement.getAttribute('data-mark')")
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("ArrowDown")
    assert tab.evaluate("document.activeElement.getAttribute('data-mark')") != first
    assert figure.locator(".tip").count() == 1
    tab.keyboard.press("Escape")
    assert figure.locator(".tip").count() == 0
    tab.keyboard.press("t")
    figure.locator("table").wait_for()


def _numbers(tab, page: str) -> dict[str, list[str]]:
    """Open every table of a page and read its cells."""
    figures = tab.locator("section.figure").all()
    for figure in figures:
        button = figure.get_by_role("button", name=re.compile("Show table"))
        if button.count():
            button.first.dispatch_event("click")
            # of a large table the columns that were not drawn come when it is opened
            figure.locator("tbody").first.wait_for()
    found = {}
    for figure in figures:
        cells = figure.locator("tbody td, tbody th").all_inner_texts()
        if cells:
            found[figure.get_attribute("id")] = cells
    assert len(found) >= 2, page
    return found


@pytest.mark.parametrize(
    "pages",
    [
        ("policy", "networks"),
        pytest.param(
            ("compare", "cluster", "region", "formation"), marks=pytest.mark.slow
        ),
    ],
)
def test_one_file_shows_the_numbers_of_the_server(
    visit: Visit, one_file: Path, browser, pages: tuple[str, ...]
) -> None:
    context = browser.new_context(offline=True, viewport={"width": 1280, "height": 900})
    tab = context.new_page()
    wrong: list[str] = []
    tab.on("pageerror", lambda e: wrong.append(str(e)))
    tab.on(
        "request",
        lambda r: (
            wrong.append(r.url)
            if not r.url.startswith(("file:", "data:", "blob:", "about:"))
            else None
        ),
    )
    for page in pages:
        # another part of the same file would not be read anew
        tab.goto("about:blank")
        tab.goto(f"{one_file.as_uri()}#/{page}?v=1")
        served = visit.open(page)
        tab.locator("section.figure").first.wait_for()
        tab.wait_for_timeout(1000)  # nothing of the file tells that all is drawn
        assert _numbers(tab, page) == _numbers(served, page), page
    context.close()
    assert not wrong


def test_methods_and_certificate_are_read_on_the_page(visit: Visit) -> None:
    tab = visit.open("about")
    told = tab.locator("section[aria-labelledby=certificate-title]").inner_text()
    assert re.search("Audited\\s+no: none: this release is not for publication", told)
    tab.locator("summary", has_text=re.compile("ocation quotient", re.I)).first.click()
    tab.locator(".markdown").first.wait_for()
    assert tab.locator(".markdown h3").count() >= 1
    assert tab.locator("main", has_text="agglo verify").count() == 1
    manifest = json.loads(
        json.dumps(tab.evaluate("fetch('/api/v1/meta').then(r => r.json())"))
    )
    assert manifest["data"]["release"]["id"] in tab.locator("main").inner_text()
