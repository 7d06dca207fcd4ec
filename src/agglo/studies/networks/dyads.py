"""Stage `dyads`: how links fall with distance, and whether branches explain joint patents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.errors import ConvergenceError, NotIdentifiedError
from agglo.core.options import Permutation
from agglo.networks import as_link_events, build_dyads, gravity_ppml, mrqap
from agglo.studies.columns import result_table, text_of, texts
from agglo.studies.contract import StageOutput
from agglo.studies.networks.columns import stacked
from agglo.studies.networks.integration import hierarchy_table
from agglo.studies.networks.layers import BRANCH, COPATENT, rows_of
from agglo.studies.networks.options import NetworksOptions

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, Json
    from agglo.networks import MatrixRegression
    from agglo.studies.contract import StageInputs

__all__ = ["dyads"]

_GRAVITY = {"layer": pa.string(), "term": pa.string(), "value": pa.float64()}
_REGRESSION = {"term": pa.string(), "value": pa.float64(), "p": pa.float64()}
_MOST = 400
_FEW = 5


def dyads(inputs: StageInputs) -> StageOutput:
    """Fit gravity to every layer, and regress joint patents of cities on branches.

    Parameters
    ----------
    inputs
        With the stage ``prepare``; places need ``lon`` and ``lat``.

    Returns
    -------
    StageOutput
        Tables ``gravity`` (layer and term) and ``regression`` (term); document
        ``dyad_notes``.
    """
    options = inputs.options_as(NetworksOptions)
    events = inputs.result("prepare", "events")
    layers = sorted(set(text_of(events, "layer")))
    notes: dict[str, Json] = {"missing": "", "gravity_missing": ""}
    scale = "district"
    places = _places(inputs, scale)
    if places.num_rows > _MOST:
        # a million pairs and more: the cities say the same in a fraction of the time
        scale = "city"
        places = _places(inputs, scale)
    notes["scale"] = scale
    gravity: list[pa.Table] = []
    if not _placed(places):
        notes["gravity_missing"] = "regions.lon, regions.lat"
    else:
        gravity = _gravity(inputs, events, layers, places, scale, notes)
    regression: list[pa.Table] = []
    if {BRANCH, COPATENT} <= set(layers):
        found = _regression(inputs, events, options, notes)
        regression = [] if found is None else [result_table(found)]
    else:
        notes["missing"] = "a second layer (branches and patents)"
    return StageOutput(
        tables={
            "gravity": stacked(gravity, _GRAVITY),
            "regression": stacked(regression, _REGRESSION),
        },
        documents={"dyad_notes": notes},
    )


def _places(inputs: StageInputs, scale: str) -> pa.Table:
    """Give the places of a scale; a city without a position stands amid its districts."""
    rows = inputs.result("prepare", "places").to_pylist()
    out = []
    for r in rows:
        if r["scale"] != scale:
            continue
        lon, lat = r["lon"], r["lat"]
        if lon is None or lat is None:
            below = [
                (k["lon"], k["lat"])
                for k in rows
                if k["scale"] == "district"
                and k["city"] == r["region"]
                and k["lon"] is not None
                and k["lat"] is not None
            ]
            if below:
                lon, lat = (float(np.mean(v)) for v in zip(*below, strict=True))
        out.append((str(r["region"]), lon, lat))
    return pa.table(
        {
            "region": texts([r for r, _, _ in out]),
            "lon": pa.array([x for _, x, _ in out], pa.float64()),
            "lat": pa.array([y for _, _, y in out], pa.float64()),
        }
    )


def _placed(places: pa.Table) -> bool:
    return not (places["lon"].null_count or places["lat"].null_count)


def _gravity(
    inputs: StageInputs,
    events: pa.Table,
    layers: list[str],
    places: pa.Table,
    scale: str,
    notes: dict[str, Json],
) -> list[pa.Table]:
    options = inputs.options_as(NetworksOptions)
    out = []
    for layer in layers:
        rows = rows_of(events, layer)
        if scale == "city":
            rows = (
                as_link_events(rows)
                .at_level(hierarchy_table(inputs), "city")
                .to_arrow()
            )
        directed = layer == BRANCH
        pairs = build_dyads(rows, places, directed=directed, min_km=options.min_km)
        if not (pairs.flow > 0).any():
            notes[f"gravity_{layer}"] = "no link between two places"
            continue
        try:
            found = gravity_ppml(pairs.to_arrow(), directed=directed)
        except (NotIdentifiedError, ConvergenceError) as error:
            notes[f"gravity_{layer}"] = error.message
            continue
        notes[f"gravity_{layer}"] = {
            "elasticity": float(found.values[0]),
            "se": float(found.se[0]),
            "pairs": int(found.flow.size),
            "zeros": int((found.flow == 0).sum()),
            "errors": found.vcov,
        }
        out.append(result_table(found, layer=layer))
    return out


def _regression(
    inputs: StageInputs,
    events: pa.Table,
    options: NetworksOptions,
    notes: dict[str, Json],
) -> MatrixRegression | None:
    """Regress ln(1 + joint patents) of pairs of cities on ln(1 + branches).

    Held constant: the distance, how alike their industries are, and their size, as far as
    they are known.
    """
    places = _places(inputs, "city")
    if places.num_rows < _FEW:
        notes["missing"] = "regions (five cities or more)"
        return None
    regions = hierarchy_table(inputs)
    parts = {
        layer: build_dyads(
            as_link_events(rows_of(events, layer)).at_level(regions, "city").to_arrow(),
            places,
            directed=False,
            min_km=options.min_km,
        ).to_arrow()
        for layer in (BRANCH, COPATENT)
    }
    table = parts[COPATENT].select(["origin", "destination"])
    columns: dict[str, FloatArray] = {
        "ln_copatents": np.log1p(parts[COPATENT]["flow"].to_numpy()),
        "ln_branches": np.log1p(parts[BRANCH]["flow"].to_numpy()),
        **_likeness(inputs, text_of(table, "origin"), text_of(table, "destination")),
    }
    if _placed(places):
        columns["ln_distance"] = np.log(parts[COPATENT]["distance_km"].to_numpy())
    for name, values in columns.items():
        table = table.append_column(name, pa.array(values, pa.float64()))
    names = [n for n in columns if n != "ln_copatents"]
    try:
        found = mrqap(
            table,
            outcome="ln_copatents",
            covariates=names,
            directed=False,
            inference=Permutation(n=options.dyad_draws, seed=inputs.seed),
        )
    except NotIdentifiedError as error:
        notes["missing"] = error.message
        return None
    at = found.term.index("ln_branches")
    notes["regression"] = {
        "coefficient": float(found.values[at]),
        "p": float(found.p[at]),
        "p_ols": float(found.p_ols[at]),
        "t": float(found.t[at]),
        "null_low": float(found.null_low[at]),
        "null_high": float(found.null_high[at]),
        "r2": found.r2,
        "n_pairs": found.n_pairs,
        "n_draws": found.n_draws,
    }
    return found


def _likeness(
    inputs: StageInputs, origin: list[str], destination: list[str]
) -> dict[str, FloatArray]:
    """Give what two cities make alike and how large they are; nothing without activity.

    `alike` is the overlap of their shares of industries, 1 - half the sum of absolute
    differences; `ln_size` the logarithm of the product of their activity.
    """
    now = inputs.result("prepare", "activity_now")
    places = inputs.result("prepare", "places").to_pylist()
    city_of = {r["region"]: r["city"] for r in places}
    city = sorted({*origin, *destination})
    at = {c: i for i, c in enumerate(city)}
    words, industry = np.unique(text_of(now, "industry"), return_inverse=True)
    row = np.array(
        [at.get(str(city_of.get(r, "")), -1) for r in text_of(now, "region")], np.int64
    )
    made = np.zeros((len(city), max(words.size, 1)))
    known = row >= 0
    amount = now["amount"].to_numpy(zero_copy_only=False)
    np.add.at(made, (row[known], industry.reshape(-1)[known]), amount[known])
    total = made.sum(axis=1)
    if not (total > 0).all():
        return {}
    share = made / total[:, None]
    a, b = (np.array([at[c] for c in end]) for end in (origin, destination))
    return {
        "alike": 1.0 - 0.5 * np.abs(share[a] - share[b]).sum(axis=1),
        "ln_size": np.log(total[a]) + np.log(total[b]),
    }
