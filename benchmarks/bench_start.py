"""Start-up: `import agglo` and `agglo --help` beside importing every area at once.

The twin is what a package without lazy areas would cost. Limits: 0.3 s and 0.5 s.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

LIMITS = {"import": 0.3, "help": 0.5}
CODE = {
    "import": "import agglo",
    "help": (
        "import sys\nfrom agglo.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass"
    ),
}
EVERYTHING = (
    "import agglo, importlib, pkgutil\n"
    "for m in pkgutil.iter_modules(agglo.__path__, 'agglo.'):\n"
    "    m.name.endswith('__main__') or importlib.import_module(m.name)\n"
)


def _python(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


@pytest.mark.parametrize("what", list(CODE))
def test_start(versus, benchmark, what):
    found = versus(
        lambda: _python(CODE[what]), twin=lambda: _python(EVERYTHING), size=what
    )
    # the quickest of the rounds: what the code costs, not what the machine was doing
    assert benchmark.stats.stats.min < LIMITS[what]
    assert found.ratio > 1
