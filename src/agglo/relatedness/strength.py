"""Where which cluster is strong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from agglo.core.errors import (
    AlignmentError,
    OptionError,
    suggest,
)
from agglo.core.frames import require_columns, to_arrow
from agglo.core.options import MonteCarlo, check_choice
from agglo.core.results import Provenance, frozen_array
from agglo.core.tables import RegionActivity, as_region_activity
from agglo.relatedness._judging import Amounts, judge, probabilities, quotient
from agglo.relatedness.definitions import (
    ClusterDefinitions,
    Missing,
    as_cluster_definitions,
    clusters_of,
)
from agglo.relatedness.results import ClusterActivity, ClusterStrength, StrongClusters
from agglo.relatedness.schemes import STRENGTH_SCHEMES, StrengthScheme

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntoFrame

__all__ = ["cluster_strength", "strong_clusters"]

Source: TypeAlias = "str | RegionActivity | None"
_FEW_REGIONS = 10


def cluster_strength(
    data: IntoFrame | RegionActivity,
    definitions: IntoFrame | Mapping[str, str] | ClusterDefinitions,
    *,
    scheme: str | StrengthScheme = "us_strong",
    region: str = "region",
    activity: str = "industry",
    value: str = "employment",
    establishments: Source = "establishments",
    output: Source = "payroll",
    earlier: IntoFrame | RegionActivity | None = None,
    missing: Missing = "undefined",
    inference: MonteCarlo | None = None,
) -> ClusterStrength:
    r"""Judge every cluster in every region by a strength scheme.

    Also: strong clusters, cluster stars. Use to list where clusters stand out; not to
    decide whether a place is a cluster at all, and not to compare schemes by their
    counts, since each sets its own bar.

    Parameters
    ----------
    data
        Activity table of one period (absent row = zero) or `RegionActivity`.
    definitions
        What `as_cluster_definitions` accepts.
    scheme
        Name in `STRENGTH_SCHEMES` (``"us_strong"``, ``"eco_stars"``, ``"panorama"``,
        ``"lq"``) or a `StrengthScheme`.
    region, activity, value
        Columns of `data`.
    establishments
        Column or `RegionActivity` with plant counts; needed by ``"us_strong"``.
    output
        Column or `RegionActivity` with payroll or value added, for productivity.
    earlier
        Activity table of the earlier period, for growth.
    missing
        ``"undefined"``: a cluster is not judged in a region where one of its industries
        is unknown; ``"zero"``: unknown cells count as empty, recorded.
    inference
        `MonteCarlo` adds the probability that a criterion is met when plant counts
        (without them, the values) are redrawn from a Poisson distribution.

    Returns
    -------
    ClusterStrength
        Per region and cluster: the value, cut, margin and verdict of every criterion,
        stars, and ``strong`` (1, 0, or NaN when it cannot be said).

    Raises
    ------
    OptionError
        If `scheme` or `missing` is unknown, or a column is named for a `RegionActivity`.
    ColumnNotFoundError
        If the scheme needs establishments and they are absent.
    AlignmentError
        If the further tables name other regions.
    InvalidTableError
        If a table breaks its schema, or no activity is in the definitions.

    Notes
    -----
    The quotient is that of the cluster's total against all activities,

    .. math:: LQ_{rc} = \frac{x_{rc}/x_{r\cdot}}{x_{\cdot c}/x_{\cdot\cdot}} .

    The top share q of the n regions where the cluster is present is the first
    :math:`\lceil qn \rceil`, and all that tie with the last of them. A region without the
    cluster meets nothing. Productivity and growth without the data they need are NaN, not
    0: then only verdicts that no outcome could change are given. Top shares among fewer
    than ten regions are unstable: the result says so in its warnings. O(n_regions n_clusters)
    beside the aggregation.

    References
    ----------
    Delgado, Porter and Stern 2016, doi:10.1093/jeg/lbv017. Thresholds that we chose are
    marked in ``Criterion.evidence``.

    See Also
    --------
    strong_clusters : The strong ones as a list.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.relatedness import cluster_strength
    >>> jobs = pa.table({"region": ["a", "a", "b", "b"], "industry": ["1", "2"] * 2,
    ...     "employment": [300, 100, 100, 300]})
    >>> found = cluster_strength(jobs, {"1": "Steel", "2": "Shops"}, scheme="lq")
    >>> found.strong.tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    rules = _scheme(scheme)
    check_choice("missing", missing, ["undefined", "zero"])
    known = as_cluster_definitions(definitions)
    main = as_region_activity(data, region=region, activity=activity, value=value)
    clusters = clusters_of(main, known, missing=missing)
    further = _Further(
        data=data,
        region=region,
        activity=activity,
        value=value,
        definitions=known,
        clusters=clusters,
        missing=missing,
    )
    plants = further.establishments(
        establishments, _needs(rules, "establishments_share")
    )
    amounts = Amounts(
        size=clusters.values,
        row_total=clusters.row_total,
        col_total=clusters.col_total,
        total=clusters.total,
        establishments=None if plants is None else plants[0],
        establishments_total=clusters.col_total if plants is None else plants[1],
        output=further.output(output) if _needs(rules, "productivity") else None,
        earlier=further.earlier(earlier) if _needs(rules, "growth") else None,
    )
    judged = judge(rules, amounts)
    notes = _notes(rules, amounts, clusters)
    seed, p_met, p_strong = None, None, None
    if inference is not None:
        from agglo.core.parallel import entropy_of

        seed = entropy_of(inference.seed)
        p_met, p_strong = probabilities(rules, amounts, inference.n, seed)
    return ClusterStrength(
        provenance=Provenance.of(
            cluster_strength,
            main,
            known,
            parameters={"scheme": rules, "missing": missing, "inference": inference},
            seed=seed,
            warnings=notes,
        ),
        frame_kind=main.frame_kind,
        undefined=clusters.undefined,
        region=clusters.region,
        cluster=clusters.cluster,
        kind=clusters.kind,
        scheme=rules.name,
        criteria=tuple(c.name for c in rules.criteria),
        size=frozen_array(amounts.size),
        quotient=frozen_array(quotient(amounts)),
        values=frozen_array(judged.values),
        cut=frozen_array(judged.cut),
        met=frozen_array(judged.met),
        stars=frozen_array(np.sum(judged.met == 1, axis=0).astype(np.float64)),
        unknown=frozen_array(np.isnan(judged.met).sum(axis=0).astype(np.float64)),
        strong=frozen_array(judged.strong),
        p_met=p_met,
        p_strong=p_strong,
        unmapped_share=clusters.unmapped_share,
        definition=clusters.definition,
    )


