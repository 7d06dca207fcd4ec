"""Assembling the result of a regression from its design."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.results import Provenance, frozen_array
from agglo.econometrics._jackknife import jackknife_covariance
from agglo.econometrics.regression_results import Design, RegressionFit
from agglo.econometrics.regression_vcov import ClusterJackknife

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray

__all__ = ["assemble", "r_squared"]


def assemble(
    function: Callable[..., object],
    design: Design,
    b: FloatArray,
    *,
    method: str,
    terms: Sequence[str],
    fit: float,
    parameters: Mapping[str, object],
    notes: Sequence[str] = (),
) -> RegressionFit:
    """Add the covariance that the design asks for, and where it all comes from."""
    spread, k = design.spread, len(terms)
    linear = design.curvature is None and not method.startswith("poisson")
    equal = design.equal_variance(k) if linear else None
    scores = design.projected * design.residual[:, None]
    cov, found = spread.covariance(scores, design.bread, k, equal)
    if isinstance(spread.vcov, ClusterJackknife):
        cov = jackknife_covariance(design, method, b)
    rows = design.rows
    return RegressionFit(
        provenance=Provenance.of(
            function,
            rows.digest,
            parameters={
                "outcome": rows.outcome,
                "effects": list(rows.effects),
                "vcov": spread.vcov.label,
                **parameters,
            },
            warnings=tuple(dict.fromkeys([*notes, *found])),
        ),
        frame_kind=rows.frame_kind,
        method=method,
        terms=tuple(terms),
        values=frozen_array(np.asarray(b, dtype=np.float64)),
        se=frozen_array(np.sqrt(np.maximum(np.diag(cov), 0.0))),
        covariance=frozen_array(cov),
        n=spread.n,
        n_groups=spread.n_groups,
        df=spread.df(k),
        fit=fit,
        dropped=rows.dropped,
        vcov=spread.vcov,
        design=design,
    )


def r_squared(y: FloatArray, e: FloatArray, *, effects: bool) -> float:
    """Give 1 - e'e / y'y within the effects, or around the mean without any."""
    total = float(y @ y) if effects else float(((y - y.mean()) ** 2).sum())
    return 1.0 - float(e @ e) / total if total > 0 else float("nan")
