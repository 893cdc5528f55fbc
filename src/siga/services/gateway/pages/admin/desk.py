"""A member of staff at work: in which municipality, in which section; how pages are shown and forms answered there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from litestar import Router
from litestar.di import Provide
from litestar.types import ControllerRouterHandler

from siga.contract.auth import Grant
from siga.contract.users import Municipality
from siga.kit.problem import Forbidden, Problem, Unauthenticated
from siga.services.gateway.asgi import Header, visit_of
from siga.services.gateway.pages.admin.sections import CONSOLE_ROLES, Section, open_sections, section_of
from siga.services.gateway.pages.forms import Faults, Form, faults_of
from siga.services.gateway.pages.i18n import Texts
from siga.services.gateway.pages.towns import zone_of
from siga.services.gateway.pages.web import Page, Visitor

TOWN_COOKIE = "siga-town"
_ABOUT_THE_FORM = frozenset({400, 409, 413, 415, 422})
"""Refusals that the sender of a form can mend; all others get a page of their own."""


_HOMES = {
    "uid-form": ("uid",), "uid-length": ("uid",), "plate-form": ("plate",), "number-form": ("number",),
    "number-taken": ("number",), "credential-taken": ("uid", "plate"), "dates-order": ("valid_to",),
    "provisional-too-long": ("valid_to",), "collective-needs-plate": ("plate",), "last-plate": ("plate",),
    "country-unknown": ("issuer_country",),
}  # fmt: skip
"""Slug → the fields it is about, where the service does not say so."""


class NotStaff(Forbidden):
    """The administration is for staff"""

    slug = "not-staff"


class NotYourSection(Forbidden):
    """Your roles do not include this part of the administration"""

    slug = "not-your-section"


@dataclass(frozen=True)
class Desk:
    """One request of a member of staff. `town` is None for who works for no municipality (platform)."""

    visitor: Visitor
    section: Section
    town: Municipality | None
    towns: tuple[Municipality, ...]

    @property
    def t(self) -> Texts:
        """What is said, with the town's local times."""
        return self.visitor.t

    @property
    def municipality_id(self) -> str:
        """The chosen municipality; NotYourSection for who has none."""
        if self.town is None:
            raise NotYourSection("Your roles belong to no municipality.")
        return self.town.municipality_id

    def may(self, action: str) -> bool:
        """Whether their roles allow it in the chosen municipality."""
        return self.visitor.may(action, self.town.municipality_id if self.town else None)

    def opens(self, section: Section) -> bool:
        """Whether a section is for them."""
        return _opens(self.visitor, section, self.town)

    def menu(self) -> list[tuple[str, list[Section]]]:
        """The sections that are for them, by heading."""
        return open_sections(self.opens)

    def asked(self, names: Iterable[str]) -> dict[str, str]:
        """What the page's address says under these names, each trimmed, empty where it says nothing."""
        query = self.visitor.request.query_params
        return {name: str(query.get(name, "")).strip()[:200] for name in names}

    # --- answering ---------------------------------------------------------------------------------------------------

    def page(self, template: str, *, faults: Faults | None = None, **values: Any) -> Page:
        """A page of this section; 422 where a form has faults."""
        kept = faults or Faults()
        status = 422 if kept else 200
        return self.visitor.page(f"admin/{template}", status=status, here="admin", desk=self, faults=kept, **values)

    def done(self, path: str, told: str = "") -> Page:
        """Show another page instead, with the word that it was done."""
        if not told:
            return self.visitor.go(path)
        return self.visitor.go(f"{path}{'&' if '?' in path else '?'}told={told}")

    def told(self) -> str:
        """What was done just before, in words; empty when nothing was."""
        key = f"admin.told.{self.visitor.request.query_params.get('told', '')}"
        return self.t(key) if self.t.has(key) else ""

    def confirm(self, key: str, action: str, back: str, *, reason: bool = False, **values: Any) -> Page:
        """Ask before what cannot be undone: texts `{key}.title`, `.words`, `.do`; `action` is where yes is sent."""
        t = self.t
        return self.page(
            "confirm.html", title=t(f"{key}.title", **values), words=t(f"{key}.words", **values), do=t(f"{key}.do"),
            action=action, back=back, reason=reason,
        )  # fmt: skip

    def refused(self, problem: Problem, fields: Iterable[str]) -> Faults:
        """A service's refusal of a form with these fields in words; raises it again if no form can mend it."""
        if problem.status not in _ABOUT_THE_FORM:
            raise problem
        known = tuple(fields)
        faults = faults_of(problem, self.t, "admin", known)
        home = next((name for name in _HOMES.get(problem.slug, ()) if name in known), "")
        general = faults.of("")
        if not general:
            return faults
        own = f"admin.problem.{problem.slug}"
        return Faults({home: self.t(own) if self.t.has(own) else general})

    def here(self, form: Form) -> str:
        """The municipality a form was made for; NotYourSection when the sender has no role there any more."""
        sent = form.text("municipality_id") or self.municipality_id
        if sent not in {town.municipality_id for town in self.towns}:
            raise NotYourSection("The form was made for a municipality that is not yours.")
        return sent

    def town_cookie(self, town: Municipality) -> Header:
        """The header by which a browser keeps the chosen municipality until it is closed."""
        secure = "; Secure" if visit_of(self.visitor.scope).https else ""
        return b"set-cookie", f"{TOWN_COOKIE}={town.slug}; Path=/admin; SameSite=Lax; HttpOnly{secure}".encode()


