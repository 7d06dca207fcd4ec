"""The pages, in the order of the menu."""

from __future__ import annotations

from collections.abc import Mapping

from agglo.observatory.page import Page, View
from agglo.observatory.pages.clusters import CLUSTER
from agglo.observatory.pages.comparison import COMPARE
from agglo.observatory.pages.designations import DIGITAL
from agglo.observatory.pages.home import ABOUT, HOME
from agglo.observatory.pages.pairs import COAGGLOMERATION
from agglo.observatory.pages.places import INDUSTRY, MAP, REGION
from agglo.observatory.pages.policy import POLICY
from agglo.observatory.pages.stages import FORMATION
from agglo.observatory.pages.ties import NETWORKS, SPACE

__all__ = ["PAGES", "VIEWS"]

_MENU = (
    HOME,
    MAP,
    REGION,
    INDUSTRY,
    CLUSTER,
    COMPARE,
    SPACE,
    NETWORKS,
    COAGGLOMERATION,
    DIGITAL,
    POLICY,
    FORMATION,
    ABOUT,
)

PAGES: Mapping[str, Page] = {page.id: page for page in _MENU}
VIEWS: Mapping[str, View] = {v.id: v for page in _MENU for v in page.views}
