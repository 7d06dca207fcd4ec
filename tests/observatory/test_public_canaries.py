"""Canaries in every table of every study: nothing that a public release shows holds one.

The results are made up so that each table of each study holds values that no rule may let
through: rows that rest on few units, tables without a rule, columns nobody has judged,
single large ties. The crawl asks for every page, view, file, export and brief.
"""

from __future__ import annotations

import io
import logging
import shutil
import zipfile

import pyarrow as pa
import pytest

from agglo.observatory.api import Settings
from agglo.observatory.api.stock import Stock
from agglo.observatory.brief import build_brief
from agglo.observatory.export import export_html, export_site
from agglo.observatory.pages import PAGES
from agglo.observatory.public.columns import COLUMNS
from agglo.observatory.public.rules import LEAST, RULES
from agglo.observatory.release import build_release
from agglo.store import write_json, write_table
from tests.observatory.conftest import Served, client_of
from tests.observatory.crawl import crawl
from tests.observatory.test_public_tables import CANARY, _network

pytest.importorskip("highspy", reason="the extra disclosure is not installed")

WORD = "Canary Works Ltd"
TEXT = frozenset(
    [
        "a",
        "adjust",
        "alert",
        "anchor",
        "b",
        "check",
        "choice",
        "city",
        "class",
        "cluster",
        "control",
        "cores_one",
        "cores_other",
        "covariate",
        "definition",
        "design",
        "detail",
        "durbin_weights",
        "effects",
        "endogenous",
        "estimator",
        "evidence",
        "finding",
        "group",
        "hypothesis",
        "index",
        "industry",
        "industry_a",
        "industry_b",
        "input",
        "instrument",
        "item",
        "kind",
        "layer",
        "link",
        "main",
        "matrix",
        "measure",
        "method",
        "model",
        "mover",
        "name",
        "name_en",
        "name_zh",
        "neighbour",
        "one",
        "orientation_note",
        "other",
        "outcome",
        "own_stock",
        "p_method",
        "part",
        "period",
        "policy",
        "pool",
        "pools",
        "reason",
        "region",
        "restriction",
        "same",
        "scale",
        "second",
        "sector",
        "shuffled",
        "source",
        "span",
        "specification",
        "stages",
        "start",
        "status",
        "template",
        "term",
        "test",
        "tested",
        "unit",
        "variable",
        "verdict",
        "weights",
        "statistic",
    ]
)
WITHHELD = {
    "coagglomeration": ("plants", "counts", "panel"),
    "networks": ("events", "inventions", "cluster_nodes", "size_profiles", "backbone"),
    "policy": ("outcomes",),
    "formation": ("peers", "layer_sites", "layer_ties", "alerts", "indicators",
                  "registry", "scores", "made_tomorrow"),
}  # fmt: skip


def _column(name, rule, *, safe):
    """One value of a column: harmless in safe rows, a canary in the others."""
    if name in rule.counts or name in {"plants", "n_anchor", "n_mover"}:
        return float(LEAST * 5) if safe else 2.0
    if name in TEXT:
        keys = {a for a, _ in rule.keys} | {"anchor", "mover", "industry", "first"}
        if name in keys or name == "second":
            return "I1" if safe else "I2"
        return "x" if safe else WORD
    if name in ("first", "second"):
        return "I1" if safe else "I2"
    return 1.0 if safe else CANARY


def _ruled(study, name, rule):
    """Rows that may go out and, where the rule judges rows, one that may not."""
    columns = [
        c for c in COLUMNS[study][name].split() if c != "status" or name != "ties"
    ]
    judging = rule.kind in ("counted", "like", "anew") or rule.counts
    rows = [_row(columns, rule, safe=True)]
    if judging:
        rows.append(_row(columns, rule, safe=False))
    found = {c: [row[c] for row in rows] for c in columns}
    found["not_judged_yet"] = [CANARY] * len(rows)
    found["firm_name"] = [WORD] * len(rows)
    return pa.table(found)


def _row(columns, rule, *, safe):
    return {c: _column(c, rule, safe=safe) for c in columns}


def _plant(results):
    """Write made-up results of every study over single establishments."""
    for study, rules in RULES.items():
        folder = results / study
        if study == "formation":
            write_table(folder / "panel.parquet", _panel())
        if study == "networks":
            _network(folder)
            write_table(
                folder / "inventions.parquet",
                pa.table({"patent": ["P1"], "applicant": [WORD], "region": ["C0D0"],
                          "class": ["x"]}),
            )  # fmt: skip
        for name, rule in rules.items():
            if rule.kind in ("cells", "margins") or name == "places":
                continue
            write_table(folder / f"{name}.parquet", _ruled(study, name, rule))
        for name in WITHHELD[study]:
            path = folder / f"{name}.parquet"
            if not path.exists():
                single = {"region": ["R1"], "firm": [WORD], "value": [CANARY],
                          "period": ["2012"]}  # fmt: skip
                if name == "outcomes":
                    # as many as it takes that a few estimates cannot be solved for them
                    single = {"region": [f"R{k}" for k in range(400)],
                              "period": ["2012"] * 400, "value": [CANARY] * 400}  # fmt: skip
                write_table(path, pa.table(single))
        write_json(folder / "findings.json", _findings(study))


