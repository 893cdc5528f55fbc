"""Drivers over HTTP: all routes, one file for each subject."""

from __future__ import annotations

from litestar.types import ControllerRouterHandler

from siga.kit.subjects import subject_routes
from siga.services.drivers.api import check_ins, favourites, opinions, reports
from siga.services.drivers.service.check_ins import CheckIns
from siga.services.drivers.service.favourites import Favourites
from siga.services.drivers.service.opinions import Doubts, Ratings
from siga.services.drivers.service.reports import Reports
from siga.services.drivers.service.subjects import Subjects
from siga.services.drivers.service.tools import Tools


def handlers(tools: Tools) -> list[ControllerRouterHandler]:
    """Every route of this service."""
    return [
        *favourites.handlers(Favourites(tools)),
        *check_ins.handlers(CheckIns(tools)),
        *opinions.handlers(Doubts(tools), Ratings(tools)),
        *reports.handlers(Reports(tools)),
        *subject_routes(Subjects(tools)),
    ]
