"""One small valid call for every public measure: `area.name` to case."""

from __future__ import annotations

from collections.abc import Mapping

from tests.contracts.case import Case

CASES: Mapping[str, Case] = {}
