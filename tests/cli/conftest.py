"""The command line in this process, with the small study in place of the real ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from agglo.cli import main
from agglo.runs import Registry
from tests.runs.small import REGISTRY


@dataclass(frozen=True)
class Said:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        """Standard output as JSON."""
        return json.loads(self.out)


@pytest.fixture
def agglo(monkeypatch, tmp_path: Path, capsys) -> Callable[..., Said]:
    """Run a command in an empty working directory: `agglo("run", "--json")`."""
    monkeypatch.setattr(Registry, "installed", classmethod(lambda _cls: REGISTRY))
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> Said:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(words)
        code = ended.value.code
        out, err = capsys.readouterr()
        return Said(code=code if isinstance(code, int) else 0, out=out, err=err)

    return run
