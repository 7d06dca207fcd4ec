"""Columns as bytes: the same values to the last digit, in a fraction of the bytes."""

from __future__ import annotations

import base64
import math
import struct

import pytest

from agglo.observatory.pages import VIEWS


def _numbers(text: str, form: str) -> list[float]:
    """Put the bytes of each number side by side and read them."""
    raw, width = base64.b64decode(text), struct.calcsize(form)
    n = len(raw) // width
    return [
        struct.unpack("<" + form, bytes(raw[k * n + i] for k in range(width)))[0]
        for i in range(n)
    ]


def _places(text: str, length: int) -> tuple[list[int], int]:
    width = len(base64.b64decode(text)) // length if length else 1
    form = {1: "B", 2: "H", 4: "I"}[width]
    return [int(v) for v in _numbers(text, form)], 8 * width


def _pick(listed: list, at: list[int]) -> list:
    return [listed[k] if k < len(listed) else None for k in at]


def _column(column: dict, length: int) -> list:
    at = _places(column["at"], length)[0] if "at" in column else None
    if column["kind"] == "number":
        found = _numbers(column["values"], "d")
        known = [None if math.isnan(v) else v for v in found]
        return known if at is None else _pick(known, at)
    listed = [False, True] if column["kind"] == "boolean" else column["texts"]
    return _pick(listed, at)


def _codes(column: dict, length: int) -> list[int]:
    steps, bits = _places(column["at"], length)
    found, now = [], 0
    for step in steps:
        now = (now + step) % (1 << bits)
        found.append(now)
    return found


def unpack(data: dict, lists: dict[str, list[dict]]) -> dict[str, list]:
    """Read typed columns as the description of the API says."""
    columns, length = data["columns"], data["length"]
    found = {}
    for name, column in columns.items():
        of = columns[column["of"]] if column["kind"] == "beside" else column
        if of["kind"] != "code":
            found[name] = _column(column, length)
            continue
        part = column.get("part", "id")
        listed = [
            one["name"][part] if part in ("en", "zh") else one[part]
            for one in lists[of["list"]]
        ]
        more = [None if part in ("lon", "lat") else code for code in of["more"]]
        found[name] = _pick([*listed, *more], _codes(of, length))
    return found


@pytest.fixture(scope="module")
def lists(served):
    return {kind: served.data(f"/{kind}") for kind in ("regions", "industries")}


@pytest.mark.parametrize("order", ["", "&sort=table_order"])
def test_typed_columns_hold_what_columns_hold(served, lists, order):
    kinds = set()
    for view in VIEWS.values():
        if view.table not in served.release:
            continue
        path = f"/views/{view.id}?limit=400{order}"
        typed = served.data(f"{path}&layout=typed")
        whole = served.data(f"{path}&layout=columns")
        found = unpack(typed, lists)
        assert list(found) == list(whole), view.id
        # repr tells apart what == does not: the last digit, the sign of zero
        for name, cells in whole.items():
            told = [float(c) if type(c) is int else c for c in cells]
            assert repr(found[name]) == repr(told), (view.id, name)
        kinds |= {c["kind"] for c in typed["columns"].values()}
    assert kinds >= {"number", "text", "code", "beside"}


def test_rows_at_places_are_those_of_the_answer(served):
    path = "/views/map.quotient?layout=columns&sort=table_order"
    whole = served.data(f"{path}&limit=300")
    some = served.data(f"{path}&rows=7,0,19&columns=lq_lower")
    assert some["lq_lower"] == [whole["lq_lower"][k] for k in (7, 0, 19)]
    assert list(some) == ["lq_lower", "status"]


@pytest.mark.parametrize(
    ("query", "code"),
    [("rows=1,x", "bad_rows"), ("rows=-1", "bad_rows"), ("rows=99999999", "bad_rows"),
     ("rows=" + ",".join(map(str, range(501))), "bad_rows"),
     ("layout=bytes", "bad_value"), ("columns=covers,nothing", "unknown_column")],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused(served, query, code):
    answer = served.get(f"/views/map.quotient?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_only_views_with_a_reference_say_what_covers_it(served):
    assert served.get("/views/map.variety?columns=covers").status_code == 400
    part = served.data("/views/map.quotient?columns=covers&layout=columns")
    assert set(part["covers"]) <= {True, False, None}


def test_files_hold_all_columns(served):
    for query in ("columns=lq", "rows=1", "layout=typed"):
        assert served.get(f"/views/map.quotient.csv?{query}").status_code == 400


def test_a_switch_moves_a_fraction_of_the_whole(served):
    path = "/views/map.quotient?limit=10000&layout="
    wanted = "&columns=covers,employment,lat,lon,lq,region&sort=table_order"
    typed = served.get(f"{path}typed{wanted}").headers["content-length"]
    whole = served.get(f"{path}columns").headers["content-length"]
    assert int(typed) < 0.4 * int(whole)
