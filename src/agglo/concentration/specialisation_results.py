"""Result of the specialisation measures: five numbers per region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.concentration.results import draw_bars, five_numbers
from agglo.core.errors import NotIdentifiedError, OptionError
from agglo.core.options import check_choice
from agglo.core.results import ColumnData, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray, FloatArray, IntArray

__all__ = ["MEASURES", "Specialisation"]

MEASURES = ("zi", "rzi", "di", "rdi", "ksi")


@dataclass(frozen=True, eq=False, kw_only=True)
class Specialisation(Result):
    """Specialisation and diversity of every region.

    Parameters
    ----------
    region
        Labels, (n_regions,); every array below has this shape.
    zi, rzi
        Absolute and relative specialisation: largest share, largest share over reference.
    di, rdi
        Absolute and relative diversity: 1/sum s^2, 1/sum |s - r|.
    ksi
        Krugman index, sum |s - r|; 1/`rdi` exactly.
    zi_activity, rzi_activity
        Activity behind `zi` and `rzi`, empty where undefined.
    rzi_reference_share
        Reference share of that activity.
    rzi_fragile
        Whether that share is below 1 %, so that `rzi` hangs on a tiny activity.
    n_unknown
        Missing and confidential cells of the region.
    status
        ``"ok"`` or why nothing is defined.
    excluded
        Activities that may not be the largest quotient.
    log
        Whether the frame has the logarithms too.
    """

    region: NDArray[np.str_]
    zi: FloatArray
    rzi: FloatArray
    di: FloatArray
    rdi: FloatArray
    ksi: FloatArray
    zi_activity: NDArray[np.str_]
    rzi_activity: NDArray[np.str_]
    rzi_reference_share: FloatArray
    rzi_fragile: BoolArray
    n_unknown: IntArray
    status: NDArray[np.str_]
    excluded: tuple[str, ...] = ()
    log: bool = True

    def measure(self, name: str) -> FloatArray:
        """Give a measure by name.

        Parameters
        ----------
        name
            ``"zi"``, ``"rzi"``, ``"di"``, ``"rdi"`` or ``"ksi"``, with ``"ln_"`` before it
            for the logarithm.

        Returns
        -------
        numpy.ndarray of float64
            (n_regions,); the logarithm of 0 is NaN.
        """
        known = [*MEASURES, *(f"ln_{m}" for m in MEASURES)]
        check_choice("name", name, known)
        values: FloatArray = getattr(self, name.removeprefix("ln_"))
        if not name.startswith("ln_"):
            return values
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(values > 0, np.log(values), np.nan)

    def outcomes(
        self, *names: str, scale: Literal["log", "level"] = "log"
    ) -> Mapping[str, FloatArray]:
        """Give measures as outcomes of a model, refusing what no model can use.

        Parameters
        ----------
        *names
            Measures without ``"ln_"``.
        scale
            ``"log"`` or ``"level"``.

        Returns
        -------
        Mapping of str to numpy.ndarray
            Column name to values, (n_regions,).

        Raises
        ------
        OptionError
            If both `rdi` and `ksi` are asked for: one is the inverse of the other.
        NotIdentifiedError
            If a measure does not vary over the regions.
        """
        check_choice("scale", scale, ("log", "level"))
        if {"rdi", "ksi"} <= set(names):
            msg = "rdi = 1/ksi exactly: they are one outcome. Choose one of them."
            raise OptionError(msg)
        out = {}
        for name in names:
            check_choice("names", name, MEASURES)
            column = f"ln_{name}" if scale == "log" else name
            values = self.measure(column)
            known = values[np.isfinite(values)]
            if known.size < 2 or np.ptp(known) == 0.0:
                msg = (
                    f"'{column}' does not vary over the {known.size} regions where it is "
                    "defined: it cannot be an outcome."
                )
                raise NotIdentifiedError(msg)
            out[column] = values
        return out

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per region."""
        out: dict[str, ColumnData] = {"region": self.region}
        out |= {name: self.measure(name) for name in MEASURES}
        if self.log:
            out |= {f"ln_{m}": self.measure(f"ln_{m}") for m in MEASURES}
        return out | {
            "zi_activity": self.zi_activity,
            "rzi_activity": self.rzi_activity,
            "rzi_reference_share": self.rzi_reference_share,
            "rzi_fragile": self.rzi_fragile,
            "n_unknown": self.n_unknown,
            "status": self.status,
        }

    def summary(self) -> str:
        """Say how the measures are spread and what they hang on."""
        lines = [f"Specialisation of {self.region.size} regions"]
        lines += [f"{m.upper()}: {five_numbers(self.measure(m))}" for m in MEASURES]
        if self.excluded:
            few = ", ".join(self.excluded[:10])
            more = ", …" if len(self.excluded) > 10 else ""
            lines.append(
                f"{len(self.excluded)} activities may not be the largest quotient: "
                f"{few}{more}"
            )
        lines.append("RDI = 1/KSI: the two are one outcome.")
        return "\n".join([*lines, *self.provenance.warnings])

    def _draw(self, ax: Axes) -> None:
        draw_bars(ax, self.region, self.ksi, "Krugman specialisation index")
