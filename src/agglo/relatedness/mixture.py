"""Groups by expectation-maximisation: one function for four kinds of mixture."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.core.errors import (
    ConvergenceError,
    NotIdentifiedError,
    NumericsWarning,
    OptionError,
)
from agglo.core.options import check_choice, check_number
from agglo.core.parallel import entropy_of, generator, monte_carlo
from agglo.core.results import Provenance, frozen_array
from agglo.relatedness import _kernels_mixture as kernels
from agglo.relatedness import _kernels_partitions as partitions
from agglo.relatedness import _kernels_presence as thresholds
from agglo.relatedness import _kernels_proximity as proximity_kernels
from agglo.relatedness import _mixture_redraws as redraws
from agglo.relatedness._mixture_input import Items, Names, read_items
from agglo.relatedness.mixture_results import EMClusters
from agglo.relatedness.relatedness_results import Proximity

if TYPE_CHECKING:
    from agglo.core.tables import RegionActivity
    from agglo.core.typing import FloatArray, IntArray, IntoFrame

__all__ = ["em_clusters"]

_METHODS = ("network", "gaussian", "multinomial", "spatial")
_SELECT = ("bic", "icl", "heldout", "stability")
_COVARIANCES = ("full", "tied", "diag", "spherical")


def em_clusters(
    data: IntoFrame | RegionActivity | Proximity,
    *,
    method: Literal["network", "gaussian", "multinomial", "spatial"],
    item: str = "item",
    features: Sequence[str] | None = None,
    region: str = "region",
    activity: str = "industry",
    value: str = "employment",
    origin: str = "origin",
    destination: str = "destination",
    weight: str | None = "weight",
    x: str = "x_km",
    y: str = "y_km",
    items: Literal["activity", "region"] = "activity",
    directed: bool = False,
    direction: Literal["out", "in", "both"] = "out",
    covariance: Literal["full", "tied", "diag", "spherical"] | None = None,
    regularisation: float | None = None,
    k: int | None = None,
    k_range: tuple[int, int] = (2, 12),
    select: Literal["bic", "icl", "heldout", "stability"] | None = None,
    n_init: int = 50,
    n_boot: int = 20,
    stability: Literal["tried", "chosen"] = "tried",
    resample: Literal["regions", "events", "items"] | None = None,
    proximity: Proximity | None = None,
    tol: float = 1e-8,
    max_iter: int = 2000,
    bayesian: bool = False,
    seed: int | None = None,
    n_jobs: int | None = None,
) -> EMClusters:
    r"""Group industries, regions or places by a mixture, with soft memberships.

    Use for groups whose borders are not sharp and whose number is not known. Not to show
    that groups exist: a mixture of more than one is often chosen where sizes only have
    long tails. Studies that name "the EM algorithm" rarely say which mixture; we claim no
    one's parameters.

    Parameters
    ----------
    data
        ``"network"``: links (`origin`, `destination`, `weight`) or a `Proximity`;
        ``"multinomial"``: activity table of counts; ``"gaussian"``: one row per `item` and
        a column per feature, or a `RegionActivity`, whose industries are first placed in
        at most 10 dimensions by the correlation of their relative shares; ``"spatial"``:
        `item`, planar `x` and `y` in kilometres, and `weight` (jobs).
    method
        Kind of mixture.
    item, features, region, activity, value, origin, destination, weight, x, y
        Columns of a frame. `features` defaults to all but `item`; without a column
        `weight` all weigh 1.
    items
        With ``"multinomial"``: group activities (same map) or regions (same mix).
    directed, direction
        With ``"network"``: whether a link has a direction, and whether nodes are alike by
        whom they point to, who points to them, or both.
    covariance
        With ``"gaussian"`` (default ``"diag"``) and ``"spatial"`` (default ``"full"``).
        These are VVV, EEE, VVI and VII of mclust.
    regularisation
        Added to every variance, in squared units of the data; default 1e-6, 1e-3 for the
        embedding.
    k
        Number of groups; ``None`` chooses from `k_range`.
    k_range
        Smallest and largest number tried, both included.
    select
        How the number is chosen; default ``"bic"``. ``"network"`` has no default: its
        BIC prefers one group even where two are plain.
    n_init
        Starts. All run a few steps, the best three to the end.
    n_boot
        Refits on resamples for the stability; 0 for none.
    stability
        Whether that of every number of groups tried is in the selection, or (quicker) of
        the chosen one only. One group among several tried has none: it always agrees with
        itself.
    resample
        What is drawn anew for it: ``"regions"`` (where items are the industries of a
        table), ``"events"`` (links or counts, multinomially), ``"items"``. Default
        regions for the embedding, events for links and counts, items otherwise.
    proximity
        For the silhouette, on one minus it; default that of the presences of the table,
        where items are its industries, and `data` itself where it is a `Proximity`.
    tol, max_iter
        Stop when the log-likelihood rises by less than this share; the most steps.
    bayesian
        With ``"gaussian"``, ``"full"`` or ``"diag"``: variational Bayes, which empties
        groups that it does not need. `k`, or the end of `k_range`, is the most there can
        be.
    seed
        Of starts and resamples; ``None`` draws entropy and records it.
    n_jobs
        Workers for the resamples.

    Returns
    -------
    EMClusters
        Labels (the largest group is 0), memberships, sharpness, stability, selection.

    Raises
    ------
    InvalidTableError
        If a table breaks its schema, or values are unknown or negative.
    OptionError
        If an option is not admissible, or more groups than items are asked for.
    NotIdentifiedError
        If every start met a singular covariance or lost a group of a normal mixture, or
        there are no more items than dimensions for a full covariance.
    ConvergenceError
        If every start of a mixture of links or counts lost a group.

    Warns
    -----
    NumericsWarning
        If the chosen mixture did not converge, or all items are identical.

    Notes
    -----
    Every step makes

    .. math:: q_{ir} \propto \pi_r f_r(x_i), \qquad \pi_r = \frac1N \sum_i w_i q_{ir} ,

    then f by weighted likelihood: shares :math:`\theta_{rj}` for links and counts, means
    and covariances otherwise. BIC is :math:`-2L + p\ln N`, ICL adds twice the entropy;
    both are minimised. ``"heldout"`` hides a tenth of the link weight. Identical items
    always share a group; if all are, there is one group. The Bayesian mixture has a
    Dirichlet prior of 1/k per share, a normal-Wishart prior with the mean and covariance
    of the data (one observation each) and is fitted to the evidence lower bound; its
    log-likelihood and BIC are those of the moments under its memberships. An item without links or counts
    has the shares as memberships, and is listed. O(starts steps items k features).

    References
    ----------
    Dempster, Laird and Rubin 1977, doi:10.1111/j.2517-6161.1977.tb01600.x; Newman and
    Leicht 2007, doi:10.1073/pnas.0610537104; Fraley and Raftery 2002,
    doi:10.1198/016214502760047131; Biernacki et al. 2000, doi:10.1109/34.865189; Hubert
    and Arabie 1985, doi:10.1007/BF01908075. Variational mixture: Bishop 2006, Pattern
    Recognition and Machine Learning, section 10.2.

    See Also
    --------
    candidate_definitions : Many groupings, to be scored.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.relatedness import em_clusters
    >>> jobs = pa.table({"region": list("aaaabbbb"), "industry": list("wxyzwxyz"),
    ...     "employment": [90.0, 80.0, 5.0, 9.0, 8.0, 6.0, 70.0, 95.0]})
    >>> em_clusters(jobs, method="multinomial", k=2, n_init=4, n_boot=0, seed=1).label
    array([0, 0, 1, 1])
    """
    check_choice("method", method, _METHODS)
    check_choice("items", items, ("activity", "region"))
    check_choice("direction", direction, ("out", "in", "both"))
    if covariance is not None:
        check_choice("covariance", covariance, _COVARIANCES)
    if regularisation is not None:
        check_number("regularisation", regularisation, minimum=0.0)
    if proximity is not None and not isinstance(proximity, Proximity):
        msg = f"proximity={proximity!r} must be a Proximity."
        raise OptionError(msg)
    check_choice("stability", stability, ("tried", "chosen"))
    plan = _plan(method, k, k_range, select, n_init, n_boot, tol, max_iter)
    plan = replace(plan, every=stability == "tried")
    if bayesian:
        plan = _bayesian(plan, method, covariance, select)
    names = Names(
        item=item,
        features=features,
        region=region,
        activity=activity,
        value=value,
        origin=origin,
        destination=destination,
        weight=weight,
        x=x,
        y=y,
    )
    given = read_items(
        data,
        method,
        names,
        items=items,
        directed=directed,
        direction=direction,
        covariance=covariance,
        regularisation=regularisation,
        resample=resample,
        bayesian=bayesian,
    )
    entropy = entropy_of(seed)
    found = _search(given, plan, entropy, n_jobs)
    if proximity is None and isinstance(data, Proximity):
        proximity = data
    return _result(given, plan, found, proximity, entropy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How many groups are tried, and how."""

    tried: tuple[int, ...]
    select: str
    n_init: int
    n_boot: int
    tol: float
    max_iter: int
    every: bool = True
    bayesian: bool = False


