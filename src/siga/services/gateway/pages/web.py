"""What pages are made with: the visitor of a request, asking services in their name, rendering, redirecting."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar, cast
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import msgspec
from jinja2 import Environment, FileSystemLoader, PrefixLoader, StrictUndefined, select_autoescape
from jinja2.loaders import ChoiceLoader
from litestar import Request, Response
from litestar.response.base import ASGIResponse

from siga.contract.accounts import ADDRESS_HEADER
from siga.contract.auth import ACTIONS, STAFF_ROLES, Principal
from siga.contract.factors import ORIGIN_HEADER, ConfirmStart
from siga.contract.settings import STAFF_SECOND_FACTOR
from siga.kit.problem import NotFound, StepUp, Unavailable
from siga.kit.service import Context
from siga.services.gateway.asgi import Header, Scope, origin_of, visit_of
from siga.services.gateway.pages import i18n
from siga.services.gateway.pages.files import Files
from siga.services.gateway.pages.forms import Form, form_of
from siga.services.gateway.pages.i18n import Texts
from siga.services.gateway.pages.room import Room
from siga.services.gateway.pages.towns import Towns, zone_of
from siga.services.gateway.sessions import Caller, CsrfFailed, SignIn, csrf_ok, on_behalf

T = TypeVar("T")
AnyRequest = Request[Any, Any, Any]

SENT_FORM = "siga.form"
"""Where a request's form is kept, for the page that asks for a confirmation first."""
CONFIRM_START = "siga.confirm"
"""Where a request keeps how its person can confirm who they are, when an act needs that."""
LANGUAGE_COOKIE = "siga-lang"
_LANGUAGE_KEPT_S = 365 * 86400
_CONSOLE_ROLES = frozenset({"administrator", "installer", "operator", "auditor", "platform"})
_HERE = Path(__file__).parent
_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
)


class Page(Response[str]):
    """A page of HTML with the headers every page has, and cookies as they are."""

    def __init__(self, html: str, *, status: int = 200, headers: Mapping[str, str] | None = None,
                 cookies: Iterable[Header] = ()) -> None:  # fmt: skip
        ours = {"content-security-policy": _CSP, "cache-control": "no-store", "vary": "Cookie, Accept-Language"}
        super().__init__(html, status_code=status, media_type="text/html", headers={**ours, **(headers or {})})
        self._raw_cookies = tuple(cookies)

    def to_asgi_response(self, app: Any, request: Any, *, encoded_headers: Iterable[Header] | None = None,
                         **more: Any) -> ASGIResponse:  # fmt: skip
        """As the framework sends it, with our cookies."""
        ours = [*(encoded_headers or ()), *self._raw_cookies]
        return super().to_asgi_response(app, request, encoded_headers=ours, **more)


class Web:
    """What all rooms share: the context, sign-in, texts, templates, static files, municipalities."""

    def __init__(self, ctx: Context, sign_in: SignIn, rooms: Sequence[Room]) -> None:
        self.ctx, self.sign_in = ctx, sign_in
        self.texts = i18n.merged(room.texts for room in rooms)
        folders = [room.folder for room in rooms if room.folder]
        self.files = Files([_HERE / "static", *(folder / "static" for folder in folders)])
        self.towns = Towns(ctx.peers)
        self.demo = bool(ctx.options.get("demo"))
        self._env = _environment({room.name: room.folder for room in rooms if room.folder})

    async def visitor(self, request: AnyRequest) -> Visitor:
        """Who asks. While Users is away anyone reads as a guest; changes are refused then."""
        try:
            caller = await self.sign_in.caller(_scope(request))
        except Unavailable:
            if request.method != "GET":
                raise
            caller = self.sign_in.guest(_scope(request))
        return self._visitor(request, caller)

    def visitor_now(self, request: AnyRequest) -> Visitor:
        """Who asks as far as it is known without asking anybody: for pages about faults."""
        scope = _scope(request)
        known: Caller | None = scope.get("siga.caller")
        return self._visitor(request, known or self.sign_in.guest(scope))

    def _visitor(self, request: AnyRequest, caller: Caller) -> Visitor:
        asked = request.query_params.get("lang")
        own = caller.who.language if isinstance(caller.who, Principal) else None
        lang = i18n.chosen_language(
            asked, request.cookies.get(LANGUAGE_COOKIE), own, request.headers.get("accept-language")
        )
        town = self.towns.known[0] if self.towns.known else None
        texts = Texts(lang, self.texts[lang], self.ctx.clock(), zone_of(town))
        return Visitor(self, request, self._lasting(caller), texts)

    def _lasting(self, caller: Caller) -> Caller:
        """The caller as one who can be known again: a guest without a cookie gets an id of their own."""
        who = caller.who
        if isinstance(who, Principal) or who.known:
            return caller
        return replace(caller, who=self.sign_in.new_guest())

    def render(self, template: str, **values: Any) -> str:
        """A template as text."""
        return self._env.get_template(template).render(web=self, static=self.files.url, **values)


