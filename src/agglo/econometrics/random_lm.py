"""Before any panel model: do regions have a variance of their own, are errors spatial."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

from agglo.core.errors import NotIdentifiedError
from agglo.core.results import Provenance, frozen_array
from agglo.core.tables import as_panel
from agglo.econometrics._design import build_design, check_balanced
from agglo.econometrics._kernels.within import lag
from agglo.econometrics.diagnostics import SpatialTests

if TYPE_CHECKING:
    from agglo.core.tables import Panel
    from agglo.core.typing import FloatArray, IntoFrame
    from agglo.core.weights import SpatialWeights

__all__ = ["random_lm_tests"]


def random_lm_tests(
    data: IntoFrame | Panel,
    *,
    outcome: str,
    covariates: Sequence[str],
    weights: SpatialWeights,
    region: str = "region",
    period: str = "period",
) -> SpatialTests:
    r"""Test a pooled regression for random region effects and for spatial errors.

    Use before choosing among pooled, random-effects and spatial-error models; a rejection
    says that something is missing, not which model is right. Also: Baltagi-Song-Koh.

    Parameters
    ----------
    data
        One row per region and period, balanced, no missing value; or a `Panel`.
    outcome, covariates
        Columns of finite numbers; a constant is added.
    weights
        Neighbours of the error.
    region, period
        Columns of labels.

    Returns
    -------
    SpatialTests
        ``("region variance", "LM1")`` and ``("spatial error", "LM2")``: standard normal
        under the null, upper tail. ``("either", "LMH")``: squares of the positive ones
        added, tail of the mixture 1/4, 1/2, 1/4 of chi-squares with 0, 1, 2 degrees.

    Raises
    ------
    NotIdentifiedError
        one_period, collinear, too_few_observations.
    InvalidTableError, AlignmentError
        As in `fit_spatial_panel`.

    Notes
    -----
    With residuals u of the pooled regression:
    :math:`LM_1 = \sqrt{NT / (2 (T-1))} (u'(J_T \otimes I_N)u / u'u - 1)` and
    :math:`LM_2 = \sqrt{N^2 T / b}\, u'(I_T \otimes (W + W')/2)u / u'u`,
    :math:`b = \operatorname{tr}((W + W')^2)/2`. Each assumes that the other is absent: a
    rejection of LM2 may come from region effects. Cost O(N T k^2).

    References
    ----------
    Baltagi, Song and Koh 2003, doi:10.1016/S0304-4076(03)00120-9.

    See Also
    --------
    lm_tests : A missing lag or error in a model with or without effects.

    Examples
    --------
    >>> import numpy as np, pyarrow as pa, agglo as ag
    >>> rng, n = np.random.default_rng(7), 60
    >>> ids = [f"r{i:02d}" for i in range(n)]
    >>> w = ag.SpatialWeights.build_knn(rng.random(n), rng.random(n), ids).standardised()
    >>> x = rng.normal(size=(n, 8))
    >>> y = x + rng.normal(size=(n, 1)) + rng.normal(size=(n, 8))
    >>> rows = pa.table({"region": np.repeat(ids, 8), "period": np.tile(range(8), n),
    ...                  "y": y.ravel(), "x": x.ravel()})
    >>> found = ag.random_lm_tests(rows, outcome="y", covariates=["x"], weights=w)
    >>> bool(found.of("region variance", "LM1") > 5)
    True
    """
    panel = as_panel(
        data, variables=[outcome, *covariates], region=region, period=period
    )
    check_balanced(panel, [outcome, *covariates])
    if panel.periods.size < 2:
        msg = "[one_period] a region's own variance needs two periods or more."
        raise NotIdentifiedError(msg)
    design = build_design(
        panel,
        outcome=outcome,
        columns=[(c, panel.variable(c)) for c in covariates],
        weights=weights,
        durbin_weights=None,
        durbin=(),
        model="slx",
        effects=None,
        bias="none",
    )
    z = design.z.reshape(design.y.size, -1)
    b = np.linalg.lstsq(z, design.y.ravel(), rcond=None)[0]
    u = design.y - (z @ b).reshape(design.y.shape)
    first, second = _statistics(u, weights)
    joint = max(first, 0.0) ** 2 + max(second, 0.0) ** 2
    statistic = np.array([first, second, joint])
    return SpatialTests(
        test=("region variance", "spatial error", "either"),
        kind=("LM1", "LM2", "LMH"),
        statistic=frozen_array(statistic),
        df=frozen_array(np.array([1, 1, 2], dtype=np.int64)),
        p=frozen_array(np.array([ndtr(-first), ndtr(-second), _mixture(joint)])),
        title=f"Region variance and spatial error of {outcome}, pooled regression",
        frame_kind=design.frame_kind,
        provenance=Provenance.of(
            random_lm_tests,
            panel,
            weights,
            parameters={"outcome": outcome, "covariates": list(covariates)},
        ),
    )


def _statistics(u: FloatArray, weights: SpatialWeights) -> tuple[float, float]:
    t, n = u.shape
    total = float((u * u).sum())
    by_unit = u.sum(axis=0)
    g = float(by_unit @ by_unit) / total - 1.0
    first = float(np.sqrt(n * t / (2.0 * (t - 1.0)))) * g
    w = weights.matrix
    # u'W'u is u'Wu: the symmetric half has the same form
    h = float((u * lag(w, u)).sum()) / total
    both = w + w.T
    b = float((both @ both).trace()) / 2.0
    return first, float(np.sqrt(n * n * t / b)) * h


def _mixture(value: float) -> float:
    from scipy.stats import chi2

    if value <= 0.0:
        return 1.0
    return float(0.5 * chi2.sf(value, 1) + 0.25 * chi2.sf(value, 2))
