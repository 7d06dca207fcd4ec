"""Fits in tables of maketables: HTML, LaTeX and Word, with the numbers of the fit."""

from __future__ import annotations

import io
import warnings

import pytest

from agglo.econometrics import ClusteredBy, fit_iv, fit_linear, fit_poisson
from tests.econometrics.reference_panels import panel_a, panel_b

maketables = pytest.importorskip("maketables", reason="extra `tables`")


@pytest.fixture(scope="module")
def fits():
    options = {
        "outcome": "y",
        "effects": ["unit", "time"],
        "vcov": ClusteredBy(("unit",)),
    }
    return (
        fit_linear(panel_a(), covariates=["x", "x2"], **options),
        fit_iv(
            panel_a(),
            endogenous=["x"],
            instruments=["z"],
            covariates=["x2"],
            **options,
        ),
    )


def table(fits, kind):
    with warnings.catch_warnings():
        # of maketables' own dependencies
        warnings.simplefilter("ignore")
        made = maketables.ETable(list(fits), coef_fmt="b:.4f \n (se:.4f)")
        return made.make(type=kind)


def test_latex_has_coefficients_errors_and_effects(fits):
    text = table(fits, "tex")
    for fit in fits:
        assert f"{fit.coefficient('x'):.4f}" in text
        assert f"{fit.error('x'):.4f}" in text
    assert "unit" in text
    assert "1440" in text.replace(",", "").replace("{", "").replace("}", "")
    assert "clustered by unit" in text


def test_html_has_the_same_numbers(fits):
    text = table(fits, "gt").as_raw_html()
    assert f"{fits[1].coefficient('x'):.4f}" in text
    assert "Observations" in text


def test_word_opens_and_has_the_same_numbers(fits):
    docx = pytest.importorskip("docx", reason="extra `docx`")
    document = table(fits, "docx")
    out = io.BytesIO()
    document.save(out)
    read = docx.Document(io.BytesIO(out.getvalue()))
    cells = [c.text for t in read.tables for row in t.rows for c in row.cells]
    assert any(f"{fits[0].coefficient('x'):.4f}" in c for c in cells)


def test_a_poisson_fit_has_its_deviance():
    fit = fit_poisson(
        panel_b(), outcome="count", covariates=["x", "v"], effects=["unit", "time"]
    )
    assert fit.__maketables_stat__("deviance") == pytest.approx(fit.fit)
    assert fit.__maketables_stat__("fit") is None
    assert fit.__maketables_stat__("no such line") is None
    assert fit.__maketables_depvar__ == "count"
    assert fit.__maketables_fixef_string__ == "unit+time"
    assert list(fit.__maketables_coef_table__.columns[:4]) == ["b", "se", "t", "p"]
