"""`/admin`: what needs a person today, each line with the place where it is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from types import MappingProxyType
from typing import Any, NamedTuple

from litestar import get
from litestar.types import ControllerRouterHandler

from siga.contract.accounts import SetupChecklist
from siga.contract.accreditation_lists import CardAlarmPage, LettersDue
from siga.contract.accreditations import AccreditationPage
from siga.contract.drivers import ReportWorkList
from siga.contract.enforcement import JobsOverview
from siga.contract.operations import AlarmList
from siga.contract.parking import Device
from siga.services.gateway.pages.admin.accreditations import warning_days
from siga.services.gateway.pages.admin.desk import Desk, desk_router, seg
from siga.services.gateway.pages.admin.device_words import WANTS, want_of
from siga.services.gateway.pages.admin.lookups import all_devices, bays_page, together
from siga.services.gateway.pages.admin.words import Claims, Places
from siga.services.gateway.pages.web import Page, Web

_COUNTED, _USERS_COUNTED, _NAMED = 1000, 200, 4
_STEPS = {"contact": "/admin/town", "position": "/admin/town", "staff": "/admin/people/invite"}


class Count(NamedTuple):
    """How many there are; `more`: at least so many."""

    number: int
    more: bool = False
    names: tuple[str, ...] = ()
    """The first of them by name."""
    words: Mapping[str, int] = MappingProxyType({})
    """What else its text says."""


@dataclass(frozen=True)
class Line:
    """One thing to see to: its text's key, how many, and where."""

    key: str
    count: Count
    path: str
    mark: str


def handlers(web: Web) -> list[ControllerRouterHandler]:
    """The route of the start."""
    return [desk_router("start", [start])]


@get("/admin")
async def start(desk: Desk) -> Page:
    """What needs a person, and the first steps that are missing."""
    wanted = {
        name: ask for name, (action, ask) in _ASKED.items() if desk.may(action) and (desk.town or name in _ANYWHERE)
    }
    found = await together({name: ask(desk) for name, ask in wanted.items()})
    away = [name for name, answer in found.items() if answer is None]
    return desk.page("start.html", lines=lines_of(found), steps=missing_steps(desk, found), away=away)


def lines_of(found: dict[str, Any]) -> list[Line]:
    """The lines, gravest first; nothing to do makes no line."""
    lines = []
    for name, path, mark in _LINES:
        count = found.get(name)
        if isinstance(count, Count) and count.number:
            lines.append(Line(name, count, path, mark))
    by_want: dict[str, int] = found.get("devices") or {}
    lines += [
        Line(f"device_{want}", Count(by_want[want]), f"/admin/devices?wants={want}", "doubtful")
        for want in WANTS if by_want.get(want)
    ]  # fmt: skip
    return lines


_LINES = (
    ("alarms", "/admin/alarms", "misuse"), ("silent", "/admin/bays?state=unknown", "nosignal"),
    ("claims", "/admin/claims", "doubtful"), ("reports", "/admin/reports", "doubtful"),
    ("card_alarms", "/admin/accreditations/card-alarms", "misuse"),
    ("letters", "/admin/accreditations/letters", "mine"),
    ("photos", "/admin/queue", "doubtful"), ("ending", "/admin/accreditations?ending=1", "mine"),
)  # fmt: skip


def missing_steps(desk: Desk, found: dict[str, Any]) -> list[tuple[str, str]]:
    """The first steps that are not done yet, with where each is done (D20)."""
    checklist: SetupChecklist | None = found.get("setup")
    steps: list[tuple[str, str]] = [] if checklist is None else [
        (step.step, _STEPS[step.step]) for step in checklist.steps if not step.done and step.step in _STEPS
    ]  # fmt: skip
    if found.get("bays") is False:
        steps.append(("bays", "/admin/imports"))
    if found.get("addresses") is False:
        steps.append(("addresses", "/admin/imports"))
    return steps if desk.may("map.manage") else []


# --- asking ----------------------------------------------------------------------------------------------------------


