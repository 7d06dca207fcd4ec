"""Runs from the page: started, watched, cancelled, shown; nowhere but at the owner's desk."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from agglo.observatory.release import open_release
from tests.observatory.visits import WEB, Visit, serving

axe = pytest.importorskip("axe_playwright_python.sync_playwright")
pytestmark = WEB
LIMIT = 60_000


@pytest.fixture(scope="module")
def desk(project, tmp_path_factory) -> Path:
    """A project that may be changed."""
    folder = tmp_path_factory.mktemp("panel") / "small"
    shutil.copytree(project, folder)
    return folder


@pytest.fixture(scope="module")
def served_at(desk: Path) -> Iterator[str]:
    with serving(desk) as found:
        yield found


@pytest.fixture
def desk_visit(browser, served_at: str) -> Iterator[Visit]:
    found = Visit(browser, served_at)
    yield found
    found.context.close()


def _set(desk: Path, option: str, value: int) -> None:
    toml = desk / "agglo.toml"
    text = toml.read_text("utf-8")
    assert f"{option} = " in text
    toml.write_text(re.sub(rf"{option} = \d+", f"{option} = {value}", text))


def _panel(tab):
    panel = tab.locator("section.run", has=tab.locator("#run-title"))
    panel.wait_for()
    return panel


def _says(panel, words: str):
    panel.get_by_text(words).first.wait_for(timeout=LIMIT)


def test_a_run_of_nothing_new_says_so(desk_visit):
    tab = desk_visit.open("map?lang=en")
    panel = _panel(tab)
    assert "Concentration profile" in panel.inner_text()
    panel.get_by_role("button", name="Start").click()
    _says(panel, "Nothing has changed")
    text = panel.inner_text()
    steps, kept = map(int, re.search(r"Steps: (\d+), of which (\d+)", text).groups())
    assert steps == kept > 0
    assert desk_visit.complaints == []


def test_a_new_result_is_offered_and_shown(desk_visit, desk):
    old = open_release(desk).id
    _set(desk, "rank_draws", 21)
    tab = desk_visit.open("industry?lang=zh")
    panel = _panel(tab)
    panel.get_by_role("button", name="开始").press("Enter")  # by keyboard
    _says(panel, "新的发布已就绪")
    new = open_release(desk).id
    assert new != old
    assert new in panel.inner_text()
    # what is shown is the older release until the reader asks for the new one
    assert old in tab.locator("main").inner_text()
    panel.get_by_role("button", name="查看").click()
    tab.wait_for_load_state("networkidle")
    _panel(tab)
    text = tab.locator("main").inner_text()
    assert new in text
    assert old not in text
    assert desk_visit.complaints == []


def test_a_run_is_watched_and_cancelled_and_a_second_one_is_refused(
    browser, served_at, desk_visit, desk
):
    before = open_release(desk).id
    _set(desk, "quotient_draws", 400_000)
    try:
        tab = desk_visit.open("about?lang=en")
        panel = _panel(tab)
        panel.get_by_label("Study").select_option(label="Concentration profile")
        panel.get_by_role("button", name="Start").click()
        _says(panel, "At work: Concentration profile.")
        _says(panel, "Stage:")
        assert f"release {before}" in panel.inner_text()
        heard = panel.get_by_role("status")
        assert heard.inner_text().startswith("At work")
        assert heard.get_attribute("aria-live") == "polite"
        found = axe.Axe().run(tab, options={"resultTypes": ["violations"]})
        assert not [v["id"] for v in found.response["violations"]]
        # another tab finds the run that is at work, and may not start one beside it
        other = Visit(browser, served_at)
        there = _panel(other.open("map?lang=zh"))
        _says(there, "正在运行")
        assert there.get_by_role("button", name="开始").is_disabled()
        told = other.tab.evaluate(
            """async () => (await fetch("/api/v1/runs", {method: "POST", body: "{}",
            headers: {"X-Agglo": "1", "Content-Type": "application/json"}})).status"""
        )
        assert told == 429
        panel.get_by_role("button", name="Cancel").click()
        _says(panel, "Cancelled; what was there before stays.")
        _says(there, "已取消")
        other.context.close()
    finally:
        _set(desk, "quotient_draws", 199)
    assert open_release(desk).id == before


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_brief_of_what_is_chosen_is_written_and_saved(desk_visit, desk, lang):
    tab = desk_visit.open(f"region?lang={lang}&region=R010")
    panel = tab.locator("section.run", has=tab.locator("#brief-title"))
    panel.get_by_role("button", name="Write it" if lang == "en" else "生成").click()
    link = panel.get_by_role("link", name="Save" if lang == "en" else "保存")
    with tab.expect_download(timeout=LIMIT) as saved:
        link.click(timeout=LIMIT)
    assert saved.value.suggested_filename == "brief.html"
    text = Path(saved.value.path()).read_text("utf-8")
    assert "R010" in text
    assert open_release(desk).id in text
    assert ('lang="zh' in text) == (lang == "zh")
    assert desk_visit.complaints == []


def test_a_run_that_fails_says_why(desk_visit, desk):
    toml = desk / "agglo.toml"
    text = toml.read_text("utf-8")
    toml.write_text(text.replace("rank_draws", "rank_drawz"))
    try:
        panel = _panel(desk_visit.open("map?lang=en"))
        panel.get_by_role("button", name="Start").click()
        _says(panel, "It did not succeed")
        told = panel.get_by_role("alert").inner_text()
        assert "rank_drawz" in told
        assert str(desk) not in told
        assert "Traceback" not in told
    finally:
        toml.write_text(text)


def test_the_public_server_starts_no_runs_and_says_so(browser, desk):
    with serving(desk, "--mode", "public") as address:
        visit = Visit(browser, address)
        tab = visit.open("about?lang=en")
        assert tab.locator("section.run").count() == 0
        tab.get_by_text("not from here").wait_for()
        visit.context.close()
        assert visit.complaints == []
