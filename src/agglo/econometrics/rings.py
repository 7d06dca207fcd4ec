"""Ring difference-in-differences: spillovers by distance without a spatial lag."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from agglo.core.errors import InvalidTableError, NotIdentifiedError
from agglo.core.frames import float_column, frame_kind, require_columns, to_arrow
from agglo.core.options import check_number
from agglo.core.results import ColumnData, Provenance, Result, frozen_array
from agglo.econometrics.results import two_sided

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from agglo.core.typing import BoolArray, FloatArray, FrameKind, IntoFrame

__all__ = ["RingDID", "choose_rings", "fit_ring_did"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class RingDID(Result):
    """A regression on period, treatment and distance rings.

    Attributes
    ----------
    term, value, se
        ``constant``, ``post``, ``treated``, then one term per ring.
    rmse
        Leave-one-out root mean squared error.
    width_km, n_rings, n
        Design and number of rows.
    tried
        Width, rings and leave-one-out error of every candidate, best first; empty when
        the rings were given.
    """

    term: tuple[str, ...]
    value: FloatArray
    se: FloatArray
    rmse: float
    width_km: float
    n_rings: int
    n: int
    tried: tuple[tuple[float, int, float], ...] = ()

    @property
    def coefficients(self) -> dict[str, float]:
        """Give every coefficient by name."""
        return dict(zip(self.term, self.value.tolist(), strict=True))

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per term."""
        half = float(ndtri(0.975)) * self.se
        return {
            "term": list(self.term),
            "value": self.value,
            "se": self.se,
            "lower": self.value - half,
            "upper": self.value + half,
            "p": two_sided(self.value / self.se),
        }

    def summary(self) -> str:
        """Give the design and every coefficient."""
        lines = [
            f"Ring DID: {self.n_rings} rings of {self.width_km:g} km, {self.n} rows, "
            f"leave-one-out error {self.rmse:.4f}"
        ]
        lines += [
            f"  {t}: {v:.4f} ({s:.4f})"
            for t, v, s in zip(self.term, self.value, self.se, strict=True)
        ]
        return "\n".join(lines)

    def _draw(self, ax: Axes) -> None:
        place = self.width_km * (np.arange(self.n_rings) + 0.5)
        half = float(ndtri(0.975)) * self.se[3:]
        ax.errorbar(place, self.value[3:], yerr=half, fmt="o", color="#0072B2")
        ax.axhline(0.0, color="#9CA3AF", lw=0.8)
        ax.set(xlabel="distance to the nearest treated, km", ylabel="spillover")


@dataclass(frozen=True, slots=True)
class _Cells:
    """Checked columns of a ring regression."""

    y: FloatArray
    post: FloatArray
    treated: FloatArray
    distance: FloatArray
    kind: FrameKind

    @property
    def open(self) -> BoolArray:
        """Say which cells can receive a spillover: untreated, after the start."""
        return np.asarray((self.post == 1) & (self.treated == 0))

    def matrix(self, width: float, n_rings: int) -> FloatArray:
        """Give constant, post, treated and one column per ring."""
        ring = np.maximum(np.ceil(self.distance / width), 1)
        columns = [np.ones(self.y.size), self.post, self.treated]
        columns += [
            (self.open & (ring == j)).astype(np.float64) for j in range(1, n_rings + 1)
        ]
        return np.column_stack(columns)


def _read(
    data: IntoFrame, outcome: str, post: str, treated: str, distance_km: str
) -> _Cells:
    table = to_arrow(data)
    named = {
        "outcome": outcome,
        "post": post,
        "treated": treated,
        "distance_km": distance_km,
    }
    require_columns(table, named)
    cells = _Cells(
        y=float_column(table, outcome),
        post=float_column(table, post),
        treated=float_column(table, treated),
        distance=float_column(table, distance_km),
        kind=frame_kind(data),
    )
    for name, values in ((post, cells.post), (treated, cells.treated)):
        if not np.isin(values, (0.0, 1.0)).all():
            msg = f"[treatment_reversal] '{name}' must be 0 or 1 in every row."
            raise InvalidTableError(msg)
    bad = ~np.isfinite(cells.y)
    bad |= cells.open & ~(np.isfinite(cells.distance) & (cells.distance >= 0))
    if bad.any():
        msg = (
            f"[panel_missing] outcome or distance is missing, infinite or negative in "
            f"{int(bad.sum())} rows, first row {int(bad.argmax()) + 1}."
        )
        raise InvalidTableError(msg)
    return cells


