"""`/demo/figures`: a first table of the last four weeks, by zone, kind of bay, hour, weekday or day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import get_args

import msgspec
from litestar import get
from litestar.types import ControllerRouterHandler

from siga.contract.history import Grouping, Statistics, StatisticsRow
from siga.contract.parking import Zone
from siga.services.gateway.pages.demo.backstage import Backstage
from siga.services.gateway.pages.i18n import Texts
from siga.services.gateway.pages.towns import zone_of
from siga.services.gateway.pages.web import Page, Visitor

_GROUPINGS: tuple[Grouping, ...] = tuple(by for by in get_args(Grouping) if by != "bay")
_WEEKDAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")


class _Zones(msgspec.Struct, frozen=True, kw_only=True):
    zones: list[Zone]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the table: what it is about, the figures, and the share of time taken, 0 to 1."""

    label: str
    row: StatisticsRow
    with_right: int
    unverified: int
    unauthorised: int


def handlers(backstage: Backstage) -> list[ControllerRouterHandler]:
    """The table."""

    @get("/demo/figures")
    async def figures(visitor: Visitor, by: str = "zone") -> Page:
        """Stays and occupancy as the town's administration sees them."""
        known = backstage.known()
        backstage.account("administrator")
        town = await visitor.web.towns.one(known.municipality_id)
        visitor = visitor.at(zone_of(town))
        grouping = next((name for name in _GROUPINGS if name == by), _GROUPINGS[0])
        params = {"municipality_id": known.municipality_id, "by": grouping}
        found = await backstage.ask(
            "administrator", "history", "GET", "/api/v1/history/statistics", Statistics, params=params
        )
        names = await _zone_names(backstage, known.municipality_id) if grouping == "zone" else {}
        if any(row.stays for row in found.rows):
            backstage.stage.note("figures")
        return visitor.page(
            "demo/figures.html", here="demo", by=grouping, groupings=_GROUPINGS, found=found,
            lines=[line_of(row, grouping, visitor.t, names) for row in found.rows],
            span=tuple(visitor.t.day(_local(at, visitor.t)) for at in (found.from_at, found.to_at)),
        )  # fmt: skip

    return [figures]


async def _zone_names(backstage: Backstage, municipality_id: str) -> Mapping[str, str]:
    params = {"municipality_id": municipality_id}
    found = await backstage.ask("administrator", "parking", "GET", "/api/v1/zones", _Zones, params=params)
    return {zone.zone_id: zone.name for zone in found.zones}


def line_of(row: StatisticsRow, by: Grouping, t: Texts, zones: Mapping[str, str]) -> Line:
    """A row in words."""
    told = row.authorisations
    return Line(
        label=_label(row, by, t, zones), row=row, with_right=told.get("authorised", 0) + told.get("declared", 0),
        unverified=told.get("unverified", 0), unauthorised=told.get("unauthorised", 0),
    )  # fmt: skip


def _label(row: StatisticsRow, by: Grouping, t: Texts, zones: Mapping[str, str]) -> str:
    if by == "zone":
        return zones.get(row.group, row.label)
    if by == "category":
        return t.either(f"category.{row.group}", "category.other")
    if by == "hour":
        return f"{int(row.group):02d}:00"
    if by == "weekday":
        return t(f"weekday.{_WEEKDAYS[int(row.group) - 1]}")
    return t.day(date.fromisoformat(row.group))


def _local(at: datetime, t: Texts) -> date:
    return at.astimezone(t.zone).date()
