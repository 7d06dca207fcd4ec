"""The choices on which packages of economic complexity disagree, in one object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from agglo.core.options import check_choice, check_number

__all__ = ["CONVENTIONS", "Convention"]

PresenceRule: TypeAlias = Literal[
    "rca", "rpop", "both", "either", "continuous", "manual"
]
ProximityKind: TypeAlias = Literal[
    "min",
    "sqrt",
    "asymmetric",
    "correlation",
    "cosine",
    "cooccurrence:probability",
    "cooccurrence:association",
    "cooccurrence:cosine",
    "cooccurrence:jaccard",
]
Duplicates: TypeAlias = Literal["error", "sum", "first"]
IndexKind: TypeAlias = Literal["eigen", "reflections", "fitness"]
Scaling: TypeAlias = Literal["atlas", "own_ddof0", "own_ddof1", "sum", "none"]
Sign: TypeAlias = Literal[
    "diversity",
    "ubiquity",
    "diversity_ubiquity",
    "reflections",
    "reflections_ubiquity",
    "reference",
    "binary_eci",
    "previous",
]
Gain: TypeAlias = Literal["source_norm", "target_norm", "opportunity_gain"]

_CHOICES: Mapping[str, tuple[str, ...]] = {
    "presence": ("rca", "rpop", "both", "either", "continuous", "manual"),
    "phi": get_args(ProximityKind),
    "index": ("eigen", "reflections", "fitness"),
    "scaling": ("atlas", "own_ddof0", "own_ddof1", "sum", "none"),
    "sign": get_args(Sign),
    "coi": ("raw", "zscore"),
    "outlook_index": ("scaled", "unscaled"),
    "duplicates": get_args(Duplicates),
    "cog": ("source_norm", "target_norm", "opportunity_gain"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Convention:
    """How presence, proximity, density and complexity are formed.

    Parameters
    ----------
    name
        What the result calls it.
    presence
        ``"rca"``: quotient of shares at least `threshold`; ``"rpop"``: the same per
        inhabitant; ``"both"``, ``"either"``: both tests or one of them;
        ``"continuous"``: RCA / (1 + RCA); ``"manual"``: the values are the presence.
    threshold
        Smallest quotient that counts as present.
    phi
        Proximity: ``"min"`` C / max(k_p, k_q), ``"sqrt"`` C / sqrt(k_p k_q),
        ``"asymmetric"`` C / k_p, ``"correlation"`` (1 + corr) / 2 and ``"cosine"`` of
        the quotients, ``"cooccurrence:probability"`` (also association, cosine, jaccard)
        those of `cooccurrence_relatedness` on the presence.
    self_in_density
        Whether an activity is its own neighbour in the density.
    density_scale
        1 or 100.
    density_digits
        Digits the density is rounded to; ``None`` keeps all.
    index
        ``"eigen"``, ``"reflections"`` or ``"fitness"``.
    steps
        Columns of reflections or fitness, the start included.
    exponent
        Exponent g of fitness.
    scaling
        ``"atlas"``: both indices by mean and deviation (ddof 0) of the regions' one;
        ``"own_ddof0"``, ``"own_ddof1"``: each by its own; ``"sum"``: divided by its sum;
        ``"none"``.
    sign
        Anchor of the eigenvector: ``"diversity"`` (correlation with diversity positive),
        ``"ubiquity"`` (of the activities' index with ubiquity negative),
        ``"diversity_ubiquity"`` (each by its own, separately), ``"reflections"`` (each
        against 20 columns of reflections), ``"reflections_ubiquity"`` (regions against 20
        columns of reflections, activities by rank correlation with ubiquity negative),
        ``"reference"`` (given numbers),
        ``"binary_eci"`` (the index of the thresholded quotients), ``"previous"`` (the
        index of the period before, given as `reference`).
    coi
        Outlook of a region: ``"raw"`` sum or ``"zscore"`` over regions (ddof 0).
    outlook_index
        Index that outlook and gain add up: ``"scaled"`` (PCI as it is) or ``"unscaled"``
        (the vector before centring, in units of the deviation of the regions' one).
    cog
        Gain of an activity: ``"source_norm"``, ``"target_norm"``, ``"opportunity_gain"``.
    relative_ddof
        0 or 1, for relative relatedness.
    options_only
        Whether relative relatedness is given for absent activities only.
    transition_digits
        Digits the transition matrices are rounded to before their eigenvectors are
        taken; ``None`` rounds nothing.
    duplicates
        Repeated rows of a region and an activity: ``"error"``, ``"sum"``, or the
        ``"first"`` is kept; the last two are recorded in the result.
    """

    name: str = "own"
    presence: PresenceRule = "rca"
    threshold: float = 1.0
    phi: ProximityKind = "min"
    self_in_density: bool = True
    density_scale: int = 1
    density_digits: int | None = None
    index: IndexKind = "eigen"
    steps: int = 20
    exponent: float = 1.0
    scaling: Scaling = "atlas"
    sign: Sign = "diversity"
    coi: Literal["raw", "zscore"] = "raw"
    outlook_index: Literal["scaled", "unscaled"] = "scaled"
    cog: Gain = "source_norm"
    relative_ddof: int = 1
    options_only: bool = False
    transition_digits: int | None = None
    duplicates: Duplicates = "error"

    def __post_init__(self) -> None:
        """Check the fields."""
        for field, allowed in _CHOICES.items():
            check_choice(field, getattr(self, field), allowed)
        check_number("threshold", self.threshold, minimum=1e-12)
        check_number("steps", self.steps, minimum=2, maximum=100_000, integer=True)
        check_number("exponent", self.exponent, minimum=1e-6)
        check_choice("density_scale", str(self.density_scale), ("1", "100"))
        check_choice("relative_ddof", str(self.relative_ddof), ("0", "1"))
        for field in ("density_digits", "transition_digits"):
            digits = getattr(self, field)
            if digits is not None:
                check_number(field, digits, minimum=0, maximum=15, integer=True)


# each reproduces one package, without what is a defect there: repeated rows are never
# dropped in silence, k nearest neighbours stay within 0 and 1, presence is 0 or 1
CONVENTIONS: Mapping[str, Convention] = {
    "atlas": Convention(name="atlas", coi="zscore", outlook_index="unscaled"),
    "atlas2026": Convention(
        name="atlas2026",
        presence="continuous",
        sign="binary_eci",
        coi="zscore",
        outlook_index="unscaled",
    ),
    "r_economiccomplexity": Convention(
        name="r_economiccomplexity",
        index="fitness",
        scaling="own_ddof1",
        sign="reflections",
        duplicates="sum",
    ),
    "datawheel": Convention(
        name="datawheel",
        index="reflections",
        scaling="own_ddof1",
        self_in_density=False,
        cog="opportunity_gain",
        relative_ddof=1,
    ),
    "econcomplex": Convention(
        name="econcomplex",
        scaling="own_ddof0",
        sign="diversity_ubiquity",
        self_in_density=False,
        density_scale=100,
        relative_ddof=0,
        options_only=True,
        cog="target_norm",
        duplicates="sum",
    ),
    "econgeo": Convention(
        name="econgeo",
        phi="cooccurrence:probability",
        scaling="sum",
        sign="reflections_ubiquity",
        self_in_density=False,
        density_scale=100,
        density_digits=2,
        transition_digits=4,
    ),
}


def convention_of(given: str | Convention) -> Convention:
    """Give the convention of that name, or the one given."""
    if isinstance(given, Convention):
        return given
    return CONVENTIONS[check_choice("convention", given, list(CONVENTIONS))]
