"""What flows depend on: gravity equations with effects for both ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.core.checks import flag_rows
from agglo.core.errors import (
    ConvergenceError,
    NotIdentifiedError,
    OptionError,
    Problem,
)
from agglo.core.frames import frame_kind, require_columns, to_arrow
from agglo.core.options import check_choice
from agglo.core.results import Provenance, frozen_array
from agglo.core.tables._columns import labels_of, numbers_of, raise_problems
from agglo.networks._kernels import poisson as kernels
from agglo.networks.gravity_results import Gravity

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from agglo.core.typing import BoolArray, FloatArray, FrameKind, IntArray, IntoFrame

__all__ = ["gravity_ppml"]

_VCOV = ("robust", "pair", "origin", "destination", "two_way", "dyadic")
_ENDS = ("origin", "destination")


def gravity_ppml(
    data: IntoFrame,
    *,
    flow: str = "flow",
    distance: str | None = "distance_km",
    covariates: Sequence[str] = (),
    fixed_effects: Sequence[str] = ("origin", "destination"),
    origin: str = "origin",
    destination: str = "destination",
    directed: bool = True,
    self_pairs: bool = False,
    vcov: Literal[
        "robust", "pair", "origin", "destination", "two_way", "dyadic"
    ] = "dyadic",
    cluster: str | None = None,
) -> Gravity:
    r"""Estimate how flows fall with distance, zeros included, by Poisson pseudo-likelihood.

    Use for flows with many zeros and unequal variances, where regressions of logarithms
    are biased; not to test structure that pairs share (see `mrqap`). Also: PPML.

    Parameters
    ----------
    data
        One row per pair (and period, product): all pairs, zeros included, as
        `build_dyads` gives.
    flow
        Column of flows, 0 or more.
    distance
        Column of distances above 0; its logarithm is a regressor. ``None`` for none.
    covariates
        Further columns of numbers, taken as they are.
    fixed_effects
        ``"origin"`` and ``"destination"`` mean the ends; other words are columns. For
        undirected pairs both ends share one set of effects.
    origin, destination
        Columns of labels.
    directed
        Whether (a, b) and (b, a) are two flows.
    self_pairs
        Whether rows of a place with itself are used.
    vcov
        Errors: ``"robust"``, clustered by unordered ``"pair"``, by ``"origin"`` or
        ``"destination"``, by both (``"two_way"``), or ``"dyadic"``: any two rows that share
        a place are correlated.
    cluster
        Column of clusters; replaces `vcov`.

    Returns
    -------
    Gravity
        Coefficients (elasticity for distance), errors, fitted flows, and ln-linear least
        squares on positive flows beside them.

    Raises
    ------
    ColumnNotFoundError
        If a column is absent.
    InvalidTableError
        Listing all of: null_key, negative_value, missing_value, not_finite,
        distance_not_positive; or without a flow above 0.
    NotIdentifiedError
        If a regressor is collinear or absorbed by the effects (named), or there is no
        regressor.
    ConvergenceError
        If the iteration does not settle.
    OptionError
        If an option is not admissible.

    Notes
    -----
    .. math:: E[F_{ab}] = \exp(o_a + d_b + \beta \ln d_{ab} + x_{ab}'g)

    Iterated weighted least squares; effects are projected out by conjugate gradients, so
    their number is not limited by memory for dummies. Places without any flow and other
    zeros that are predicted perfectly (iterative rectifier) are left out and listed. With
    effects for both ends fitted totals of every place equal the observed ones. Clustered
    covariances have the factor G/(G−1) · (n−1)/(n−k) (two-way: the smaller G), k counting the regressors and the
    effects not nested in clusters; dyadic ones the factor N/(N−1) · (n−1)/(n−k) with k
    regressors (inferred). O(rows) per step.

    References
    ----------
    Santos Silva and Tenreyro 2006, doi:10.1162/rest.88.4.641; Correia, Guimarães and Zylkin
    2020, doi:10.1177/1536867X20909691; Cameron, Gelbach and Miller 2011,
    doi:10.1198/jbes.2010.07136; Aronow, Samii and Assenova 2015, doi:10.1093/pan/mpv018.

    See Also
    --------
    build_dyads : All pairs with distances and zeros.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> pairs = [(a, b) for a in range(6) for b in range(6) if a != b]
    >>> flows = pa.table({"origin": [str(a) for a, _ in pairs],
    ...     "destination": [str(b) for _, b in pairs],
    ...     "distance_km": [10.0 * abs(a - b) for a, b in pairs],
    ...     "flow": [(a + 1) * (b + 2) / abs(a - b) for a, b in pairs]})
    >>> round(float(ag.gravity_ppml(flows).values[0]), 6)
    -1.0
    """
    check_choice("vcov", vcov, _VCOV)
    fixed = _checked_effects(fixed_effects, directed=directed)
    names = (covariates,) if isinstance(covariates, str) else tuple(covariates)
    columns: dict[str, str | None] = {
        "flow": flow,
        "distance": distance,
        "origin": origin,
        "destination": destination,
        "cluster": cluster,
        **{f"covariates[{c!r}]": c for c in names},
        **{f"fixed_effects[{c!r}]": c for c in fixed if c not in _ENDS},
    }
    rows = _read(data, columns, names, fixed, self_pairs=self_pairs)
    rows, lost = _without_zeros(rows, directed=directed)
    effects, _ = _effects(rows, directed=directed)
    apart = kernels.separated(rows.y, rows.x, effects)
    if apart.any():
        rows = rows.keep(~apart)
        effects, _ = _effects(rows, directed=directed)
    _check_identified(rows, effects)
    fit = kernels.fit_poisson(rows.y, rows.x, effects)
    if not fit.settled:
        msg = f"The pseudo-likelihood did not settle in {fit.steps} steps."
        raise ConvergenceError(msg)
    kind = "cluster" if cluster is not None else vcov
    covariance = _covariance(rows, fit.x, fit.mu, rows.y - fit.mu, kind, directed)
    ols, ols_se = _log_linear(rows, kind, directed=directed)
    return _result(
        rows,
        fit,
        covariance,
        (ols, ols_se),
        dropped=lost,
        n_separated=int(apart.sum()),
        vcov=f"clustered by {cluster}" if cluster is not None else vcov,
        provenance=Provenance.of(
            gravity_ppml,
            rows.y,
            rows.x,
            *rows.codes.values(),
            parameters={
                "covariates": list(names),
                "distance": distance,
                "fixed_effects": list(fixed),
                "directed": directed,
                "self_pairs": self_pairs,
                "vcov": vcov,
                "cluster": cluster,
            },
        ),
    )


def _checked_effects(
    fixed_effects: Sequence[str], *, directed: bool
) -> tuple[str, ...]:
    fixed = (fixed_effects,) if isinstance(fixed_effects, str) else tuple(fixed_effects)
    if len(set(fixed)) < len(fixed):
        msg = f"fixed_effects={list(fixed)} names an effect twice."
        raise OptionError(msg)
    if not directed and len(set(fixed) & set(_ENDS)) == 1:
        msg = (
            f"fixed_effects={list(fixed)}: undirected pairs have no origin of their own; "
            "name both ends (one shared set of effects) or neither."
        )
        raise OptionError(msg)
    return fixed


@dataclass(frozen=True, eq=False, kw_only=True)
class _Rows:
    """The rows of a gravity equation.

    `codes` has origin, destination, cluster (if any) and every further effect.
    """

    y: FloatArray
    x: FloatArray
    codes: Mapping[str, IntArray]
    labels: Mapping[str, NDArray[np.str_]]
    fixed: tuple[str, ...]
    term: tuple[str, ...]
    row: IntArray
    frame_kind: FrameKind

    def keep(self, some: BoolArray) -> _Rows:
        return _Rows(
            y=self.y[some],
            x=self.x[some],
            codes={k: v[some] for k, v in self.codes.items()},
            labels=self.labels,
            fixed=self.fixed,
            term=self.term,
            row=self.row[some],
            frame_kind=self.frame_kind,
        )


def _read(
    data: IntoFrame,
    columns: Mapping[str, str | None],
    covariates: tuple[str, ...],
    fixed: tuple[str, ...],
    *,
    self_pairs: bool,
) -> _Rows:
    table = to_arrow(data)
    require_columns(table, columns)
    problems: list[Problem] = []
    y = numbers_of(table, str(columns["flow"]), problems, "data", missing=False)
    terms: dict[str, FloatArray] = {}
    distance = columns["distance"]
    first, a = labels_of(table, str(columns["origin"]), problems, "data")
    second, b = labels_of(table, str(columns["destination"]), problems, "data")
    nodes = np.unique(np.concatenate([first, second]))
    codes = {
        "origin": np.searchsorted(nodes, first)[a].astype(np.int64),
        "destination": np.searchsorted(nodes, second)[b].astype(np.int64),
    }
    labels = {"origin": nodes, "destination": nodes}
    used = np.ones(y.size, dtype=bool)
    if not self_pairs:
        used = codes["origin"] != codes["destination"]
    if distance is not None:
        km = numbers_of(table, distance, problems, "data", minimum=None, missing=False)
        problems += flag_rows(
            used & (km <= 0),
            code="distance_not_positive",
            what=f"column '{distance}' is 0 or less",
            where="data",
            column=distance,
            fix="give a distance above 0, also within a place, or leave the row out",
        )
        terms[f"ln_{distance}"] = np.log(np.where(km > 0, km, 1.0))
    for name in covariates:
        terms[name] = numbers_of(
            table, name, problems, "data", minimum=None, missing=False
        )
    others = {f: f for f in fixed if f not in _ENDS}
    if columns["cluster"] is not None:
        others["cluster"] = str(columns["cluster"])
    for key, name in others.items():
        labels[key], codes[key] = labels_of(table, name, problems, "data")
    raise_problems(problems, "data")
    if not terms:
        msg = "A gravity equation needs distance= or covariates=."
        raise NotIdentifiedError(msg)
    rows = _Rows(
        y=y,
        x=np.column_stack(list(terms.values())),
        codes=codes,
        labels=labels,
        fixed=fixed,
        term=tuple(terms),
        row=np.arange(y.size),
        frame_kind=frame_kind(data),
    ).keep(used)
    if not (rows.y > 0).any():
        bad = Problem(code="no_flow", what="no flow is above 0", where="data")
        raise_problems([bad], "data")
    return rows


def _blocks(rows: _Rows, *, directed: bool) -> dict[str, list[IntArray]]:
    """Codes of every set of effects; undirected ends form one set."""
    if directed or not set(_ENDS) <= set(rows.fixed):
        return {f: [rows.codes[f]] for f in rows.fixed}
    ends = [rows.codes[k] for k in _ENDS]
    rest = [f for f in rows.fixed if f not in _ENDS]
    return {"node": ends, **{f: [rows.codes[f]] for f in rest}}


def _effects(rows: _Rows, *, directed: bool) -> tuple[csr_array, dict[str, int]]:
    """Effects as a sparse matrix over the levels that occur, and their numbers."""
    blocks, levels = [], {}
    for name, codes in _blocks(rows, directed=directed).items():
        found, inverse = np.unique(np.concatenate(codes), return_inverse=True)
        levels[name] = found.size
        blocks.append(np.split(inverse.reshape(-1), len(codes)))
    if not blocks:  # without effects there is an intercept
        blocks, levels = [[np.zeros(rows.y.size, dtype=np.int64)]], {"intercept": 1}
    return kernels.effect_matrix(blocks, list(levels.values())), levels


def _without_zeros(rows: _Rows, *, directed: bool) -> tuple[_Rows, tuple[str, ...]]:
    """Leave out the rows of levels without any flow, and name these."""
    lost: list[str] = []
    keep = np.ones(rows.y.size, dtype=bool)
    for name, codes in _blocks(rows, directed=directed).items():
        words = rows.labels["origin" if name == "node" else name]
        total = sum(np.bincount(c, rows.y, minlength=words.size) for c in codes)
        seen = sum(np.bincount(c, minlength=words.size) for c in codes)
        empty = (np.asarray(total) == 0) & (np.asarray(seen) > 0)
        lost += [f"{name} {w}" for w in words[empty]]
        for c in codes:
            keep &= ~empty[c]
    return rows.keep(keep), tuple(lost)


def _check_identified(rows: _Rows, effects: csr_array) -> None:
    moved = kernels.projector(effects, np.ones(rows.y.size))(rows.x)
    problems = []
    basis: list[FloatArray] = []
    for k, name in enumerate(rows.term):
        column = moved[:, k]
        around = rows.x[:, k] - rows.x[:, k].mean()
        size = float(around @ around)
        absorbed = float(column @ column) <= 1e-12 * max(size, 1e-300)
        rest = column.copy()
        for b in basis:
            rest -= b * (b @ rest) / (b @ b)
        if absorbed or float(rest @ rest) <= 1e-12 * float(column @ column):
            why = (
                "is absorbed by the effects" if absorbed else "is collinear with others"
            )
            problems.append(
                Problem(
                    code="collinear",
                    what=f"'{name}' {why}",
                    where="data",
                    column=name,
                    fix="leave it out, or take fewer effects",
                )
            )
        else:
            basis.append(rest)
    if problems:
        msg = "The regressors cannot be told apart."
        raise NotIdentifiedError(msg, problems)


def _covariance(
    rows: _Rows,
    x: FloatArray,
    weight: FloatArray,
    residual: FloatArray,
    kind: str,
    directed: bool,
) -> FloatArray:
    """Sandwich of the coefficients; `residual` is already weighted (a score per unit x)."""
    bread = np.linalg.inv((x * weight[:, None]).T @ x)
    scores = x * residual[:, None]
    n, k = scores.shape
    a, b = rows.codes["origin"], rows.codes["destination"]
    nodes = rows.labels["origin"].size
    _, levels = _effects(rows, directed=directed)

    def one(group: IntArray, among: tuple[IntArray, ...] = ()) -> FloatArray:
        joint = among or (group,)
        free = k + _not_nested(rows, levels, joint, directed=directed)
        count = min(float(np.unique(g).size) for g in joint)
        factor = count / max(count - 1.0, 1.0) * (n - 1.0) / max(n - free, 1.0)
        dense = np.unique(group, return_inverse=True)[1].reshape(-1)
        return factor * kernels.clustered_meat(scores, dense)

    pair = np.minimum(a, b) * nodes + np.maximum(a, b)
    if kind == "robust":
        free = k + sum(levels.values()) - (len(levels) - 1)
        meat = n / max(n - free, 1.0) * (scores.T @ scores)
    elif kind == "dyadic":
        tied = np.unique(np.concatenate([a, b])).size
        factor = tied / (tied - 1.0) * (n - 1.0) / max(n - k, 1.0)
        meat = factor * kernels.dyadic_meat(scores, a, b, nodes)
    elif kind == "two_way":
        meat = one(a, (a, b)) + one(b, (a, b)) - one(a * nodes + b, (a, b))
    else:
        chosen = {"pair": pair, "origin": a, "destination": b}
        meat = one(chosen[kind] if kind in chosen else rows.codes["cluster"])
    return bread @ meat @ bread


def _not_nested(
    rows: _Rows,
    levels: Mapping[str, int],
    groups: tuple[IntArray, ...],
    *,
    directed: bool,
) -> int:
    """Levels of effects that lie in several clusters, less one per further such set."""
    if not rows.fixed:
        return 1
    count = sets = 0
    for name, codes in _blocks(rows, directed=directed).items():
        nested = len(codes) == 1 and any(_is_nested(codes[0], g) for g in groups)
        if not nested:
            count += levels[name]
            sets += 1
    return count - sets + 1


def _is_nested(level: IntArray, group: IntArray) -> bool:
    first = np.full(int(level.max()) + 1, -1, dtype=np.int64)
    first[level] = group
    return bool((first[level] == group).all())


def _log_linear(
    rows: _Rows, kind: str, *, directed: bool
) -> tuple[FloatArray, FloatArray]:
    """Least squares of ln(flow) on positive flows; NaN where that is not identified."""
    some = rows.keep(rows.y > 0)
    effects, levels = _effects(some, directed=directed)
    none = np.full(len(rows.term), np.nan)
    if some.y.size <= sum(levels.values()) + none.size:
        return none, none.copy()
    unit = np.ones(some.y.size)
    both = kernels.projector(effects, unit)(np.column_stack([some.x, np.log(some.y)]))
    x, y = both[:, :-1], both[:, -1]
    scale = np.maximum(((some.x - some.x.mean(axis=0)) ** 2).sum(axis=0), 1e-300)
    if ((x**2).sum(axis=0) <= 1e-12 * scale).any() or np.linalg.matrix_rank(
        x
    ) < none.size:
        return none, none.copy()
    beta = np.linalg.lstsq(x, y, rcond=None)[0]
    covariance = _covariance(some, x, unit, y - x @ beta, kind, directed)
    return np.asarray(beta, dtype=np.float64), _roots(covariance)


def _roots(covariance: FloatArray) -> FloatArray:
    variance = np.diag(covariance)
    return np.sqrt(np.where(variance >= 0, variance, np.nan))


def _result(
    rows: _Rows,
    fit: kernels.PoissonFit,
    covariance: FloatArray,
    ols: tuple[FloatArray, FloatArray],
    *,
    dropped: tuple[str, ...],
    n_separated: int,
    vcov: str,
    provenance: Provenance,
) -> Gravity:
    from scipy.special import ndtr

    se = _roots(covariance)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = fit.beta / se
    spread = float(np.std(rows.y) * np.std(fit.mu))
    r2 = float(np.corrcoef(rows.y, fit.mu)[0, 1] ** 2) if spread > 0 else float("nan")
    return Gravity(
        term=rows.term,
        values=frozen_array(fit.beta),
        se=frozen_array(se),
        z=frozen_array(z),
        p=frozen_array(np.asarray(2.0 * ndtr(-np.abs(z)))),
        covariance=frozen_array(covariance),
        ols=frozen_array(ols[0]),
        ols_se=frozen_array(ols[1]),
        origin=frozen_array(rows.labels["origin"][rows.codes["origin"]]),
        destination=frozen_array(rows.labels["origin"][rows.codes["destination"]]),
        flow=frozen_array(rows.y),
        fitted=frozen_array(fit.mu),
        row=frozen_array(rows.row),
        dropped=dropped,
        n_separated=n_separated,
        deviance=fit.deviance,
        pseudo_r2=r2,
        steps=fit.steps,
        vcov=vcov,
        frame_kind=rows.frame_kind,
        provenance=provenance,
    )
