"""Two mechanisms as estimates: supply from the own region, and entry near what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agglo.core.checks import flag_rows, repeated
from agglo.core.errors import (
    AlignmentError,
    ConvergenceError,
    NotIdentifiedError,
)
from agglo.core.frames import frame_kind
from agglo.core.options import check_number
from agglo.core.results import Provenance, Undefined, frozen_array
from agglo.evaluation._element_input import labels, numbers, raise_all, read_table
from agglo.evaluation.mechanism_results import (
    LocalSupply,
    RelatedEntry,
    trade_coefficients,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntoFrame

__all__ = ["local_supply_share", "related_entry"]

_STEPS = 50


def local_supply_share(
    data: IntoFrame,
    flows: IntoFrame,
    *,
    region: str = "region",
    activity: str = "industry",
    value: str = "employment",
    seller: str = "seller",
    buyer: str = "buyer",
    coefficient: str = "direct_requirement",
    delta: float = 0.3,
) -> LocalSupply:
    r"""Estimate which share of its inputs an industry could find in its own region.

    A model, not an observation: quotients of employment stand in for trade. Use where
    there is no survey of suppliers, and say so.

    Parameters
    ----------
    data
        One row per region and industry; absent row = zero.
    flows
        Input per unit of output by seller and buyer, in the same codes.
    region, activity, value
        Columns of `data`.
    seller, buyer, coefficient
        Columns of `flows`.
    delta
        Exponent of the size of the region, in [0, 1].

    Returns
    -------
    LocalSupply
        For every region and buyer that is there.

    Raises
    ------
    OptionError
        If `delta` is out of range.
    ColumnNotFoundError
        If a column is absent.
    InvalidTableError
        Listing duplicate_key, missing_value, negative_value, empty_table.
    AlignmentError
        If no seller or no buyer is an industry of `data`.

    Notes
    -----
    .. math:: t_{ij} = \min(1, FLQ_{ij}), \quad
       FLQ_{ij} = \lambda \cdot \begin{cases} SLQ_i / SLQ_j & i \ne j \\ SLQ_i & i = j
       \end{cases}, \quad \lambda = [\log_2(1 + E_r / E_n)]^\delta

    and the share :math:`\sum_i t_{ij} a_{ij} / \sum_i a_{ij}` over sellers in `data`.
    Negative coefficients count as 0. O(regions sellers buyers).

    References
    ----------
    Flegg and Webber 2000, doi:10.1080/00343400050085675.

    See Also
    --------
    mechanism_profile : Where it is indicator M2.6.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.evaluation import local_supply_share
    >>> jobs = pa.table({"region": ["a", "b"] * 2, "industry": ["x", "x", "y", "y"],
    ...     "employment": [20.0, 480.0, 20.0, 480.0]})
    >>> need = pa.table({"seller": ["x"], "buyer": ["y"], "direct_requirement": [0.5]})
    >>> round(float(local_supply_share(jobs, need).value[0]), 6)
    0.422481
    """
    check_number("delta", delta, minimum=0, maximum=1)
    places, codes, jobs = _cells(data, region, activity, value)
    needs = _needs(flows, (seller, buyer, coefficient), codes)
    total, nation = jobs.sum(axis=1), jobs.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        slq = (jobs / total[:, None]) / (nation / nation.sum())
        size = np.log2(1.0 + total / total.sum()) ** delta
    used = np.flatnonzero(needs.sum(axis=0) > 0)
    shares = np.full((places.size, used.size), np.nan)
    for k, j in enumerate(used.tolist()):
        i = np.flatnonzero(needs[:, j] > 0)
        here = np.flatnonzero(jobs[:, j] > 0)
        local = trade_coefficients(
            slq[np.ix_(here, i)], slq[here][:, [j]], size[here, None], i == j
        )
        shares[here, k] = local @ needs[i, j] / needs[i, j].sum()
    r, at = np.nonzero(jobs[:, used] > 0)
    return LocalSupply(
        region=frozen_array(places[r]),
        buyer=frozen_array(codes[used[at]]),
        value=frozen_array(shares[r, at]),
        inputs=frozen_array(needs.sum(axis=0)[used[at]]),
        places=frozen_array(places),
        codes=frozen_array(codes),
        needs=frozen_array(needs),
        quotient=frozen_array(slq),
        scale=frozen_array(size),
        delta=float(delta),
        frame_kind=frame_kind(data),
        undefined=(
            (Undefined(reason="seller employment unknown", n=1),)
            if np.isnan(shares[r, at]).any()
            else ()
        ),
        provenance=Provenance.of(
            local_supply_share, jobs, needs, codes, parameters={"delta": delta}
        ),
    )


def _cells(
    data: IntoFrame, region: str, activity: str, value: str
) -> tuple[NDArray[np.str_], NDArray[np.str_], FloatArray]:
    asked = {"region": region, "activity": activity, "value": value}
    table, problems = read_table(data, "data", {**asked})
    raise_all(problems, "data")
    places, r = labels(table, region, "data")
    codes, i = labels(table, activity, "data")
    jobs = numbers(table, value, "data", problems)
    problems += flag_rows(
        repeated(r * codes.size + i),
        code="duplicate_key",
        what="the same region and industry occurs more than once",
        where="data",
        fix="choose one period, or add the rows up first",
    )
    raise_all(problems, "data")
    out = np.zeros((places.size, codes.size))
    out[r, i] = jobs
    return places, codes, out


def _needs(
    flows: IntoFrame, columns: tuple[str, str, str], codes: NDArray[np.str_]
) -> FloatArray:
    """Give inputs by seller and buyer for the industries of the data."""
    seller, buyer, coefficient = columns
    asked = {"seller": seller, "buyer": buyer, "coefficient": coefficient}
    table, problems = read_table(flows, "flows", {**asked})
    raise_all(problems, "flows")
    sellers, s = labels(table, seller, "flows")
    buyers, b = labels(table, buyer, "flows")
    a = numbers(table, coefficient, "flows", problems, negative=True)
    problems += flag_rows(
        repeated(s * buyers.size + b),
        code="duplicate_key",
        what="the same seller and buyer occurs more than once",
        where="flows",
        fix="choose one period and version",
    )
    raise_all(problems, "flows")
    held = np.isin(sellers, codes)[s] & np.isin(buyers, codes)[b]
    if not held.any():
        msg = "No pair of `flows` is among the industries of `data`: are the codes the same?"
        raise AlignmentError(msg)
    out = np.zeros((codes.size, codes.size))
    out[
        np.searchsorted(codes, sellers)[s[held]],
        np.searchsorted(codes, buyers)[b[held]],
    ] = np.maximum(a[held], 0.0)
    return out


def related_entry(
    data: IntoFrame, *, entered: str = "entered", density: str = "density"
) -> RelatedEntry:
    r"""Estimate how far new specialisations follow relatedness density.

    Parameters
    ----------
    data
        One row per region and industry without specialisation before: whether it was
        entered (0 or 1) and the relatedness density before.
    entered, density
        Columns.

    Returns
    -------
    RelatedEntry
        Logit coefficients and the mean marginal effect.

    Raises
    ------
    ColumnNotFoundError
        If a column is absent.
    InvalidTableError
        Listing missing_value, not_allowed, empty_table.
    NotIdentifiedError
        If nobody or everybody entered, or density does not vary.
    ConvergenceError
        If density separates entries from the others.

    Notes
    -----
    .. math:: P(entry) = 1 / (1 + e^{-(a + b d)}), \qquad
              ME = \overline{b\,p\,(1 - p)}

    Newton's method; standard errors from the information matrix take pairs as independent,
    which flatters them. The interval is that of b, carried over. O(n).

    References
    ----------
    Neffke, Henning and Boschma 2011, doi:10.1111/j.1944-8287.2011.01121.x.

    See Also
    --------
    mechanism_profile : Where it is indicator M3.3.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.evaluation import related_entry
    >>> made = pa.table({"entered": [0, 0, 1, 0, 1, 1], "density": [.1, .2, .3, .4, .5, .6]})
    >>> round(related_entry(made).marginal_effect, 2)
    1.59
    """
    table, problems = read_table(data, "data", {"entered": entered, "density": density})
    raise_all(problems, "data")
    y = numbers(table, entered, "data", problems)
    d = numbers(table, density, "data", problems, negative=True)
    problems += flag_rows(
        ~np.isin(y, (0.0, 1.0)),
        code="not_allowed",
        what=f"column '{entered}' is neither 0 nor 1",
        where="data",
        column=entered,
        fix="1 where the quotient crossed 1, else 0",
    )
    raise_all(problems, "data")
    if y.min() == y.max() or np.ptp(d) == 0:
        msg = "All pairs entered, none did, or density is the same everywhere."
        raise NotIdentifiedError(msg)
    # sorted, so that sums do not depend on the order of rows
    order = np.lexsort((y, d))
    beta, information = _logit(np.column_stack([np.ones(d.size), d])[order], y[order])
    se = np.sqrt(np.diag(np.linalg.inv(information)))
    p = 1.0 / (1.0 + np.exp(-(beta[0] + beta[1] * d)))
    slope = float((p * (1.0 - p)).mean())
    low, high = ((beta[1] + s * 1.959964 * se[1]) * slope for s in (-1, 1))
    return RelatedEntry(
        value=frozen_array(beta),
        standard_error=frozen_array(se),
        marginal_effect=float(beta[1] * slope),
        lower=float(low),
        upper=float(high),
        n=int(y.size),
        entries=int(y.sum()),
        converged=frozen_array(np.array([True])),
        frame_kind=frame_kind(data),
        provenance=Provenance.of(related_entry, y[order], d[order]),
    )


def _logit(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    beta = np.zeros(x.shape[1])
    for _ in range(_STEPS):
        p = 1.0 / (1.0 + np.exp(-np.clip(x @ beta, -30, 30)))
        information = (x * (p * (1 - p))[:, None]).T @ x
        try:
            step = np.linalg.solve(information, x.T @ (y - p))
        except np.linalg.LinAlgError:
            break
        beta = beta + step
        if np.abs(step).max() < 1e-10 * max(1.0, np.abs(beta).max()):
            return beta, information
    msg = (
        "The logit of entry does not settle: density separates entries from the others."
    )
    raise ConvergenceError(msg)
