"""One's own account: name, language, password, sessions, roles; and help."""

from __future__ import annotations

from urllib.parse import quote

from litestar import get, post
from litestar.types import ControllerRouterHandler

from siga.contract.accounts import Me, MeChange, PasswordChange, SessionList
from siga.kit.problem import Problem
from siga.services.gateway.pages.account.entering import missing
from siga.services.gateway.pages.forms import NO_FORM, Faults, Form, faults_of
from siga.services.gateway.pages.i18n import LANGUAGES
from siga.services.gateway.pages.web import Page, Visitor, Web

_TOLD = ("saved", "password", "session")


def handlers(web: Web) -> list[ControllerRouterHandler]:
    """The account's page and what can be changed there."""

    @get("/account")
    async def account(visitor: Visitor, told: str = "") -> Page:
        """Everything about one's own account."""
        return await _page(visitor, NO_FORM, Faults(), told)

    @post("/account")
    async def change(visitor: Visitor) -> Page:
        """Change name and language."""
        form = await visitor.form()
        faults = missing(visitor, form, ("name",))
        if faults:
            return await _page(visitor, form, faults)
        language = form.text("language") if form.text("language") in LANGUAGES else None
        ask = MeChange(name=form.text("name")[:120], language=language)
        await visitor.post("users", "/api/v1/auth/me", ask, Me, method="PATCH")
        lang = f"&lang={language}" if language else ""
        return visitor.go(f"/account?told=saved{lang}")

    @post("/account/password")
    async def password(visitor: Visitor) -> Page:
        """Change the password."""
        form = await visitor.form()
        faults = missing(visitor, form, ("current_password", "new_password"))
        if not faults:
            ask = PasswordChange(
                current_password=form.secret("current_password"), new_password=form.secret("new_password")
            )
            try:
                await visitor.post("users", "/api/v1/auth/password", ask, type(None), method="PUT")
                return visitor.go("/account?told=password")
            except Problem as problem:
                if problem.slug not in ("sign-in-failed", "weak-password", "too-many", "invalid"):
                    raise
                faults = _password_faults(visitor, problem)
        return await _page(visitor, form, faults)

    @post("/account/sessions/{session_id:str}/end")
    async def end_session(visitor: Visitor, session_id: str) -> Page:
        """End another session of one's own."""
        await visitor.form()
        await visitor.ask("users", "DELETE", f"/api/v1/auth/sessions/{quote(session_id, safe='')}", type(None))
        return visitor.go("/account?told=session")

    @get("/help")
    async def help_page(visitor: Visitor) -> Page:
        """What the words and marks mean, and where to turn."""
        return visitor.page("account/help.html", here="help", towns=await web.towns.all())

    return [account, change, password, end_session, help_page]


_BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "Mac"),
            ("Linux", "Linux"))  # fmt: skip


def device_words(user_agent: str) -> str:
    """The browser and the system a `User-Agent` names, e.g. `Firefox · Android`, else its beginning as it is."""
    found = [next((name for mark, name in marks if mark in user_agent), "") for marks in (_BROWSERS, _SYSTEMS)]
    return " · ".join(name for name in found if name) or user_agent[:60]


def _password_faults(visitor: Visitor, problem: Problem) -> Faults:
    if problem.slug == "sign-in-failed":
        return Faults({"current_password": visitor.t("account.fault.current_password")})
    return faults_of(problem, visitor.t, "account", ("current_password", "new_password"))


async def _page(visitor: Visitor, form: Form, faults: Faults, told: str = "") -> Page:
    me = await visitor.get("users", "/api/v1/auth/me", Me)
    sessions = await visitor.get("users", "/api/v1/auth/sessions", SessionList)
    names = {town.municipality_id: town.name for town in await visitor.web.towns.all()}
    roles = [
        (visitor.t.either(f"role.{grant.role}", "role.driver"), names.get(grant.municipality_id, ""))
        for grant in me.grants
    ]
    return visitor.page(
        "account/account.html", status=422 if faults else 200, here="account",
        own_path="/account" if faults else None, me=me, sessions=sessions.sessions,
        roles=roles, device_words=device_words, form=form, faults=faults,
        told=told if told in _TOLD else "", languages=LANGUAGES,
        second_factor=visitor.caller.principal.second_factor, urged=visitor.urged,
    )  # fmt: skip
