"""Sphinx configuration. `make docs` builds with -W: a warning is an error."""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS))

from docutils import nodes  # noqa: E402
from generate_pages import generate  # noqa: E402
from sphinx.application import Sphinx  # noqa: E402
from sphinx.ext.autosummary import autosummary_toc  # noqa: E402

project = "agglo"
author = "the agglo founders"
copyright = "2026, the agglo founders"
release = metadata.version("agglo")
version = release

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
exclude_patterns = ["_build"]
myst_enable_extensions = [
    "amsmath",
    "attrs_inline",
    "colon_fence",
    "deflist",
    "dollarmath",
]
myst_heading_anchors = 4

autosummary_generate = True
autosummary_ignore_module_all = False
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
templates_path = ["_templates"]

html_theme = "furo"
html_title = f"agglo {release}"
html_static_path = ["_static"]
html_show_sphinx = False
# the pages work without a network: no fonts or scripts from elsewhere but mathjax
locale_dirs = ["locale"]
gettext_compact = False

generate(DOCS / "generated")


def leave_names_out_of_the_menu(_app: Sphinx, page: nodes.document) -> None:
    """Reach the page of one name through its area's table and the search.

    The theme draws the whole menu on every page: with hundreds of names in it, the build
    took four times as long and each page carried 100 kB of menu.
    """
    for listing in list(page.findall(autosummary_toc)):
        listing.parent.remove(listing)


def setup(app: Sphinx) -> None:
    # before sphinx collects the menu, which it does at 500
    app.connect("doctree-read", leave_names_out_of_the_menu, priority=400)
