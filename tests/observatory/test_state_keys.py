"""Every key of an address survives: what is chosen is in the link, and the link shows it."""

from __future__ import annotations

import math
import re
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import pytest

from agglo.observatory.pages import PAGES
from tests.observatory.visits import WEB, Visit

pytestmark = WEB

# page: keys beside its selectors, as a reader would set them
LOOKS: dict[str, dict[str, str]] = {
    "map": {
        "style": "tiles", "only": "1", "classes": "step5", "win": "5",
        "geo": "generated_region_1", "cls": "generated_industry_1",
    },
    "region": {"top": "10", "sort": "specialisations.-lq", "measure": "jobs"},
    "industry": {"top": "50", "bands": "local", "dist": "100"},
    "compare": {"inds": "0708", "sel": "quotients.0708~R010", "ref": "mean"},
    "space": {"top": "20", "sort": "nodes.-x", "thr": "0.5"},
    "networks": {"backbone": "50"},
    "coagglomeration": {"q": "0.05", "order": "similar", "dist": "20"},
    "digital": {"weight": "0.5", "thr": "0.3"},
    "policy": {"model": "one coefficient", "spec": "main"},
    "formation": {
        "sort": "alerts.alert", "weights": "scale:4", "norm": "rank", "agg": "geometric",
    },
    "about": {"topic": "location-quotient", "anchor": "pitfalls"},
}  # fmt: skip


def _choices(tab) -> dict[str, str]:
    """Give what the selectors of a page show."""
    return tab.evaluate(
        "[...document.querySelectorAll('form.selectors select')].map((s) => s.value)"
    )


def _last_options(tab) -> None:
    """Choose the last value of every selector: a default would not be told from a loss."""
    for one in tab.locator("form.selectors select").all():
        values = one.evaluate("(s) => [...s.options].map((o) => o.value)")
        plain = [v for v in values if v not in ("own", "none")]
        one.select_option(plain[-1])


# the pages with most selectors; each of the others costs five seconds
_MANY = ("networks", "compare")


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(p, marks=() if p in _MANY else pytest.mark.slow)
        for p in PAGES
        if p != "home"
    ],
)
def test_what_is_chosen_is_in_the_link_and_the_link_shows_it(
    visit: Visit, browser, page: str
) -> None:
    looks = LOOKS.get(page, {})
    asked = "&".join(f"{k}={v}" for k, v in looks.items())
    tab = visit.open(f"{page}?{asked}")
    assert tab.locator(".notice", has_text="not understood").count() == 0
    _last_options(tab)
    tab.wait_for_load_state("networkidle")
    chosen = _choices(tab)
    tab.get_by_role("button", name="Copy link").click()
    tab.locator("header .said", has_text=re.compile(".")).wait_for()
    link = tab.url
    found = {k: v[0] for k, v in parse_qs(urlsplit(link).query).items()}
    assert {k: found.get(k) for k in looks} == looks
    assert found["rel"]
    assert {s.id for s in PAGES[page].selectors} - {"regions"} <= set(found)
    state = visit.context.storage_state()
    fresh = browser.new_context(storage_state=state)
    try:
        other = fresh.new_page()
        other.goto(link)
        other.locator("main h1").wait_for()
        other.wait_for_load_state("networkidle")
        assert _choices(other) == chosen
        assert other.locator(".notice").count() == tab.locator(".notice").count()
    finally:
        fresh.close()


def _numbers(tab, table: str, column: int) -> list[float]:
    cells = tab.locator(f"#{table} tbody tr > :nth-child({column})").all_inner_texts()
    return [float(c.replace(",", "")) for c in cells if re.match(r"-?[\d.,]+$", c)]


def test_the_order_of_a_table_is_kept_in_the_address(visit: Visit) -> None:
    tab = visit.open("region?region=R010")
    figure = tab.locator("#v-region-specialisations")
    figure.get_by_role("button", name=re.compile("Show table")).click()
    head = figure.get_by_role("button", name="Location quotient", exact=True)
    head.click()
    head.click()
    assert "sort=specialisations.-lq" in tab.url
    tab.reload()
    sorted_by = tab.locator("#v-region-specialisations th[aria-sort=descending]")
    sorted_by.wait_for()
    at = 1 + sorted_by.evaluate("(th) => th.cellIndex")
    shown = _numbers(tab, "v-region-specialisations-table", at)
    assert len(shown) > 5
    assert shown == sorted(shown, reverse=True)