class Visitor:
    """One request's visitor: who they are, in which language, and what can be done in their name. Does not change.

    No dataclass, since the framework would check and copy every field of one that is handed to a handler.
    """

    def __init__(self, web: Web, request: AnyRequest, caller: Caller, t: Texts) -> None:
        self.web, self.request, self.caller, self.t = web, request, caller, t

    @property
    def scope(self) -> Scope:
        """The request as the doors know it: for sign-in and cookies."""
        return _scope(self.request)

    # --- who -----------------------------------------------------------------------------------------------------

    @property
    def signed_in(self) -> bool:
        """Whether they have an account and a session."""
        return isinstance(self.caller.who, Principal)

    @property
    def known(self) -> bool:
        """Whether they have been here before: signed in, or a guest whose cookie came along."""
        return isinstance(self.caller.who, Principal) or self.caller.who.known

    @property
    def name(self) -> str:
        """Their name, empty for a guest."""
        return self.caller.who.display_name if isinstance(self.caller.who, Principal) else ""

    @property
    def user_id(self) -> str:
        """The id by which services know them."""
        return self.caller.principal.user_id

    @property
    def csrf(self) -> str:
        """What every form must bring back."""
        return self.caller.who.csrf

    def may(self, action: str, municipality_id: str | None = None) -> bool:
        """Whether one of their roles allows it, there if a place is named; services look closer."""
        roles = ACTIONS.get(action, frozenset())
        grants = self.caller.principal.grants
        return any(grant.role in roles and municipality_id in (None, grant.municipality_id) for grant in grants)

    @cached_property
    def roles(self) -> frozenset[str]:
        """Their roles, wherever."""
        return frozenset(grant.role for grant in self.caller.principal.grants)

    def sections(self) -> list[tuple[str, str]]:
        """The (name, address) of the sections that are for them."""
        found = [("bays", "/")]
        if not self.signed_in or self.may("driver.act"):
            found += [("stay", "/check-in"), ("reports", "/reports")]
        if self.may("driver.act"):
            found += [("favourites", "/favourites"), ("accreditations", "/accreditations")]
        if self.may("cases.work"):
            found.append(("police", "/police"))
        if self.roles & _CONSOLE_ROLES:
            found.append(("admin", "/admin"))
        if self.web.demo and visit_of(self.scope).local:
            found.append(("demo", "/demo"))
        return found

    @property
    def locked(self) -> bool:
        """Whether their session is locked, since the screen was left alone."""
        return self.caller.principal.locked

    @property
    def urged(self) -> bool:
        """Whether they are staff whose town asks for a second factor and have none."""
        who, settings = self.caller.principal, self.web.ctx.settings
        places = {grant.municipality_id for grant in who.grants if grant.role in STAFF_ROLES}
        asked = any(settings.text_of(STAFF_SECOND_FACTOR, place) != "off" for place in places)
        return self.signed_in and not who.second_factor and asked

    @property
    def request_id(self) -> str:
        """The id of this request, by which its log lines are found."""
        return visit_of(self.scope).request_id

    def at(self, zone: ZoneInfo) -> Visitor:
        """The same visitor, told the times of another zone."""
        return Visitor(
            self.web, self.request, self.caller, Texts(self.t.lang, self.web.texts[self.t.lang], self.t.now, zone)
        )

    # --- asking services -----------------------------------------------------------------------------------------

    async def get(self, service: str, path: str, kind: type[T], /, **params: Any) -> T:
        """GET in their name; raises the service's Problem."""
        return await self.ask(service, "GET", path, kind, params=params)

    async def find(self, service: str, path: str, kind: type[T], /, **params: Any) -> T | None:
        """As `get`, None where there is no such thing."""
        try:
            return await self.get(service, path, kind, **params)
        except NotFound:
            return None

    async def post(self, service: str, path: str, body: Any, kind: type[T], *, method: str = "POST") -> T:
        """Send `body` as JSON in their name."""
        return await self.ask(service, method, path, kind, content=msgspec.json.encode(body))

    async def ask(self, service: str, method: str, path: str, kind: type[T], *, params: Mapping[str, Any] | None = None,
                  content: bytes | None = None, content_type: str = "application/json",
                  headers: Mapping[str, str] | None = None) -> T:  # fmt: skip
        """Any request in their name, decoded into `kind` (`type(None)` for an answer without content)."""
        client = {ADDRESS_HEADER: visit_of(self.scope).client, ORIGIN_HEADER: origin_of(self.scope)}
        try:
            answer = await self.web.ctx.peers[service].request(
                method, path, params=params, content=content, content_type=content_type,
                headers={**client, **(headers or {})}, **on_behalf(self.caller.who),
            )  # fmt: skip
        except StepUp:  # found out here, since pages about refusals are made without waiting for anybody
            self.scope[CONFIRM_START] = await self.post("users", "/api/v1/auth/confirm/start", {}, ConfirmStart)
            raise
        if kind is type(None) or not answer.content:
            return None  # type: ignore[return-value]
        return msgspec.json.decode(answer.content, type=kind)

    # --- forms ---------------------------------------------------------------------------------------------------

    async def form(self) -> Form:
        """The form that was sent; CsrfFailed unless it comes from a page we gave to this very visitor."""
        form = await form_of((await self.request.form()).multi_items())
        self.scope[SENT_FORM] = form
        if not csrf_ok(self.caller.who, form.text("csrf")):
            raise CsrfFailed("The form does not carry this visitor's token.")
        return form

    # --- answering -----------------------------------------------------------------------------------------------

    def page(self, template: str, *, status: int = 200, headers: Mapping[str, str] | None = None,
             **values: Any) -> Page:  # fmt: skip
        """A page of a template; the visitor's cookies are kept on the way.

        Templates want `here`, the section that is current; `own_path` is for pages shown at a form's own address.
        """
        given = {"own_path": None, **values}
        html = self.web.render(template, t=self.t, visitor=self, csrf=self.csrf, **given)
        return Page(html, status=status, headers=headers, cookies=self._cookies())

    def go(self, path: str, cookies: Iterable[Header] = ()) -> Page:
        """Show another page instead (303: a form was taken, or something else comes first)."""
        return Page("", status=303, headers={"location": path}, cookies=[*self._cookies(), *cookies])

    def link(self, own_path: str | None = None, **params: str | None) -> str:
        """The address of this page with some query parameters changed; None takes one away.

        `own_path`: where the page is found by GET, if a form's own address is not it; the query then begins anew.
        """
        query = {**({} if own_path else dict(self.request.query_params.items())), **params}
        kept = {name: value for name, value in query.items() if value is not None}
        path = own_path or str(self.request.scope["path"])
        return f"{path}?{urlencode(kept)}" if kept else path

    def _cookies(self) -> list[Header]:
        scope, who = self.scope, self.caller.who
        found: list[Header] = []
        if self.caller.stale_cookie:
            found.append(self.web.sign_in.drop_cookie(scope))
        if not isinstance(who, Principal) and not who.known:
            found.append(self.web.sign_in.guest_cookie(scope, who))
        if self.request.query_params.get("lang", "")[:2] == self.t.lang:
            secure = "; Secure" if visit_of(scope).https else ""
            value = f"{LANGUAGE_COOKIE}={self.t.lang}; Path=/; SameSite=Lax; Max-Age={_LANGUAGE_KEPT_S}{secure}"
            found.append((b"set-cookie", value.encode()))
        return found


def _scope(request: AnyRequest) -> Scope:
    return cast("Scope", request.scope)


def _environment(folders: Mapping[str, Path]) -> Environment:
    own = PrefixLoader({name: FileSystemLoader(folder / "templates") for name, folder in folders.items()})
    return Environment(
        loader=ChoiceLoader([FileSystemLoader(_HERE / "templates"), own]), undefined=StrictUndefined,
        autoescape=select_autoescape(["html", "svg"], default=True), trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip


def local_path(text: str | None, otherwise: str = "/") -> str:
    """A path of our own to go to next, as it may come in `next`; anything else becomes `otherwise`."""
    path = text or ""
    good = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() and len(path) < 1000
    return path if good else otherwise
