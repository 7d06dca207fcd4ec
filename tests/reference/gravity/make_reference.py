"""Write flows and what pyfixest gives for them; needs pyfixest and statsmodels.

Run by hand in an environment of its own: `python tests/reference/gravity/make_reference.py`.
The flows are Poisson with elasticity -0.6 and two places that receive nothing, which both
leave out. pyfixest drops singletons from its regressions of logarithms, so that the errors
of those (not their coefficients) have another factor: they are not compared.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyfixest as pf

HERE = Path(__file__).parent
VCOV = {
    "robust": "hetero",
    "pair": {"CRV1": "pair"},
    "origin": {"CRV1": "origin"},
    "destination": {"CRV1": "destination"},
    "two_way": {"CRV1": "origin+destination"},
}


def flows(n: int = 40, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    xy = rng.uniform(0, 300, (n, 2))
    o, d = np.nonzero(~np.eye(n, dtype=bool))
    km = np.maximum(np.hypot(*(xy[o] - xy[d]).T), 5).round(3)
    mass = rng.lognormal(0, 1, (2, n))
    z = (rng.random(o.size) < 0.3).astype(float)
    mean = 5 * mass[0][o] * mass[1][d] * km**-0.6 * np.exp(0.3 * z)
    return pd.DataFrame(
        {
            "origin": [f"n{i:02d}" for i in o],
            "destination": [f"n{i:02d}" for i in d],
            "distance_km": km,
            "z": z,
            "flow": rng.poisson(mean).astype(float),
        }
    )


def main() -> None:
    data = flows()
    data.to_csv(HERE / "flows.csv", index=False)
    data["ln"] = np.log(data.distance_km)
    ends = zip(data.origin, data.destination, strict=True)
    data["pair"] = ["|".join(sorted(e)) for e in ends]
    out: dict[str, object] = {"pyfixest": pf.__version__, "se": {}}
    for name, vcov in VCOV.items():
        fit = pf.fepois(
            "flow ~ ln + z | origin + destination",
            data,
            vcov=vcov,
            iwls_tol=1e-12,
            fixef_tol=1e-12,
        )
        out["beta"] = fit.coef().tolist()
        out["n"] = int(fit._N)
        out["se"][name] = fit.se().tolist()  # type: ignore[index]
    ols = pf.feols("np.log(flow) ~ ln + z | origin + destination", data[data.flow > 0])
    out["ols"] = ols.coef().tolist()
    (HERE / "expected.json").write_text(
        json.dumps(out, indent=1) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
