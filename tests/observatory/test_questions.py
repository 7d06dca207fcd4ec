"""Five questions of a new user, answered from the pages alone through visible links."""

from __future__ import annotations

import json
import re
import time

import pytest

from tests.observatory.visits import LANGS, WEB, Visit

pytestmark = WEB

_SECONDS = 120
_MENU = {
    "region": ("What is my region good at?", "我的地区擅长什么"),
    "cluster": ("How strong is this cluster?", "这个集群有多强"),
    "networks": ("Who is tied to whom?", "谁与谁相连"),
    "space": ("What could come next?", "下一步可以发展什么"),
    "policy": ("Did the policy work?", "政策有效吗"),
}
_HAN = re.compile(r"[\u4e00-\u9fff]")


class Reader:
    """Somebody who clicks on what is seen, and reads."""

    def __init__(self, visit: Visit, lang: str) -> None:
        self.tab = visit.open("")
        self.lang = lang
        if lang == "zh":
            self.tab.get_by_role("button", name="中文").click()

    def ask(self, page: str) -> None:
        question = _MENU[page][LANGS.index(self.lang)]
        self.tab.locator("nav").get_by_role("link", name=question).click()
        self.tab.locator("h1", has_text=question).wait_for()

    def choose(self, words: tuple[str, str], value: str) -> None:
        word = words[LANGS.index(self.lang)]
        self.tab.get_by_role("combobox", name=word, exact=True).select_option(value)
        self.tab.wait_for_url(re.compile(re.escape(value)))

    def figure(self, view: str):
        found = self.tab.locator(f"#v-{view.replace('.', '-')}")
        found.scroll_into_view_if_needed()
        return found

    def words(self, view: str) -> str:
        """The sentences over a figure."""
        return self.figure(view).locator(".summary").inner_text()

    def marks(self, view: str, *, first: str = "") -> list[str]:
        """What the marks of a figure say when they are touched.

        With `first`, once the figure shows what was chosen last: until then the one of
        before stays in sight.
        """
        marks = self.figure(view).locator("[data-mark]")
        marks.first.wait_for()
        if first:
            from playwright.sync_api import expect

            told = re.compile(re.escape(first))
            expect(marks.first).to_have_attribute("aria-label", told, timeout=10_000)
        return [m.get_attribute("aria-label") or "" for m in marks.all()]

    def rows(self, view: str) -> list[dict]:
        """The rows of the API, to compare with."""
        path = f"/api/v1/views/{view}?{self.tab.url.partition('?')[2]}&limit=200"
        return self.tab.evaluate(f"fetch('{path}').then(r => r.json())")["data"]


@pytest.mark.parametrize("lang", LANGS)
def test_five_questions_are_answered_from_the_pages_alone(
    visit: Visit, lang: str
) -> None:
    reader = Reader(visit, lang)
    for answer in (_good_at, _true_cluster, _tied_to_it, _next, _how_far_out):
        began = time.monotonic()
        answer(reader)
        assert time.monotonic() - began < _SECONDS


def _good_at(reader: Reader) -> None:
    """The strongest specialisations, before anything about the whole country."""
    reader.ask("region")
    reader.choose(("Region", "地区"), "R005")
    first = reader.rows("region.specialisations")[0]
    name = first[f"industry_{reader.lang}"]
    reader.figure("region.specialisations").get_by_text(name).first.wait_for()
    assert f"{first['lq']:.2f}" in reader.words("region.specialisations")
    titles = reader.tab.locator("main h2").all_inner_texts()
    assert titles.index(_title(reader, "region.specialisations")) < 2
    if reader.lang == "zh":
        assert all(_HAN.search(t) for t in titles)
    # how that moved, by industry, and what was declared
    assert len(reader.marks("region.slope")) >= 5
    assert len(reader.marks("region.growth_industries")) >= 5
    assert len(reader.marks("region.priorities")) == 6


def _true_cluster(reader: Reader) -> None:
    """The clusters of the region; then three elements with a verdict each."""
    assert reader.marks("region.clusters")
    reader.ask("cluster")
    verdicts = reader.marks("cluster.elements")
    known = {
        "en": ("pass", "fail", "not testable"),
        "zh": ("通过", "未通过", "无法检验"),
    }
    assert len(verdicts) == 3
    for told in verdicts:
        assert any(word in told for word in known[reader.lang]), told
    # the chain with its gaps, and the members with their partners
    assert len(reader.marks("cluster.chain")) >= 3
    assert reader.figure("cluster.chain").locator(".hatched").count() >= 1
    reader.figure("cluster.ego").locator("canvas").first.wait_for()


def _tied_to_it(reader: Reader) -> None:
    reader.ask("networks")
    reader.choose(("Layer", "网络层"), "branch")
    reader.choose(("Scale", "尺度"), "city")
    reader.choose(("Place", "地方"), "C05")
    rows = reader.rows("networks.from_place")
    nearest = rows[0][f"destination_{reader.lang}"]
    partners = reader.marks("networks.from_place", first=nearest)
    assert len(partners) == min(15, len(rows))
    assert nearest in partners[0]


