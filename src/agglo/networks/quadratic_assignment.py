"""Regression and correlation of matrices of pairs, tested by permuting nodes."""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.core.errors import NotIdentifiedError, NumericsWarning, OptionError, Problem
from agglo.core.options import Permutation, check_choice
from agglo.core.parallel import entropy_of, monte_carlo
from agglo.core.results import Provenance, Undefined, frozen_array
from agglo.networks._dyads import Matrices, read_matrices
from agglo.networks._kernels import quadratic_assignment as kernels
from agglo.networks.quadratic_results import MatrixCorrelation, MatrixRegression

if TYPE_CHECKING:
    from agglo.core.typing import BoolArray, FloatArray, IntArray, IntoFrame

__all__ = ["mrqap", "qap_correlation"]

_ENUMERATED = 7
_FEW_NODES = 5
# permuted statistics that are equal on paper differ in their last digits
_TIE = 1e-9


def mrqap(
    data: IntoFrame,
    *,
    outcome: str,
    covariates: Sequence[str],
    origin: str = "origin",
    destination: str = "destination",
    directed: bool = True,
    method: Literal["dsp", "y"] = "dsp",
    missing: Literal["error", "pairwise"] = "error",
    inference: Permutation = Permutation(n=1999),  # noqa: B008  frozen
) -> MatrixRegression:
    r"""Explain ties by other relations of the same pairs, with honest p-values.

    Use when pairs share nodes, so that least-squares errors are far too small; not for
    many zero counts (see `gravity_ppml`). Also: quadratic assignment regression.

    Parameters
    ----------
    data
        One row per pair of nodes, all pairs (zeros are rows). The diagonal is not read.
    outcome, covariates
        Columns of numbers.
    origin, destination
        Columns of labels.
    directed
        Whether (a, b) and (b, a) are two observations; otherwise one row per pair.
    method
        ``"dsp"``: double semi-partialling, the residual of every regressor on the others is
        permuted; ``"y"``: the outcome is permuted (valid only if no regressor matters).
    missing
        ``"error"``, or ``"pairwise"``: pairs without a value are left out, in every
        permutation of the outcome and of the residual alike.
    inference
        Permutations; up to seven nodes all are enumerated instead.

    Returns
    -------
    MatrixRegression
        Least-squares coefficients, t, p by permutation (two-sided on the size of t), R². A constant
        outcome gives NaN with a reason.

    Raises
    ------
    ColumnNotFoundError
        If a column is absent.
    InvalidTableError
        If a pair is repeated, a number is infinite, or a value is missing and not allowed.
    NotIdentifiedError
        If regressors are constant or collinear (named), or pairs are too few.
    OptionError
        If an option is not admissible.

    Warns
    -----
    NumericsWarning
        Below five nodes: hardly any permutation exists.

    Notes
    -----
    :math:`p = (1 + \#\{|t^*| \ge |t|\})/(n + 1)`. The permuted residual is projected on an
    orthonormal basis of the others, so that a permutation costs O(nodes² × regressors),
    whatever the order of operations in the paper.

    References
    ----------
    Dekker, Krackhardt and Snijders 2007, doi:10.1007/s11336-007-9016-1; Krackhardt 1988,
    doi:10.1016/0378-8733(88)90004-4.

    See Also
    --------
    qap_correlation : One pair of relations.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> pairs = [(a, b) for a in range(6) for b in range(6) if a != b]
    >>> ties = pa.table({"origin": [str(a) for a, _ in pairs],
    ...     "destination": [str(b) for _, b in pairs], "km": [float(abs(a - b)) for a, b in pairs],
    ...     "flow": [10.0 - 2 * abs(a - b) + (a * b) % 3 for a, b in pairs]})
    >>> round(float(ag.mrqap(ties, outcome="flow", covariates=["km"]).values[1]), 4)
    -2.0571
    """
    check_choice("method", method, ("dsp", "y"))
    check_choice("missing", missing, ("error", "pairwise"))
    names = _covariates(covariates, outcome)
    columns = {"outcome": outcome, **{f"covariates[{c!r}]": c for c in names}}
    read = read_matrices(
        data,
        columns,
        origin=origin,
        destination=destination,
        directed=directed,
        missing=missing,
    )
    cells = _Cells.of(read, outcome, names)
    cells.check_identified()
    n = read.nodes.size
    if n < _FEW_NODES:
        note = f"{n} nodes have {math.factorial(n)} permutations: p is coarse"
        warnings.warn(note, NumericsWarning, stacklevel=2)
    entropy = entropy_of(inference.seed)
    beta, t, r2 = cells.observed()
    draw = cells.drawn_t if method == "dsp" else cells.drawn_t_of_outcome
    null, exact = _permuted(draw, n, inference.n, entropy)
    if np.isnan(r2):
        null = np.full_like(null, np.nan)
    return _regression(
        cells,
        (beta, t, r2),
        null,
        method=method,
        exact=exact,
        kind=read,
        provenance=Provenance.of(
            mrqap,
            read.nodes,
            *read.values.values(),
            parameters={
                "outcome": outcome,
                "covariates": list(names),
                "directed": directed,
                "method": method,
                "missing": missing,
                "n": inference.n,
            },
            seed=entropy,
        ),
    )


