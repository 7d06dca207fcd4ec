"""Briefs as files, opened again: headings, figures, numbers, licence, release."""

from __future__ import annotations

import io
import math
import re
from html import unescape

import pytest

from agglo.observatory.api.rows import ViewQuery, frame, json_rows, row_numbers
from agglo.observatory.api.stock import Stock
from agglo.observatory.brief import build_brief
from agglo.observatory.brief_files import save_brief
from agglo.observatory.pages import PAGES
from agglo.observatory.release import Release
from tests.observatory.made_up import made_up

CHOSEN = {
    "region": {"region": "R003"},
    "cluster": {"profile": "K1"},
    "policy": {"outcome": "K1"},
}
# one of each language in every run, the others among the slow tests
QUICK = {("region", "zh"), ("cluster", "en")}
ALL = [
    pytest.param(page, lang, marks=() if (page, lang) in QUICK else pytest.mark.slow)
    for page in CHOSEN
    for lang in ("en", "zh")
]


@pytest.fixture
def stock_of(release: Release, tmp_path):
    return lambda page: Stock(release) if page == "region" else made_up(tmp_path, page)


def _needs_printing() -> None:
    pytest.importorskip("pypdfium2", reason="needs the extra docx")
    try:
        import weasyprint  # noqa: F401
    except (ImportError, OSError) as error:
        pytest.skip(f"needs the extra pdf: {error}")


def _text(pdf: bytes) -> str:
    """Everything that a reader of the PDF can select, without spaces and line ends."""
    import pypdfium2

    document = pypdfium2.PdfDocument(pdf)
    pages = [page.get_textpage().get_text_range() for page in document]
    document.close()
    return _dense(" ".join(pages))


def _dense(text: str) -> str:
    # words broken at the end of a line carry a mark of their own
    return re.sub(r"[\s\ufffe\u00ad]", "", text)


def _number(text: str) -> float | None:
    try:
        return float(text.replace("−", "-").replace(",", ""))
    except ValueError:
        return None


def _told(stock: Stock, page: str, title: str, lang: str) -> list[float]:
    """Every number that the API gives for the view of a heading."""
    (view,) = [v for v in PAGES[page].views if getattr(v.title, lang) == title]
    wanted = tuple(
        (view.filters[k], v) for k, v in CHOSEN[page].items() if k in view.filters
    )
    rows = json_rows(
        frame(stock, view, row_numbers(stock, view, ViewQuery(chosen=wanted)))
    )
    return [v for row in rows for v in row.values() if isinstance(v, (int, float))]


def _near(value: float, told: list[float]) -> bool:
    """Say whether a printed number is one of those, rounded: counts to whole ones."""
    least = 0.5 if value.is_integer() else 5e-4
    return any(math.isclose(value, t, rel_tol=6e-3, abs_tol=least) for t in told)


@pytest.mark.parametrize(("page", "lang"), ALL)
def test_a_pdf_says_what_the_page_says(stock_of, tmp_path, page, lang) -> None:
    _needs_printing()
    stock = stock_of(page)
    brief = build_brief(stock, page, CHOSEN[page], lang=lang)
    save_brief(brief, tmp_path / "b.pdf")
    text = _text((tmp_path / "b.pdf").read_bytes())
    assert len(brief.pieces) >= 3
    for said in (brief.title, stock.release.id, *(p[0] for p in brief.pieces)):
        assert _dense(said) in text, said
    for note in brief.notes:
        assert _dense(note) in text
    if page == "region":
        assert _dense("(none needed)") in text  # licence of the sources
    assert "\ufffd" not in text
    # a figure is drawn with its words: the unit below the axis can be selected
    drawn = [d for _, d, _ in brief.pieces if d]
    assert drawn
    for drawing in drawn:
        words = [unescape(w) for w in re.findall(r"<text[^>]*>([^<]+)</text>", drawing)]
        assert words
        assert sum(_dense(w) in text for w in words) > 0.9 * len(words)
    checked = 0
    html = brief.report.to_html()
    for title, drawing, _ in brief.pieces:
        part = html.partition(f">{title}</h2>")[2].partition("</section>")[0]
        cells = re.findall(r'<td class="n">([^<]+)</td>', part)
        told = _told(stock, page, title, lang)
        for cell in cells:
            value = _number(unescape(cell))
            if value is not None:
                assert _near(value, told), (title, cell)
                # tables below figures are folded, and stay out of the paper
                assert drawing or _dense(unescape(cell)) in text, (title, cell)
                checked += 1
    assert checked > 5


@pytest.mark.parametrize(("page", "lang"), ALL)
def test_a_docx_says_what_the_page_says(stock_of, tmp_path, page, lang) -> None:
    docx = pytest.importorskip("docx", reason="needs the extra docx")
    image = pytest.importorskip("PIL.Image", reason="needs the extra docx")
    _needs_printing()
    stock = stock_of(page)
    brief = build_brief(stock, page, CHOSEN[page], lang=lang)
    save_brief(brief, tmp_path / "b.docx")
    document = docx.Document(io.BytesIO((tmp_path / "b.docx").read_bytes()))
    lines = [p.text for p in document.paragraphs]
    heads = [p.text for p in document.paragraphs if p.style.name == "Heading 1"]
    assert heads == [title for title, _, _ in brief.pieces]
    assert lines[0] == brief.title
    assert any(stock.release.id in line for line in lines)
    if page == "region":
        assert any("none needed" in line for line in lines)
    n_drawn = sum(bool(d) for _, d, _ in brief.pieces)
    assert len(document.inline_shapes) == n_drawn
    assert sum(p.style.name == "Caption" and bool(p.text) for p in
               document.paragraphs) == n_drawn  # fmt: skip
    for part in document.part.package.iter_parts():
        if part.partname.endswith(".png"):
            picture = image.open(io.BytesIO(part.blob)).convert("L")
            assert picture.width > 600
            dark = sum(picture.histogram()[:128]) / (picture.width * picture.height)
            assert 0.001 < dark < 0.7
    assert len(document.tables) == len(brief.pieces)
    for grid, (title, _, table) in zip(document.tables, brief.pieces, strict=True):
        head, *rows = [[c.text for c in row.cells] for row in grid.rows]
        assert head == list(table.columns)
        told = _told(stock, page, title, lang)
        for row in rows:
            for name, text in zip(head, row, strict=True):
                if table.kinds.get(name) and text != "–":
                    assert _near(float(text), told), (title, name, text)