def desk_router(section: str, handlers: Sequence[ControllerRouterHandler], **options: Any) -> Router:
    """A section's routes: each handler may take `desk`, which is refused to who may not open the section."""
    provide = Provide(_desk_for(section_of(section)))
    return Router("/", route_handlers=list(handlers), dependencies={"desk": provide}, **options)


def _desk_for(section: Section) -> Callable[[Visitor], Awaitable[Desk]]:
    async def desk(visitor: Visitor) -> Desk:
        return await sit_down(visitor, section)

    return desk


async def sit_down(visitor: Visitor, section: Section) -> Desk:
    """The visitor's desk; Unauthenticated for guests, NotStaff, or NotYourSection."""
    if not visitor.signed_in:
        raise Unauthenticated("Sign in first.")
    if not visitor.roles & CONSOLE_ROLES:
        raise NotStaff("Your account has no role in the administration.")
    mine = towns_of(visitor.caller.principal.grants, await visitor.web.towns.all())
    wanted = visitor.request.cookies.get(TOWN_COOKIE)
    by_wish = sorted(mine, key=lambda town: town.slug != wanted)
    town = next((town for town in by_wish if _opens(visitor, section, town)), by_wish[0] if by_wish else None)
    if not _opens(visitor, section, town):
        raise NotYourSection(f"Your roles do not open '{section.name}'.")
    return Desk(visitor.at(zone_of(town)), section, town, tuple(mine))


def towns_of(grants: Iterable[Grant], towns: Iterable[Municipality]) -> list[Municipality]:
    """The municipalities in which these grants give something to administer, by name."""
    ids = {grant.municipality_id for grant in grants if grant.role in CONSOLE_ROLES}
    return sorted((town for town in towns if town.municipality_id in ids), key=lambda town: town.name)


def _opens(visitor: Visitor, section: Section, town: Municipality | None) -> bool:
    if not section.action:
        return True
    if not section.local:
        return visitor.may(section.action)
    return town is not None and visitor.may(section.action, town.municipality_id)


def filled(values: Mapping[str, object]) -> Form:
    """A form as if somebody had filled it in: None is empty, sequences are several values of one name."""
    fields: dict[str, list[str]] = {}
    for name, value in values.items():
        many = value if isinstance(value, tuple | list) else (value,)
        fields[name] = ["" if one is None else str(one) for one in many]
    return Form(fields)


def seg(text: str) -> str:
    """A value as one segment of a path."""
    return quote(text, safe="")
