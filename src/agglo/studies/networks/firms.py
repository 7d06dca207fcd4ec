"""What a register of firms says beside branches, and who holds patents with whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.frames import as_text
from agglo.networks import interlocking_network, service_values, two_mode_projection
from agglo.studies.columns import result_table, text_of, texts
from agglo.studies.networks.columns import among, stacked, with_column

if TYPE_CHECKING:
    from agglo.core.typing import Json
    from agglo.studies.contract import StageInputs
    from agglo.studies.networks.options import NetworksOptions

__all__ = ["entity_pairs", "firm_tables"]

_INTERLOCKING = {
    "region": pa.string(),
    "connectivity": pa.float64(),
    "share": pa.float64(),
}
_SHARED = {
    "region_a": pa.string(),
    "region_b": pa.string(),
    "shared": pa.int64(),
    "expected": pa.float64(),
    "p": pa.float64(),
    "q": pa.float64(),
    "kept": pa.bool_(),
}
_KINDS = {"kind_a": pa.string(), "kind_b": pa.string(), "pairs": pa.int64()}


def firm_tables(
    inputs: StageInputs, options: NetworksOptions
) -> tuple[dict[str, pa.Table], dict[str, Json]]:
    """Tie cities by the offices that firms have in both, where there is a register.

    Parameters
    ----------
    inputs
        With the stage ``prepare``; optional table ``establishments``.
    options
        Options of the study.

    Returns
    -------
    tuple
        Tables ``interlocking`` (city) and ``shared_firms`` (pair of cities), and notes.
    """
    table = _offices(inputs)
    if table is None:
        return {
            "interlocking": stacked([], _INTERLOCKING),
            "shared_firms": stacked([], _SHARED),
        }, {"firms": {"missing": "establishments with firm, region and is_hq"}}
    interlocked = interlocking_network(service_values(table))
    pairs = two_mode_projection(table, alpha=options.alpha)
    return {
        "interlocking": result_table(interlocked).select(list(_INTERLOCKING)),
        "shared_firms": result_table(pairs).select(list(_SHARED)),
    }, {
        "firms": {
            "firms": interlocked.n_firms,
            "pairs": int(np.isfinite(pairs.p).sum() // 2),
            "pairs_kept": int(pairs.kept.sum() // 2),
            "missing": "",
        }
    }


def _offices(inputs: StageInputs) -> pa.Table | None:
    """Give firm, city and whether it is the seat of every office of firms with several."""
    if not inputs.has("establishments"):
        return None
    table = inputs.table("establishments")
    if not {"firm", "region", "is_hq"} <= set(table.column_names):
        return None
    places = inputs.result("prepare", "places").to_pylist()
    city = {r["region"]: r["city"] for r in places if r["scale"] == "district"}
    table = among(table, "region", city)
    firm = as_text(table["firm"])
    known = pc.fill_null(pc.not_equal(pc.utf8_trim_whitespace(firm), ""), False)
    table = table.filter(known)
    if table.num_rows == 0 or len(set(city.values())) < 2:
        return None
    table = with_column(table, "region", [city[r] for r in text_of(table, "region")])
    return table.select(["firm", "region", "is_hq"])


def entity_pairs(inputs: StageInputs) -> tuple[pa.Table, dict[str, Json]]:
    """Count the pairs of applicants by their kinds; the study counts those of `entities`.

    Parameters
    ----------
    inputs
        Optional table ``patents`` with `entity_type`.

    Returns
    -------
    tuple
        Table ``entity_pairs`` (each unordered pair of kinds once) and the counts.
    """
    none = stacked([], _KINDS)
    if not inputs.has("patents"):
        return none, {}
    table = inputs.table("patents")
    if "entity_type" not in table.column_names or table.num_rows == 0:
        return none, {}
    keys = ["patent", "applicant"]
    text = {k: text_of(table, k) for k in (*keys, "entity_type")}
    one = pa.table({k: texts(v) for k, v in text.items()})
    # an applicant counts once per patent
    one = one.group_by(keys).aggregate([("entity_type", "min")])
    kinds, kind = np.unique(text_of(one, "entity_type_min"), return_inverse=True)
    _, patent = np.unique(text_of(one, "patent"), return_inverse=True)
    counts = np.zeros((int(patent.max()) + 1, kinds.size))
    np.add.at(counts, (patent.reshape(-1), kind.reshape(-1)), 1.0)
    joint = counts.T @ counts
    pairs = np.rint((joint - np.diag(counts.sum(axis=0))) / 1.0).astype(np.int64)
    pairs[np.diag_indices_from(pairs)] //= 2
    a, b = np.triu_indices(kinds.size)
    some = pairs[a, b] > 0
    words = [k or "unknown" for k in kinds.tolist()]
    found = pa.table(
        {
            "kind_a": texts([words[i] for i in a[some]]),
            "kind_b": texts([words[j] for j in b[some]]),
            "pairs": pa.array(pairs[a, b][some]),
        }
    ).sort_by([("pairs", "descending"), ("kind_a", "ascending")])
    rows = found.to_pylist()
    listed: dict[str, Json] = {
        f"{r['kind_a']} + {r['kind_b']}": int(r["pairs"]) for r in rows
    }
    return found, listed