def _next(reader: Reader) -> None:
    """The best option by name at first sight, and whether such rankings can be trusted."""
    reader.ask("space")
    reader.choose(("Region", "地区"), "C01D02")
    name = reader.rows("space.best")[0][f"industry_{reader.lang}"]
    best = reader.marks("space.best", first=name)
    assert name in best[0]
    assert len(best) == 10
    assert len(reader.marks("space.backtest")) >= 3
    yes = {"en": "Entered since: yes", "zh": "此后进入: 是"}[reader.lang]
    reader.figure("space.entries").get_by_text(yes).wait_for()


def _how_far_out(reader: Reader) -> None:
    """An effect on the treated, and the rings whose interval leaves out zero."""
    reader.ask("policy")
    reader.choose(("Outcome", "结果变量"), "ln_rdi")
    reader.marks("policy.event_study")
    rings = reader.rows("policy.distance")
    marks = reader.marks("policy.distance")
    assert len(marks) == len(rings)
    unsure = {"en": "interval covers the reference", "zh": "区间包含参照值"}[
        reader.lang
    ]
    said = [unsure not in m for m in marks]
    assert said == [not r["lower"] <= 0 <= r["upper"] for r in rings]
    assert any(said)


def _title(reader: Reader, view: str) -> str:
    return reader.figure(view).locator("h2").inner_text()


@pytest.mark.parametrize("page", ["region", "cluster", "space", "policy"])
def test_a_narrow_screen_needs_no_sideways_scrolling(visit: Visit, page: str) -> None:
    visit.tab.set_viewport_size({"width": 390, "height": 844})
    tab = visit.open(page)
    tab.locator("section.figure svg, section.figure canvas").first.wait_for()
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    tab.locator(".burger").click()
    tab.locator("nav").get_by_role("link").first.wait_for()


def test_tiles_and_derived_files(visit: Visit) -> None:
    """A tile for every region; Parquet of a figure that is worked out in the page."""
    tab = visit.open("map?style=tiles")
    figure = tab.locator("#v-map-quotient")
    figure.locator("[data-mark]").first.wait_for()
    boxes = figure.locator("[data-mark] path:first-child").evaluate_all(
        "all => all.map(p => p.getAttribute('d').split('h')[0])"
    )
    assert len(set(boxes)) == len(boxes) > 80
    tab = visit.open("compare?region=R001&regions=R002,R003")
    figure = tab.locator("#v-compare-similarity")
    figure.locator("canvas").first.wait_for()
    figure.locator("summary", has_text="Download").click()
    with tab.expect_download() as got:
        figure.get_by_role("button", name="Parquet").click()
    import pyarrow.parquet as pq

    table = pq.read_table(got.value.path())
    assert table.num_rows == 9
    assert table["similarity"].to_pylist()[0] == 1.0
    assert table["region"].to_pylist()[:3] == ["R001"] * 3


def test_what_cannot_be_loaded_is_named(visit: Visit) -> None:
    visit.tab.route("**/api/v1/views/compare.peers*", lambda r: r.abort())
    visit.tab.route("**/api/v1/find*", lambda r: r.abort())
    tab = visit.open("map")
    tab.locator(".notice", has_text="peer group could not be loaded").wait_for()
    tab.locator("#find").fill("R005")
    tab.locator(".hits", has_text="The search failed").wait_for()
    visit.complaints.clear()  # requests that were cut off are error lines


def test_a_release_is_verified_from_its_page(visit: Visit) -> None:
    tab = visit.open("about")
    tab.get_by_role("button", name="Verify now").click()
    tab.locator("text=all as recorded").wait_for()


LONG = "compare?v=1&lang=en&peers=own&region=R001&regions=" + ",".join(
    [f"R{n:03d}" for n in range(2, 121)] * 4
)


def test_a_long_view_gets_a_short_address_that_opens_anywhere(
    visit: Visit, browser, address: str
) -> None:
    tab = visit.open(LONG)
    tab.locator(
        ".notice", has_text="At most 10 regions are compared; 110 of"
    ).wait_for()
    shown = tab.locator("main").inner_text()
    tab.get_by_role("button", name="Copy link").click()
    tab.wait_for_url(re.compile(r"[?&]saved=[A-Za-z0-9_-]+"))
    short = tab.url
    assert len(short) < 200
    assert "R001" not in short
    other = Visit(browser, address)
    again = other.open(short.removeprefix(f"{other.home}/"))
    again.get_by_text("No more than ten regions").wait_for()
    again.wait_for_load_state("networkidle")
    assert again.locator("main").inner_text() == shown
    other.context.close()
    assert other.complaints == []


def test_a_long_view_that_cannot_be_kept_is_said(visit: Visit) -> None:
    tab = visit.open(LONG)
    tab.route("**/api/v1/saved", lambda r: r.abort())
    tab.get_by_role("button", name="Copy link").click()
    tab.locator(".notice", has_text="could not be shortened").wait_for()
    assert "regions=" in tab.url
    visit.complaints.clear()  # the request that was cut off is an error line


@pytest.mark.parametrize("lang", LANGS)
def test_a_link_to_a_release_that_is_gone_shows_the_newest_and_says_so(
    visit: Visit, lang: str
) -> None:
    tab = visit.open(f"map?v=1&lang={lang}&rel=0123456789abcdef")
    told = tab.locator(".notice", has_text="0123456789abcdef")
    told.wait_for()
    meta = json.loads(tab.request.get(f"{visit.home}/api/v1/meta").text())["meta"]
    newest = meta["release"]
    assert newest in told.inner_text()
