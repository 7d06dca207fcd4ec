"""Least squares on cells of a panel that may have gaps: one stage, or effects first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import NotIdentifiedError, OptionError
from agglo.core.options import check_choice
from agglo.econometrics._estimate import meat_of
from agglo.econometrics._kernels.absorb import absorb, components
from agglo.econometrics._kernels.clean_cells import CleanCells
from agglo.econometrics.vcov import Covariance, Expected, Observed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agglo.core.typing import BoolArray, FloatArray, IntArray
    from agglo.econometrics._design import Effects

__all__ = ["Cells", "one_stage", "two_stages"]

_Found = tuple["FloatArray", "FloatArray", tuple[str, ...]]


@dataclass(frozen=True, eq=False, kw_only=True)
class Cells:
    """Arrays (T, N, ...); values of cells that are not observed are not looked at."""

    regions: tuple[str, ...]
    periods: tuple[str, ...]
    observed: BoolArray
    y: FloatArray
    columns: FloatArray
    x: FloatArray
    names: tuple[str, ...]
    has_lag: bool = False


def one_stage(cells: Cells, effects: Effects, vcov: Covariance) -> _Found:
    """Regress the outcome on columns and covariates with the effects."""
    for effect in effects or ():
        check_choice("effects", effect, ("region", "period"))
    at = cells.observed.ravel()
    t, n = cells.observed.shape
    code = {
        "region": np.tile(np.arange(n), t)[at],
        "period": np.repeat(np.arange(t), n)[at],
    }
    codes = np.array([code[e] for e in effects or ()]).reshape(-1, int(at.sum()))
    z = np.concatenate([cells.columns, cells.x], axis=2).reshape(t * n, -1)[at]
    raw = np.column_stack([cells.y.ravel()[at], z])
    within, settled = absorb(raw, codes)
    if not settled:
        msg = "[collinear] the effects of regions and periods cannot be told apart."
        raise NotIdentifiedError(msg)
    if codes.shape[0] == 0:
        within = within - within.mean(axis=0)
    y, inside = within[:, 0], within[:, 1:]
    _check_rank(inside, z, cells.names)
    left = y.size - _n_effects(codes) - inside.shape[1]
    if left <= 0:
        msg = (
            f"[too_few_observations] {y.size} region-periods leave nothing to estimate."
        )
        raise NotIdentifiedError(msg)
    bread = np.asarray(np.linalg.inv(inside.T @ inside), dtype=np.float64)
    b = bread @ (inside.T @ y)
    e = y - inside @ b
    if isinstance(vcov, Observed | Expected):
        s2 = float(e @ e) / (y.size - _n_effects(codes))
        return b, bread * s2, ()
    scores = np.zeros((t * n, b.size))
    scores[at] = inside * e[:, None]
    meat, remarks = meat_of(cells, scores.reshape(t, n, -1), vcov)
    return b, bread @ meat @ bread, remarks


def _n_effects(codes: IntArray) -> int:
    """Count the parameters of the effects."""
    levels = sum(np.unique(c).size for c in codes)
    if codes.shape[0] == 2:
        return int(levels) - components(codes[0], codes[1])
    return int(levels) or 1


def _check_rank(inside: FloatArray, raw: FloatArray, names: Sequence[str]) -> None:
    length, before = np.linalg.norm(inside, axis=0), np.linalg.norm(raw, axis=0)
    gone = length <= 1e-9 * np.maximum(before, 1e-300)
    if gone.any():
        lost = [names[i] for i in np.flatnonzero(gone).tolist()]
        msg = f"[collinear] nothing is left after the effects of: {lost}."
        raise NotIdentifiedError(msg)
    _, single, right = np.linalg.svd(inside / length, full_matrices=False)
    if single[-1] < 1e-9 * single[0]:
        share = np.abs(right[-1])
        at = np.flatnonzero(share > 1e-3 * share.max()).tolist()
        lost = [names[i] for i in at]
        msg = f"[collinear] after the effects these are linearly dependent: {lost}."
        raise NotIdentifiedError(msg)


def two_stages(
    cells: Cells, clean: BoolArray, effects: Effects, vcov: Covariance
) -> _Found:
    """Take effects and covariates from clean cells, then regress the rest on columns."""
    if set(effects or ()) != {"region", "period"}:
        msg = f"stages=2 needs effects of region and period, not {effects!r}."
        raise OptionError(msg)
    if isinstance(vcov, Observed | Expected):
        msg = "stages=2 has no model errors: use Clustered, Robust, Conley or DriscollKraay."
        raise OptionError(msg)
    _check_clean(cells, clean)
    here = cells.observed[..., None]
    x = np.where(here, cells.x, 0.0)
    first = CleanCells(clean, x)
    if x.shape[2]:
        names = cells.names[cells.columns.shape[2] :]
        _check_rank(first.rest, x.reshape(-1, x.shape[2])[clean.ravel()], names)
    y = np.where(cells.observed, cells.y, 0.0)
    gap = np.where(cells.observed, first.gaps(y[..., None])[..., 0], 0.0)
    z = np.where(here, cells.columns, 0.0)
    flat = z.reshape(-1, z.shape[2])
    _check_rank(flat, flat, cells.names)
    bread = np.linalg.inv(flat.T @ flat)
    b = bread @ (flat.T @ gap.ravel())
    # a clean cell has no treatment and no ring: its noise enters through the effects only
    scores = z * (gap - z @ b)[..., None]
    scores = scores - first.carried(z) * np.where(clean, gap, 0.0)[..., None]
    meat, remarks = meat_of(cells, scores, vcov)
    return b, bread @ meat @ bread, remarks


def _check_clean(cells: Cells, clean: BoolArray) -> None:
    by_period = clean.sum(axis=1)
    if (by_period == 0).any():
        counts = ", ".join(
            f"{p} {c}" for p, c in zip(cells.periods, by_period.tolist(), strict=True)
        )
        msg = (
            "[no_controls] periods without an untreated and unexposed region; clean regions "
            f"by period: {counts}. Take nearer rings or end the panel before."
        )
        raise NotIdentifiedError(msg)
    lost = np.flatnonzero(cells.observed.any(axis=0) & ~clean.any(axis=0))
    if lost.size:
        listed = [cells.regions[i] for i in lost[:10]]
        msg = (
            f"[no_controls] {lost.size} regions have no untreated and unexposed period: "
            f"{listed}; drop them."
        )
        raise NotIdentifiedError(msg)
    region, period = np.nonzero(clean.T)
    if components(region, period) > 1:
        msg = (
            "[collinear] clean cells fall into parts without a common region or period."
        )
        raise NotIdentifiedError(msg)