def _leave_one_out(x: FloatArray, y: FloatArray) -> tuple[FloatArray, float, bool]:
    """Give coefficients, leave-one-out error, and whether all columns are independent."""
    q, r = np.linalg.qr(x)
    diagonal = np.abs(np.diag(r))
    if x.shape[0] <= x.shape[1] or diagonal.min() < 1e-9 * diagonal.max():
        return np.zeros(x.shape[1]), np.inf, False
    b = np.linalg.solve(r, q.T @ y)
    left = (y - x @ b) / np.maximum(1.0 - (q * q).sum(axis=1), 1e-12)
    return np.asarray(b, dtype=np.float64), float(np.sqrt((left**2).mean())), True


def _fit(
    cells: _Cells,
    width: float,
    n_rings: int,
    provenance: Provenance,
    tried: tuple[tuple[float, int, float], ...] = (),
) -> RingDID:
    x = cells.matrix(width, n_rings)
    b, rmse, full = _leave_one_out(x, cells.y)
    names = [f"{j * width:g}-{(j + 1) * width:g} km" for j in range(n_rings)]
    if not full:
        empty = [n for n, c in zip(names, x[:, 3:].T, strict=True) if not c.any()]
        msg = (
            f"[collinear] terms are linearly dependent; rings without a cell: {empty}."
        )
        raise NotIdentifiedError(msg)
    e = cells.y - x @ b
    s2 = float(e @ e) / (x.shape[0] - x.shape[1])
    se = np.sqrt(np.diag(np.linalg.inv(x.T @ x)) * s2)
    return RingDID(
        term=("constant", "post", "treated", *names),
        value=frozen_array(b),
        se=frozen_array(se),
        rmse=rmse,
        width_km=width,
        n_rings=n_rings,
        n=x.shape[0],
        tried=tried,
        provenance=provenance,
        frame_kind=cells.kind,
    )


def _provenance(
    function: Callable[..., RingDID], cells: _Cells, parameters: dict[str, object]
) -> Provenance:
    return Provenance.of(
        function,
        cells.y,
        cells.post,
        cells.treated,
        cells.distance,
        parameters=parameters,
    )


