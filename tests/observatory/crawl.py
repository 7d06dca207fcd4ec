"""Every address of a server, in every format."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, field

from agglo.observatory.api.methods import method_pages
from agglo.observatory.pages import PAGES, VIEWS


@dataclass
class Seen:
    """What a crawl saw."""

    bodies: dict[str, bytes] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return len(self.bodies)


def addresses(served) -> list[str]:
    """List what can be asked."""
    api = "/api/v1"
    found = [f"{api}/{name}" for name in
             ("", "meta", "pages", "regions", "industries", "find?q=r", "tables", "methods",
              "geometry", "openapi.json", "indicators", "certificates/current",
              "manifests/current", "regions?world=concentration",
              "values?indicator=lq&region=R001")]  # fmt: skip
    found += [f"{api}/methods/{name}" for name in list(method_pages())[:3]]
    found += [f"{api}/tables/{name}" for name in served.release.tables]
    for page in PAGES.values():
        found += [f"{api}/pages/{page.id}", f"/{page.id}.json", f"/{page.id}",
                  f"{api}/downloads/{page.id}.zip"]  # fmt: skip
        if page.selectors:
            found += [
                f"/{page.id}/R001.json",
                f"/{page.id}/R001.csv",
                f"/{page.id}/R001",
            ]
    for view in VIEWS.values():
        for ending in ("", ".csv", ".json", ".parquet", ".xlsx", ".svg",
                       "?layout=columns&limit=10000"):  # fmt: skip
            found.append(f"{api}/views/{view.id}{ending}")
        found.append(f"{api}/downloads/{view.id}.zip")
    bad = ("views/no.such", "views/map.quotient?cursor=x", "views/map.quotient?region=../x",
           "views/region.structure?region=%3Cscript%3E", "pages/x", "tables/x")  # fmt: skip
    return [*found, *(f"{api}/{b}" for b in bad)]


def crawl(served) -> Seen:
    """Ask for every address; archives are opened."""
    seen = Seen()
    for path in addresses(served):
        answer = served.client.get(path)
        assert answer.status_code not in (500, 502), (path, answer.text[:300])
        seen.bodies[path] = answer.content
        if answer.status_code == 200:
            _unpack(seen, path, answer.content)
    return seen


def _unpack(seen: Seen, path: str, content: bytes) -> None:
    """Look into archives and workbooks, and into those inside of them."""
    if not path.endswith((".zip", ".xlsx")):
        return
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            inner = archive.read(name)
            seen.bodies[f"{path}!{name}"] = inner
            _unpack(seen, f"{path}!{name}", inner)
