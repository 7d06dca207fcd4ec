"""The report: one safe, complete, reproducible page."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

import agglo as ag
from agglo.studies.contract import Finding
from agglo.studies.report import (
    DataTable,
    Figure,
    FindingList,
    KeyFigures,
    Lookup,
    Notes,
    Report,
    bar_chart,
    format_number,
    histogram,
    interval_chart,
    scatter_chart,
    sunburst_chart,
)

EVIL = "<script>alert(1)</script>\" onload='x' </script>&"
VOID = {"meta", "input", "link", "br", "img"}


class Page(HTMLParser):
    """Collect tags, ids and attributes; complain about what is not closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.ids, self.attributes = [], [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]
        self.ids += [value for key, value in attrs if key == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.ids += [value for key, value in attrs if key == "id"]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def whole(text=EVIL, **fields):
    """A page with every block, with one text in every place that takes text."""
    values = np.array([1.0, 2.0])
    table = DataTable(
        caption=text,
        columns={text: [text, "b"], "n": [1.0, None]},
        kinds={"n": "number"},
        note=text,
    )
    svg = interval_chart("a", [text, "b"], values, values - 1, values + 1, label=text)
    finding = Finding(
        id="x",
        question=text,
        answer=text,
        reading=text,
        estimate={text: text},
        evidence=(text,),
        interval=(1.0, 2.0),
        p=0.5,
        truth=[text],
    )
    return (
        Report(text, subtitle=text, **fields)
        .section(text, text)
        .add(text, note=text)
        .add(table)
        .add(Figure(svg=svg, caption=text, alt=text, table=table))
        .add(KeyFigures(items=((text, text),)))
        .section("second")
        .add(FindingList(findings=(finding.to_dict(),)))
        .add(Notes(items=((text, text),)))
        .add(
            Lookup(
                name="look",
                title=text,
                facts=(text,),
                columns=(text,),
                records=((text, text, (text,), ((text,),)),),
            )
        )
        .footer((text, text))
    )


def test_no_text_of_the_user_becomes_markup():
    text = whole().to_html()
    page = Page(text)
    # the embedded JSON and the page's own script, nothing else
    assert page.tags.count("script") == 2
    assert "alert(1)<" not in text
    assert not [a for a in page.attributes if a[1].startswith("on")]
    data = re.search(
        r'<script type="application/json" id="look-data">(.*?)</script>', text
    )
    assert json.loads(data.group(1))["records"][0][0] == EVIL


def test_ids_are_unique_and_nothing_comes_from_elsewhere():
    svg = histogram("b", np.arange(1.0, 9.0), label="x", count_label="n", log=True)
    report = whole().add(Figure(svg=svg, caption="", alt=""))
    text = report.to_html()
    page = Page(text)
    assert len(page.ids) == len(set(page.ids))
    loads = [v for _, k, v in page.attributes if k in ("src", "href", "xlink:href")]
    assert all(v.startswith("#") for v in loads)
    assert "url(http" not in text
    assert "@import" not in text


def test_the_policy_allows_the_one_script_of_the_page():
    text = whole().to_html()
    script = re.search(r"<script>(.*?)</script>", text, re.DOTALL).group(1)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in text
    assert "default-src 'none'" in text


def test_a_page_can_be_read_without_eyes_and_without_a_mouse():
    page = Page(whole().to_html())
    assert ("html", "lang", "en") in page.attributes
    assert page.tags.count("h1") == 1
    assert {"main", "nav", "header", "footer", "caption", "figcaption"} <= set(
        page.tags
    )
    figures = [a for a in page.attributes if a[1:] == ("role", "img")]
    labels = [a for a in page.attributes if a[0] == "div" and a[1] == "aria-label"]
    assert len(figures) == page.tags.count("figure") == 1
    assert all(a[2] for a in labels)
    assert ("label", "for", "look-input") in page.attributes
    assert ("div", "tabindex", "0") in page.attributes


def test_the_same_content_gives_the_same_bytes():
    assert whole("plain 南京").to_bytes() == whole("plain 南京").to_bytes()


def test_a_report_never_changes():
    first = Report("a").section("s")
    second = first.add("text")
    assert first.to_html() != second.to_html()
    assert first == Report("a").section("s")


def test_generated_data_and_language_are_said():
    text = Report("a", generated=True, lang="zh").to_html()
    assert '<html lang="zh-Hans">' in text
    assert "生成数据" in text
    assert 'class="banner"' not in Report("a").to_html()
    with pytest.raises(ag.OptionError, match="lang"):
        Report("a", lang="de")


def test_a_result_is_shown_with_summary_figure_rows_and_origin(tmp_path):
    jobs = ag.RegionActivity.from_arrays(np.arange(1.0, 121.0).reshape(30, 4))
    report = Report("a").add(ag.location_quotient(jobs)).add(ag.hhi([50, 30, 20]))
    text = report.to_html()
    Page(text)
    assert "Location quotients (ratio), 30 regions" in text
    assert "25 of 120 rows" in text
    assert "input_digest" in text
    assert text.count("<svg") == 2
    path = report.save(tmp_path / "r.html")
    assert path.read_bytes() == report.to_bytes()


def test_what_is_no_block_is_refused():
    with pytest.raises(ag.OptionError, match="DataTable"):
        Report("a").add(3)
    with pytest.raises(ag.OptionError, match="lower-case"):
        bar_chart("A b", ["x"], np.array([1.0]), label="")


def test_a_long_table_says_what_it_leaves_out():
    table = DataTable(caption="c", columns={"k": list("abcd")}, most=2)
    text = table.to_html("en")
    assert "2 of 4 rows" in text
    assert text.count("<tr>") == 3


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (0.0, "number", "0"),
        (0.05, "number", "0.0500"),
        (-1234.5, "number", "−1,234"),
        (12.34, "number", "12.3"),
        (0.00001, "number", "1.0e−05"),
        (0.00021078, "number", "0.000211"),
        (-5.0, "signed", "−5"),
        (5.0, "signed", "+5"),
        (0.0004, "share", "0.04\u00a0%"),
        (1.0, "share", "100.0\u00a0%"),
        (0.99999, "share", "99.999\u00a0%"),
        (0.9999999, "share", "> 99.999\u00a0%"),
        (0.5, "p", "0.5"),
        (None, "count", "–"),
        (float("inf"), "count", "–"),
    ],
)
def test_numbers(value, kind, text):
    assert format_number(value, kind) == text


