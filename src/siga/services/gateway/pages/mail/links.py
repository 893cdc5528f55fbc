"""A forgotten password and another e-mail address: asking for the letters, and what their links lead to."""

from __future__ import annotations

from litestar import get, post
from litestar.types import ControllerRouterHandler

from siga.contract.accounts import Asked, CodeUse, EmailChange, EmailConfirmed, ForgotAsk, LinkUse
from siga.kit.problem import Problem, Unauthenticated
from siga.services.gateway.pages.account.entering import missing
from siga.services.gateway.pages.forms import NO_FORM, Faults, Form
from siga.services.gateway.pages.mail.registering import refused, told
from siga.services.gateway.pages.web import Page, Visitor, Web


def handlers(web: Web) -> list[ControllerRouterHandler]:
    """The forms and their sending."""
    return [*_forgotten(), *_another_address()]


def _forgotten() -> list[ControllerRouterHandler]:
    @get("/forgot")
    async def ask(visitor: Visitor) -> Page:
        """For which address a new password is wanted."""
        return _page(visitor, "forgot", NO_FORM, Faults())

    @post("/forgot")
    async def forgot(visitor: Visitor) -> Page:
        """Ask for a link; the page says the same for every address."""
        form = await visitor.form()
        faults = missing(visitor, form, ("email",))
        if not faults:
            wish = ForgotAsk(email=form.text("email")[:254])
            try:
                done = await visitor.post("users", "/api/v1/auth/forgot", wish, Asked)
                return told(visitor, f"forgot_{done.by}")
            except Problem as problem:
                faults = refused(visitor, problem, ("email",))
        return _page(visitor, "forgot", form, faults)

    @get("/reset")
    async def ask_new(visitor: Visitor) -> Page:
        """The form to which the link leads: its code, and the new password."""
        return _page(visitor, "reset", NO_FORM, Faults())

    @post("/reset")
    async def reset(visitor: Visitor) -> Page:
        """Set the new password; signing in comes afterwards, with the second factor if there is one."""
        form = await visitor.form()
        faults = missing(visitor, form, ("code", "password"))
        if not faults:
            wish = LinkUse(code=form.text("code")[:200], password=form.secret("password"))
            try:
                await visitor.post("users", "/api/v1/auth/reset", wish, type(None))
                return told(visitor, "reset")
            except Problem as problem:
                faults = refused(visitor, problem, ("code", "password"))
        return _page(visitor, "reset", form, faults)

    return [ask, forgot, ask_new, reset]


def _another_address() -> list[ControllerRouterHandler]:
    @get("/account/email")
    async def ask(visitor: Visitor) -> Page:
        """Which address the account is to use."""
        return _page(visitor, "email", NO_FORM, Faults(), signed_in=True)

    @post("/account/email")
    async def change(visitor: Visitor) -> Page:
        """Have both addresses written to."""
        form = await visitor.form()
        faults = missing(visitor, form, ("email", "current_password"))
        if not faults:
            wish = EmailChange(email=form.text("email")[:254], current_password=form.secret("current_password"))
            try:
                await visitor.post("users", "/api/v1/auth/email", wish, Asked)
                return told(visitor, "email")
            except Problem as problem:
                faults = _change_faults(visitor, problem)
        return _page(visitor, "email", form, faults, signed_in=True)

    @get("/confirm-email")
    async def ask_code(visitor: Visitor) -> Page:
        """The form to which both letters' links lead."""
        return _page(visitor, "confirm", NO_FORM, Faults())

    @post("/confirm-email")
    async def confirm(visitor: Visitor) -> Page:
        """Answer one of the two letters."""
        form = await visitor.form()
        faults = missing(visitor, form, ("code",))
        if not faults:
            try:
                wish = CodeUse(code=form.text("code")[:200])
                done = await visitor.post("users", "/api/v1/auth/email/confirm", wish, EmailConfirmed)
                return told(visitor, f"confirm_{done.state}")
            except Problem as problem:
                faults = refused(visitor, problem, ("code",))
        return _page(visitor, "confirm", form, faults)

    return [ask, change, ask_code, confirm]


def _change_faults(visitor: Visitor, problem: Problem) -> Faults:
    if problem.slug == "sign-in-failed":
        return Faults({"current_password": visitor.t("account.fault.current_password")})
    if problem.slug == "no-mail":
        return Faults({"": visitor.t("problem.no-mail")})
    return refused(visitor, problem, ("email", "current_password"))


def _page(visitor: Visitor, name: str, form: Form, faults: Faults, *, signed_in: bool = False) -> Page:
    if signed_in and not visitor.signed_in:
        raise Unauthenticated("Sign in first.")
    here = "account" if signed_in else "sign-in"
    return visitor.page(f"mail/{name}.html", status=422 if faults else 200, here=here, form=form, faults=faults)
