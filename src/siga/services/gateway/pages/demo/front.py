"""`/demo`: four doors, one click each, and the nine things to try."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import quote

from litestar import get, post
from litestar.types import ControllerRouterHandler

from siga.contract.accounts import SignInAsk
from siga.contract.operations import RevisionList
from siga.kit.problem import NotFound, Problem
from siga.services.gateway.asgi import Header, visit_of
from siga.services.gateway.pages.demo.backstage import Backstage, Known
from siga.services.gateway.pages.demo.gate import NAMES, host_of, own_name, scope_of
from siga.services.gateway.pages.web import AnyRequest, Page, Visitor, local_path
from siga.services.gateway.sessions import HalfWay


class Thing(NamedTuple):
    """Something to try: where it begins, whose door is needed beside it, and to which page that door leads."""

    name: str
    path: str | None = None
    door: str | None = None
    to: str = ""


THINGS: tuple[Thing, ...] = (
    Thing("ticking", "/demo/go/ticking"), Thing("taken", "/demo/street", "driver"),
    Thing("suspect", "/demo/street?kit=camera", "police"), Thing("unread", "/demo/street?kit=camera", "police"),
    Thing("silent", "/demo/street"), Thing("setting", None, "administrator", "/admin/settings/parking.grace_s"),
    Thing("import", "/demo/upload"), Thing("figures", "/demo/figures"), Thing("restart"),
)  # fmt: skip
"""The nine things to try."""
_ROLES = ("driver", "police", "administrator")
_TICKET_S = 30.0
_MOST_TICKETS = 100
_SEEDED = "demo"  # the reason the seeding gives for its own changes of settings


@dataclass(frozen=True)
class _Ticket:
    """A sign-in on its way to the name under which it will be kept."""

    cookie: Header
    start: str
    until_s: float


class Tickets:
    """Sign-ins that wait to be fetched under another name of this machine: once, within half a minute."""

    def __init__(self) -> None:
        self._kept: dict[str, _Ticket] = {}

    def put(self, cookie: Header, start: str) -> str:
        """Keep a sign-in; the secret that fetches it."""
        now_s = time.monotonic()
        self._kept = {key: one for key, one in self._kept.items() if one.until_s > now_s}
        while len(self._kept) >= _MOST_TICKETS:
            del self._kept[next(iter(self._kept))]
        key = secrets.token_urlsafe(24)
        self._kept[key] = _Ticket(cookie, start, now_s + _TICKET_S)
        return key

    def take(self, key: str) -> _Ticket:
        """The sign-in; NotFound when it was fetched, or is too old."""
        ticket = self._kept.pop(key, None)
        if ticket is None or ticket.until_s < time.monotonic():
            raise NotFound("This way in was used or is too old: go back to /demo and choose again.")
        return ticket


def handlers(backstage: Backstage) -> list[ControllerRouterHandler]:
    """The start page and the ways in."""
    tickets = Tickets()

    @get("/demo")
    async def front(visitor: Visitor) -> Page:
        """The four doors."""
        known = backstage.known()
        await _notice_settings(backstage, known)
        return _front(visitor, backstage, known)

    @get("/demo/go/ticking")
    async def look(visitor: Visitor) -> Page:
        """To the drivers' list, which was looked at by that."""
        backstage.stage.note("ticking")
        return visitor.go("/")

    @post("/demo/enter")
    async def enter(request: AnyRequest, visitor: Visitor) -> Page:
        """Sign in as one of the demo's people and begin where that face begins."""
        form = await visitor.form()
        role = form.text("role")
        if role not in _ROLES:
            raise NotFound("There is no such face.")
        account = backstage.account(role)
        ask = SignInAsk(email=account.email, password=account.password)
        signed = await backstage.sign_in.sign_in(scope_of(request), ask)
        begin = "/sign-in/second" if isinstance(signed, HalfWay) else local_path(form.text("to"), account.start)
        start = f"{begin}?lang={visitor.t.lang}"
        name = own_name(role, request.headers.get("user-agent"))
        if name is None:
            return visitor.go(start, cookies=[signed.cookie])
        return visitor.go(f"{_origin(request, name)}/demo/as/{quote(tickets.put(signed.cookie, start))}")

    @get("/demo/as/{ticket:str}")
    async def arrive(visitor: Visitor, ticket: str) -> Page:
        """The second half of a sign-in, under the face's own name."""
        found = tickets.take(ticket)
        return visitor.go(found.start, cookies=[found.cookie])

    return [front, look, enter, arrive]


def _front(visitor: Visitor, backstage: Backstage, known: Known) -> Page:
    stage, request = backstage.stage, visitor.request
    apart = own_name("police", request.headers.get("user-agent")) is not None
    origins = " ".join(_origin(request, name) for name in NAMES.values())
    page = visitor.page(
        "demo/front.html", here="demo", known=known, things=THINGS, seen=stage.seen, alive=stage.alive, apart=apart,
        grace_s=backstage.grace_s(), tally=sum(thing.name in stage.seen for thing in THINGS),
    )  # fmt: skip
    if apart:  # Chromium holds what a form is redirected to against form-action too (CSP 3 §6.4.2)
        policy = page.headers["content-security-policy"]
        page.headers["content-security-policy"] = policy.replace("form-action 'self'", f"form-action 'self' {origins}")
    return page


def _origin(request: AnyRequest, name: str) -> str:
    scheme = "https" if visit_of(scope_of(request)).https else "http"
    return f"{scheme}://{name}{host_of(request.headers.get('host'))[1]}"


async def _notice_settings(backstage: Backstage, known: Known) -> None:
    """A setting that somebody changed is one of the things to try."""
    if "setting" in backstage.stage.seen or not known.complete:
        return
    try:
        found = await backstage.ask(
            "administrator", "config", "GET", "/api/v1/config/revisions", RevisionList, params={"limit": 5}
        )
    except Problem:
        return
    if any(revision.reason != _SEEDED for revision in found.revisions):
        backstage.stage.note("setting")
