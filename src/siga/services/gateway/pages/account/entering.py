"""Signing in and out, registering, using an invitation."""

from __future__ import annotations

from litestar import get, post
from litestar.types import ControllerRouterHandler

from siga.contract.accounts import InvitationUse, Me, SignInAsk
from siga.kit.problem import Problem
from siga.services.gateway.pages.account.landing import arrived, home_of
from siga.services.gateway.pages.forms import NO_FORM, Faults, Form, faults_of
from siga.services.gateway.pages.web import Page, Visitor, Web, local_path

_REFUSALS = frozenset({
    "sign-in-failed", "too-many", "email-taken", "weak-password", "email-form", "wrong-code", "invalid", "malformed",
})  # fmt: skip


def handlers(web: Web) -> list[ControllerRouterHandler]:
    """The ways in and the way out."""
    return [*_sign_in(web), *_new_account(web)]


def missing(visitor: Visitor, form: Form, names: tuple[str, ...]) -> Faults:
    """The fields of these names that were left empty."""
    return Faults({name: visitor.t(f"account.missing.{name}") for name in names if not form.text(name)})


def _sign_in(web: Web) -> list[ControllerRouterHandler]:
    @get("/sign-in")
    async def ask(visitor: Visitor, next: str = "") -> Page:  # noqa: A002
        """The form; who is signed in already goes on."""
        if visitor.signed_in:
            return visitor.go(local_path(next, home_of(visitor.roles)))
        return _sign_in_page(visitor, NO_FORM, Faults(), local_path(next, ""))

    @post("/sign-in")
    async def sign_in(visitor: Visitor) -> Page:
        """Open a session."""
        form = await visitor.form()
        wanted, faults = local_path(form.text("next"), ""), missing(visitor, form, ("email", "password"))
        if not faults:
            try:
                ask = SignInAsk(email=form.text("email"), password=form.text("password"))
                return arrived(visitor, await web.sign_in.sign_in(visitor.scope, ask), wanted)
            except Problem as problem:
                if problem.slug not in _REFUSALS:
                    raise
                faults = faults_of(problem, visitor.t, "account", ())
        return _sign_in_page(visitor, form, faults, wanted)

    @post("/sign-out")
    async def sign_out(visitor: Visitor) -> Page:
        """End the session."""
        await visitor.form()
        return visitor.go("/", cookies=await web.sign_in.sign_out(visitor.scope))

    return [ask, sign_in, sign_out]


def _sign_in_page(visitor: Visitor, form: Form, faults: Faults, wanted: str) -> Page:
    return visitor.page(
        "account/sign_in.html", status=422 if faults else 200, here="sign-in", form=form, faults=faults, next=wanted
    )


def _new_account(web: Web) -> list[ControllerRouterHandler]:
    @get("/invitation")
    async def invited(visitor: Visitor) -> Page:
        """The form for an invitation's code."""
        return _invitation_page(visitor, NO_FORM, Faults())

    @post("/invitation")
    async def use_invitation(visitor: Visitor) -> Page:
        """Take the invitation's roles; sign in then."""
        form = await visitor.form()
        faults = missing(visitor, form, ("code", "password"))
        if not faults:
            ask = InvitationUse(code=form.text("code")[:40], password=form.secret("password"))
            faults = await _tried(visitor, "/api/v1/auth/invitation", ask)
        if faults:
            return _invitation_page(visitor, form, faults)
        return visitor.page("account/invited.html", here="sign-in")

    return [invited, use_invitation]


async def _tried(visitor: Visitor, path: str, ask: InvitationUse) -> Faults:
    try:
        await visitor.post("users", path, ask, Me)
    except Problem as problem:
        if problem.slug not in _REFUSALS:
            raise
        return faults_of(problem, visitor.t, "account", ("name", "email", "password", "code"))
    return Faults()


def _invitation_page(visitor: Visitor, form: Form, faults: Faults) -> Page:
    return visitor.page(
        "account/invitation.html", status=422 if faults else 200, here="sign-in", form=form, faults=faults
    )