def _panel():
    """Clusters of eight regions over six years; one industry of one region is the canary."""
    rows = [
        (f"R{r}", f"K{i // 2}", f"K{i // 2}.{i % 2}", f"{2015 + p}",
         *((CANARY, 1.0, WORD) if (r, i) == (2, 1) else (60.0 + 7 * r * i + p, 6.0, "")))
        for r in range(8) for i in range(4) for p in range(6)
    ]  # fmt: skip
    names = ("region", "group", "industry", "period", "employment", "establishments",
             "firm_name")  # fmt: skip
    return pa.table(dict(zip(names, zip(*rows, strict=True), strict=True)))


def _findings(study):
    kinds = (("F1", WITHHELD[study][0]), ("F2", ""))
    return [
        {
            "id": f"{study}-{name}",
            "text": {"en": f"{WORD} has {CANARY} jobs", "zh": f"{WORD} {CANARY}"},
            "evidence": [f"{table}.csv"] if table else [],
            "value": CANARY,
        }
        for name, table in kinds
    ]


@pytest.fixture(scope="module")
def planted(project, tmp_path_factory):
    """A project with canaries in the results of four studies, and its public release."""
    folder = tmp_path_factory.mktemp("canaries") / "project"
    shutil.copytree(project, folder, ignore=shutil.ignore_patterns("release", ".agglo"))
    shutil.rmtree(folder / "results" / "concentration")
    _plant(folder / "results")
    found = build_release(folder, mode="public")
    settings = Settings(mode="public")
    return Served(folder, found, settings, client_of(folder, settings))


def _leaks(where, body):
    held = [str(CANARY).encode(), WORD.encode()]
    return [(where, mark) for mark in held if mark in body]


def _tables_inside(path, body):
    """Read files whose numbers are no text."""
    if path.endswith((".parquet", ".xlsx", ".arrow")) and body[:4] == b"PAR1":
        import pyarrow.parquet as pq

        return str(pq.read_table(io.BytesIO(body)).to_pydict()).encode()
    return body


def test_the_canaries_are_there(planted):
    """The crawl could see them: the private results hold them in every study."""
    for study in RULES:
        tables = [
            str(pa_table).encode()
            for pa_table in (
                _read(path)
                for path in (planted.project / "results" / study).glob("*.parquet")
            )
        ]
        assert any(_leaks("", t) for t in tables), study
        assert any(f"{study}." in name for name in planted.release.tables), study


def _read(path):
    import pyarrow.parquet as pq

    return pq.read_table(path).to_pydict()


def test_clusters_are_released_around_their_canary(planted):
    """What the study found of stages holds it; what is released was computed anew."""
    panel = planted.release.table("formation.panel").to_pylist()
    hidden = {(r["region"], r["industry"]) for r in panel if r["employment"] is None}
    assert ("R2", "K0.1") in hidden
    assert len(hidden) < len({(r["region"], r["industry"]) for r in panel})
    stages = planted.release.table("formation.stages").to_pylist()
    own = [r for r in stages if (r["region"], r["group"]) == ("R2", "K0")]
    assert {r["stage"] for r in own} == {"not_assessed"}
    assert {r["stage"] for r in stages} > {"not_assessed"}


def test_no_released_table_holds_a_canary(planted):
    for name in planted.release.tables:
        body = str(planted.release.table(name).to_pydict()).encode()
        assert _leaks(name, body) == []


def test_the_catalogue_and_the_ledger_hold_no_canary(planted):
    for path in (planted.project / "release").rglob("*.json"):
        assert _leaks(path.name, path.read_bytes()) == []
    for path in (planted.project / "release" / "ledger").glob("*.parquet"):
        assert _leaks(path.name, str(_read(path)).encode()) == []


def test_a_crawl_of_every_address_sees_no_canary(planted, caplog):
    with caplog.at_level(logging.DEBUG):
        seen = crawl(planted)
    assert seen.count > 300
    found = [
        leak for path, body in seen.bodies.items()
        for leak in _leaks(path, _tables_inside(path, body))
    ]  # fmt: skip
    assert found == []
    assert _leaks("log", caplog.text.encode()) == []


