"""Where which cluster is strong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.core.errors import (
    AlignmentError,
    suggest,
)
from agglo.core.options import MonteCarlo, check_choice
from agglo.core.results import Provenance, Undefined, frozen_array
from agglo.core.tables import RegionActivity, as_region_activity
from agglo.relatedness._amounts import Amounts, FurtherTables, Source, needs
from agglo.relatedness._judging import judge, probabilities, quotient
from agglo.relatedness.aggregation import Missing, clusters_of
from agglo.relatedness.definitions import (
    ClusterDefinitions,
    as_cluster_definitions,
)
from agglo.relatedness.results import ClusterActivity, ClusterStrength, StrongClusters
from agglo.relatedness.schemes import STRENGTH_SCHEMES, StrengthScheme

if TYPE_CHECKING:
    from agglo.core.typing import IntoFrame

__all__ = ["cluster_strength", "strong_clusters"]

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
    further = FurtherTables(
        data=data,
        region=region,
        activity=activity,
        value=value,
        definitions=known,
        clusters=clusters,
        missing=missing,
    )
    amounts = further.amounts(rules, establishments, output, earlier)
    judged = judge(rules, amounts)
    lacking = _lacking(rules, amounts)
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
            *amounts.further(),
            parameters={"scheme": rules, "missing": missing, "inference": inference},
            seed=seed,
            warnings=_notes(rules, amounts, clusters, lacking),
        ),
        frame_kind=main.frame_kind,
        undefined=(*clusters.undefined, *lacking),
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


def _scheme(scheme: str | StrengthScheme) -> StrengthScheme:
    if isinstance(scheme, StrengthScheme):
        return scheme
    return STRENGTH_SCHEMES[check_choice("scheme", scheme, list(STRENGTH_SCHEMES))]


def _lacking(rules: StrengthScheme, amounts: Amounts) -> tuple[Undefined, ...]:
    """Give the measures of the scheme for which there are no data at all."""
    reasons = {
        "productivity": ("no payroll or value added", amounts.output),
        "growth": ("no earlier period", amounts.earlier),
    }
    return tuple(
        Undefined(reason=reason, item=measure, n=amounts.size.size)
        for measure, (reason, found) in reasons.items()
        if found is None and needs(rules, measure)
    )


def _notes(
    rules: StrengthScheme,
    amounts: Amounts,
    clusters: ClusterActivity,
    lacking: tuple[Undefined, ...],
) -> tuple[str, ...]:
    notes = list(clusters.provenance.warnings)
    notes += [f"{u.reason}: {u.item} is unknown" for u in lacking]
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
