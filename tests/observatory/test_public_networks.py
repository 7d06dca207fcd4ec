"""Tables of networks that follow from released ties, and what they say about hidden ones."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from agglo.core.options import Permutation
from agglo.networks import (
    backbone,
    centralities,
    communities,
    core_periphery,
    flow_matrix,
    mixing,
)
from agglo.observatory.disclosure_policy import GatePolicy
from agglo.observatory.ledger import Ledger
from agglo.observatory.public.freedom import affordable_beside_ties, free_ties
from agglo.observatory.public.tables import public_study
from agglo.store import read_table, write_json, write_table
from agglo.store.disclosure import DisclosurePolicy, cells_from_records, suppress_cells
from agglo.studies.columns import result_table
from agglo.studies.networks.structure import removal_curve

pytest.importorskip("highspy", reason="the extra disclosure is not installed")

MARK = 91.0
SEED = 7
NODES = [f"C{k}" for k in range(6)]
RULES = DisclosurePolicy(minimum_count=3, dominance=(), p_percent=None)


def _events(*, directed=True, single=(), unknown=0, firm=""):
    """Ties of six cities and four industries by 400 firms; single cells are one large tie."""
    rng = np.random.default_rng(6)
    n = 4000
    origin, destination = rng.integers(0, 6, (2, n))
    sends, takes = rng.integers(0, 4, (2, n))
    keep = np.ones(n, dtype=bool)
    for kind, a, b in single:
        one, other = (
            (origin, destination) if kind == "city" else (sends // 2, takes // 2)
        )
        keep &= ~((one == a) & (other == b))
        if not directed:
            keep &= ~((one == b) & (other == a))
    rows = [
        (
            f"E{k}",
            f"C{origin[k]}",
            f"C{destination[k]}",
            f"I{sends[k]}",
            f"I{takes[k]}",
            1.0,
        )
        for k in np.flatnonzero(keep)
    ]
    for kind, a, b in single:
        place = (f"C{a}", f"C{b}") if kind == "city" else ("C0", "C1")
        made = (f"I{2 * a}", f"I{2 * b}") if kind == "group" else ("I0", "I0")
        rows.append(("M", *place, *made, MARK))
    rows += [
        (firm or f"U{k}", "C0", "C1", "unknown", "I0", 1.0) for k in range(unknown)
    ]
    names = (
        "event",
        "origin",
        "destination",
        "origin_industry",
        "destination_industry",
    )
    *words, weight = zip(*rows, strict=True)
    layer = "branch" if directed else "copatent"
    table = {"layer": [layer] * len(rows), "weight": weight,
             "directed": [directed] * len(rows)}  # fmt: skip
    return pa.table({**dict(zip(names, words, strict=True)), **table})


GROUPS = {"I0": "G0", "I1": "G0", "I2": "G1", "I3": "G1"}


def _found(events):
    """What the study would have found, by its own functions."""
    layer = events["layer"][0].as_py()
    directed = events["directed"][0].as_py()
    flows = flow_matrix(events.drop_columns(["event"]))
    values = flows.values if directed else np.triu(flows.values)
    if not directed:
        # a link inside a city stands twice in the matrix of an undirected layer
        values = values - np.diag(np.diag(values)) / 2.0
    a, b = np.nonzero(values)
    weight = values[a, b]
    ties = pa.table(
        {
            "layer": [layer] * a.size, "scale": ["city"] * a.size,
            "origin": flows.label[a].tolist(), "destination": flows.label[b].tolist(),
            "weight": weight, "share": weight / weight.sum(),
        }
    )  # fmt: skip
    other = ties.filter(pa.array(a != b)).select(["origin", "destination", "weight"])
    asked = {"directed": directed, "nodes": NODES}
    where = result_table(centralities(other, **asked))
    group = communities(other, seed=SEED, **asked)
    core = core_periphery(other, seed=SEED, inference=None, **asked)
    positions = (
        where.append_column("community", pa.array(group.label))
        .append_column("support", pa.array(group.support))
        .append_column("in_core", pa.array(core.is_core))
        .append_column("layer", pa.array([layer] * len(NODES)))
    )
    mixed = mixing(
        events.drop_columns(["event"]), groups={**GROUPS, "unknown": "unknown"},
        inference=Permutation(n=19, seed=1),
    )  # fmt: skip
    indices = {"layer": [layer] * 3, "index": ["ei", "r", "q"],
               "value": [mixed.ei, mixed.r, mixed.q]}  # fmt: skip
    return {
        "ties": ties,
        "backbone": result_table(backbone(other, **asked), layer=layer),
        "positions": positions,
        "removal": removal_curve(flows, layer),
        "mixing": result_table(mixed, layer=layer),
        "mixing_indices": pa.table(indices),
        "integration": pa.table(
            {
                "layer": [layer] * 6,
                "region": NODES,
                "kappa": [0.5] * 6,
                "events": [99] * 6,
            }
        ),
    }


def _results(folder, events, **changes):
    folder.mkdir()
    tables = {
        **_found(events),
        "events": events,
        "places": pa.table({"region": NODES, "city": NODES}),
        "industry_groups": pa.table(
            {"industry": list(GROUPS), "group": list(GROUPS.values())}
        ),
        "activity_now": pa.table({"region": NODES}),
        **changes,
    }
    for name, table in tables.items():
        write_table(folder / f"{name}.parquet", table)
    write_json(folder / "findings.json", [])
    return folder


def _public(folder, results):
    ledger = Ledger(folder / "ledger", GatePolicy(rules=RULES))
    told = public_study("networks", results, folder, ledger=ledger, seed=SEED)
    return told, {p.stem: read_table(p) for p in folder.glob("*.parquet")}


@pytest.mark.parametrize("directed", [True, False])
def test_what_follows_from_published_ties_is_released(tmp_path, directed):
    events = _events(directed=directed)
    results = _results(tmp_path / "r", events)
    told, shown = _public(tmp_path / "p", results)
    for name in ("backbone", "positions", "removal", "mixing", "mixing_indices"):
        found = read_table(results / f"{name}.parquet")
        assert shown[name].num_rows == found.num_rows, (name, told.left_out)
        there = (
            shown[name].drop_columns(["status"]) if name == "mixing" else shown[name]
        )
        assert there.equals(found.select(there.column_names)), name
    assert told.certificate["mixing"]["audit"][events["layer"][0].as_py()]["safe"]
    assert shown["integration"].num_rows == len(NODES)


@pytest.mark.parametrize("directed", [True, False])
def test_p_values_of_a_backbone_give_a_hidden_tie_back(tmp_path, directed):
    """The attack: p = (1 - w/s)^(k - 1) is solved for w; so nothing goes out beside it."""
    events = _events(directed=directed, single=[("city", 0, 3)])
    results = _results(tmp_path / "r", events)
    rows = read_table(results / "backbone.parquet").to_pylist()
    (row,) = [r for r in rows if (r["origin"], r["destination"]) == ("C0", "C3")]
    ties = read_table(results / "ties.parquet").to_pylist()
    between = [r for r in ties if r["origin"] != r["destination"]]

    def worked_back(node, ends):
        mine = [r for r in between if any(r[e] == node for e in ends)]
        strength = sum(r["weight"] for r in mine)
        return strength * (1.0 - row["p"] ** (1.0 / (len(mine) - 1)))

    both = ("origin", "destination")
    ways = [
        ("C0", both[:1] if directed else both),
        ("C3", both[1:] if directed else both),
    ]
    assert min(abs(worked_back(*way) - MARK) for way in ways) < 1e-6
    told, shown = _public(tmp_path / "p", results)
    weights = [w for w in shown["ties"]["weight"].to_pylist() if w is not None]
    assert MARK not in weights
    assert not {"backbone", "positions", "removal"} & set(shown)
    why = {e["table"]: e["reason"]["en"] for e in told.left_out}
    assert "hidden" in why["backbone"]
    # integration of a place: only where the ties inside it are published
    ok = {
        r["origin"]
        for r in shown["ties"].to_pylist()
        if r["origin"] == r["destination"] and r["status"] == "ok"
    }
    assert set(shown["integration"]["region"].to_pylist()) == ok


@pytest.mark.parametrize("directed", [True, False])
def test_indices_of_mixing_give_a_hidden_pair_of_groups_back(tmp_path, directed):
    """The attack: E-I times the total is the diagonal; less the published cell, the other."""
    events = _events(directed=directed, single=[("group", 1, 1)])
    results = _results(tmp_path / "r", events)
    table = read_table(results / "mixing.parquet").to_pylist()
    by = {(r["origin_group"], r["destination_group"]): r["weight"] for r in table}
    (index, *_) = read_table(results / "mixing_indices.parquet")["value"].to_pylist()
    total = sum(by.values())
    diagonal = total * (1.0 - index) / 2.0
    assert diagonal - by["G0", "G0"] == pytest.approx(MARK)
    assert by["G1", "G1"] == MARK
    _, shown = _public(tmp_path / "p", results)
    rows = {
        (r["origin_group"], r["destination_group"]): r
        for r in shown["mixing"].to_pylist()
    }
    hidden = rows["G1", "G1"]
    assert hidden["status"] == "confidential"
    for name in ("weight", "share", "log_odds", "z"):
        assert hidden[name] is None
    assert shown["mixing_indices"].num_rows == 0
    # what is left: no published number is the marker, nor its share times the total
    for row in rows.values():
        if row["share"] is not None:
            assert row["weight"] is not None
        assert row["weight"] is None or abs(row["weight"] - MARK) > 1e-9


def test_mixing_stays_at_home_where_few_ties_have_no_group(tmp_path):
    """The total of all ties less that of the table is the weight of the few."""
    for unknown, firm, there in ((3, "", False), (40, "M", False), (41, "", True)):
        folder = tmp_path / str(unknown)
        events = _events(unknown=unknown, firm=firm)
        found = mixing(events.drop_columns(["event"]), groups=GROUPS, inference=None)
        table = result_table(found, layer="branch")
        results = _results(folder, events, mixing=table)
        _, shown = _public(tmp_path / f"p{unknown}", results)
        assert ("mixing" in shown) == there
        lost = sum(shown["ties"]["weight"].to_pylist()) - sum(
            table["weight"].to_pylist()
        )
        assert lost == unknown


def test_what_is_not_what_the_study_found_stays_at_home(tmp_path):
    events = _events()
    found = _found(events)
    changes = {}
    for name, column in (("backbone", "p"), ("positions", "betweenness"),
                         ("removal", "weight_left"), ("mixing", "weight")):  # fmt: skip
        values = np.array(found[name][column].to_pylist(), dtype=float)
        values[0] += 0.25
        at = found[name].column_names.index(column)
        changes[name] = found[name].set_column(at, column, pa.array(values))
    results = _results(tmp_path / "r", events, **changes)
    told, shown = _public(tmp_path / "p", results)
    assert not set(changes) & set(shown)
    assert set(changes) <= {e["table"] for e in told.left_out}
    # which ties are kept must follow from p
    table = found["backbone"]
    p = np.array(table["p"].to_pylist())
    kept = pa.array(p == p.max())
    at = table.column_names.index("kept")
    flipped = {"backbone": table.set_column(at, "kept", kept)}
    results = _results(tmp_path / "r2", events, **flipped)
    assert "backbone" not in _public(tmp_path / "p2", results)[1]


def _ties(single, parents=None):
    rows = []
    for a in range(6):
        for b in range(6):
            n = 1 if (a, b) in single else 5
            rows += [(f"C{a}", f"C{b}", 50.0 / n + a + b)] * n
    origin, destination, weight = zip(*rows, strict=True)
    data = pa.table({"origin": origin, "destination": destination, "weight": weight})
    cells = cells_from_records(
        data, dimensions=("origin", "destination"), value="weight",
        hierarchies=dict.fromkeys(("origin", "destination"), parents) if parents else None,
    )  # fmt: skip
    return suppress_cells(cells, policy=RULES)


def test_free_ties_are_counted_with_the_sums_above_them():
    assert free_ties(_ties([])).hidden == 0
    one = free_ties(_ties([(0, 3)]))
    assert one.hidden >= 4
    assert one.free == 1
    above = {f"C{k}": f"P{k // 3}" for k in range(6)}
    nested = _ties([(0, 3), (4, 1)], above)
    found = free_ties(nested)
    # never more than the null space of all published sums
    assert found.free <= _null_space(nested)
    assert found.hidden > found.free >= 1


def _null_space(safe):
    """Count what all published sums leave free, from their matrix."""
    one, two = safe.cells.dimensions
    hidden = safe.hidden.reshape(safe.cells.shape)

    def below(d, node):
        if node not in d.inner:
            return {node}
        return set().union(*(below(d, k) for k in np.flatnonzero(d.parent == node)))

    leaves = [
        (a, b)
        for a in range(one.size)
        for b in range(two.size)
        if a not in one.inner and b not in two.inner and hidden[a, b]
    ]
    sums = [
        [float(a in below(one, i) and b in below(two, j)) for a, b in leaves]
        for i, j in np.ndindex(hidden.shape)
        if not hidden[i, j] and (i in one.inner or j in two.inner)
    ]
    return len(leaves) - np.linalg.matrix_rank(np.array(sums))


def test_estimates_beside_few_free_ties_are_left_out():
    """Inequality of strengths or the slope of distance is one equation in the hidden tie."""
    gravity = pa.table({"layer": ["branch"], "term": ["ln_km"], "value": [-1.2]})
    spread = pa.table({"layer": ["branch"] * 9, "value": np.arange(9.0)})
    asked = {"gravity": gravity, "distribution": spread}
    few = {"networks.branch": _ties([(0, 3)])}
    assert affordable_beside_ties(asked, few) == ["gravity", "distribution"]
    none = {"networks.branch": _ties([])}
    assert affordable_beside_ties(asked, none) == []
    many = {"networks.branch": _ties([(a, (a + 1) % 6) for a in range(6)])}
    assert free_ties(many["networks.branch"]).free >= 4
    assert affordable_beside_ties(asked, many) == ["distribution"]
    # a table without layers is about all of them
    both = {"regression": pa.table({"term": ["a"], "value": [0.5]})}
    assert affordable_beside_ties(both, {**many, **few}) == ["regression"]


def test_a_certificate_of_a_table_without_unsafe_cells_is_json(tmp_path):
    safe = _ties([])
    for public in (True, False):
        write_json(tmp_path / "c.json", safe.certificate(public=public))
        assert safe.certificate(public=public)["worst_interval_ratio"] is None
