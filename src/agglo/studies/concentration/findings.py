"""The findings of the profile, in the order of the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agglo.studies.concentration import findings_coverage as data
from agglo.studies.concentration import findings_industries as industries
from agglo.studies.concentration import findings_regions as regions

if TYPE_CHECKING:
    from agglo.studies.concentration.facts import Facts
    from agglo.studies.contract import Finding

__all__ = ["all_findings"]


def all_findings(facts: Facts) -> tuple[Finding, ...]:
    """Give the findings.

    Parameters
    ----------
    facts
        What the stages left.

    Returns
    -------
    tuple of Finding
        One per question, also where the answer is that nothing can be said.
    """
    return (
        data.coverage(facts),
        industries.concentrated_industries(facts),
        industries.most_concentrated(facts),
        industries.specialised_cells(facts),
        industries.firm_ranks(facts),
        regions.specialised_regions(facts),
        regions.beyond_chance(facts),
        regions.diverse_regions(facts),
        regions.strong_clusters(facts),
        regions.regional_growth(facts),
        data.hidden_cells(facts),
    )