def fit_ring_did(
    data: IntoFrame,
    *,
    outcome: str,
    post: str,
    treated: str,
    distance_km: str,
    width_km: float,
    n_rings: int,
) -> RingDID:
    r"""Estimate a treatment and its spillover by distance.

    Use when spillovers fade with distance to the nearest treated unit and there are clean
    units beyond; not when outcomes feed back through neighbours (see `fit_spatial_did`).

    Parameters
    ----------
    data
        One row per unit and period; panels need not be balanced.
    outcome
        Column of the outcome.
    post, treated
        Columns of 0 and 1: after the start; treated in this cell.
    distance_km
        Column of the distance to the nearest treated unit; read only in untreated cells
        after the start.
    width_km, n_rings
        Rings (0, w], (w, 2w], ...; beyond the last are the clean controls.

    Returns
    -------
    RingDID
        Coefficients with least-squares errors; rings are spillovers on untreated units.

    Raises
    ------
    InvalidTableError
        panel_missing, or a 0/1 column with other values.
    OptionError
        If width or number of rings is out of range.
    NotIdentifiedError
        collinear: a ring without a cell, or no clean control.

    Notes
    -----
    :math:`y = a + b\,post + c\,treated + \sum_j d_j 1\{untreated, post, ring\ j\} + e`.
    Distance 0 belongs to the first ring. Cost O(n rings^2).

    References
    ----------
    Clarke 2017, Estimating difference-in-differences in the presence of spillovers.

    See Also
    --------
    choose_rings : Width and number by leave-one-out.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.econometrics import fit_ring_did
    >>> rows = pa.table({"y": [0., 0., 0., 0., 3., 1., 0., 0.], "post": [0] * 4 + [1] * 4,
    ...                  "d": [0, 0, 0, 0, 1, 0, 0, 0], "km": [0, 0, 0, 0, 0, 5, 50, 60]})
    >>> fit = fit_ring_did(rows, outcome="y", post="post", treated="d", distance_km="km",
    ...                    width_km=10, n_rings=1)
    >>> round(fit.coefficients["0-10 km"], 6)
    1.0
    """
    check_number("width_km", width_km, minimum=0, open_ends=True)
    check_number("n_rings", n_rings, minimum=1, integer=True)
    cells = _read(data, outcome, post, treated, distance_km)
    parameters = {"outcome": outcome, "width_km": width_km, "n_rings": n_rings}
    return _fit(
        cells,
        float(width_km),
        int(n_rings),
        _provenance(fit_ring_did, cells, parameters),
    )


def choose_rings(
    data: IntoFrame,
    *,
    outcome: str,
    post: str,
    treated: str,
    distance_km: str,
    widths_km: Sequence[float],
    max_rings: int = 8,
) -> RingDID:
    """Choose width and number of rings by leave-one-out error.

    Parameters
    ----------
    data, outcome, post, treated, distance_km
        As in `fit_ring_did`.
    widths_km
        Widths to try.
    max_rings
        Numbers of rings from 1 to this are tried for every width.

    Returns
    -------
    RingDID
        The best design; ``tried`` lists all that can be estimated. Errors do not account
        for the choice.

    Raises
    ------
    InvalidTableError
        As in `fit_ring_did`.
    OptionError
        If a width is not positive.
    NotIdentifiedError
        If no design can be estimated.

    Notes
    -----
    Leave-one-out residuals in closed form, e / (1 - h). Cost O(designs x n rings^2).

    References
    ----------
    Clarke 2017, Estimating difference-in-differences in the presence of spillovers.

    Examples
    --------
    >>> import numpy as np, pyarrow as pa
    >>> from agglo.econometrics import choose_rings
    >>> rng = np.random.default_rng(1)
    >>> km, post = rng.uniform(0, 60, 400), np.arange(400) % 2
    >>> d = post * (np.arange(400) % 5 == 1)
    >>> near = post * (1 - d) * (km <= 20)
    >>> rows = pa.table({"y": 3.0 * d + near + rng.normal(size=400) / 9, "post": post,
    ...                  "d": d, "km": km})
    >>> choose_rings(rows, outcome="y", post="post", treated="d", distance_km="km",
    ...              widths_km=[10, 20, 30], max_rings=1).width_km
    20.0
    """
    for width in widths_km:
        check_number("widths_km", width, minimum=0, open_ends=True)
    check_number("max_rings", max_rings, minimum=1, integer=True)
    cells = _read(data, outcome, post, treated, distance_km)
    tried = []
    for width in widths_km:
        for n_rings in range(1, int(max_rings) + 1):
            x = cells.matrix(float(width), n_rings)
            _, rmse, full = _leave_one_out(x, cells.y)
            if full:
                tried.append((float(width), n_rings, rmse))
    if not tried:
        msg = "[collinear] no width has a cell in every ring and clean controls."
        raise NotIdentifiedError(msg)
    tried.sort(key=lambda row: row[2])
    parameters = {
        "outcome": outcome,
        "widths_km": [float(w) for w in widths_km],
        "max_rings": max_rings,
    }
    provenance = _provenance(choose_rings, cells, parameters)
    return _fit(cells, tried[0][0], tried[0][1], provenance, tuple(tried))