def _bayesian(
    plan: Plan, method: str, covariance: str | None, select: str | None
) -> Plan:
    """Give the plan of a Bayesian mixture: one fit, with as many groups as it may have."""
    if method != "gaussian" or covariance not in (None, "full", "diag"):
        msg = (
            "bayesian=True is there for method='gaussian' with covariance='full' or "
            "'diag' only."
        )
        raise OptionError(msg)
    if select is not None:
        msg = "select= has no meaning with bayesian=True: the groups needed are found."
        raise OptionError(msg)
    return replace(
        plan, tried=plan.tried[-1:], select="variational Bayes", bayesian=True
    )


def _plan(
    method: str,
    k: int | None,
    k_range: tuple[int, int],
    select: str | None,
    n_init: int,
    n_boot: int,
    tol: float,
    max_iter: int,
) -> Plan:
    check_number("n_init", n_init, minimum=1, integer=True)
    check_number("n_boot", n_boot, minimum=0, integer=True)
    check_number("tol", tol, minimum=0.0, maximum=0.1)
    check_number("max_iter", max_iter, minimum=1, integer=True)
    if select is not None:
        check_choice("select", select, _SELECT)
    if not isinstance(k_range, tuple) or len(k_range) != 2:
        msg = f"k_range={k_range!r} must be a pair (smallest, largest)."
        raise OptionError(msg)
    first, last = k_range
    check_number("k_range", first, minimum=1, integer=True)
    check_number("k_range", last, minimum=first, integer=True)
    if k is not None:
        check_number("k", k, minimum=1, integer=True)
        tried: tuple[int, ...] = (int(k),)
    else:
        tried = tuple(range(int(first), int(last) + 1))
        if select is None and method == "network":
            msg = (
                "method='network' needs k=, or select='heldout' or 'stability': its BIC "
                "prefers one group even where two are plain."
            )
            raise OptionError(msg)
    if select == "heldout" and method not in ("network", "multinomial"):
        msg = "select='heldout' hides links or counts; this method has none."
        raise OptionError(msg)
    if select == "stability" and n_boot == 0:
        msg = "select='stability' needs n_boot of at least 1."
        raise OptionError(msg)
    return Plan(
        tried=tried,
        select="the caller" if k is not None else select or "bic",
        n_init=int(n_init),
        n_boot=int(n_boot),
        tol=float(tol),
        max_iter=int(max_iter),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A fit per number of groups, and the scores they were chosen by."""

    fits: tuple[kernels.Fit, ...]
    heldout: FloatArray
    stability: FloatArray
    boot: FloatArray
    best: int
    identical: bool


def _search(given: Items, plan: Plan, entropy: int, n_jobs: int | None) -> Search:
    from threadpoolctl import threadpool_limits

    n = given.label.size
    if max(plan.tried) > n:
        msg = f"k={max(plan.tried)} groups of {n} items: at most {n} can be asked for."
        raise OptionError(msg)
    identical = _same(given)
    tried = (1,) if identical else plan.tried
    nothing = np.full(len(tried), np.nan)
    heldout, stability = nothing.copy(), nothing.copy()
    # small products: more threads cost more than they give
    with threadpool_limits(limits=1):
        fits = tuple(_fit(given, k, plan, generator(entropy, 0, k)) for k in tried)
        if plan.select == "heldout":
            for i, k in enumerate(tried):
                heldout[i] = redraws.heldout_score(
                    given, k, plan.n_init, plan.tol, generator(entropy, 1, k)
                )
    boots: dict[int, FloatArray] = {}
    if plan.select == "stability" or (plan.every and plan.n_boot):
        for i, fit in enumerate(fits):
            if fit.share.size == 1 and len(fits) > 1:
                continue  # one group agrees with itself, always
            boots[i] = _boot(given, fit, plan, entropy, n_jobs)
            stability[i] = boots[i].mean()
    best = _chosen(given, plan, fits, heldout, stability)
    if plan.n_boot and best not in boots:
        boots[best] = _boot(given, fits[best], plan, entropy, n_jobs)
        stability[best] = boots[best].mean()
    return Search(
        fits=fits,
        heldout=heldout,
        stability=stability,
        boot=boots.get(best, np.empty(0)),
        best=best,
        identical=identical,
    )


def _same(given: Items) -> bool:
    return bool(np.all(given.x == given.x[0]))


def _fit(given: Items, k: int, plan: Plan, rng: np.random.Generator) -> kernels.Fit:
    found = redraws.fitted(given, k, plan.n_init, plan.tol, plan.max_iter, rng)
    if found is None:
        if given.method in ("network", "multinomial"):
            msg = (
                f"All {plan.n_init} starts with k={k} lost a group; take fewer groups."
            )
            raise ConvergenceError(msg)
        msg = (
            f"All {plan.n_init} starts with k={k} lost a group or met a singular "
            "covariance; take fewer groups, more regularisation= or another covariance=."
        )
        raise NotIdentifiedError(msg)
    return found


def _boot(
    given: Items, fit: kernels.Fit, plan: Plan, entropy: int, n_jobs: int | None
) -> FloatArray:
    base = fit.membership.argmax(axis=1)
    k = plan.tried[0] if plan.bayesian and not _same(given) else fit.share.size

    def draw(rng: np.random.Generator, size: int) -> FloatArray:
        return np.array(
            [
                redraws.refit_agreement(given, base, k, plan.tol, rng)
                for _ in range(size)
            ]
        )

    return monte_carlo(
        draw, n=plan.n_boot, seed=entropy, stream=k, block_size=4, n_jobs=n_jobs
    )


def _criteria(
    given: Items, fits: Sequence[kernels.Fit]
) -> tuple[FloatArray, FloatArray]:
    size = float(given.weight.sum())
    bic = np.array(
        [-2 * f.loglik + given.parameters(f.share.size) * np.log(size) for f in fits]
    )
    doubt = [float(given.weight @ kernels.entropies(f.membership)) for f in fits]
    return bic, bic + 2 * np.array(doubt)


def _chosen(
    given: Items,
    plan: Plan,
    fits: Sequence[kernels.Fit],
    heldout: FloatArray,
    stability: FloatArray,
) -> int:
    bic, icl = _criteria(given, fits)
    score = {"heldout": -heldout, "stability": -stability, "icl": icl}
    values = score.get(plan.select, bic)
    return 0 if len(fits) == 1 else int(np.nanargmin(values))


def _notes(given: Items, found: Search, *, converged: bool) -> list[str]:
    """Collect what a reader has to know; what the fit adds is warned of too."""
    new = []
    if found.identical:
        new.append("all items are identical: there is one group")
    if not converged:
        new.append("the chosen mixture did not converge: raise max_iter=")
    for text in new:
        warnings.warn(text, NumericsWarning, stacklevel=4)
    return [*given.notes, *new]


def _result(
    given: Items, plan: Plan, found: Search, near: Proximity | None, entropy: int
) -> EMClusters:
    fit = found.fits[found.best]
    order, label = _ordered(fit)
    notes = _notes(given, found, converged=fit.converged)
    membership = fit.membership[:, order]
    doubt = kernels.entropies(membership)
    k = fit.share.size
    bic, icl = _criteria(given, found.fits)
    low, high = (
        np.quantile(found.boot, [0.05, 0.95]) if found.boot.size else (np.nan, np.nan)
    )
    return EMClusters(
        provenance=Provenance.of(
            em_clusters,
            given.digest,
            parameters={
                "method": given.method,
                "covariance": given.covariance,
                "regularisation": given.regularisation,
                "select": plan.select,
                "n_init": plan.n_init,
                "n_boot": plan.n_boot,
                "stability": "tried" if plan.every else "chosen",
                "bayesian": plan.bayesian,
                "resample": given.resample,
                "tol": plan.tol,
                "max_iter": plan.max_iter,
            },
            seed=entropy,
            warnings=notes,
        ),
        frame_kind=given.frame_kind,
        undefined=given.undefined,
        method=given.method,
        item=frozen_array(given.label),
        label=frozen_array(label),
        membership=frozen_array(membership),
        entropy=frozen_array(doubt),
        share=frozen_array(fit.share[order]),
        sharpness=1.0 - float(doubt.mean()) / np.log(k) if k > 1 else float("nan"),
        loglik=fit.loglik,
        tried=frozen_array(np.array([f.share.size for f in found.fits])),
        tried_loglik=frozen_array(np.array([f.loglik for f in found.fits])),
        n_parameters=frozen_array(
            np.array([given.parameters(f.share.size) for f in found.fits])
        ),
        bic=frozen_array(bic),
        icl=frozen_array(icl),
        silhouette=frozen_array(_silhouettes(given, found.fits, near)),
        heldout=frozen_array(found.heldout),
        tried_stability=frozen_array(found.stability),
        reached=frozen_array(np.array([f.reached for f in found.fits])),
        converged=frozen_array(np.array([f.converged for f in found.fits])),
        stability=float(found.stability[found.best]),
        stability_low=float(low),
        stability_high=float(high),
        select=plan.select,
    )


def _ordered(fit: kernels.Fit) -> tuple[IntArray, IntArray]:
    """Give the components by size of their hard groups, then by first item; new labels."""
    hard = fit.membership.argmax(axis=1)
    k = fit.share.size
    size = np.bincount(hard, minlength=k)
    first = np.full(k, hard.size)
    np.minimum.at(first, hard, np.arange(hard.size))
    order = np.lexsort((-fit.share, first, -size))
    rank = np.empty(k, dtype=np.int64)
    rank[order] = np.arange(k)
    return order, rank[hard]


def _silhouettes(
    given: Items, fits: Sequence[kernels.Fit], near: Proximity | None
) -> FloatArray:
    out = np.full(len(fits), np.nan)
    phi = _phi(given, near)
    if phi is None:
        return out
    distance = 1.0 - np.nan_to_num(phi)
    np.fill_diagonal(distance, 0.0)
    for i, fit in enumerate(fits):
        out[i] = kernels.silhouette(
            distance, partitions.by_size(fit.membership.argmax(axis=1))
        )
    return out


def _phi(given: Items, near: Proximity | None) -> FloatArray | None:
    """Give the proximity of the items, as given or from the presences of their table."""
    if near is None:
        if given.counts is None:
            return None
        x = given.counts
        quotient = thresholds.revealed_advantage(
            x, x.sum(axis=1), x.sum(axis=0), float(x.sum())
        )
        held = thresholds.at_least(quotient, 1.0).astype(np.float64)
        return proximity_kernels.from_presence(held, "min")
    place = {str(a): i for i, a in enumerate(near.label)}
    at = np.array([place.get(str(i), -1) for i in given.label])
    if np.any(at < 0):
        msg = (
            f"`proximity` lacks {int(np.sum(at < 0))} items, for example "
            f"{given.label[at < 0][:5].tolist()}."
        )
        raise OptionError(msg)
    return near.values[np.ix_(at, at)]
