"""Declared priorities beside what the region's own structure says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agglo.core.checks import flag_rows
from agglo.core.errors import AlignmentError, InvalidTableError
from agglo.core.frames import encode_labels, float_column, require_columns, to_arrow
from agglo.core.options import check_number
from agglo.core.parallel import entropy_of, monte_carlo
from agglo.core.results import Provenance, Undefined, frozen_array
from agglo.relatedness import _kernels_options as kernels
from agglo.relatedness._inputs import index_of, places
from agglo.relatedness.option_results import DeclaredPriorities

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntoFrame
    from agglo.relatedness.complexity_results import Complexity
    from agglo.relatedness.option_results import ComplementarityDensity
    from agglo.relatedness.relatedness_results import RelatednessDensity

__all__ = ["declared_vs_revealed"]


def declared_vs_revealed(
    declared: IntoFrame,
    crosswalk: IntoFrame,
    density: RelatednessDensity,
    *,
    complexity: Complexity | Mapping[str, float] | None = None,
    external: ComplementarityDensity | None = None,
    region: str = "region",
    domain: str = "domain",
    activity: str = "industry",
    weight: str | None = None,
    n: int = 999,
    seed: int | None = None,
    n_jobs: int | None = None,
) -> DeclaredPriorities:
    """Say whether regions declare as priorities what is near, complex or near to partners.

    Use to discuss published strategies; a low alignment is no error of the region, which
    may mean to leave its path.

    Parameters
    ----------
    declared
        One row per region and domain that it declares; a repeated row counts once.
    crosswalk
        Domain to activities, one row each.
    density
        Result of `relatedness_density` over all cells.
    complexity
        Result of `complexity`, or activity to index; ``None`` leaves the criterion out.
    external
        Result of `complementarity_density` on the same regions and activities.
    region, domain, activity, weight
        Columns: `region` and `domain` of `declared`; `domain`, `activity` and `weight`
        (at least 0; ``None``: 1) of `crosswalk`.
    n
        Exchanges of the declarations between regions.
    seed
        Of the exchanges; ``None`` draws entropy and records it.
    n_jobs
        Workers.

    Returns
    -------
    DeclaredPriorities
        Alignment (0 to 1, 0.5 is the middle of the region), percentile and p-value per
        criterion and region.

    Raises
    ------
    AlignmentError
        If a declared region is unknown, no domain has an activity, or `external` is of
        other regions or activities.
    InvalidTableError
        If a weight is negative, infinite or empty.
    ColumnNotFoundError
        If a column is absent.
    OptionError
        If a number is out of range.

    Notes
    -----
    Each score becomes a percentile within the region over the activities with a score;
    the alignment is its mean over the declared activities, weighted by the crosswalk.
    Declarations are exchanged among the regions that declare something;
    p = (1 + at least as high) / (1 + n). A region without a declaration is NaN, domains
    without an activity are listed. The design is inferred. O(n_regions^2 n_activities).

    References
    ----------
    Idea: Balland, Boschma, Crespo and Rigby 2019, doi:10.1080/00343404.2018.1437900.

    See Also
    --------
    portfolio : What the structure says.

    Examples
    --------
    >>> import pyarrow as pa, agglo.relatedness as rel
    >>> jobs = pa.table({"region": list("aaabbbccd"), "industry": list("wxyxyzyzz"),
    ...     "employment": [5.0, 4.0, 2.0, 4.0, 3.0, 2.0, 4.0, 4.0, 9.0]})
    >>> said = pa.table({"region": list("abd"), "domain": ["food", "food", "steel"]})
    >>> names = pa.table({"domain": ["food", "steel"], "industry": ["w", "z"]})
    >>> near = rel.relatedness_density(jobs)
    >>> found = rel.declared_vs_revealed(said, names, near, seed=1, n_jobs=1)
    >>> found.alignment[0].round(2).tolist()
    [1.0, 0.17, nan, 1.0]
    """
    check_number("n", n, minimum=1, integer=True)
    weights, unmatched = _declared(
        declared, crosswalk, density, (region, domain, activity), weight
    )
    score = {"density": density.values}
    if complexity is not None:
        pci = index_of(complexity, density.activity)
        score["complexity"] = np.broadcast_to(pci, density.values.shape)
    if external is not None:
        score["external"] = _same(external, density).values
    says = weights.sum(axis=1) > 0
    who = np.flatnonzero(says)
    tables = np.stack(
        [
            kernels.alignment(kernels.within_percentiles(s), weights)[np.ix_(who, who)]
            for s in score.values()
        ]
    )
    entropy = entropy_of(seed)
    own = np.arange(who.size)

    def draw(rng: np.random.Generator, size: int) -> FloatArray:
        turned = [rng.permutation(who.size) for _ in range(size)]
        return np.stack([tables[:, own, turn] for turn in turned])

    sims = monte_carlo(draw, n=int(n), seed=entropy, n_jobs=n_jobs)
    found = _judged(tables[:, own, own], sims)
    spread = [np.full((len(score), says.size), np.nan) for _ in range(3)]
    for whole, part in zip(spread, found[:3], strict=True):
        whole[:, who] = part
    return DeclaredPriorities(
        provenance=Provenance.of(
            declared_vs_revealed,
            density.provenance.input_digest,
            weights,
            *score.values(),
            parameters={"n": n, "weight": weight},
            seed=entropy,
        ),
        frame_kind=density.frame_kind,
        undefined=tuple(
            Undefined(reason="declares nothing that has an activity", region=str(r))
            for r in density.region[~says]
        ),
        region=density.region,
        criterion=tuple(score),
        alignment=frozen_array(spread[0]),
        percentile=frozen_array(spread[1]),
        p_value=frozen_array(spread[2]),
        overall=frozen_array(found[3]),
        overall_p=frozen_array(found[4]),
        unmatched=frozen_array(unmatched),
    )


def _judged(base: FloatArray, sims: FloatArray) -> tuple[FloatArray, ...]:
    """Alignment, percentile, p per region; mean and p over regions."""
    n = sims.shape[0]
    known = np.isfinite(base)
    above = np.sum(sims >= base - 1e-12, axis=0)
    below = np.sum(sims < base - 1e-12, axis=0)
    equal = np.sum(np.abs(sims - base) <= 1e-12, axis=0)
    percentile = np.where(known, (below + equal / 2) / n, np.nan)
    p = np.where(known, (1 + above) / (1 + n), np.nan)
    means, drawn = _mean(base), _mean(sims)
    overall_p = (1 + np.sum(drawn >= means - 1e-12, axis=0)) / (1 + n)
    return base, percentile, p, means, np.where(np.isnan(means), np.nan, overall_p)


def _mean(values: FloatArray) -> FloatArray:
    known = np.isfinite(values)
    count = known.sum(axis=-1)
    total = np.where(known, values, 0.0).sum(axis=-1)
    return np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)


def _same(
    external: ComplementarityDensity, density: RelatednessDensity
) -> ComplementarityDensity:
    if not (
        np.array_equal(external.region, density.region)
        and np.array_equal(external.activity, density.activity)
    ):
        msg = "`external` is of other regions or activities than `density`."
        raise AlignmentError(msg)
    return external


def _declared(
    declared: IntoFrame,
    crosswalk: IntoFrame,
    density: RelatednessDensity,
    names: tuple[str, str, str],
    weight: str | None,
) -> tuple[FloatArray, NDArray[np.str_]]:
    """Weight of every activity in what a region declares, and domains without any."""
    region, domain, activity = names
    said, words = to_arrow(declared), to_arrow(crosswalk, where="crosswalk")
    require_columns(said, {"region": region, "domain": domain})
    wanted = {"domain": domain, "activity": activity}
    if weight is not None:
        wanted["weight"] = weight
    require_columns(words, wanted)
    w = np.ones(words.num_rows) if weight is None else float_column(words, weight)
    problems = flag_rows(
        ~(np.isfinite(w) & (w >= 0)),
        code="negative_value",
        what="the weight is negative, infinite or empty",
        where="crosswalk",
        column=weight or "",
        fix="correct the rows or leave them out",
    )
    if problems:
        msg = "`crosswalk` has weights that cannot be used."
        raise InvalidTableError(msg, problems)
    regions, r = encode_labels(said, region)
    domains, d = encode_labels(said, domain)
    known, k = encode_labels(words, domain)
    activities, a = encode_labels(words, activity)
    row = places(density.region, regions)
    if (row < 0).any():
        msg = f"`declared` names unknown regions: {regions[row < 0][:5].tolist()}."
        raise AlignmentError(msg)
    column = places(density.activity, activities)[a]
    place = places(domains, known)[k]
    there = (column >= 0) & (place >= 0)
    share = np.zeros((domains.size, density.activity.size))
    np.add.at(share, (place[there], column[there]), w[there])
    empty = share.sum(axis=1) == 0
    if empty.all():
        msg = f"No declared domain has an activity of `density`, for example {domains[:5].tolist()}."
        raise AlignmentError(msg)
    chosen = np.zeros((density.region.size, domains.size))
    chosen[row[r], d] = 1.0
    return chosen @ share, domains[empty]