def test_a_place_in_a_long_table_is_kept_in_the_address(visit: Visit) -> None:
    tab = visit.open("coagglomeration?page=matrix.2")
    pager = tab.locator("#v-coagglomeration-matrix .pager [role=status]")
    pager.wait_for()
    assert "201" in pager.inner_text()


def test_rows_drawn_and_false_discoveries_change_the_figure(visit: Visit) -> None:
    tab = visit.open("industry?top=10")
    tab.locator("#v-industry-regions svg").wait_for()
    few = tab.locator("#v-industry-regions svg").bounding_box()["height"]
    tab.locator("#v-industry-regions").get_by_label("Rows drawn").select_option("50")
    tab.wait_for_function(
        "(h) => document.querySelector('#v-industry-regions svg').getBoundingClientRect().height > h + 100",
        arg=few,
    )
    assert "top=50" in tab.url
    tab = visit.open("coagglomeration")
    figure = tab.locator("#v-coagglomeration-movers")
    figure.get_by_label("False discoveries").select_option("0.05")
    told = figure.locator(".remark[role=status]")
    told.wait_for()
    kept, every = map(int, re.findall(r"\d+", told.inner_text())[:2])
    assert 0 < kept < every
    figure.get_by_role("button", name=re.compile("Show table")).click()
    rows = figure.locator("tbody tr")
    rows.first.wait_for()
    assert rows.count() == min(kept, 200)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_topic_opens_and_evidence_is_saved(visit: Visit, lang: str) -> None:
    tab = visit.open(f"about/location-quotient?lang={lang}")
    tab.locator("#topic-location-quotient[open] h3").first.wait_for()
    for name, start in (("BibTeX", "@misc{agglo-"), ("RIS", "TY  - DATA")):
        with tab.expect_download() as saved:
            tab.get_by_role("button", name=name, exact=True).click()
        assert saved.value.path().read_text("utf-8").startswith(start)
    with tab.expect_download() as saved:
        tab.get_by_role("button", name=re.compile(r"\(JSON\)")).first.click()
    assert '"run_manifest"' in saved.value.path().read_text("utf-8")
    tab = visit.open(f"about?topic=no-such&lang={lang}")
    tab.locator(".notice", has_text="no-such").wait_for()


def test_the_policy_page_gives_its_replication_folder(visit: Visit) -> None:
    tab = visit.open("policy")
    with tab.expect_download() as saved:
        tab.get_by_role("link", name="Replication folder").click()
    assert saved.value.suggested_filename == "policy.zip"


def _table(figure) -> list[list[str]]:
    """Give the cells of the table of a figure, opened where it is closed."""
    closed = figure.get_by_role("button", name=re.compile("Show table"))
    if closed.count():
        closed.click()
    figure.locator("tbody tr").first.wait_for()
    return figure.locator("tbody tr").evaluate_all(
        "(rows) => rows.map((r) => [...r.children].map((c) => c.innerText.trim()))"
    )


def _rows(tab, view: str, **asked: str) -> list[dict[str, object]]:
    """Ask the server for the rows of a view, with the cookie of the page."""
    query = urlencode({**asked, "limit": "10000"})
    answer = tab.request.get(urljoin(tab.url, f"/api/v1/views/{view}?{query}"))
    return answer.json()["data"]


