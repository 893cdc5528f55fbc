"""A driver's new account: at once, or after a letter where SIGA sends mail."""

from __future__ import annotations

from litestar import get, post
from litestar.types import ControllerRouterHandler

from siga.contract.accounts import LinkUse, Me, RegisterAsk, Registered, SignInAsk
from siga.kit.problem import Problem
from siga.services.gateway.pages.account.entering import missing
from siga.services.gateway.pages.account.landing import arrived
from siga.services.gateway.pages.forms import NO_FORM, Faults, Form, faults_of
from siga.services.gateway.pages.web import Page, Visitor, Web, local_path

REFUSALS = frozenset({
    "too-many", "email-taken", "weak-password", "email-form", "invalid", "malformed", "link-over", "sign-in-failed",
})  # fmt: skip

_FIELD_OF = {"link-over": "code", "sign-in-failed": "password"}


def handlers(web: Web) -> list[ControllerRouterHandler]:
    """The form, and what the letter leads to."""

    @get("/register")
    async def ask(visitor: Visitor, next: str = "") -> Page:  # noqa: A002
        """The form for a driver's new account."""
        return _register_page(visitor, NO_FORM, Faults(), local_path(next, ""))

    @post("/register")
    async def register(visitor: Visitor) -> Page:
        """Make the account and sign in with it, or say that a letter is on its way."""
        form = await visitor.form()
        wanted, faults = local_path(form.text("next"), ""), missing(visitor, form, ("name", "email", "password"))
        if faults:
            return _register_page(visitor, form, faults, wanted)
        wish = RegisterAsk(
            email=form.text("email"), password=form.secret("password"), name=form.text("name")[:120],
            language=visitor.t.lang,
        )  # fmt: skip
        try:
            done = await visitor.post("users", "/api/v1/auth/register", wish, Registered)
        except Problem as problem:
            return _register_page(visitor, form, refused(visitor, problem, ("name", "email", "password")), wanted)
        if done.state == "mail_sent":
            return told(visitor, "register")
        return await _signed_in(web, visitor, wish.email, wish.password, wanted)

    @get("/verify")
    async def ask_code(visitor: Visitor) -> Page:
        """The form to which the letter's link leads: its code, and the password that was chosen."""
        return _verify_page(visitor, NO_FORM, Faults())

    @post("/verify")
    async def verify(visitor: Visitor) -> Page:
        """Open the account and sign in with it."""
        form = await visitor.form()
        faults = missing(visitor, form, ("code", "password"))
        if not faults:
            wish = LinkUse(code=form.text("code")[:200], password=form.secret("password"))
            try:
                me = await visitor.post("users", "/api/v1/auth/verify", wish, Me)
                return await _signed_in(web, visitor, me.email, wish.password, "")
            except Problem as problem:
                faults = refused(visitor, problem, ("code", "password"))
        return _verify_page(visitor, form, faults)

    return [ask, register, ask_code, verify]


def refused(visitor: Visitor, problem: Problem, fields: tuple[str, ...]) -> Faults:
    """A refusal as faults of a form; raised on when the form is not to blame."""
    if problem.slug not in REFUSALS:
        raise problem
    field = _FIELD_OF.get(problem.slug)
    if field in fields:
        return Faults({str(field): visitor.t(f"mail.fault.{field}.{problem.slug}")})
    return faults_of(problem, visitor.t, "mail", fields)


def told(visitor: Visitor, what: str) -> Page:
    """A page that says what happened and what comes next."""
    return visitor.page("mail/told.html", here="sign-in", what=what)


async def _signed_in(web: Web, visitor: Visitor, email: str, password: str, wanted: str) -> Page:
    opened = await web.sign_in.sign_in(visitor.scope, SignInAsk(email=email, password=password))
    return arrived(visitor, opened, wanted)


def _register_page(visitor: Visitor, form: Form, faults: Faults, wanted: str) -> Page:
    return visitor.page(
        "account/register.html", status=422 if faults else 200, here="sign-in", form=form, faults=faults, next=wanted
    )


def _verify_page(visitor: Visitor, form: Form, faults: Faults) -> Page:
    return visitor.page("mail/verify.html", status=422 if faults else 200, here="sign-in", form=form, faults=faults)
