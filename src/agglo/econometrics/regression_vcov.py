"""Which standard errors a regression on rows has: clusters, several ways, dyads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from agglo.core.errors import OptionError
from agglo.econometrics.vcov import Robust

__all__ = ["ClusteredBy", "Dyadic", "Homoskedastic", "RegressionCovariance"]


@dataclass(frozen=True, slots=True)
class Homoskedastic:
    """Give every row the same variance, uncorrelated; for comparison."""

    @property
    def label(self) -> str:
        """Give the words for captions."""
        return "equal variances"


@dataclass(frozen=True, slots=True)
class ClusteredBy:
    """Allow any correlation inside clusters; several columns cluster several ways.

    Parameters
    ----------
    columns
        Columns whose labels are clusters. With two, rows that share either label may be
        correlated: V1 + V2 - V12, the smaller number of clusters decides.
    """

    columns: tuple[str, ...]

    def __post_init__(self) -> None:
        """Check the fields."""
        if isinstance(self.columns, str):
            object.__setattr__(self, "columns", (self.columns,))
        if not self.columns or len(set(self.columns)) != len(self.columns):
            msg = f"columns={self.columns!r} must be one or several different columns."
            raise OptionError(msg)

    @property
    def label(self) -> str:
        """Give the words for captions."""
        return "clustered by " + " and ".join(self.columns)


@dataclass(frozen=True, slots=True)
class Dyadic:
    """Allow correlation of any two rows that share a member of their pair.

    Parameters
    ----------
    first, second
        Columns of the two members; the order within a pair does not matter.
    """

    first: str
    second: str

    def __post_init__(self) -> None:
        """Check the fields."""
        if self.first == self.second:
            msg = f"first and second are both {self.first!r}; a pair has two columns."
            raise OptionError(msg)

    @property
    def label(self) -> str:
        """Give the words for captions."""
        return f"dyadic ({self.first}, {self.second})"


RegressionCovariance: TypeAlias = Homoskedastic | Robust | ClusteredBy | Dyadic
