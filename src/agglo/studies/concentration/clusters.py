"""Stage `clusters`: where the benchmark clusters are strong, and how surely."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.errors import InvalidTableError
from agglo.core.options import MonteCarlo
from agglo.core.tables import RegionActivity, as_region_activity
from agglo.relatedness import (
    STRENGTH_SCHEMES,
    ClusterDefinitions,
    as_cluster_definitions,
    cluster_strength,
)
from agglo.studies.concentration.cells import counts_of, jobs_of
from agglo.studies.concentration.definitions import sets_of
from agglo.studies.concentration.options import ConcentrationOptions
from agglo.studies.concentration.scope import Scope, rows_of
from agglo.studies.contract import StageOutput

if TYPE_CHECKING:
    from agglo.core.typing import Json
    from agglo.relatedness import ClusterStrength
    from agglo.studies.contract import StageInputs

__all__ = ["strong_clusters_of_regions"]


def strong_clusters_of_regions(inputs: StageInputs) -> StageOutput:
    """Judge every cluster of every set of definitions in every region, by every scheme.

    Parameters
    ----------
    inputs
        Tables of stage `prepare`; optional ``definitions`` and, for schemes that look at
        growth, ``activity``.

    Returns
    -------
    StageOutput
        Table ``clusters`` (empty without definitions): first the main set, the first by
        name, under the main scheme, that of the option; document ``cluster_notes``, of
        the main ones, with the sets and schemes that could not be judged.
    """
    options = inputs.options_as(ConcentrationOptions)
    jobs = jobs_of(inputs)
    sets, bad = _usable(inputs, jobs)
    reason = _cannot(inputs, jobs, sets, bad)
    if reason:
        return _nothing(reason)
    data = _Data.of(inputs, jobs)
    scheme, notes = options.scheme, []
    if scheme == "us_strong" and data.counts is None:
        scheme = "lq"
        notes.append("no plant counts: scheme 'lq' instead of 'us_strong'")
    lacking = {name: data.lacks(name) for name in STRENGTH_SCHEMES if name != scheme}
    others = [name for name, why in lacking.items() if not why]
    # jobs are not independent of one another, plants are: without counts no probability
    inference = None
    if data.counts is not None:
        # one seed: a set is redrawn the same way under every scheme
        inference = MonteCarlo(n=options.cluster_draws, seed=inputs.seed)
    plan = [(one, name) for one in sets for name in (scheme, *others)]
    found: list[ClusterStrength] = []
    for done, (one, name) in enumerate(plan):
        inputs.progress(done, len(plan), "clusters")
        found.append(data.judged(sets[one], name, inference))
    main = found[0]
    facts: dict[str, Json] = {
        "definition": plan[0][0],
        "scheme": scheme,
        "definitions": list(sets),
        "schemes": [scheme, *others],
        "draws": 0 if inference is None else inference.n,
        "unmapped_share": float(main.unmapped_share),
        "criteria": list(main.criteria),
        "notes": [*notes, *main.provenance.warnings],
        "not_judged": [
            *(f"{name}: {why}" for name, why in lacking.items() if why),
            *(f"{name}: {why}" for name, why in bad.items()),
        ],
        "reason": "",
    }
    parts = [_table(one, name) for one, (name, _) in zip(found, plan, strict=True)]
    # a criterion that a scheme does not know is null there
    return StageOutput(
        tables={"clusters": pa.concat_tables(parts, promote_options="default")},
        documents={"cluster_notes": facts},
    )


def _usable(
    inputs: StageInputs, jobs: RegionActivity
) -> tuple[dict[str, ClusterDefinitions], dict[str, str]]:
    """Give the sets of definitions that fit the cells, and why the others do not.

    The first set is checked as it always was: what is wrong with it stops the stage.
    """
    if not inputs.has("definitions"):
        return {}, {}
    known = set(jobs.activity.tolist())
    good: dict[str, ClusterDefinitions] = {}
    bad: dict[str, str] = {}
    for name, table in sets_of(inputs.table("definitions")).items():
        try:
            one = as_cluster_definitions(table)
        except InvalidTableError as error:
            if not good:
                raise
            bad[name] = str(error).split("\n", maxsplit=1)[0]
            continue
        if known & set(one.industry.tolist()):
            good[name] = one
        else:
            bad[name] = "no industry of the table is in the cluster definitions"
    return good, bad


def _cannot(
    inputs: StageInputs,
    jobs: RegionActivity,
    good: Mapping[str, ClusterDefinitions],
    bad: Mapping[str, str],
) -> str:
    """Say why clusters cannot be judged; empty when they can."""
    if not inputs.has("definitions"):
        return "the project has no cluster definitions"
    if not jobs.total > 0:
        return "no cell is disclosed"
    return "" if good else next(iter(bad.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Data:
    """What the schemes may look at."""

    jobs: RegionActivity
    counts: RegionActivity | None
    output: RegionActivity | None
    earlier: RegionActivity | None

    @classmethod
    def of(cls, inputs: StageInputs, jobs: RegionActivity) -> _Data:
        """Collect jobs, plants, payroll and the earlier period, as far as they are known."""
        output = earlier = None
        cells = inputs.result("prepare", "cells")
        if (
            "payroll" in cells.column_names
            and cells["payroll"].null_count < cells.num_rows
        ):
            output = as_region_activity(cells, value="payroll", margins="disclosed")
        scope = Scope.from_document(inputs.document("prepare", "coverage"))
        same = scope.growth_industry_version == scope.industry_version
        if same and scope.growth_periods and inputs.has("activity"):
            earlier = as_region_activity(
                rows_of(
                    inputs.table("activity"),
                    period=scope.growth_periods[0],
                    region_version=scope.region_version,
                    industry_version=scope.industry_version,
                ),
                margins="disclosed",
            )
        return cls(
            jobs=jobs, counts=counts_of(inputs), output=output, earlier=earlier
        )  # fmt: skip

    def lacks(self, scheme: str) -> str:
        """Say which data of a scheme are not there at all; empty for none."""
        asked = {c.measure for c in STRENGTH_SCHEMES[scheme].criteria}
        reasons = (
            ("establishments_share", "no plant counts", self.counts),
            ("productivity", "no payroll or value added", self.output),
            ("growth", "no earlier period", self.earlier),
        )
        found = [why for name, why, data in reasons if name in asked and data is None]
        return ", ".join(found)

    def judged(
        self,
        definitions: ClusterDefinitions,
        scheme: str,
        inference: MonteCarlo | None,
    ) -> ClusterStrength:
        """Judge one set by one scheme."""
        asked = {c.measure for c in STRENGTH_SCHEMES[scheme].criteria}
        return cluster_strength(
            self.jobs,
            definitions,
            scheme=scheme,
            establishments=self.counts,
            output=self.output if "productivity" in asked else None,
            earlier=self.earlier if "growth" in asked else None,
            missing="zero",
            inference=inference,
        )


def _table(found: ClusterStrength, definition: str) -> pa.Table:
    """Give one row per region and cluster that is there."""
    shown = np.nan_to_num(found.size) > 0
    rows, cols = (pa.array(k) for k in np.nonzero(shown))
    n = len(rows)
    blank = np.full(shown.shape, np.nan)
    columns = {
        "definition": pa.array([definition] * n, pa.string()),
        "scheme": pa.array([found.scheme] * n, pa.string()),
        "region": pa.array(found.region.tolist()).take(rows),
        "cluster": pa.array(found.cluster.tolist()).take(cols),
        "kind": pa.array(found.kind.tolist()).take(cols),
        "employment": found.size[shown],
        "lq": found.quotient[shown],
        "stars": found.stars[shown],
        "strong": found.strong[shown],
        "p_strong": (blank if found.p_strong is None else found.p_strong)[shown],
    }
    for k, name in enumerate(found.criteria):
        columns[f"met_{name}"] = found.met[k][shown]
    return pa.table(columns)


def _nothing(reason: str) -> StageOutput:
    text = pa.array([], pa.string())
    number = pa.array([], pa.float64())
    columns = dict.fromkeys(("definition", "scheme", "region", "cluster", "kind"), text)
    columns |= dict.fromkeys(
        ("employment", "lq", "stars", "strong", "p_strong"), number
    )
    facts: dict[str, Json] = {
        "reason": reason, "notes": [], "draws": 0, "not_judged": []
    }  # fmt: skip
    return StageOutput(
        tables={"clusters": pa.table(columns)}, documents={"cluster_notes": facts}
    )