def test_the_strongest_ties_carry_the_share_that_was_asked_for(visit: Visit) -> None:
    tab = visit.open("networks?layer=branch&scale=city&backbone=50")
    figure = tab.locator("#v-networks-graph")
    told = figure.locator(".remark[role=status]")
    told.wait_for()
    kept, every = map(int, re.findall(r"\d+", told.inner_text())[:2])
    ties = _rows(tab, "networks.graph", layer="branch", scale="city")
    weights = sorted((float(t["weight"]) for t in ties), reverse=True)
    assert len(weights) == every
    assert sum(weights[:kept]) >= sum(weights) / 2 > sum(weights[: kept - 1])
    assert len(_table(figure)) == kept
    figure.get_by_label("Strongest ties").select_option("")
    figure.locator(".remark[role=status]").wait_for(state="detached")
    assert "backbone" not in tab.url


def test_ranks_follow_weights_of_ones_own(visit: Visit) -> None:
    tab = visit.open("formation?agg=geometric")
    figure = tab.locator("#v-formation-own_weights")
    figure.get_by_role("spinbutton", name="Weight of Scale").fill("4")
    figure.get_by_role("spinbutton", name="Weight of Scale").press("Enter")
    tab.wait_for_url(re.compile("weights="))
    scores: dict[str, dict[str, float]] = {}
    for row in _rows(tab, "formation.own_weights"):
        scores.setdefault(str(row["cluster"]), {})[row["node"]] = row["value"]
    weights = {"efficiency": 1, "scale": 4, "specialisation": 1}
    index = {
        name: math.exp(sum(w * math.log(of[p]) for p, w in weights.items()) / 6)
        for name, of in scores.items()
        if all(of[p] > 0 for p in weights)
    }
    best = max(index, key=index.__getitem__)
    released = sorted((of["index"] for of in scores.values()), reverse=True)
    named, *first = _table(figure)[0]
    assert all(part in named for part in best.split("|"))
    place = released.index(scores[best]["index"]) + 1
    assert first[:3] == [f"{index[best]:.2f}", "1", str(place)]
    figure.get_by_role("button", name="Equal weights").click()
    mean = figure.get_by_role("combobox", name=re.compile("^Mean"))
    mean.select_option("arithmetic")
    tab.wait_for_function("!location.search.includes('agg=')")
    same = [(row[2], row[3], row[4]) for row in _table(figure)]
    assert {(now == before, gain) for now, before, gain in same} == {(True, "0")}


def test_a_mark_is_kept_and_its_page_is_two_keys_away(visit: Visit) -> None:
    tab = visit.open("map?industry=0103")
    figure = tab.locator("#v-map-quotient")
    figure.locator("[data-mark][tabindex='0']").focus()
    tab.keyboard.press("ArrowRight")
    name = tab.evaluate("document.activeElement.getAttribute('aria-label')")
    tab.keyboard.press("Enter")
    card = figure.get_by_role("group", name="Chosen mark")
    card.wait_for()
    code = re.search(r"sel=quotient\.(\w+)", tab.url)[1]
    assert code in name
    tab.reload()
    card.get_by_role("link").focus()
    tab.keyboard.press("Enter")
    tab.locator("#title", has_text="What is my region good at?").wait_for()
    assert f"region={code}" in tab.url
    assert tab.locator("form.selectors select").first.input_value() == code


def test_a_section_of_a_method_is_gone_to(visit: Visit) -> None:
    tab = visit.open("about?topic=location-quotient&anchor=pitfalls")
    tab.locator("#topic-location-quotient--pitfalls").wait_for()
    tab.wait_for_function(
        "document.activeElement.id === 'topic-location-quotient--pitfalls'"
    )
    formulas = tab.locator("#topic-location-quotient math")
    assert formulas.count() > 5
    assert "$" not in tab.locator("#topic-location-quotient").inner_text()
    tab.get_by_role("link", name="How sure is it?").click()
    tab.wait_for_url(re.compile("anchor=how-sure-is-it"))


def test_every_region_compared_has_its_interval(visit: Visit) -> None:
    tab = visit.open("compare?region=R010")
    figure = tab.locator("#v-compare-quotients")
    figure.locator("[data-mark]").first.wait_for()
    tab.wait_for_load_state("networkidle")
    paths = figure.locator("[data-mark]").evaluate_all(
        "(marks) => marks.map((m) => m.querySelectorAll('path').length)"
    )
    assert len(paths) > 20
    assert min(paths) > 1  # the mark itself, and its interval
