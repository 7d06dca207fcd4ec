"""Exports: the same numbers, one file, nothing torn, nothing that calls out."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import pyarrow as pa
import pytest

from agglo.core.errors import OptionError
from agglo.observatory import export as module
from agglo.observatory.export import export_html, export_site
from agglo.observatory.pages import PAGES, VIEWS
from tests.crash.deadly import trials
from tests.observatory.conftest import CANARIES, HOSTILE
from tests.observatory.made_up import made_up

pytestmark = pytest.mark.usefixtures("release")


def _data(html: str) -> dict:
    found = re.search(
        r'<script id="data" type="application/json" data-encoding="gzip\+base64">([^<]*)<',
        html,
    )
    return json.loads(gzip.decompress(base64.b64decode(found[1])))


@pytest.fixture(scope="module")
def html(project, tmp_path_factory):
    path = tmp_path_factory.mktemp("export") / "observatory.html"
    done = export_html(project, path)
    return done, path.read_text("utf-8")


def test_the_file_holds_the_numbers_of_the_public_server(html, public):
    _, text = html
    data = _data(text)
    assert data["meta"]["release"]["id"] == public.release.id
    assert [p["id"] for p in data["pages"]] == list(PAGES)
    for name, held in data["views"].items():
        rows = public.data(f"/views/{name}.json")
        columns = held["columns"]
        assert [dict(zip(columns, r, strict=True))
                for r in zip(*columns.values(), strict=True)] == rows  # fmt: skip
    released = {v.id for v in VIEWS.values() if v.table in public.release}
    assert set(data["views"]) == released


def test_the_file_carries_certificate_and_manifest(html):
    data = _data(html[1])
    assert data["meta"]["release"]["certificate"]["audited"] is True
    assert data["manifest"]["tables"]


def test_the_policy_names_every_script_and_style_by_hash(html):
    text = html[1]
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]
    assert "unsafe" not in policy
    assert "connect-src 'none'" in policy
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    styles = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    assert len(scripts) == 2
    assert len(styles) == 1
    for part in (*scripts, *styles):
        digest = base64.b64encode(hashlib.sha256(part.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy


def test_nothing_in_the_file_is_loaded_from_elsewhere(html):
    text = re.sub(r"<(script|style)[^>]*>.*?</\1>", "", html[1], flags=re.DOTALL)
    assert not re.findall(r'(?:src|href)="(?!data:)', text)


def test_the_file_holds_no_canary_and_no_markup_of_names(html):
    text = html[1]
    held = json.dumps(_data(text))
    for value in CANARIES:
        assert str(value) not in held
    for name in HOSTILE:
        assert name not in text


def test_the_code_weighs_less_than_a_megabyte(html):
    done, _ = html
    assert done.parts["page code"] < 1_000_000
    assert done.bytes < 2_000_000


def test_the_same_release_gives_the_same_file(html, project, tmp_path):
    export_html(project, tmp_path / "again.html")
    assert (tmp_path / "again.html").read_text("utf-8") == html[1]


def test_regions_can_be_chosen(project, tmp_path):
    export_html(project, tmp_path / "one.html", regions=["R003"])
    data = _data((tmp_path / "one.html").read_text("utf-8"))
    assert set(data["views"]["region.structure"]["columns"]["region"]) == {"R003"}
    assert set(data["views"]["map.quotient"]["columns"]["region"]) == {"R003"}
    with pytest.raises(OptionError, match="R999"):
        export_html(project, tmp_path / "none.html", regions=["R999"])


def test_private_numbers_of_real_places_are_not_exported(project, tmp_path):
    shutil.copytree(project, tmp_path / "real")
    toml = tmp_path / "real" / "agglo.toml"
    toml.write_text(
        toml.read_text("utf-8").replace("generated = true", "generated = false")
    )
    with pytest.raises(OptionError, match="private"):
        export_html(tmp_path / "real", tmp_path / "x.html", mode="private")
    with pytest.raises(OptionError, match="review"):
        export_html(project, tmp_path / "x.html", mode="review")
    assert not (tmp_path / "x.html").exists()


def test_a_large_file_is_warned_of_and_a_huge_one_refused(
    project, tmp_path, monkeypatch
):
    monkeypatch.setattr(module, "WARNED_MB", 0.1)
    assert "map.quotient" in export_html(project, tmp_path / "a.html").warning
    monkeypatch.setattr(module, "REFUSED_MB", 0.2)
    with pytest.raises(OptionError) as caught:
        export_html(project, tmp_path / "b.html")
    assert "map.quotient" in str(caught.value)
    assert not (tmp_path / "b.html").exists()
    export_html(project, tmp_path / "b.html", force=True)


def test_the_folder_is_whole_and_its_addresses_relative(project, public, tmp_path):
    site = tmp_path / "site"
    export_site(project, site)
    index = (site / "index.html").read_text("utf-8")
    for address in re.findall(r'(?:src|href)="([^"]*)"', index):
        assert address.startswith("data:") or (site / address).is_file(), address
    assert _data(index)["meta"]["release"]["id"] == public.release.id
    asked = public.get("/views/map.quotient.csv").content
    assert (site / "data" / "map.quotient.csv").read_bytes() == asked
    assert json.loads((site / "certificate.json").read_text("utf-8"))["audited"] is True


def test_an_earlier_export_is_replaced_as_a_whole(project, tmp_path):
    site = tmp_path / "site"
    export_site(project, site)
    (site / "data" / "old.csv").write_text("x")
    export_site(project, site)
    assert not (site / "data" / "old.csv").exists()
    assert [p.name for p in tmp_path.iterdir()] == ["site"]


def test_a_foreign_folder_is_left_alone(project, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("x")
    with pytest.raises(OptionError, match="did not export"):
        export_site(project, tmp_path / "mine")
    (tmp_path / "file").write_text("x")
    with pytest.raises(OptionError, match="is a file"):
        export_site(project, tmp_path / "file")
    assert (tmp_path / "mine" / "letter.txt").read_text() == "x"


def test_a_swap_that_was_cut_short_is_finished(project, tmp_path):
    site = tmp_path / "site"
    export_site(project, site)
    site.rename(tmp_path / ".site.0a0a0a0a.old")
    (tmp_path / ".site.0b0b0b0b.new").mkdir()
    export_site(project, site)
    assert [p.name for p in tmp_path.iterdir()] == ["site"]


_WRITER = """
import sys
from pathlib import Path
from agglo.observatory import export
project, target = Path(sys.argv[1]), Path(sys.argv[2])
print("ready", flush=True)
while True:
    export.export_html(project, target / "one.html")
    export.export_site(project, target / "site")
