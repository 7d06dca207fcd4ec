"""Outlook: how much complexity is near a region, and what taking up an activity opens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.core.errors import AlignmentError, OptionError
from agglo.core.options import check_choice
from agglo.core.results import Provenance, Undefined, frozen_array
from agglo.relatedness import _kernels_outlook as kernels
from agglo.relatedness.complexity_results import Complexity, ComplexityOutlook
from agglo.relatedness.periods import by_period

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray
    from agglo.relatedness.relatedness_results import RelatednessDensity

__all__ = ["complexity_outlook"]

_GAINS = ("source_norm", "target_norm", "opportunity_gain")


@by_period
def complexity_outlook(
    density: RelatednessDensity,
    complexity: Complexity,
    *,
    gain: Literal["source_norm", "target_norm", "opportunity_gain"] | None = None,
    standardise: bool | None = None,
    index: Literal["scaled", "unscaled"] | None = None,
) -> ComplexityOutlook:
    r"""Measure the complexity that is near a region, and what each activity would open.

    Also: complexity outlook index COI, complexity outlook gain COG, opportunity gain. Use
    to rank what a region lacks by what it leads to; not a forecast of entry, which needs
    a back-test.

    Parameters
    ----------
    density
        Result of `relatedness_density` over all cells.
    complexity
        Result of `complexity`, aligned by label; activities without an index are skipped,
        counted.
    gain
        ``"source_norm"`` (Atlas) or ``"target_norm"``, both 0 where the activity is
        present; ``"opportunity_gain"``: without self-neighbour, less what p itself adds,
        everywhere. Default that of the convention of `density` (`cog`).
    standardise
        Whether the outlook is a z-score over regions (ddof 0); default that of the
        convention (`coi`).
    index
        Whether PCI is added up as it is (``"scaled"``) or before it was centred, in units
        of the deviation of the regions' vector (``"unscaled"``, as the Atlas does);
        default that of the convention (`outlook_index`).

    Returns
    -------
    ComplexityOutlook
        ``outlook`` of shape (n_regions,) and ``gain`` of shape (n_regions,
        n_activities), in units of PCI; a region that has everything has 0, before the
        z-score.

    Raises
    ------
    AlignmentError
        If the two results have no activity in common.
    OptionError
        If `gain` is not among the choices, `density` was measured for what is held only,
        or all outlooks are equal and `standardise` is asked for.

    Notes
    -----
    .. math:: COI_r = \sum_p \omega_{rp} (1 - M_{rp}) PCI_p, \qquad
        COG_{rp} = \sum_q (1 - M_{rq}) \frac{\phi_{qp}}{\sum_s \phi_{qs}} PCI_q

    ``"target_norm"`` divides by :math:`\sum_s \phi_{ps}`. Both depend on where 0 of PCI
    lies, so on the scaling of `complexity`. An activity without neighbours has no gain, a
    region with an unknown cell neither: NaN, listed; where all outlooks are equal, a
    convention's z-score is NaN, listed. O(n_regions n_activities^2).

    References
    ----------
    Hausmann et al. 2014, The Atlas of Economic Complexity,
    doi:10.7551/mitpress/9647.001.0001.

    See Also
    --------
    relatedness_density : How near an activity is.

    Examples
    --------
    >>> import pyarrow as pa, agglo.relatedness as rel
    >>> jobs = pa.table({"region": list("aaabbbccd"), "industry": list("wxyxyzyzz"),
    ...     "employment": [5.0, 4.0, 2.0, 4.0, 3.0, 2.0, 4.0, 4.0, 9.0]})
    >>> near, index = rel.relatedness_density(jobs), rel.complexity(jobs)
    >>> rel.complexity_outlook(near, index).outlook.round(3).tolist()
    [-0.865, 0.157, 1.574, -0.865]
    """
    chosen = density.convention
    gain = chosen.cog if gain is None else gain
    check_choice("gain", gain, _GAINS)
    index = chosen.outlook_index if index is None else index
    check_choice("index", index, ("scaled", "unscaled"))
    asked = bool(standardise)
    if standardise is None:
        standardise = chosen.coi == "zscore"
    if density.provenance.parameters.get("subset") == "held":
        msg = "The outlook is about what a region lacks: measure the density with subset='all'."
        raise OptionError(msg)
    pci = _aligned(density, complexity, index)
    skipped = np.isnan(pci)
    known = np.nan_to_num(pci)
    m, phi = density.presence, density.weights
    near = density.values / density.scale
    values = kernels.outlook(m, near, known)
    opened = kernels.gain(m, phi, known, gain)
    alone = phi.sum(axis=0) == 0
    opened[:, alone] = np.nan
    if gain != "opportunity_gain":
        opened[m == 1] = 0.0
    reasons = _undefined(density, alone, skipped)
    if standardise:
        values, flat = _standardised(values, asked)
        reasons = (*reasons, *flat)
    notes = list(
        dict.fromkeys((*density.provenance.warnings, *complexity.provenance.warnings))
    )
    if skipped.any():
        notes.append(f"{int(skipped.sum())} activities without an index are skipped")
    return ComplexityOutlook(
        provenance=Provenance.of(
            complexity_outlook,
            density.provenance.input_digest,
            density.values,
            pci,
            parameters={"gain": gain, "standardise": standardise, "index": index},
            warnings=notes,
        ),
        frame_kind=density.frame_kind,
        undefined=reasons,
        region=density.region,
        activity=density.activity,
        outlook=frozen_array(values),
        gain=frozen_array(opened),
        presence=m,
        kind=gain,
    )


def _aligned(
    density: RelatednessDensity, complexity: Complexity, index: str
) -> FloatArray:
    values = complexity.pci
    if index == "unscaled":
        sd = float(np.nanstd(complexity.raw_eci))
        values = complexity.raw_pci / (sd or np.nan)
    known = dict(zip(complexity.activity.tolist(), values.tolist(), strict=True))
    pci = np.array([known.get(a, np.nan) for a in density.activity.tolist()])
    if not np.isfinite(pci).any():
        msg = (
            f"`complexity` has an index for none of the {pci.size} activities of "
            f"`density`, for example {density.activity[:5].tolist()}."
        )
        raise AlignmentError(msg)
    return pci


def _standardised(
    values: FloatArray, asked: bool
) -> tuple[FloatArray, tuple[Undefined, ...]]:
    """Give z-scores over regions; without variation there are none."""
    sd = float(np.nanstd(values))
    if not sd > 0:
        reason = "all regions have the same outlook, so there is no z-score"
        if asked:
            msg = f"standardise=True: {reason}."
            raise OptionError(msg)
        nothing = Undefined(reason=reason, n=values.size)
        return np.full(values.shape, np.nan), (nothing,)
    out: FloatArray = (values - np.nanmean(values)) / sd
    return out, ()


def _undefined(
    density: RelatednessDensity, alone: np.ndarray, skipped: np.ndarray
) -> tuple[Undefined, ...]:
    n = density.region.size
    unknown = np.isnan(density.presence).any(axis=1)
    return (
        *(
            Undefined(reason="no neighbour", activity=str(a), n=n)
            for a in density.activity[alone]
        ),
        *(
            Undefined(reason="no complexity: skipped", activity=str(a), n=n)
            for a in density.activity[skipped]
        ),
        *(
            Undefined(reason="a cell of the region is unknown", region=str(r))
            for r in density.region[unknown]
        ),
    )
