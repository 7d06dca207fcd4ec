"""The verbs `agglo serve` and `agglo export`, as a user types them."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from agglo.cli import main

pytestmark = pytest.mark.usefixtures("release")


@pytest.fixture
def agglo(capfdbinary):
    def run(*words: str) -> tuple[int, bytes, bytes]:
        capfdbinary.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(w) for w in words])
        out, err = capfdbinary.readouterr()
        return ended.value.code or 0, out, err

    return run


def test_get_prints_what_the_server_would_send(agglo, project, served):
    for path in ("/api/v1/meta", "/region/R003.json", "/api/v1/views/map.quotient.csv"):
        code, out, _ = agglo("serve", project, "--get", path)
        assert code == 0
        assert out.removesuffix(b"\n") == served.client.get(path).content.removesuffix(
            b"\n"
        )


def test_get_answers_where_a_loop_runs_already(agglo, project):
    async def in_a_notebook() -> int:
        return agglo("serve", project, "--get", "/api/v1/meta")[0]

    with ThreadPoolExecutor(1) as own:
        assert own.submit(lambda: asyncio.run(in_a_notebook())).result() == 0


def test_get_of_a_zip_is_the_zip(agglo, project):
    code, out, _ = agglo(
        "serve", project, "--get", "/api/v1/downloads/map.quotient.zip"
    )
    assert code == 0
    assert out.startswith(b"PK")


def test_a_cursor_goes_on_in_another_process(agglo, project):
    path = "/api/v1/views/industry.ranking?limit=2"
    _, out, _ = agglo("serve", project, "--get", path)
    cursor = json.loads(out)["page"]["next"]
    code, out, _ = agglo("serve", project, "--get", f"{path}&cursor={cursor}")
    assert code == 0
    assert len(json.loads(out)["data"]) == 2


@pytest.mark.parametrize(
    ("path", "code", "word"),
    [("/nothing", 2, b"unknown_page"), ("/api/v1/views/map.quotient?limit=0", 3, b"bad_value"),
     ("/static/../release.json", 2, b"unknown_file")],
)  # fmt: skip
def test_a_wrong_route_ends_with_its_code(agglo, project, path, code, word):
    ended, out, _ = agglo("serve", project, "--get", path)
    assert ended == code
    assert word in out or b"unknown" in out


def test_another_address_alone_is_refused(agglo, project):
    code, _, err = agglo("serve", project, "--host", "0.0.0.0", "--no-browser")  # noqa: S104
    assert code == 2
    assert b"--allow-network" in err


def test_an_unknown_mode_is_refused(agglo, project):
    code, _, err = agglo("serve", project, "--mode", "open", "--get", "/")
    assert code == 2
    assert b"private, review or public" in err


def test_the_server_starts_trades_its_token_and_ends(project):
    server = subprocess.Popen(
        [sys.executable, "-m", "agglo", "serve", str(project), "--port", "0",
         "--no-browser", "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        said = ""
        while not said.rstrip().endswith("}"):
            line = server.stdout.readline()
            assert line, server.stderr.read()
            said += line
        address = json.loads(said)["address"]
        base = address.partition("?")[0]
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(f"{base}api/v1/meta", timeout=20)  # noqa: S310
        assert caught.value.code == 401
        caught.value.close()
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        opener.open(address, timeout=20).close()
        with opener.open(f"{base}api/v1/meta", timeout=20) as answer:
            assert json.load(answer)["data"]["project"] == "small"
        token = address.partition("token=")[2]
    finally:
        server.send_signal(signal.SIGINT)
        out, err = server.communicate(timeout=20)
    assert token not in err
    assert "Traceback" not in err
    assert out == ""


def test_a_busy_port_is_said(agglo, project):
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, _, err = agglo("serve", project, "--port", port, "--no-browser")
    assert code != 0
    assert b"--port 0" in err


def test_export_says_what_it_wrote(agglo, project, tmp_path):
    code, out, _ = agglo("export", project, "--html", tmp_path / "o.html", "--json")
    assert code == 0
    done = json.loads(out)[0]
    assert done["mode"] == "public"
    assert done["bytes"] == (tmp_path / "o.html").stat().st_size


def test_export_dry_run_writes_nothing(agglo, project, tmp_path):
    code, out, _ = agglo(
        "export", project, "--html", tmp_path / "o.html", "--site", tmp_path / "s",
        "--dry-run",
    )  # fmt: skip
    assert code == 0
    assert out.count(b"would write") == 2
    assert list(tmp_path.iterdir()) == []


def test_export_of_nothing_is_refused(agglo, project):
    code, _, err = agglo("export", project)
    assert code == 2
    assert b"--html" in err
