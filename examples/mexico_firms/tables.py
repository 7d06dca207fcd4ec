"""Write the tables of the Mexican firms example: states, plants by industry, shared firms.

    python tables.py FILE_OF_PLANTS

A firm is a name: what stands before the first comma, without accents, marks and legal form.
Two plants of one firm tie their states, each pair with 1 / number of pairs of the firm, so that
a firm counts once. A tie is dated by the year in which the last of the firm's plants reported.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections import Counter, defaultdict
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv

import agglo as ag

PERIODS = ("2010", "2020")
LEGAL = re.compile(
    r"\b(S A P I|SAPI|S A B|SAB|S A|SA|S DE R L|S DE RL|S R L|SRL|A C|AC|S C|SC|DE C V|DE CV)\b"
)
STATES = {
    "DISTRITO FEDERAL": "CIUDAD DE MEXICO",
    "COAHUILA DE ZARAGOZA": "COAHUILA",
    "MICHOACAN DE OCAMPO": "MICHOACAN",
    "VERACRUZ DE IGNACIO DE LA LLAVE": "VERACRUZ",
    "QUERETARO DE ARTEAGA": "QUERETARO",
}
TYPES = dict.fromkeys(("scian6", "first_year", "last_year"), pa.string())


def plain(text: str) -> str:
    """Give capitals without accents and marks."""
    letters = unicodedata.normalize("NFKD", text.upper())
    kept = "".join(c for c in letters if not unicodedata.combining(c))
    return " ".join(re.sub(r"[^A-Z0-9]+", " ", kept).split())


def firm_of(name: str) -> str:
    """Give the firm that a plant's name says."""
    short = plain(name.split(",", maxsplit=1)[0])
    return " ".join(LEGAL.sub(" ", short).split()) or short


def tables(file: Path) -> dict[str, pa.Table]:
    """Give ``regions``, ``activity`` and ``link_events`` (layer ``shared_firm``)."""
    options = pacsv.ConvertOptions(column_types=TYPES)
    rows = pacsv.read_csv(file, convert_options=options).to_pylist()
    places: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    count: Counter[tuple[str, str, str]] = Counter()
    plants = []
    for row in rows:
        state = STATES.get(plain(row["state"]), plain(row["state"]))
        industry = (row["scian6"] or "")[:4]
        if not state or len(industry) < 4:
            continue
        places[state].append((row["lon"], row["lat"]))
        for period in PERIODS:
            if row["first_year"] <= period <= row["last_year"]:
                count[state, industry, period] += 1
        plants.append(
            (
                firm_of(row["establishment"]),
                row["nra"],
                state,
                industry,
                row["first_year"],
            )
        )
    return {
        "regions": _regions(places),
        "activity": _activity(count),
        "link_events": _ties(plants),
    }


def _regions(places: dict[str, list[tuple[float, float]]]) -> pa.Table:
    """Give the states, each amid its plants."""
    names = sorted(places)
    middle = [
        [sorted(p[k] for p in places[n])[len(places[n]) // 2] for n in names]
        for k in (0, 1)
    ]
    return pa.table(
        {
            "region": names,
            "name_en": [n.title() for n in names],
            "level": ["state"] * len(names),
            "lon": middle[0],
            "lat": middle[1],
            "region_version": ["mx_state"] * len(names),
        }
    )


def _activity(count: Counter[tuple[str, str, str]]) -> pa.Table:
    """Give the plants that report, by state, industry and year."""
    cells = sorted(count.items())
    return pa.table(
        {
            "region": [s for (s, _, _), _ in cells],
            "industry": [i for (_, i, _), _ in cells],
            "period": [p for (_, _, p), _ in cells],
            "establishments": [float(n) for _, n in cells],
            "region_version": ["mx_state"] * len(cells),
            "industry_version": ["scian_4"] * len(cells),
        }
    )


def _ties(plants: list[tuple[str, str, str, str, str]]) -> pa.Table:
    """Pair the plants of every firm as applicants of a patent are paired."""
    last: dict[str, str] = {}
    for firm, _, _, _, year in plants:
        last[firm] = max(last.get(firm, ""), year)
    firm, plant, state, industry, _ = zip(*plants, strict=True)
    found = ag.copatent_events(
        pa.table(
            {
                "patent": list(firm),
                "applicant": list(plant),
                "region": list(state),
                "industry": list(industry),
                "period": [last[f] for f in firm],
            }
        ),
        counting="fractional",
        max_applicants=500,
    )
    events = found.link_events.to_arrow()
    at = events.column_names.index("layer")
    return events.set_column(at, "layer", pa.array(["shared_firm"] * events.num_rows))


def main(file: str) -> None:
    """Write one CSV per table beside this file."""
    out = Path(__file__).parent / "data"
    out.mkdir(exist_ok=True)
    for name, table in tables(Path(file)).items():
        pacsv.write_csv(table, out / f"{name}.csv")


if __name__ == "__main__":
    main(sys.argv[1])
