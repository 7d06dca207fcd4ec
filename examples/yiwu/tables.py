"""Write the tables of the Yiwu example from the payment files: firms, towns, links.

    python tables.py FOLDER_OF_THE_FILES

The files name payers and payees by row; this joins town and industry to both ends and counts
the firms of every town. Streets of the city of Yiwu are one place: the files of 2010 do not
tell them apart.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv

# what 2010 calls the city proper (城区)
STREETS = ("北苑", "稠城", "稠江", "江东", "城西", "福田")
CITY = "城区"
FILES = {
    "2009": ("2009Node.csv.gz", "2009_edges.csv.gz"),
    "2010": ("2010Node2.csv.gz", "2010_edges.csv.gz"),
}
NAMES = {
    "城区": "Yiwu city",
    "佛堂": "Fotang",
    "苏溪": "Suxi",
    "义亭": "Yiting",
    "廿三里": "Niansanli",
    "大陈": "Dachen",
    "上溪": "Shangxi",
    "后宅": "Houzhai",
    "赤岸": "Chi'an",
}


def tables(folder: Path) -> dict[str, pa.Table]:
    """Give ``regions``, ``activity`` and ``link_events`` (layer ``supply``)."""
    count: Counter[tuple[str, str, str]] = Counter()
    events = []
    for period, (nodes, edges) in FILES.items():
        firms = {}
        for row in pacsv.read_csv(folder / nodes).to_pylist():
            town = CITY if row["area"] in STREETS else row["area"]
            industry = f"{int(row['industry']):02d}" if row["industry"] else None
            firms[row["code"]] = (town, industry)
            if town in NAMES and industry is not None:
                count[town, industry, period] += 1
        for number, row in enumerate(pacsv.read_csv(folder / edges).to_pylist(), 1):
            (here, made), (there, used) = firms[row["heads"]], firms[row["tails"]]
            if here in NAMES and there in NAMES:
                events.append((f"{period}-{number}", period, here, made, there, used))
    name, period, here, made, there, used = zip(*events, strict=True)
    cells = sorted(count.items())
    return {
        "regions": pa.table(
            {
                "region": list(NAMES),
                "name_zh": list(NAMES),
                "name_en": list(NAMES.values()),
                "level": ["town"] * len(NAMES),
                "region_version": ["yiwu_2010"] * len(NAMES),
            }
        ),
        "activity": pa.table(
            {
                "region": [t for (t, _, _), _ in cells],
                "industry": [i for (_, i, _), _ in cells],
                "period": [p for (_, _, p), _ in cells],
                "establishments": [float(n) for _, n in cells],
                "region_version": ["yiwu_2010"] * len(cells),
                "industry_version": ["files_2"] * len(cells),
            }
        ),
        "link_events": pa.table(
            {
                "layer": ["supply"] * len(name),
                "event": list(name),
                "period": list(period),
                "origin": list(here),
                "origin_industry": pa.array(made, pa.string()),
                "destination": list(there),
                "destination_industry": pa.array(used, pa.string()),
                "weight": [1.0] * len(name),
                "directed": [True] * len(name),
            }
        ),
    }


def main(folder: str) -> None:
    """Write one CSV per table beside this file."""
    out = Path(__file__).parent / "data"
    out.mkdir(exist_ok=True)
    for name, table in tables(Path(folder)).items():
        pacsv.write_csv(table, out / f"{name}.csv")


if __name__ == "__main__":
    main(sys.argv[1])
