"""What several pages of the administration ask: zones, bays by code or id, names, several questions at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Mapping
from typing import Any, TypeVar

from siga.contract.accounts import Person
from siga.contract.parking import CATEGORIES, Device, StaffBayView, Zone
from siga.kit.problem import NotFound, Problem
from siga.services.gateway.pages.admin.desk import Desk, seg
from siga.services.gateway.pages.admin.device_words import want_of
from siga.services.gateway.pages.admin.words import Devices, StaffBays, Zones

T = TypeVar("T")
Options = list[tuple[str, str]]
"""(value, words) of a choice, as the form macros take them."""
_MOST_BAYS_NAMED = 60
_AT_ONCE = 1000
_MOST_PAGES = 5
_MOST_SHOWN = 200


async def together(parts: Mapping[str, Awaitable[Any]]) -> dict[str, Any]:
    """All answers at once by name; None for a service that refuses or is away, so that a page stands without it."""
    found = await asyncio.gather(*parts.values(), return_exceptions=True)
    for one in found:
        if isinstance(one, BaseException) and not isinstance(one, Problem):
            raise one
    return {name: None if isinstance(one, Problem) else one for name, one in zip(parts, found, strict=True)}


async def zones_of(desk: Desk, municipality_id: str = "") -> list[Zone]:
    """The zones of the municipality, by name."""
    wanted = municipality_id or desk.municipality_id
    return (await desk.visitor.get("parking", "/api/v1/zones", Zones, municipality_id=wanted)).zones


async def bays_page(desk: Desk, **params: Any) -> StaffBays:
    """A page of the municipality's bays."""
    return await desk.visitor.get(
        "parking", "/api/v1/bays", StaffBays, municipality_id=desk.municipality_id, **params
    )  # fmt: skip


async def bay_of_id(desk: Desk, bay_id: str) -> StaffBayView:
    """One bay as staff see it; NotFound for another municipality's, even where anyone may see it."""
    bay = await desk.visitor.get("parking", f"/api/v1/bays/{seg(bay_id)}", StaffBayView)
    if bay.municipality_id not in {town.municipality_id for town in desk.towns}:
        raise NotFound("There is no such bay in your municipality.")
    return bay


async def bay_of_code(desk: Desk, code: str) -> StaffBayView | None:
    """The municipality's bay of that code, whatever its case; None when there is none."""
    cursor: str | None = None
    while True:
        page = await bays_page(desk, q=code, limit=_AT_ONCE, cursor=cursor)
        found = next((bay for bay in page.bays if bay.code.casefold() == code.casefold()), None)
        if found is not None or page.next is None:
            return found
        cursor = page.next


async def bays_of_ids(desk: Desk, ids: Iterable[str]) -> dict[str, StaffBayView]:
    """Bays by id, at most the first sixty; those that cannot be had are left out."""
    wanted = list(dict.fromkeys(ids))[:_MOST_BAYS_NAMED]
    found = await together({bay_id: bay_of_id(desk, bay_id) for bay_id in wanted})
    return {bay_id: bay for bay_id, bay in found.items() if bay is not None}


async def devices_page(desk: Desk, kind: str = "", cursor: str | None = None, limit: int = _AT_ONCE) -> Devices:
    """A page of the municipality's devices."""
    return await desk.visitor.get(
        "parking", "/api/v1/devices", Devices, municipality_id=desk.municipality_id, kind=kind or None, limit=limit,
        cursor=cursor or None,
    )  # fmt: skip


async def all_devices(desk: Desk, kind: str = "") -> list[Device]:
    """The municipality's devices, the first five thousand."""
    found: list[Device] = []
    cursor: str | None = None
    for _ in range(_MOST_PAGES):
        page = await devices_page(desk, kind, cursor)
        found += page.devices
        cursor = page.next
        if cursor is None:
            break
    return found


async def devices_that_want(desk: Desk, want: str, kind: str = "") -> Devices:
    """Those of which a person has to see to just that."""
    return Devices(devices=[one for one in await all_devices(desk, kind) if want_of(one) == want][:_MOST_SHOWN])


async def names_of(desk: Desk, user_ids: Iterable[str | None]) -> dict[str, str]:
    """Names of people of staff by id, as far as the caller may know them; the caller's own always."""
    own = desk.visitor.user_id
    wanted = {user_id for user_id in user_ids if user_id and user_id != own}
    names = {own: desk.visitor.name}
    if desk.may("people.manage"):
        ask = {one: desk.visitor.get("users", f"/api/v1/users/{seg(one)}", Person) for one in wanted}
        names |= {one: person.name for one, person in (await together(ask)).items() if person is not None}
    return names


def zone_options(zones: Iterable[Zone]) -> Options:
    """Zones to choose from."""
    return [(zone.zone_id, zone.name) for zone in zones]


def category_options(desk: Desk) -> Options:
    """Categories to choose from."""
    return [(category, desk.t(f"category.{category}")) for category in CATEGORIES]


def worded(desk: Desk, values: Iterable[str], key: str) -> Options:
    """Values to choose from, in the words of `{key}.{value}`."""
    return [(value, desk.t(f"{key}.{value}")) for value in values]


def hinted(desk: Desk, values: Iterable[str], key: str) -> list[tuple[str, str, str]]:
    """As `worded`, each with the sentence that says what it means: `{key}.{value}.hint`."""
    return [(value, words, desk.t(f"{key}.{value}.hint")) for value, words in worded(desk, values, key)]
