"""Names of the types that cross module borders."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np
from narwhals.typing import IntoDataFrame, IntoFrame
from numpy.typing import NDArray

__all__ = [
    "Alternative",
    "BoolArray",
    "FloatArray",
    "FrameKind",
    "IntArray",
    "IntoDataFrame",
    "IntoFrame",
    "Json",
    "Lang",
]

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]
BoolArray: TypeAlias = NDArray[np.bool_]
FrameKind: TypeAlias = Literal["pandas", "polars", "pyarrow"]
Alternative: TypeAlias = Literal["greater", "less", "two-sided"]
Lang: TypeAlias = Literal["en", "zh"]
Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
