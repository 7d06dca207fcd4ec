"""Projects of the small study."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from agglo.runs import Project, Registry
from tests.runs.small import REGISTRY, ROWS, tree, write_project


@pytest.fixture
def registry() -> Registry:
    """One reader, one study that runs and one that lacks its table."""
    return REGISTRY


@pytest.fixture
def make_project(tmp_path: Path) -> Callable[..., Project]:
    """Make a project whose one import reads the given CSV text."""

    def make(rows: str = ROWS, extra: str = "", name: str = "p") -> Project:
        return write_project(tmp_path / name, rows, extra)

    return make


@pytest.fixture
def published() -> Callable[[Path], dict[str, bytes]]:
    """Give the function that lists the published files of a project."""
    return tree
