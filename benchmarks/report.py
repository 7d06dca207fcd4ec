"""Turn the results of `make bench` into the table of docs/performance.md.

Usage: python -m benchmarks.report RESULTS.json [RESULTS.json ...] PAGE.md

Of a benchmark that stands in several files the newest run is taken, so one part can be
measured again without the rest.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

START = "<!-- benchmark table: start -->"
END = "<!-- benchmark table: end -->"
HEAD = (
    "| benchmark | size | agglo | twin | speed | memory | twin's memory |\n"
    "| --- | --- | ---: | ---: | ---: | ---: | ---: |"
)


def table(*results: Mapping[str, Any]) -> str:
    """Markdown of the runs: what they ran on, then one row per benchmark."""
    newest = {
        benchmark["fullname"]: benchmark
        for run in sorted(results, key=lambda run: run["datetime"])
        for benchmark in run["benchmarks"]
    }
    rows = [_row(b) for b in sorted(newest.values(), key=_order)]
    return "\n".join([_machine(results), "", HEAD, *rows])


def renew(page: str, content: str) -> str:
    """Put `content` between the marks of `page`."""
    before, mark, rest = page.partition(START)
    _, end, after = rest.partition(END)
    if not (mark and end):
        msg = f"the page has no lines {START!r} and {END!r}"
        raise ValueError(msg)
    return f"{before}{START}\n\n{content}\n\n{END}{after}"


def _order(benchmark: Mapping[str, Any]) -> tuple[str, float]:
    return benchmark["name"].partition("[")[0], benchmark["stats"]["median"]


def _machine(results: Sequence[Mapping[str, Any]]) -> str:
    days = sorted({run["datetime"][:10] for run in results})
    told = []
    for run in results:
        machine = run["machine_info"]
        cpu = machine.get("cpu", {})
        brand = cpu.get("brand_raw") or machine.get("machine", "")
        told.append(
            f"{brand}, {cpu.get('count', '?')} cores, "
            f"{machine['system']}, Python {machine['python_version']}"
        )
    return f"Measured on {' and '.join(days)}: {'; '.join(dict.fromkeys(told))}."


def _row(benchmark: Mapping[str, Any]) -> str:
    info = benchmark["extra_info"]
    name = benchmark["name"].removeprefix("test_").partition("[")[0].replace("_", " ")
    cells = [
        name,
        str(info.get("size", "")),
        seconds(benchmark["stats"]["median"]),
        seconds(info.get("twin_seconds")),
        f"{info['ratio']:.1f} x" if "ratio" in info else "",
        megabytes(info.get("added_mb")),
        megabytes(info.get("twin_added_mb")),
    ]
    return "| " + " | ".join(cells) + " |"


def seconds(value: float | None) -> str:
    """Time with three figures and a unit."""
    if value is None:
        return ""
    if value < 1e-3:
        return f"{value * 1e6:.3g} µs"
    return f"{value * 1e3:.3g} ms" if value < 1 else f"{value:.3g} s"


def megabytes(value: float | None) -> str:
    """Memory in whole megabytes, gigabytes from 1,000 on."""
    if value is None:
        return ""
    return f"{value / 1000:.2f} GB" if value >= 1000 else f"{value:.0f} MB"


def main(*arguments: str) -> None:
    """Renew the table of the last path from the JSON files before it."""
    *results, page = arguments
    found = [json.loads(Path(run).read_text(encoding="utf-8")) for run in results]
    path = Path(page)
    path.write_text(
        renew(path.read_text(encoding="utf-8"), table(*found)), encoding="utf-8"
    )
    print(table(*found))


if __name__ == "__main__":
    main(*sys.argv[1:])
