"""Atomic files: whole, or as before; typed errors; leftovers of killed processes."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from agglo.core.errors import StoreError
from agglo.store import (
    clean_partial,
    json_bytes,
    locked,
    open_atomic,
    read_json,
    read_table,
    write_bytes,
    write_json,
    write_table,
    write_text,
)


def leftovers(folder: Path) -> list[Path]:
    return list(folder.rglob("*.partial"))


def code_of(caught: pytest.ExceptionInfo[StoreError]) -> str:
    (problem,) = caught.value.problems
    assert problem.fix
    assert problem.where
    return problem.code


def test_writes_and_replaces(tmp_path):
    target = tmp_path / "deep" / "er" / "a.bin"
    write_bytes(target, b"one")
    write_bytes(target, b"two, longer")
    assert target.read_bytes() == b"two, longer"
    assert leftovers(tmp_path) == []


def test_text_is_utf8_as_given(tmp_path):
    write_text(tmp_path / "a", "产业\r\n")
    assert (tmp_path / "a").read_bytes() == "产业\r\n".encode()


def test_permissions_follow_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        write_bytes(tmp_path / "a", b"")
    finally:
        os.umask(before)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640


def test_symbolic_link_stays_a_link(tmp_path):
    real = tmp_path / "real" / "a.txt"
    write_text(real, "old")
    link = tmp_path / "link.txt"
    link.symlink_to(real)
    write_text(link, "new")
    assert link.is_symlink()
    assert real.read_text() == "new"


def test_names_of_255_bytes_work(tmp_path):
    target = tmp_path / ("区" * 85)
    write_text(target, "x")
    assert target.read_text() == "x"


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, SystemExit])
def test_interrupted_write_leaves_the_old_file_and_no_partial(tmp_path, error):
    target = tmp_path / "a.txt"
    write_text(target, "old")

    def half() -> None:
        with open_atomic(target) as file:
            file.write(b"half")
            assert leftovers(tmp_path)
            raise error

    with pytest.raises(error):
        half()
    assert target.read_text() == "old"
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "disk_full"),
        (errno.EDQUOT, "disk_full"),
        (errno.EROFS, "read_only"),
        (errno.EIO, "write_failed"),
    ],
)
@pytest.mark.parametrize("call", ["fsync", "open"])
def test_system_errors_are_typed_and_harmless(
    tmp_path, monkeypatch, number, code, call
):
    target = tmp_path / "a.txt"
    write_text(target, "old")

    def fail(*_args, **_kwargs):
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, call, fail)
        with pytest.raises(StoreError) as caught:
            write_text(target, "new")
    assert code_of(caught) == code
    assert caught.value.exit_code == 6
    assert target.read_text() == "old"
    assert leftovers(tmp_path) == []


def test_a_write_that_fails_midway(tmp_path):
    """A limit on the size of files stops the system's own write."""
    script = (
        "import resource, signal, sys\n"
        "from agglo.core.errors import StoreError\n"
        "from agglo.store import write_bytes\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "write_bytes(sys.argv[1], b'old')\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "try:\n"
        "    write_bytes(sys.argv[1], bytes(10_000))\n"
        "except StoreError as error:\n"
        "    print(error.problems[0].code)\n"
    )
    target = tmp_path / "a.bin"
    done = _python(script, str(target))
    assert done.stdout.strip() == "write_failed"
    assert target.read_bytes() == b"old"
    assert leftovers(tmp_path) == []


@pytest.fixture
def small_disk(tmp_path):
    """Give a file system of 64 kB."""
    disk = tmp_path / "small"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("no mount command")
    if done.returncode:
        pytest.skip("mounting a small tmpfs needs rights that this process lacks")
    write_bytes(disk / "a.bin", b"old")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("size", [200_000, 3_000_000])
def test_full_disk(small_disk, size):
    with pytest.raises(StoreError) as caught:
        write_bytes(small_disk / "a.bin", bytes(size))
    assert code_of(caught) == "disk_full"
    assert (small_disk / "a.bin").read_bytes() == b"old"
    assert leftovers(small_disk) == []


def test_full_disk_under_a_table(small_disk):
    write_table(small_disk / "t.parquet", pa.table({"x": [1]}))
    noise = np.random.default_rng(7).random(100_000)
    with pytest.raises(StoreError) as caught:
        write_table(small_disk / "t.parquet", pa.table({"x": noise}))
    assert code_of(caught) == "disk_full"
    assert read_table(small_disk / "t.parquet").to_pydict() == {"x": [1]}
    assert leftovers(small_disk) == []


def test_read_only_disk(small_disk):
    remount = ["mount", "-o", "remount,ro", str(small_disk)]
    subprocess.run(remount, check=True)
    for target in ("a.bin", "new/b.bin"):
        with pytest.raises(StoreError) as caught:
            write_bytes(small_disk / target, b"new")
        assert code_of(caught) == "read_only"
    with pytest.raises(StoreError) as caught, locked(small_disk):
        pass
    assert code_of(caught) == "read_only"
    assert (small_disk / "a.bin").read_bytes() == b"old"


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere"
)
def test_read_only_folder(tmp_path):
    folder = tmp_path / "ro"
    write_text(folder / "a.txt", "old")
    folder.chmod(0o500)
    try:
        with pytest.raises(StoreError) as caught:
            write_text(folder / "a.txt", "new")
    finally:
        folder.chmod(0o700)
    assert code_of(caught) == "read_only"
    assert (folder / "a.txt").read_text() == "old"


