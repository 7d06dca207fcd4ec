"""Many tests at once: false discovery rates, and whether the draws can carry them."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.core.errors import InvalidTableError, NumericsWarning
from agglo.core.options import check_choice, check_number
from agglo.core.results import frozen_array

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from agglo.core.typing import FloatArray

__all__ = ["Discoveries", "discoveries", "fdr"]

_METHODS = ("bh", "by")


def fdr(
    p: ArrayLike,
    *,
    method: Literal["bh", "by"] = "bh",
    n_draws: int | None = None,
    alpha: float = 0.05,
) -> FloatArray:
    """Turn p-values into q-values, the false discovery rate at which each is rejected.

    Use :func:`discoveries` to report the family as a whole.

    Parameters
    ----------
    p
        P-values, any shape, one family. NaN passes through and is not counted.
    method
        ``"bh"`` (Benjamini-Hochberg: independent or positively dependent tests) or
        ``"by"`` (Benjamini-Yekutieli: any dependence).
    n_draws
        Draws behind the p-values; too few for the family are warned of.
    alpha
        Level of that warning, in (0, 1).

    Returns
    -------
    numpy.ndarray of float64
        Same shape, monotone in p, at least p and at most 1.

    Raises
    ------
    InvalidTableError
        If a p-value is outside [0, 1].
    OptionError
        If an option is not admissible.

    Warns
    -----
    NumericsWarning
        If 1/(n_draws + 1) is above alpha/m: no single hypothesis could be rejected.

    Notes
    -----
    Benjamini and Hochberg (1995), https://doi.org/10.1111/j.2517-6161.1995.tb02031.x;
    Benjamini and Yekutieli (2001), https://doi.org/10.1214/aos/1013699998. Cost
    O(m log m).

    Examples
    --------
    >>> from agglo.core.inference import fdr
    >>> [round(float(q), 3) for q in fdr([0.01, 0.02, 0.5])]
    [0.03, 0.03, 0.5]
    """
    check_choice("method", method, _METHODS)
    check_number("alpha", alpha, minimum=0, maximum=1, open_ends=True)
    values = _p_values(p)
    known = ~np.isnan(values)
    if n_draws is not None:
        check_number("n_draws", n_draws, minimum=1, integer=True)
        _warn_of_few_draws(n_draws, int(known.sum()), alpha)
    out = np.full(values.shape, np.nan)
    out[known] = _adjusted(values[known], method)
    return out


@dataclass(frozen=True, eq=False, kw_only=True)
class Discoveries:
    """A family of tests before and after the correction.

    Attributes
    ----------
    q
        Q-values, in the shape of the p-values.
    n_tests
        P-values that are known.
    method
        ``"bh"`` or ``"by"``.
    alpha
        Level.
    resolution
        Smallest p-value the draws can give, 1/(n_draws + 1); NaN without draws.
    share_before, share_after
        Share of the tests with p, and with q, at most `alpha`; NaN without tests.
    """

    q: FloatArray
    n_tests: int
    method: str
    alpha: float
    resolution: float
    share_before: float
    share_after: float

    def summary(self) -> str:
        """Give what a report must say of the family, in one line."""
        smallest = (
            "" if np.isnan(self.resolution) else f"; smallest p {self.resolution:.2g}"
        )
        return (
            f"{self.n_tests} tests; rejected at {self.alpha:g}: "
            f"{self.share_before:.1%} before and {self.share_after:.1%} after "
            f"{self.method.upper()}{smallest}"
        )


def discoveries(
    p: ArrayLike,
    *,
    method: Literal["bh", "by"] = "bh",
    n_draws: int | None = None,
    alpha: float = 0.05,
) -> Discoveries:
    """Give the q-values of a family with what must be reported beside them.

    Use it where a text says how many of many tests found something.

    Parameters
    ----------
    p
        P-values, any shape, one family. NaN passes through and is not counted.
    method
        ``"bh"`` or ``"by"``, as in :func:`fdr`.
    n_draws
        Draws behind the p-values; ``None`` for p-values of a formula.
    alpha
        Level, in (0, 1).

    Returns
    -------
    Discoveries
        Q-values, number of tests, method, resolution, shares rejected.

    Raises
    ------
    InvalidTableError
        If a p-value is outside [0, 1].
    OptionError
        If an option is not admissible.

    Warns
    -----
    NumericsWarning
        As in :func:`fdr`.

    See Also
    --------
    fdr : the q-values alone.

    Examples
    --------
    >>> from agglo.core.inference import discoveries
    >>> discoveries([0.001, 0.04, 0.6, 0.7], n_draws=999).summary()
    '4 tests; rejected at 0.05: 50.0% before and 25.0% after BH; smallest p 0.001'
    """
    q = fdr(p, method=method, n_draws=n_draws, alpha=alpha)
    values = _p_values(p)
    m = int((~np.isnan(values)).sum())
    # comparisons with NaN are False: unknown tests are rejected neither way
    before, after = int((values <= alpha).sum()), int((q <= alpha).sum())
    return Discoveries(
        q=frozen_array(q),
        n_tests=m,
        method=method,
        alpha=alpha,
        resolution=np.nan if n_draws is None else 1.0 / (n_draws + 1.0),
        share_before=before / m if m else np.nan,
        share_after=after / m if m else np.nan,
    )


def _p_values(p: ArrayLike) -> FloatArray:
    values = np.asarray(p, dtype=np.float64)
    wrong = int(((values < 0) | (values > 1)).sum())
    if wrong:
        msg = f"{wrong} of {values.size} p-values lie outside [0, 1]."
        raise InvalidTableError(msg)
    return values


def _warn_of_few_draws(n_draws: int, m: int, alpha: float) -> None:
    # 1/(n_draws + 1) > alpha/m, apart from rounding
    if alpha * (n_draws + 1.0) >= m * (1.0 - 1e-12):
        return
    need = int(np.ceil(m / alpha * (1.0 - 1e-12))) - 1
    warnings.warn(
        f"{n_draws} draws cannot carry {m} tests at a false discovery rate of "
        f"{alpha:g}: take {need} draws, or screen by the analytic z first.",
        NumericsWarning,
        stacklevel=3,
    )


def _adjusted(p: FloatArray, method: str) -> FloatArray:
    m = p.size
    order = np.argsort(p, kind="stable")
    place = np.arange(1.0, m + 1.0)
    factor = m / place
    if method == "by":
        factor = factor * (1.0 / place).sum()
    out = np.empty(m)
    # the smallest over all larger p-values makes q monotone
    out[order] = np.minimum.accumulate((p[order] * factor)[::-1])[::-1]
    return np.minimum(out, 1.0)
