"""The indicators that can be asked for by name: one number with its interval and state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agglo.core.typing import Json
from agglo.observatory.page import Text

__all__ = ["INDICATORS", "Indicator"]

_NO_INTERVAL = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """A released number by place, activity or period.

    Parameters
    ----------
    id
        Name in addresses.
    label
        What it is called.
    table, value
        Where it stands.
    lo, hi
        Columns of its interval; empty for none.
    method
        How the interval was made, or why there is none.
    region, industry, period
        Columns of its keys; empty where it has no such key.
    n
        Column that counts what it rests on.
    """

    id: str
    label: Text
    table: str
    value: str
    lo: str = ""
    hi: str = ""
    method: str = _NO_INTERVAL
    region: str = ""
    industry: str = ""
    period: str = ""
    n: str = ""

    @property
    def columns(self) -> Mapping[str, str]:
        """Key to the column it stands in; empty where there is no such key."""
        return {"region": self.region, "industry": self.industry, "period": self.period}

    def to_dict(self) -> dict[str, Json]:
        """Give plain values."""
        keys = self.columns
        return {
            "id": self.id,
            "label": self.label.to_dict(),
            "table": self.table,
            "keys": [name for name, column in keys.items() if column],
            "interval": self.method if self.lo else None,
        }


_CELLS = "concentration.region_industries"
_REGIONS = "concentration.regions"
_BY_CELL = {"table": _CELLS, "region": "region", "industry": "industry"}
_REGISTER = "none: a complete register has no sampling error"

_LISTED = (
    Indicator(
        id="lq", label=Text("Location quotient", "区位商"), value="lq", lo="lq_lower",
        hi="lq_upper", method="95 %, from plant sizes", n="establishments", **_BY_CELL,
    ),
    Indicator(
        id="employment", label=Text("Jobs", "就业"), value="employment",
        lo="employment_lower", hi="employment_upper",
        method="bounds of hidden cells", n="establishments", **_BY_CELL,
    ),
    Indicator(
        id="share_of_region", label=Text("Share of region", "占本地区"),
        value="share_of_region", method=_REGISTER, n="establishments", **_BY_CELL,
    ),
    Indicator(
        id="rank", label=Text("Rank within the industry", "产业内位次"), value="rank",
        lo="rank_lower", hi="rank_upper", method="95 %, resampled plants", **_BY_CELL,
    ),
    Indicator(
        id="ksi", label=Text("Krugman index", "克鲁格曼指数"), table=_REGIONS,
        value="ksi", region="region", method=_REGISTER,
    ),
    Indicator(
        id="entropy", label=Text("Variety (bits)", "多样性（比特）"), table=_REGIONS,
        value="entropy", region="region", method=_REGISTER,
    ),
    Indicator(
        id="gamma", label=Text("Ellison–Glaeser γ", "埃利森—格莱泽 γ"),
        table="concentration.industries", value="gamma", lo="gamma_lower",
        hi="gamma_upper", method="95 %, jackknife over regions", industry="industry",
        n="establishments",
    ),
    Indicator(
        id="density", label=Text("Relatedness density", "关联密度"),
        table="networks.portfolio", value="density", region="region",
        industry="industry", method="none per cell: see the back-test",
    ),
    Indicator(
        id="strength", label=Text("Strength of a place", "联系强度"),
        table="networks.hierarchy", value="value", region="node",
        method="none: counts of ties",
    ),
)  # fmt: skip

INDICATORS: Mapping[str, Indicator] = {i.id: i for i in _LISTED}