def test_directory_in_the_way(tmp_path):
    (tmp_path / "a.json" / "inner").mkdir(parents=True)
    with pytest.raises(StoreError) as caught:
        write_json(tmp_path / "a.json", {})
    assert code_of(caught) == "directory_in_the_way"
    with pytest.raises(StoreError) as caught:
        read_json(tmp_path / "a.json")
    assert code_of(caught) == "directory_in_the_way"


@pytest.mark.parametrize("path", ["file/a.txt", "file/b/c.txt"])
def test_file_in_the_way(tmp_path, path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError) as caught:
        write_text(tmp_path / path, "x")
    assert code_of(caught) == "file_in_the_way"


def test_name_too_long(tmp_path):
    with pytest.raises(StoreError) as caught:
        write_text(tmp_path / ("x" * 256), "x")
    assert code_of(caught) == "name_too_long"
    assert leftovers(tmp_path) == []


def test_json_bytes_depend_on_values_only(tmp_path):
    one, two = tmp_path / "1", tmp_path / "2"
    write_json(one, {"b": [0.1 + 0.2, -0.0, 1e300], "a": {"乙": None, "甲": True}})
    write_json(
        two, {"a": {"甲": True, "乙": None}, "b": [0.30000000000000004, 0.0, 1e300]}
    )
    assert one.read_bytes() == two.read_bytes()
    assert one.read_text().endswith("}\n")
    assert read_json(one)["b"][0] == 0.1 + 0.2
    assert "甲" in one.read_text(encoding="utf-8")


def test_json_numpy_floats_are_numbers(tmp_path):
    write_json(tmp_path / "a", {"x": np.float64(0.1)})
    assert json.loads((tmp_path / "a").read_text()) == {"x": 0.1}


def test_json_reports_every_value_it_cannot_write(tmp_path):
    bad = {"a": [1.0, float("nan")], "b": {"c": float("inf")}, "d": {1: 2}, "e": {3}}
    with pytest.raises(StoreError) as caught:
        write_json(tmp_path / "a", bad)
    found = [(p.code, p.what.split()[0]) for p in caught.value.problems]
    assert found == [
        ("not_finite", "$.a[1]"),
        ("not_finite", "$.b.c"),
        ("wrong_type", "$.d"),
        ("wrong_type", "$.e"),
    ]
    assert not (tmp_path / "a").exists()


def test_json_null_on_demand(tmp_path):
    write_json(tmp_path / "a", [float("nan"), float("-inf"), 1.5], nan="null")
    assert read_json(tmp_path / "a") == [None, None, 1.5]


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[1,]", b"[NaN]", b'"\xff"', b"[" * 200_000, b"[Infinity]"]
)
def test_corrupt_json(tmp_path, text):
    (tmp_path / "a.json").write_bytes(text)
    with pytest.raises(StoreError) as caught:
        read_json(tmp_path / "a.json")
    assert code_of(caught) == "corrupt_json"


def test_json_with_byte_order_mark(tmp_path):
    (tmp_path / "a.json").write_bytes(b"\xef\xbb\xbf[1]")
    assert read_json(tmp_path / "a.json") == [1]


def test_missing_json(tmp_path):
    with pytest.raises(StoreError) as caught:
        read_json(tmp_path / "nowhere.json")
    assert code_of(caught) == "missing_file"


def _python(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env=_environment(),
    )


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


_HANG = (
    "import sys, time\n"
    "from agglo.store import open_atomic\n"
    "with open_atomic(sys.argv[1]) as file:\n"
    "    file.write(b'half')\n"
    "    print('writing', flush=True)\n"
    "    time.sleep(60)\n"
)


def test_leftovers_of_a_killed_process_are_cleaned_and_those_of_a_living_one_stay(
    tmp_path,
):
    target = tmp_path / "sub" / "a.bin"
    write_bytes(target, b"old")
    with subprocess.Popen(
        [sys.executable, "-c", _HANG, str(target)],
        stdout=subprocess.PIPE,
        text=True,
        env=_environment(),
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        assert clean_partial(tmp_path) == ()
        assert len(leftovers(tmp_path)) == 1
        process.send_signal(signal.SIGKILL)
    # the system may take a moment to close the files of a killed process
    end = time.monotonic() + 10
    while not (removed := clean_partial(tmp_path)) and time.monotonic() < end:
        time.sleep(0.01)
    assert len(removed) == 1
    assert leftovers(tmp_path) == []
    assert target.read_bytes() == b"old"


def test_cleaning_spares_everything_else(tmp_path):
    for name in ("a.partial", ".hidden", "b.parquet"):
        (tmp_path / name).touch()
    (tmp_path / ".folder.partial").mkdir()
    (tmp_path / ".a.0.partial").touch()
    assert [p.name for p in clean_partial(tmp_path)] == [".a.0.partial"]
    assert len(list(tmp_path.iterdir())) == 4
    assert clean_partial(tmp_path / "absent") == ()


def test_own_open_file_is_not_cleaned(tmp_path):
    with open_atomic(tmp_path / "a") as file:
        file.write(b"x")
        assert clean_partial(tmp_path) == ()
    assert (tmp_path / "a").read_bytes() == b"x"


def test_the_bytes_of_a_value_are_those_that_are_written(tmp_path):
    value = {"b": [1.5, -0.0, None], "a": "宁波"}
    write_json(tmp_path / "a.json", value)
    assert json_bytes(value) == (tmp_path / "a.json").read_bytes()
    assert json_bytes(read_json(tmp_path / "a.json")) == json_bytes(value)
    with pytest.raises(StoreError, match="not JSON"):
        json_bytes({"a": float("nan")})