def test_charts_bear_empty_and_constant_values():
    nothing, same = np.array([]), np.array([2.0, 2.0, np.nan])
    for svg in (
        interval_chart("a", [], nothing, nothing, nothing, label="x"),
        histogram("b", nothing, label="x", count_label="n"),
        histogram("c", same, label="x", count_label="n", log=True),
        scatter_chart(
            "d",
            same,
            same,
            label_x="x",
            label_y="y",
            log_x=True,
            log_y=True,
            named=[(0, "Alpha"), (1, "Alpha again"), (2, "Nowhere")],
            other=same,
        ),
    ):
        assert svg.startswith("<svg")
        assert svg.endswith("</svg>")
    # the second name would cover the first, the third has no place
    assert svg.count("Alpha") == 1
    assert "Nowhere" not in svg


def test_charts_keep_text_as_text():
    svg = bar_chart("a", ["南京 <b>", "$x$"], np.array([1.0, -1.0]), label="jobs")
    assert "南京 &lt;b&gt;" in svg
    assert "$x$" in svg
    assert "<metadata" not in svg


def test_rings_of_a_tree_shade_what_is_known():
    tree = {"One": [("a", 1.0), ("b", float("nan"))], "Two": [("c", 0.5)]}
    svg = sunburst_chart("tree", tree, label="All")
    for text in ("One", "Two", "a", "b", "c", "All"):
        assert f">{text}<" in svg
    # two branches, three leaves, and the shade of the two that are known
    assert len(re.findall(r'id="tree-patch_\d+"', svg)) == 2 + 3 + 2 + 1
    assert svg == sunburst_chart("tree", tree, label="All")