def _permalinks():
    """Addresses of single views and pages, with the keys of hidden rows, and refusals."""
    for page in PAGES.values():
        names = [s.id for s in page.selectors]
        hidden = zip(names, ("I2", "I1"), strict=False)
        chosen = "&".join(f"{name}={value}" for name, value in hidden)
        for view in page.views:
            name = f"/api/v1/views/{view.id}"
            for ending in ("", ".graphml", ".geojson", ".geoparquet", ".arrow"):
                yield f"{name}{ending}?{chosen}"
            yield f"{name}?sort=-value&limit=1"
    for page in PAGES:
        for key in ("I2", "C0D0", "R1"):
            yield f"/{page}/{key}"
            yield f"/{page}/{key}.json"
    for study, names in WITHHELD.items():
        for name in names:
            yield f"/api/v1/tables/{study}.{name}"
            yield f"/api/v1/tables/{study}.{name}.parquet"
            yield f"/api/v1/views/{study}.{name}"
    for path in ("results", "runs", "findings", "notes", "saved", "project.suppressed"):
        yield f"/api/v1/{path}"
    yield "/api/v1/find?q=Works"
    yield "/api/v1/tables/project.suppressed"


def test_permalinks_to_hidden_rows_and_refusals_show_no_canary(planted, caplog):
    found, asked = [], 0
    with caplog.at_level(logging.DEBUG):
        for path in _permalinks():
            answer = planted.client.get(path)
            assert answer.status_code < 500, path
            asked += answer.status_code == 200
            found += _leaks(path, _as_text(answer.content))
            found += _leaks(path, str(dict(answer.headers)).encode())
    assert asked > 80
    assert found == []
    assert _leaks("log", caplog.text.encode()) == []


def _as_text(body):
    """Open binary tables, whatever the address calls them."""
    if body[:4] == b"PAR1":
        return _tables_inside(".parquet", body)
    try:
        return str(pa.ipc.open_stream(body).read_all().to_pydict()).encode()
    except pa.ArrowInvalid:
        return body


def test_what_was_saved_at_the_desk_is_not_opened_in_public(planted):
    """A saved view names what its owner saw."""
    from agglo.observatory.api.cursors import signing_key
    from agglo.observatory.api.saved import SavedViews

    folder = planted.project / ".agglo" / "views"
    kept = SavedViews(folder, signing_key(planted.project / "release"))
    identity = kept.save(f"/pairs?q={CANARY}")
    assert str(CANARY) in kept.read(identity)
    for path in (
        f"/saved/{identity}",
        f"/?saved={identity}",
        f"/pairs?saved={identity}",
    ):
        for way in (path, f"/api/v1{path}"):
            assert _leaks(way, planted.client.get(way).content) == []
    refused = planted.client.post("/api/v1/saved", json={"address": "/map"})
    assert refused.status_code in (403, 404, 405)


def test_exports_and_briefs_hold_no_canary(planted, tmp_path):
    export_html(planted.project, tmp_path / "one.html", mode="public")
    export_site(planted.project, tmp_path / "site", mode="public")
    for path in (p for p in tmp_path.rglob("*") if p.is_file()):
        assert _leaks(path.name, _unpacked(path.read_bytes())) == []
    stock = Stock(planted.release)
    for page in PAGES:
        for lang in ("en", "zh"):
            html = build_brief(stock, page, {}, lang=lang).report.to_html()
            assert _leaks(page, html.encode()) == []


def _unpacked(body):
    """Open what an export packs, whichever way."""
    import base64
    import gzip
    import re

    parts = [body]
    for text in re.findall(rb"[A-Za-z0-9+/=]{400,}", body):
        raw = base64.b64decode(text + b"=" * (-len(text) % 4))
        if raw[:2] == b"\x1f\x8b":
            parts.append(gzip.decompress(raw))
    if zipfile.is_zipfile(io.BytesIO(body)):
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            parts += [archive.read(n) for n in archive.namelist()]
    return b"\n".join(parts)


def test_what_stays_at_home_is_named_with_a_reason_of_its_own(planted):
    told = {
        (e["study"], e["table"]): e["reason"]["en"]
        for e in planted.release.catalogue["left_out"]
    }
    for study, names in WITHHELD.items():
        assert {(study, name) for name in names} <= set(told)
    assert told["formation", "made_tomorrow"].startswith("nobody has judged")
    assert told["formation", "layer_sites"].startswith("its rows are single")
    assert (
        "given them back" in told["policy", "outcomes"]
        or "give them back" in (told["policy", "outcomes"])
    )
    certificate = planted.release.catalogue["certificate"]["tables"]
    held = certificate["policy"]["coefficients"]["columns_held_back"]
    assert held == ["not_judged_yet", "firm_name"]