def _covariates(covariates: Sequence[str], outcome: str) -> tuple[str, ...]:
    names = (covariates,) if isinstance(covariates, str) else tuple(covariates)
    if not names or len(set(names)) < len(names) or outcome in names:
        msg = (
            f"covariates={list(names)} must name at least one column, each once, and "
            f"not the outcome '{outcome}'."
        )
        raise OptionError(msg)
    return names


@dataclass(frozen=True, eq=False, kw_only=True)
class _Cells:
    """Outcome and regressors as matrices, with the cells that count.

    `half` is the weight of a cell: matrices of undirected pairs hold every pair twice.
    """

    names: tuple[str, ...]
    y: FloatArray
    x: FloatArray
    there: BoolArray
    half: float
    complete: bool

    @classmethod
    def of(cls, read: Matrices, outcome: str, names: tuple[str, ...]) -> _Cells:
        y = read.values[outcome]
        x = np.stack([read.values[c] for c in names])
        there = np.isfinite(y) & np.isfinite(x).all(axis=0)
        return cls(
            names=names,
            y=np.where(there, y, 0.0),
            x=np.where(there, x, 0.0),
            there=there,
            half=1.0 if read.directed else 0.5,
            complete=read.n_missing == 0,
        )

    @property
    def n(self) -> int:
        """Pairs that count."""
        return int(self.there.sum() * self.half)

    def check_identified(self) -> None:
        """Refuse constant and collinear regressors by name."""
        if self.n <= len(self.names) + 1:
            msg = f"{self.n} pairs cannot carry {len(self.names)} regressors."
            raise NotIdentifiedError(msg)
        basis = [np.ones(int(self.there.sum()))]
        problems = []
        for name, matrix in zip(self.names, self.x, strict=True):
            column = matrix[self.there]
            rest = column.copy()
            for b in basis:
                rest -= b * (b @ rest) / (b @ b)
            if rest @ rest <= 1e-18 * max(float(column @ column), 1e-300):
                flat = float(np.ptp(column)) == 0.0
                what = "is constant" if flat else "is collinear with those before it"
                problems.append(
                    Problem(
                        code="collinear",
                        what=f"'{name}' {what}",
                        where="data",
                        column=name,
                        fix="leave it out of covariates",
                    )
                )
            else:
                basis.append(rest)
        if problems:
            msg = "The regressors cannot be told apart."
            raise NotIdentifiedError(msg, problems)

    def observed(self) -> tuple[FloatArray, FloatArray, float]:
        """Coefficients, t and R² of least squares."""
        y = self.y[self.there]
        if float(np.ptp(y)) == 0.0:
            none = np.full(len(self.names) + 1, np.nan)
            return none, none.copy(), np.nan
        design = np.column_stack([np.ones(y.size), *(m[self.there] for m in self.x)])
        beta = np.linalg.lstsq(design, y, rcond=None)[0]
        rest = y - design @ beta
        r = np.linalg.qr(design)[1]
        inverse = np.linalg.inv(r)
        variance = self.half * float(rest @ rest) / (self.n - design.shape[1])
        spread = np.sqrt(variance / self.half * (inverse**2).sum(axis=1))
        total = float(((y - y.mean()) ** 2).sum())
        return beta, beta / spread, 1.0 - float(rest @ rest) / total

    def _residual(self, target: FloatArray, others: FloatArray) -> FloatArray:
        """Residual of a matrix on others with intercept; 0 where there is no cell."""
        values = target[self.there]
        design = np.column_stack(
            [np.ones(values.size), *(m[self.there] for m in others)]
        )
        out = np.zeros_like(target)
        out[self.there] = (
            values - design @ np.linalg.lstsq(design, values, rcond=None)[0]
        )
        return out

    def _basis(self, others: FloatArray) -> FloatArray:
        """Orthonormal matrices that span the others without their means."""
        if others.shape[0] == 0:
            return others
        columns = np.column_stack([m[self.there] for m in others])
        q = np.linalg.qr(columns - columns.mean(axis=0))[0]
        out = np.zeros_like(others)
        for k in range(others.shape[0]):
            out[k][self.there] = q[:, k]
        return out

    def drawn_t(self, order: IntArray) -> FloatArray:
        """Give t of every regressor whose residual is permuted, (perms, regressors)."""
        out = np.empty((order.shape[0], len(self.names)))
        for k in range(len(self.names)):
            others = np.delete(self.x, k, axis=0)
            residual = self._residual(self.x[k], others)
            if not self.complete:
                out[:, k] = self._gram_t(
                    np.concatenate([others, self.y[None]]), residual, order
                )
                continue
            target = self._residual(self.y, others)
            fixed = np.concatenate([self._basis(others), target[None]])
            products = kernels.permuted_products(fixed, residual, order)
            # all cells appear twice when undirected: t needs the number of pairs only
            out[:, k] = kernels.t_of_last(
                products,
                float((residual**2).sum()),
                float((target**2).sum()),
                float(self.n - len(self.names) - 1),
            )
        return out

    def _gram_t(
        self, fixed: FloatArray, moved: FloatArray, order: IntArray
    ) -> FloatArray:
        ones = self.there.astype(np.float64)[None]
        stack = np.concatenate([ones, fixed])
        gram, count = kernels.permuted_gram(stack, self.there, moved, self.there, order)
        y = stack.shape[0] - 1
        x = [*range(y), y + 1]
        _, t, _ = kernels.gram_statistics(gram * self.half, count * self.half, y, x)
        return t[:, -1]

    def drawn_t_of_outcome(self, order: IntArray) -> FloatArray:
        """Give t of every regressor on the permuted outcome, (perms, regressors)."""
        stack = np.concatenate([self.there.astype(np.float64)[None], self.x])
        k = stack.shape[0]
        if self.complete:
            gram = np.zeros((order.shape[0], k + 1, k + 1))
            flat = stack.reshape(k, -1)
            gram[:, :k, :k] = flat @ flat.T
            gram[:, :k, k] = kernels.permuted_products(stack, self.y, order)
            gram[:, k, k] = (self.y**2).sum()
            count = np.full(order.shape[0], self.there.sum())
        else:
            gram, count = kernels.permuted_gram(
                stack, self.there, self.y, self.there, order
            )
        _, t, _ = kernels.gram_statistics(
            gram * self.half, count * self.half, k, list(range(k))
        )
        return t[:, 1:]


