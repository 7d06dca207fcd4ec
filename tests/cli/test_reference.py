"""The reference page is what the verbs say."""

from __future__ import annotations

import inspect

from agglo.cli.main import VERBS
from agglo.cli.reference import cli_reference


def test_the_page_is_up_to_date(root):
    page = (root / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    hint = "run: python -m agglo.cli.reference > docs/reference/cli.md"
    assert page == cli_reference(), hint


def test_every_verb_prints_json_on_request():
    for name, verb in VERBS.items():
        assert "json" in inspect.signature(verb).parameters, name


def test_the_first_line_of_help_is_short():
    for name, verb in VERBS.items():
        first = (inspect.getdoc(verb) or "").splitlines()[0]
        assert 10 < len(first) < 48, name
        assert first.endswith("."), name