def strong_clusters(
    strength: ClusterStrength,
    *,
    kind: Literal["traded", "local"] | None = None,
    region: str | None = None,
) -> StrongClusters:
    """List the strong clusters, region by region, the most specialised first.

    Parameters
    ----------
    strength
        Result of `cluster_strength`.
    kind
        Only traded or only local clusters; default both.
    region
        Only this region; default all.

    Returns
    -------
    StrongClusters
        One row per strong cluster: size, quotient, stars, and the probability of being
        strong if it was asked for (otherwise NaN). Unknown verdicts are not listed.

    Raises
    ------
    AlignmentError
        If `region` is not one of the regions.
    OptionError
        If `kind` is neither ``"traded"`` nor ``"local"``.

    Notes
    -----
    Ties of the quotient keep the order of cluster names. O(n_strong log n_strong).

    References
    ----------
    Delgado, Porter and Stern 2016, doi:10.1093/jeg/lbv017.

    See Also
    --------
    cluster_strength : The criteria behind the list.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.relatedness import cluster_strength, strong_clusters
    >>> jobs = pa.table({"region": ["a", "a", "b", "b"], "industry": ["1", "2"] * 2,
    ...     "employment": [300, 100, 100, 300]})
    >>> found = cluster_strength(jobs, {"1": "Steel", "2": "Shops"}, scheme="lq")
    >>> strong_clusters(found).quotient.tolist()
    [1.5, 1.5]
    """
    chosen = strength.strong == 1
    if kind is not None:
        check_choice("kind", kind, ["traded", "local"])
        chosen = chosen & (strength.kind == kind)[None, :]
    if region is not None:
        if region not in strength.region:
            hint = suggest(region, strength.region.tolist())
            msg = f"region={region!r} is not one of the {strength.region.size} regions. {hint}"
            raise AlignmentError(msg.rstrip())
        chosen = chosen & (strength.region == region)[:, None]
    rows, columns = np.nonzero(chosen)
    order = np.lexsort((columns, -strength.quotient[rows, columns], rows))
    rows, columns = rows[order], columns[order]
    probability = (
        np.full(rows.size, np.nan)
        if strength.p_strong is None
        else strength.p_strong[rows, columns]
    )
    return StrongClusters(
        provenance=Provenance.of(
            strong_clusters,
            strength.provenance.input_digest,
            parameters={"kind": kind, "region": region, "scheme": strength.scheme},
            warnings=strength.provenance.warnings,
        ),
        frame_kind=strength.frame_kind,
        region=frozen_array(strength.region[rows]),
        cluster=frozen_array(strength.cluster[columns]),
        kind=frozen_array(strength.kind[columns]),
        size=frozen_array(strength.size[rows, columns]),
        quotient=frozen_array(strength.quotient[rows, columns]),
        stars=frozen_array(strength.stars[rows, columns]),
        p_strong=frozen_array(probability),
        scheme=strength.scheme,
        regions_total=strength.region.size,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Further:
    """Brings the further tables to the regions and clusters of the first."""

    data: IntoFrame | RegionActivity
    region: str
    activity: str
    value: str
    definitions: ClusterDefinitions
    clusters: ClusterActivity
    missing: Missing

    def establishments(
        self, source: Source, needed: bool
    ) -> tuple[FloatArray, FloatArray] | None:
        """Give plant counts by region and cluster, and their national totals."""
        table = self._table(source, "establishments", required=needed)
        if table is None:
            return None
        counts = clusters_of(table, self.definitions, missing=self.missing)
        return self._aligned(counts, "establishments", strict=True), counts.col_total

    def output(self, source: Source) -> FloatArray | None:
        """Give payroll or value added by region and cluster."""
        table = self._table(source, "output", required=False)
        if table is None:
            return None
        return self._aligned(
            clusters_of(table, self.definitions), "output", strict=True
        )

    def earlier(self, data: IntoFrame | RegionActivity | None) -> FloatArray | None:
        """Give the sizes of the earlier period."""
        if data is None:
            return None
        table = as_region_activity(
            data, region=self.region, activity=self.activity, value=self.value
        )
        before = clusters_of(table, self.definitions, missing=self.missing)
        return self._aligned(before, "earlier", strict=False)

    def _table(
        self, source: Source, name: str, *, required: bool
    ) -> RegionActivity | None:
        if source is None or isinstance(source, RegionActivity):
            if source is None and required:
                msg = f"The scheme looks at {name}: pass {name}=<column or RegionActivity>."
                raise OptionError(msg)
            return source
        if isinstance(self.data, RegionActivity):
            if required:
                msg = (
                    f"A RegionActivity holds one value per cell and the scheme looks at "
                    f"{name}: pass {name}=<RegionActivity>, not a column name."
                )
                raise OptionError(msg)
            return None
        table = to_arrow(self.data)
        if source not in table.column_names and not required:
            return None
        require_columns(table, {name: source})
        # productivity is judged cell by cell, so its totals are not needed
        return as_region_activity(
            table,
            region=self.region,
            activity=self.activity,
            value=source,
            margins="refuse" if required else "disclosed",
        )

    def _aligned(
        self, other: ClusterActivity, name: str, *, strict: bool
    ) -> FloatArray:
        """Order the rows as the regions of the first table; an absent region is zero."""
        place = {str(r): k for k, r in enumerate(self.clusters.region)}
        row = np.array([place.get(str(r), -1) for r in other.region], dtype=np.int64)
        unknown = [str(r) for r, k in zip(other.region, row, strict=True) if k < 0]
        if (unknown and strict) or not (row >= 0).any():
            msg = (
                f"`{name}` names {len(unknown)} regions that `data` does not have: "
                f"{unknown[:10]}. Use one version of region codes."
            )
            raise AlignmentError(msg)
        out = np.zeros(self.clusters.values.shape)
        out[row[row >= 0]] = other.values[row >= 0]
        return out


def _scheme(scheme: str | StrengthScheme) -> StrengthScheme:
    if isinstance(scheme, StrengthScheme):
        return scheme
    return STRENGTH_SCHEMES[check_choice("scheme", scheme, list(STRENGTH_SCHEMES))]


def _needs(rules: StrengthScheme, measure: str) -> bool:
    return any(c.measure == measure for c in rules.criteria)


def _notes(
    rules: StrengthScheme, amounts: Amounts, clusters: ClusterActivity
) -> tuple[str, ...]:
    notes = list(clusters.provenance.warnings)
    if _needs(rules, "productivity") and amounts.output is None:
        notes.append("no payroll or value added: productivity is unknown")
    if _needs(rules, "growth") and amounts.earlier is None:
        notes.append("no earlier period: growth is unknown")
    if any(c.rule == "top_share" for c in rules.criteria):
        n = np.sum(amounts.size > 0, axis=0)
        few = int(np.sum((n > 0) & (n < _FEW_REGIONS)))
        if few:
            text = (
                f"{few} clusters are present in fewer than {_FEW_REGIONS} regions: "
                "their top shares are unstable"
            )
            notes.append(text)
    return tuple(notes)