def _first(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(islice(dict.fromkeys(names), _NAMED))


async def _silent(desk: Desk) -> Count:
    page = await bays_page(desk, occupancy="unknown", limit=_COUNTED)
    return Count(len(page.bays), page.next is not None, _first(bay.code for bay in page.bays))


async def _devices(desk: Desk) -> dict[str, int]:
    return count_wants(await all_devices(desk))


def count_wants(devices: Iterable[Device]) -> dict[str, int]:
    """How many devices want which thing from a person."""
    wants = Counter(want_of(device) for device in devices)
    del wants[""]
    return dict(wants)


async def _claims(desk: Desk) -> Count:
    page = await desk.visitor.get(
        "parking", "/api/v1/devices/claims", Claims, municipality_id=desk.municipality_id, limit=_USERS_COUNTED
    )
    return Count(len(page.claims), page.next is not None, _first(one.dev_eui for one in page.claims))


async def _reports(desk: Desk) -> Count:
    page = await desk.visitor.get(
        "drivers", "/api/v1/reports", ReportWorkList, municipality_id=desk.municipality_id, kind="problem",
        status="sent", limit=_USERS_COUNTED,
    )  # fmt: skip
    return Count(len(page.reports), page.next is not None, _first(one.code for one in page.reports))


async def _photos(desk: Desk) -> Count:
    found = await desk.visitor.get("images", "/api/v1/images/jobs", JobsOverview, limit=1)
    return Count(found.counts.get("quarantined", 0))


async def _alarms(desk: Desk) -> Count:
    found = await desk.visitor.get("logs", "/api/v1/logs/alarms", AlarmList, limit=_USERS_COUNTED)
    return Count(len(found.alarms), found.next is not None, _first(one.event for one in found.alarms))


async def _ending(desk: Desk) -> Count:
    page = await desk.visitor.get(
        "users", "/api/v1/accreditations", AccreditationPage, municipality_id=desk.municipality_id, expiring=True,
        limit=_USERS_COUNTED,
    )  # fmt: skip
    return Count(len(page.accreditations), page.next is not None, words={"days": warning_days(desk)})


async def _card_alarms(desk: Desk) -> Count:
    page = await desk.visitor.get(
        "users", "/api/v1/accreditations/card-alarms", CardAlarmPage, municipality_id=desk.municipality_id,
        limit=_USERS_COUNTED,
    )  # fmt: skip
    return Count(len(page.alarms), page.next is not None, _first(f"…{one.ends_with}" for one in page.alarms))


async def _letters(desk: Desk) -> Count:
    path = "/api/v1/accreditations/letters"
    return Count((await desk.visitor.get("users", path, LettersDue, municipality_id=desk.municipality_id)).due)


async def _setup(desk: Desk) -> SetupChecklist:
    path = f"/api/v1/municipalities/{seg(desk.municipality_id)}/setup"
    return await desk.visitor.get("users", path, SetupChecklist)


async def _has_bays(desk: Desk) -> bool:
    return bool((await bays_page(desk, limit=1)).bays)


async def _has_addresses(desk: Desk) -> bool:
    """Whether addresses were imported: those with an `a`, which hardly any lacks; bays' own streets do not count."""
    found = await desk.visitor.get(
        "parking", "/api/v1/addresses", Places, q="a", limit=1, municipality_id=desk.municipality_id
    )
    return any(place.source != "bay" for place in found.addresses)


_ANYWHERE = ("alarms",)
"""What is asked also for who works for no municipality."""
_ASKED: dict[str, tuple[str, Callable[[Desk], Awaitable[Any]]]] = {
    "alarms": ("alarms.read", _alarms), "silent": ("map.read_all", _silent), "devices": ("devices.read", _devices),
    "claims": ("devices.claim", _claims), "reports": ("reports.answer", _reports), "photos": ("images.queue", _photos),
    "ending": ("accreditations.manage", _ending), "card_alarms": ("accreditations.manage", _card_alarms),
    "letters": ("accreditations.manage", _letters), "setup": ("municipalities.manage", _setup),
    "bays": ("map.manage", _has_bays), "addresses": ("map.manage", _has_addresses),
}  # fmt: skip