def _permuted(
    draw: Callable[[IntArray], FloatArray], n: int, draws: int, entropy: int
) -> tuple[FloatArray, bool]:
    """Draw statistics under permutation; all permutations but none at all when few."""
    if n <= _ENUMERATED:
        every = np.array(list(itertools.permutations(range(n))), dtype=np.int64)
        return draw(every[1:]), True

    def block(rng: np.random.Generator, size: int) -> FloatArray:
        order = np.tile(np.arange(n, dtype=np.int64), (size, 1))
        return draw(rng.permuted(order, axis=1))

    return monte_carlo(block, n=draws, seed=entropy), False


def _regression(
    cells: _Cells,
    fit: tuple[FloatArray, FloatArray, float],
    null: FloatArray,
    *,
    method: str,
    exact: bool,
    kind: Matrices,
    provenance: Provenance,
) -> MatrixRegression:
    from scipy.stats import t as student

    beta, t, r2 = fit
    blank = np.full(1, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        se = beta / t
    p_ols = 2.0 * student.sf(np.abs(t), cells.n - beta.size)
    none = Undefined(reason="the outcome is constant", n=beta.size)
    low, high = _quantiles(null)
    return MatrixRegression(
        term=("intercept", *cells.names),
        values=frozen_array(beta),
        se=frozen_array(se),
        t=frozen_array(t),
        p_ols=frozen_array(np.asarray(p_ols)),
        p=frozen_array(np.concatenate([blank, _two_sided(t[1:], null)])),
        null_low=frozen_array(np.concatenate([blank, low])),
        null_high=frozen_array(np.concatenate([blank, high])),
        r2=float(r2),
        n_pairs=cells.n,
        n_nodes=kind.nodes.size,
        n_draws=null.shape[0],
        exact=exact,
        method=method,
        frame_kind=kind.frame_kind,
        undefined=(none,) if np.isnan(r2) else (),
        provenance=provenance,
    )


def _two_sided(observed: FloatArray, null: FloatArray) -> FloatArray:
    at_least = np.abs(null) >= np.abs(observed) * (1.0 - _TIE)
    known = np.isfinite(null).sum(axis=0)
    p = (1.0 + at_least.sum(axis=0)) / (1.0 + known)
    return np.where(np.isnan(observed) | (known == 0), np.nan, p)


def _quantiles(null: FloatArray) -> tuple[FloatArray, FloatArray]:
    if not np.isfinite(null).any(axis=0).all():
        none = np.full(null.shape[1], np.nan)
        return none, none.copy()
    low, high = np.nanquantile(null, [0.025, 0.975], axis=0)
    return low, high


def qap_correlation(
    data: IntoFrame,
    *,
    one: str,
    other: str,
    origin: str = "origin",
    destination: str = "destination",
    directed: bool = True,
    missing: Literal["error", "pairwise"] = "error",
    inference: Permutation = Permutation(n=1999),  # noqa: B008  frozen
) -> MatrixCorrelation:
    """Correlate two relations of the same pairs of nodes, tested by permuting nodes.

    Use to ask whether two layers of ties go together; for several relations at once see
    `mrqap`.

    Parameters
    ----------
    data
        One row per pair of nodes, as in `mrqap`.
    one, other
        Columns of numbers.
    origin, destination, directed, missing, inference
        As in `mrqap`.

    Returns
    -------
    MatrixCorrelation
        Pearson's r over pairs and its two-sided p. A constant relation gives NaN with a
        reason.

    Raises
    ------
    ColumnNotFoundError
        If a column is absent.
    InvalidTableError
        As in `mrqap`.
    NotIdentifiedError
        If there are fewer than three pairs.
    OptionError
        If an option is not admissible.

    Notes
    -----
    O(nodes²) per permutation.

    References
    ----------
    Krackhardt 1988, doi:10.1016/0378-8733(88)90004-4.

    See Also
    --------
    compare_layers : Several measures of how layers differ.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> pairs = [(a, b) for a in range(5) for b in range(5) if a != b]
    >>> ties = pa.table({"origin": [str(a) for a, _ in pairs],
    ...     "destination": [str(b) for _, b in pairs], "km": [float(abs(a - b)) for a, b in pairs],
    ...     "flow": [10.0 - 2 * abs(a - b) + (a * b) % 3 for a, b in pairs]})
    >>> round(ag.qap_correlation(ties, one="flow", other="km").r, 4)
    -0.9345
    """
    check_choice("missing", missing, ("error", "pairwise"))
    read = read_matrices(
        data,
        {"one": one, "other": other},
        origin=origin,
        destination=destination,
        directed=directed,
        missing=missing,
    )
    cells = _Cells.of(read, one, (other,))
    if cells.n < 3:
        msg = f"{cells.n} pairs cannot be correlated: three or more are needed."
        raise NotIdentifiedError(msg)
    a, b = cells.y[cells.there], cells.x[0][cells.there]
    entropy = entropy_of(inference.seed)
    constant = float(np.ptp(a)) == 0.0 or float(np.ptp(b)) == 0.0
    r = float("nan") if constant else float(np.corrcoef(a, b)[0, 1])
    null = np.full((1, 1), np.nan)
    if not constant:
        null, _ = _permuted(
            lambda order: _correlations(cells, order),
            read.nodes.size,
            inference.n,
            entropy,
        )
    low, high = _quantiles(null)
    reason = Undefined(reason="one of the relations is constant", item="r")
    return MatrixCorrelation(
        r=r,
        p=float(_two_sided(np.array([r]), null)[0]),
        null_low=float(low[0]),
        null_high=float(high[0]),
        n_pairs=cells.n,
        n_nodes=read.nodes.size,
        n_draws=null.shape[0],
        frame_kind=read.frame_kind,
        undefined=(reason,) if constant else (),
        provenance=Provenance.of(
            qap_correlation,
            read.nodes,
            read.values[one],
            read.values[other],
            parameters={"directed": directed, "missing": missing, "n": inference.n},
            seed=entropy,
        ),
    )


def _correlations(cells: _Cells, order: IntArray) -> FloatArray:
    ones = cells.there.astype(np.float64)
    a = np.where(cells.there, cells.y - cells.y[cells.there].mean(), 0.0)
    b = np.where(cells.there, cells.x[0] - cells.x[0][cells.there].mean(), 0.0)
    if cells.complete:
        products = kernels.permuted_products(a[None], b, order)
        return products / np.sqrt((a**2).sum() * (b**2).sum())
    gram, _ = kernels.permuted_gram(
        np.stack([ones, a]), cells.there, b, cells.there, order
    )
    n, sa, sb = gram[:, 0, 0], gram[:, 0, 1], gram[:, 0, 2]
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt((gram[:, 1, 1] - sa**2 / n) * (gram[:, 2, 2] - sb**2 / n))
        return ((gram[:, 1, 2] - sa * sb / n) / spread)[:, None]
