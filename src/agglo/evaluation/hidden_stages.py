"""Stages without rules: a hidden Markov model over all clusters, beside the rules."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linear_sum_assignment

from agglo.core.errors import NotIdentifiedError, OptionError
from agglo.core.options import check_number
from agglo.core.parallel import entropy_of, generator
from agglo.core.partitions import adjusted_rand, normalised_information
from agglo.core.results import Provenance, frozen_array
from agglo.evaluation._kernels.hidden_markov import expectation, viterbi
from agglo.evaluation.lifecycle_results import HiddenStages, LifeCycle

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntArray

__all__ = ["hidden_stages"]

_FLOOR = 1e-3
_SHORT = 8
_LONG = 300
_FINALISTS = 3
_TOLERANCE = 1e-7


@dataclass(frozen=True, slots=True)
class _Model:
    first: FloatArray
    move: FloatArray
    mean: FloatArray
    var: FloatArray
    likelihood: float = -np.inf
    converged: bool = False


def hidden_stages(
    data: LifeCycle,
    *,
    n_states: Sequence[int] = (4, 5),
    n_init: int = 20,
    seed: int | None = 7,
) -> HiddenStages:
    r"""Tell the states of clusters from the data alone, and compare them with the rules.

    Rules and model need not agree: both are printed. Where they do, a stage does not hang
    on our thresholds.

    Parameters
    ----------
    data
        Result of `life_cycle`.
    n_states
        Numbers of states to try; the smallest BIC decides.
    n_init
        Random starts of each.
    seed
        Of the starts.

    Returns
    -------
    HiddenStages
        Path, means, transitions, dwell times and the agreement.

    Raises
    ------
    OptionError
        If an option has no such value, or `data` is no `LifeCycle`.
    NotIdentifiedError
        If there are fewer than ten rows per state with all features.

    Notes
    -----
    Features: size, relative growth and change of diversity, standardised; normal with
    diagonal covariance, variances at least 0.001. Unbroken stretches of a cluster are
    sequences of their own. Every start runs eight steps of Baum-Welch, the best three go
    on until the likelihood changes by less than 1e-7 of itself. States are sorted by mean
    relative growth. O(rows states^2) per step.

    References
    ----------
    Rabiner 1989, doi:10.1109/5.18626; Hubert and Arabie 1985, doi:10.1007/BF01908075
    (adjusted Rand index).

    See Also
    --------
    life_cycle : The rules.

    Examples
    --------
    >>> import numpy as np, pyarrow as pa
    >>> from agglo.evaluation import hidden_stages, life_cycle
    >>> u, t, i = (a.ravel() for a in np.mgrid[0:8, 0:12, 0:2])
    >>> jobs = 100.0 * np.exp(0.1 * t * (u > 3)) + 10 * u + 5 * i * np.cos(t)
    >>> made = pa.table({"region": u.astype(str), "group": ["g"] * u.size, "period": 2000 + t,
    ...     "industry": i.astype(str), "employment": jobs})
    >>> hidden_stages(life_cycle(made), n_states=(2,)).means.shape
    (2, 3)
    """
    if not isinstance(data, LifeCycle):
        msg = f"data must be the result of life_cycle, not {type(data).__name__}."
        raise OptionError(msg)
    check_number("n_init", n_init, minimum=1, integer=True)
    if isinstance(n_states, int) or not n_states:
        msg = f"n_states={n_states!r} must be numbers of states, for example (4, 5)."
        raise OptionError(msg)
    for k in n_states:
        check_number("n_states", k, minimum=2, maximum=20, integer=True)
    rows, start = _sequences(data)
    if rows.size < 10 * max(n_states):
        msg = (
            f"{rows.size} cluster-periods have all features: too few for "
            f"{max(n_states)} states. Give more clusters or periods."
        )
        raise NotIdentifiedError(msg)
    raw = np.column_stack([data.size[rows], data.value[rows], data.change[rows]])
    centre, spread = raw.mean(axis=0), raw.std(axis=0)
    x = (raw - centre) / np.where(spread > 0, spread, 1.0)
    entropy = entropy_of(seed)
    models = {int(k): _fit(x, start, int(k), int(n_init), entropy) for k in n_states}
    tried = {k: _bic(m, rows.size) for k, m in models.items()}
    k = min(tried, key=lambda j: (tried[j], j))
    model = _sorted(models[k])
    state = viterbi(x, start, model.first, model.move, model.mean, model.var)
    stage = data.stage[rows]
    stages, table = _table(state, stage, k)
    joint, n_joint = table.astype(np.float64), int(table.sum())
    notes = [] if model.converged else ["the likelihood had not settled"]
    stay = np.diag(model.move)
    return HiddenStages(
        region=frozen_array(data.region[rows]),
        group=frozen_array(data.group[rows]),
        period=frozen_array(data.period[rows]),
        state=frozen_array(state + 1),
        stage=frozen_array(stage),
        means=frozen_array(model.mean * spread + centre),
        transition=frozen_array(model.move),
        dwell=frozen_array(1.0 / np.maximum(1.0 - stay, 1e-12)),
        log_likelihood=model.likelihood,
        bic=tried[k],
        tried=tried,
        rand=adjusted_rand(joint) if n_joint > 1 else math.nan,
        information=normalised_information(joint) if n_joint else math.nan,
        cramer=_cramer(table),
        table=frozen_array(table),
        stages=stages,
        matched=_matched(table, stages),
        converged=model.converged,
        frame_kind=data.frame_kind,
        provenance=Provenance.of(
            hidden_stages,
            data.provenance.input_digest,
            parameters={"n_states": list(n_states), "n_init": n_init},
            seed=entropy,
            warnings=notes,
        ),
    )


def _sequences(data: LifeCycle) -> tuple[IntArray, IntArray]:
    """Give the rows with all features, and the bounds of unbroken stretches."""
    known = ~np.isnan(data.size + data.value + data.change)
    n = data.n_periods
    rows = np.flatnonzero(known)
    broken = (np.diff(rows) != 1) | (np.diff(rows // n) != 0)
    start = np.concatenate([[0], np.flatnonzero(broken) + 1, [rows.size]])
    return rows.astype(np.int64), start.astype(np.int64)


def _fit(x: FloatArray, start: IntArray, k: int, n_init: int, entropy: int) -> _Model:
    begun = [
        _climb(x, start, _begin(x, k, generator(entropy, k, i)), _SHORT)
        for i in range(n_init)
    ]
    begun.sort(key=lambda m: -m.likelihood)
    done = [_climb(x, start, m, _LONG) for m in begun[:_FINALISTS]]
    return max(done, key=lambda m: m.likelihood)


def _begin(x: FloatArray, k: int, rng: np.random.Generator) -> _Model:
    mean = x[rng.choice(x.shape[0], size=k, replace=False)]
    move = np.full((k, k), 0.3 / (k - 1))
    np.fill_diagonal(move, 0.7)
    return _Model(np.full(k, 1.0 / k), move, mean.copy(), np.ones_like(mean))


def _climb(x: FloatArray, start: IntArray, model: _Model, steps: int) -> _Model:
    """Run Baum-Welch until it settles or for so many steps."""
    last = -np.inf
    for _ in range(steps):
        found = expectation(x, start, model.first, model.move, model.mean, model.var)
        likelihood, begun, moved, visits, sums, squares = found
        settled = abs(likelihood - last) <= _TOLERANCE * abs(likelihood)
        if settled:
            return _Model(
                model.first, model.move, model.mean, model.var, likelihood, True
            )
        last = likelihood
        mass = np.maximum(visits, 1e-12)[:, None]
        mean = sums / mass
        # a state that nobody leaves keeps a row that adds up to one
        rows = moved.sum(axis=1, keepdims=True)
        move = np.where(rows > 0, moved / np.where(rows > 0, rows, 1.0), model.move)
        var = np.maximum(squares / mass - mean**2, _FLOOR)
        model = _Model(begun / begun.sum(), move, mean, var, likelihood)
    return model


def _bic(model: _Model, n: int) -> float:
    k, d = model.mean.shape
    free = (k - 1) + k * (k - 1) + 2 * k * d
    return float(-2.0 * model.likelihood + free * np.log(n))


def _sorted(model: _Model) -> _Model:
    order = np.argsort(model.mean[:, 1], kind="stable")
    return _Model(
        model.first[order],
        model.move[np.ix_(order, order)],
        model.mean[order],
        model.var[order],
        model.likelihood,
        model.converged,
    )


def _table(
    state: IntArray, stage: NDArray[np.str_], k: int
) -> tuple[tuple[str, ...], IntArray]:
    assessed = stage != "not_assessed"
    names, code = np.unique(stage[assessed], return_inverse=True)
    cell = state[assessed] * max(names.size, 1) + code
    table = np.bincount(cell, minlength=k * names.size).reshape(k, names.size)
    return tuple(str(n) for n in names), table.astype(np.int64)


def _cramer(table: IntArray) -> float:
    kept = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    n, least = kept.sum(), min(kept.shape) - 1
    if n == 0 or least < 1:
        return float("nan")
    expected = np.outer(kept.sum(axis=1), kept.sum(axis=0)) / n
    chi2 = float(((kept - expected) ** 2 / expected).sum())
    return float(np.sqrt(chi2 / (n * least)))


def _matched(table: IntArray, stages: tuple[str, ...]) -> tuple[str, ...]:
    rows, columns = linear_sum_assignment(-table)
    names = dict(zip(rows.tolist(), columns.tolist(), strict=True))
    return tuple(stages[names[k]] if k in names else "" for k in range(table.shape[0]))