"""


@pytest.mark.crash
@pytest.mark.usefixtures("public")
def test_kill_during_export_leaves_no_torn_file(project, tmp_path):
    for trial in range(trials(0.1, 12)):
        target = tmp_path / f"t{trial}"
        target.mkdir()
        writer = subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(project), str(target)],
            stdout=subprocess.PIPE,
        )
        assert writer.stdout.readline() == b"ready\n"
        time.sleep(0.4 + 0.21 * (trial % 12))
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        whole = target / "one.html"
        if whole.exists():
            text = whole.read_text("utf-8")
            assert text.endswith("</body>\n</html>\n")
            assert _data(text)["views"]
        index = target / "site" / "index.html"
        if (target / "site").exists():
            assert index.read_text("utf-8").endswith("</html>\n")
            assert (target / "site" / "manifest.json").is_file()
        export_html(project, whole)
        export_site(project, target / "site")
        assert sorted(p.name for p in target.iterdir()) == ["one.html", "site"]


def test_years_can_be_chosen(tmp_path):
    stock = made_up(tmp_path, "formation")
    years = ["2018", "2019", "2020", "2019", "all", None]
    name = VIEWS["formation.periods"].table
    table = stock.table(name)
    at = table.column_names.index("period")
    stock._tables[name] = table.set_column(at, "period", pa.array(years))
    for asked, kept in (((), 6), (("2019",), 4), (("2018-2019",), 5)):
        cut = module._cut(stock, (), asked)
        assert len(module._kept(stock, VIEWS["formation.periods"], cut)) == kept
    for wrong, told in (("1999", "no year"), ("20x", "span"), ("2020-2018", "span")):
        with pytest.raises(OptionError, match=told):
            module._cut(stock, (), (wrong,))


def test_the_folder_holds_packed_copies_for_hosts_that_send_them(project, tmp_path):
    site = tmp_path / "site"
    export_site(project, site)
    for name in ("index.html", "app.js", "charts.js", "app.css"):
        packed = (site / f"{name}.gz").read_bytes()
        assert gzip.decompress(packed) == (site / name).read_bytes()
