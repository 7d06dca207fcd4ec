"""The observatory in a browser: every page, both languages, keyboard, axe, export from disk."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.observatory.visits import (
    LANGS,
    PAGES,
    STUDIES,
    WEB,
    Visit,
)
from tests.studies.harness import language_faults

axe = pytest.importorskip("axe_playwright_python.sync_playwright")
pytestmark = WEB
_HAN = re.compile(r"[\u4e00-\u9fff]")


# language and theme are changed on the page; a theme changes colours, a language words:
# every rule is asked in both languages, contrast in both themes
# rows in which nothing looks other than in a row before tell nothing of contrast
_OTHER_LOOKS = {"exclude": [["[data-looks-alike]"]]}
_LOOKS_ALIKE = """() => {
  const seen = new Set(), behind = new Map();
  const ground = (node) => {
    if (node === null) return "";
    if (!behind.has(node)) {
      const style = getComputedStyle(node);
      behind.set(node, [ground(node.parentElement), style.backgroundColor,
                        style.backgroundImage, style.opacity].join("|"));
    }
    return behind.get(node);
  };
  const looks = (node) => {
    const style = getComputedStyle(node);
    return [node.tagName, ground(node), style.color, style.fontSize, style.fontWeight,
            style.textShadow].join("|");
  };
  for (const row of document.querySelectorAll(".table tbody tr")) {
    const found = [row, ...row.querySelectorAll("*")].map(looks);
    const alike = found.every((l) => seen.has(l));
    row.toggleAttribute("data-looks-alike", alike);
    found.forEach((l) => seen.add(l));
  }
}"""
_FAULTS = {"resultTypes": ["violations"]}  # what passes is not listed node by node
_CONTRAST = {"runOnly": ["color-contrast"]}
_ALL_BUT_CONTRAST = {"rules": {"color-contrast": {"enabled": False}}}
_LOOKS = (
    ("en", "light", (_ALL_BUT_CONTRAST, _CONTRAST)),
    ("en", "dark", (_CONTRAST,)),
    ("zh", "dark", (_ALL_BUT_CONTRAST,)),
)


@pytest.mark.parametrize("page", PAGES)
def test_axe_finds_nothing(visit: Visit, page: str) -> None:
    tab = visit.open(f"{page}?lang=en&theme=light")
    for lang, theme, parts in _LOOKS:
        _look(tab, lang, theme)
        for rules in parts:
            assert _faults(tab, rules) == [], (lang, theme)


def _faults(tab, rules: dict[str, object]) -> list[tuple[str, str]]:
    """Give what axe says; the contrast of rows that look alike is asked once."""
    if rules is _CONTRAST:
        tab.evaluate(_LOOKS_ALIKE)
    if not tab.evaluate("'axe' in window"):
        tab.evaluate(axe.Axe().axe_script)
    context = _OTHER_LOOKS if rules is _CONTRAST else None
    found = tab.evaluate(
        "([context, options]) => axe.run(context ?? document, options)"
        ".then(answer => answer.violations)",
        [context, {**_FAULTS, **rules}],
    )
    return [(v["id"], v["nodes"][0]["html"][:120]) for v in found]


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_axe_finds_nothing_in_high_contrast(visit: Visit, page: str) -> None:
    tab = visit.open(f"{page}?lang=en&theme=contrast")
    assert _faults(tab, {}) == []


def _look(tab, lang: str, theme: str) -> None:
    """Choose language and theme with the tools of the page."""
    tab.get_by_role("button", name={"en": "English", "zh": "中文"}[lang]).click()
    tab.locator(f"html[lang|='{lang}']").wait_for()
    tab.locator("header .tools select").select_option(theme)
    tab.locator(f"html[data-theme='{theme}']").wait_for()
    # figures on canvas are drawn anew in other colours
    tab.wait_for_timeout(100)


def _in(finding: dict[str, object], key: str, lang: str) -> str:
    """Give a text of a finding in a language."""
    return str(finding[f"{key}_zh" if lang == "zh" else key])


@pytest.mark.parametrize("study", [*STUDIES, "concentration"])
def test_the_demo_says_its_findings_in_both_languages(demo: Path, study: str) -> None:
    text = (demo / "results" / study / "findings.json").read_text(encoding="utf-8")
    assert language_faults(json.loads(text)) == []


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("study", STUDIES)
def test_a_study_answers_with_its_planted_truth(
    visit: Visit, demo: Path, study: str, lang: str
) -> None:
    tab = visit.open(f"{study}?lang={lang}")
    findings = json.loads((demo / "results" / study / "findings.json").read_text())
    for part, key in (("h3", "question"), (".answer", "answer")):
        assert tab.locator(f".finding {part}").all_text_contents() == [
            _in(finding, key, lang) for finding in findings
        ]
    assert any(f["truth"] is not None for f in findings)
    text = tab.locator("main").text_content()
    assert {"en": "Planted truth", "zh": "植入的真值"}[lang] in text
    assert {"en": "Generated data", "zh": "生成数据"}[lang] in text
    assert tab.locator(".finding .fallback").count() == 0
    names = {k.replace("_", " ") for f in findings for k in (f.get("truth_zh") or {})}
    assert lang == "en" or all(name in text for name in names)
    assert tab.locator("main .scene svg, main .scene canvas").count() >= 5
    if lang == "zh":
        for title in tab.locator("main h1, main h2").all_text_contents():
            assert _HAN.search(title), title
        for column in tab.locator("main thead th").all_text_contents():
            assert _HAN.search(column) or len(column) < 12, column


def test_region_numbers_are_those_of_the_api(visit: Visit) -> None:
    tab = visit.open("region?region=R002")
    api = tab.evaluate(
        "fetch('/api/v1/views/region.specialisations?region=R002&limit=200')"
        ".then(r => r.json())"
    )
    jobs = [row["employment"] for row in api["data"]]
    table = tab.locator("section", has_text="Strongest specialisations").last
    table.get_by_role("button", name=re.compile("Show table")).first.click()
    shown = table.locator("table tbody tr")
    shown.first.wait_for()  # the columns that are not drawn come now
    assert shown.count() == len(jobs)
    first = table.locator("table tbody tr").first.inner_text().replace(",", "")
    assert f"{jobs[0]:.0f}" in first


def test_choosing_a_region_changes_the_address_and_the_answer(visit: Visit) -> None:
    tab = visit.open("region")
    before = tab.locator("main").inner_text()
    tab.get_by_role("combobox", name="Region", exact=True).select_option("R005")
    tab.wait_for_url(re.compile("region=R005"))
    tab.wait_for_function(
        "before => document.querySelector('main').innerText !== before", arg=before
    )
    again = tab.url
    visit.tab.goto(again)
    tab.wait_for_load_state("networkidle")
    chosen = tab.get_by_role("combobox", name="Region", exact=True)
    assert chosen.input_value() == "R005"


def test_the_address_of_a_start_shows_the_first_page(browser, address: str) -> None:
    tab = (context := browser.new_context()).new_page()
    tab.goto(address)
    tab.locator("main h1").wait_for()
    assert "token" in address
    assert "token" not in tab.url
    context.close()


def test_language_is_kept_in_the_address(visit: Visit) -> None:
    tab = visit.open("map")
    tab.get_by_role("button", name="中文").click()
    tab.locator("h1", has_text="它在哪里").wait_for()
    assert "lang=zh" in tab.url


def test_every_page_is_reached_by_keyboard(visit: Visit) -> None:
    tab = visit.open("")
    seen = set()
    for _ in range(40):
        tab.keyboard.press("Tab")
        seen.add(tab.evaluate("document.activeElement.textContent.trim()"))
    assert {"Where is it?", "Did the policy work?", "Can I trust this?"} <= seen


def test_hostile_addresses_give_a_page_that_says_so(visit: Visit) -> None:
    tab = visit.open("region?region=%3Cscript%3Ealert(1)%3C/script%3E")
    assert tab.locator("main").inner_text()
    assert tab.locator("script", has_text="alert(1)").count() == 0
    visit.complaints.clear()  # a 404 of the API is an error line of the console


def test_one_file_opens_from_disk_without_any_network(one_file: Path, browser) -> None:
    context = browser.new_context(offline=True)
    tab = context.new_page()
    asked: list[str] = []
    tab.on("request", lambda r: asked.append(r.url))
    tab.goto(one_file.as_uri())
    tab.locator("main h1").wait_for()
    tab.goto(one_file.as_uri() + "#/policy")
    tab.locator("main", has_text="Planted truth").wait_for()
    # figures further down are drawn when the page has nothing else to do
    tab.locator("main svg").nth(2).wait_for()
    tab.get_by_role("button", name="中文").click()
    tab.locator("main h1", has_text="政策有效吗").wait_for()
    assert tab.evaluate("document.documentElement.lang") == "zh-Hans"
    tab.locator("main svg").nth(2).wait_for()
    foreign = [u for u in asked if not u.startswith(("file:", "data:", "blob:"))]
    context.close()
    assert not foreign
