"""Stage `specialisation`: how specialised and how diverse every region is."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.concentration import entropy, hhi, krugman, specialisation, variety
from agglo.core.errors import NumericsWarning
from agglo.core.inference import fdr, mc_pvalue
from agglo.core.parallel import monte_carlo
from agglo.core.tables import RegionActivity
from agglo.studies.concentration.cells import effective_plants, jobs_of, names_of
from agglo.studies.concentration.options import ConcentrationOptions
from agglo.studies.contract import StageOutput

if TYPE_CHECKING:
    from agglo.core.typing import BoolArray, FloatArray, Json
    from agglo.studies.contract import StageInputs

__all__ = ["specialised_regions"]


def specialised_regions(inputs: StageInputs) -> StageOutput:
    """Measure specialisation and diversity, and what chance alone would give.

    Parameters
    ----------
    inputs
        Tables of stage `prepare`; optional ``establishments``.

    Returns
    -------
    StageOutput
        Table ``regions``, document ``specialisation_notes``.
    """
    options = inputs.options_as(ConcentrationOptions)
    jobs = jobs_of(inputs)
    names = names_of(inputs, "region")
    with warnings.catch_warnings():
        # which regions hang on a tiny industry stands in the column `rzi_fragile`
        warnings.simplefilter("ignore", NumericsWarning)
        found = specialisation(jobs)
    spread = variety(jobs, group=_groups(inputs))
    known = np.nan_to_num(jobs.values)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = jobs.row_total / jobs.total
    chance = _chance(inputs, jobs, found.ksi, options)
    columns = {
        "region": jobs.region.tolist(),
        "name": [names[r] for r in jobs.region],
        "employment": jobs.row_total,
        "share": share,
        "n_industries": (known > 0).sum(axis=1).astype(np.float64),
        "n_hidden": (jobs.status > 0).sum(axis=1).astype(np.float64),
        "zi": found.zi,
        "zi_industry": found.zi_activity.tolist(),
        "rzi": found.rzi,
        "rzi_industry": found.rzi_activity.tolist(),
        "rzi_fragile": found.rzi_fragile,
        "di": found.di,
        "rdi": found.rdi,
        "ksi": found.ksi,
        "ksi_chance": chance.mean,
        "ksi_chance_upper": chance.upper,
        "ksi_p": chance.p,
        "ksi_q": fdr(chance.p, method=options.fdr),
        "hhi": hhi(jobs, by="region").values,
        "entropy": entropy(jobs, by="region").values,
        "unrelated_variety": spread.unrelated,
        "related_variety": spread.related,
        "status": found.status.tolist(),
    }
    facts: dict[str, Json] = {"draws": chance.draws, "notes": list(chance.notes)}
    return StageOutput(
        tables={"regions": pa.table(columns)},
        documents={"specialisation_notes": facts},
    )


def _groups(inputs: StageInputs) -> dict[str, str]:
    table = inputs.result("prepare", "industry_names")
    pairs = zip(table["industry"].to_pylist(), table["group"].to_pylist(), strict=True)
    return dict(pairs)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chance:
    """Krugman index that plants on random industries would give."""

    mean: FloatArray
    upper: FloatArray
    p: FloatArray
    draws: int = 0
    notes: tuple[str, ...] = ()


def _chance(
    inputs: StageInputs,
    jobs: RegionActivity,
    ksi: FloatArray,
    options: ConcentrationOptions,
) -> _Chance:
    """Let the plants of every region choose industries with the national shares."""
    plants = effective_plants(inputs, jobs)
    blank = np.full(jobs.region.size, np.nan)
    if plants is None or not jobs.total > 0:
        note = "no plant counts: nothing to compare the specialisation with"
        return _Chance(mean=blank, upper=blank, p=blank, notes=(note,))
    number = _region_plants(jobs, plants)
    use = number >= 1.0
    draw = _Draw(np.rint(number[use]).astype(np.int64), jobs.col_total)
    if not use.any():
        note = "no region has a known number of plants"
        return _Chance(mean=blank, upper=blank, p=blank, notes=(note,))
    drawn = monte_carlo(
        draw,
        n=options.chance_draws,
        seed=inputs.seed,
        stream=1,
        block_size=4,
        progress=lambda done, total: inputs.progress(done, total, "chance"),
    )
    return _Chance(
        mean=_filled(use, drawn.mean(axis=0)),
        upper=_filled(use, np.quantile(drawn, options.level, axis=0)),
        p=_filled(use, np.asarray(mc_pvalue(ksi[use], drawn, "greater"))),
        draws=options.chance_draws,
    )


def _region_plants(jobs: RegionActivity, plants: FloatArray) -> FloatArray:
    """Give the number of equal plants that are as lumpy as those of the region."""
    known = np.isfinite(plants) & np.isfinite(jobs.values) & (plants > 0)
    size = np.where(known, jobs.values, 0.0)
    squares = np.where(known, size**2 / np.where(known, plants, 1.0), 0.0).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = size.sum(axis=1) ** 2 / squares
    return np.nan_to_num(found)


@dataclass(frozen=True, slots=True)
class _Draw:
    """Krugman index of regions whose plants fall on industries at random."""

    number: np.ndarray[tuple[int], np.dtype[np.int64]]
    reference: FloatArray

    def __call__(self, rng: np.random.Generator, size: int) -> FloatArray:
        """Give the index, (size, n_regions)."""
        share = self.reference / self.reference.sum()
        names = [str(i) for i in range(share.size)]
        weights = dict(zip(names, share.tolist(), strict=True))
        labels = [f"{m:06d}" for m in range(self.number.size)]
        out = np.empty((size, self.number.size))
        for k in range(size):
            counts = rng.multinomial(self.number, share).astype(np.float64)
            table = RegionActivity.from_arrays(counts, region=labels, activity=names)
            out[k] = krugman(table, reference=weights).values
        return out


def _filled(use: BoolArray, values: FloatArray) -> FloatArray:
    out = np.full(use.size, np.nan)
    out[use] = values
    return out
