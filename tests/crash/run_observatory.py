"""Release or export a project; on request die, as by kill -9, at the n-th write.

``python -m tests.crash.run_observatory release|html|site PROJECT TARGET [N]``
"""

from __future__ import annotations

import sys
from pathlib import Path

from agglo.observatory.export import export_html, export_site
from agglo.observatory.release import build_release
from tests.crash.deadly import arm, writes


def main() -> None:
    """Do it, and print how many writes there were."""
    what, project, target = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    arm(int(sys.argv[4]) if len(sys.argv) > 4 else 0)
    if what == "release":
        build_release(project)
        build_release(project, mode="public")
    elif what == "html":
        export_html(project, target / "one.html")
    else:
        export_site(project, target / "site")
    sys.stdout.write(f"{writes()}\n")


if __name__ == "__main__":
    main()
