"""What comes between: the second factor after a password, signing in by passkey, confirming who one is."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import msgspec
from litestar import get, post
from litestar.types import ControllerRouterHandler

from siga.contract.factors import ConfirmAsk, ConfirmStart, FactorProof, SecondStep
from siga.kit.problem import Problem
from siga.services.gateway.pages.account.landing import arrived
from siga.services.gateway.pages.forms import NO_FORM, Faults, Form, faults_of
from siga.services.gateway.pages.web import SENT_FORM, Page, Visitor, Web, local_path

_REFUSALS = frozenset({"factor-failed", "sign-in-failed", "too-many", "invalid", "malformed"})
_OURS = ("csrf", "confirm_to", "confirm_again", "confirm_ticket", "confirm_code", "confirm_passkey")


def handlers(web: Web) -> list[ControllerRouterHandler]:
    """The second step of signing in, and the confirmation before a sensitive act."""
    return [*_second(web), *_confirm()]


def answer_of(form: Form, name: str) -> dict[str, Any] | None:
    """What the script put into a field: a passkey's answer as JSON; None where there is none or no JSON."""
    try:
        return msgspec.json.decode(form.text(name), type=dict[str, Any]) if form.text(name) else None
    except msgspec.DecodeError:
        return None


def _second(web: Web) -> list[ControllerRouterHandler]:
    @post("/sign-in/passkey")
    async def begin(visitor: Visitor) -> Page:
        """Begin to sign in by a passkey alone."""
        form = await visitor.form()
        wanted = local_path(form.text("next"), "")
        return arrived(visitor, await web.sign_in.begin_passkey(visitor.scope), wanted)

    @get("/sign-in/second")
    async def ask(visitor: Visitor, next: str = "") -> Page:  # noqa: A002
        """Ask for the second factor of a sign-in that has begun."""
        wanted, step = local_path(next, ""), await web.sign_in.step(visitor.scope)
        if step is None:
            return _again(visitor, wanted)
        return _second_page(visitor, step, Faults(), wanted)

    @post("/sign-in/second")
    async def show(visitor: Visitor) -> Page:
        """Open the session."""
        form = await visitor.form()
        wanted, step = local_path(form.text("next"), ""), await web.sign_in.step(visitor.scope)
        if step is None:
            return _again(visitor, wanted)
        answer, code = answer_of(form, "passkey"), form.text("code")[:40] or None
        if answer is None and code is None:
            return _second_page(visitor, step, Faults({"code": visitor.t("factors.missing.code")}), wanted)
        try:
            proof = FactorProof(ticket=step.ticket, code=None if answer else code, passkey=answer)
            return arrived(visitor, await web.sign_in.go_on(visitor.scope, proof), wanted)
        except Problem as problem:
            if problem.slug == "ticket-over":
                return _again(visitor, wanted)
            if problem.slug not in _REFUSALS:
                raise
            return _second_page(visitor, step, _refused(visitor, problem, "code"), wanted)

    return [begin, ask, show]


def _again(visitor: Visitor, wanted: str) -> Page:
    return visitor.go(f"/sign-in?next={quote(wanted)}" if wanted else "/sign-in")


def _second_page(visitor: Visitor, step: SecondStep, faults: Faults, wanted: str) -> Page:
    return visitor.page(
        "account/second.html", status=422 if faults else 200, here="sign-in", own_path="/sign-in/second",
        passkey=as_json(step.passkey), ways=step.ways, faults=faults, next=wanted,
    )  # fmt: skip


def as_json(options: dict[str, Any] | None) -> str | None:
    """What the script asks the browser for, as it stands in the page."""
    return None if options is None else msgspec.json.encode(options).decode()


def _refused(visitor: Visitor, problem: Problem, field: str) -> Faults:
    if problem.slug == "factor-failed":
        return Faults({field: visitor.t("problem.factor-failed")})
    return faults_of(problem, visitor.t, "account", ())


# --- confirming who one is -------------------------------------------------------------------------------------------


def _confirm() -> list[ControllerRouterHandler]:
    @get("/confirm")
    async def ask(visitor: Visitor, next: str = "") -> Page:  # noqa: A002
        """Ask a signed-in person to show who they are once more."""
        start = await visitor.post("users", "/api/v1/auth/confirm/start", {}, ConfirmStart)
        return confirm_page(visitor, start, local_path(next, "/account"), again=False)

    @post("/confirm")
    async def confirm(visitor: Visitor) -> Page:
        """Confirm, and go on with what was begun: the form that was sent before is sent again."""
        form = await visitor.form()
        to, again = local_path(form.text("confirm_to"), "/account"), form.text("confirm_again") == "1"
        faults = await _confirmed(visitor, form)
        if faults:
            start = await visitor.post("users", "/api/v1/auth/confirm/start", {}, ConfirmStart)
            return confirm_page(visitor, start, to, again=again, faults=faults)
        visitor.web.sign_in.ask_anew(visitor.scope)
        if not again:
            return visitor.go(to)
        return Page("", status=307, headers={"location": to})

    return [ask, confirm]


async def _confirmed(visitor: Visitor, form: Form) -> Faults:
    answer = answer_of(form, "confirm_passkey")
    if answer is None and not form.secret("confirm_password"):
        return Faults({"confirm_password": visitor.t("account.missing.password")})
    ask = ConfirmAsk(
        ticket=form.text("confirm_ticket")[:100], password=form.secret("confirm_password") or None,
        code=form.text("confirm_code")[:40] or None, passkey=answer,
    )  # fmt: skip
    try:
        await visitor.post("users", "/api/v1/auth/confirm", ask, type(None))
    except Problem as problem:
        if problem.slug == "ticket-over":
            return Faults({"": visitor.t("problem.ticket-over")})
        if problem.slug == "sign-in-failed":
            return Faults({"confirm_password": visitor.t("account.fault.current_password")})
        if problem.slug not in _REFUSALS:
            raise
        return _refused(visitor, problem, "confirm_code")
    return Faults()


def confirm_page(visitor: Visitor, start: ConfirmStart, to: str, *, again: bool, faults: Faults | None = None) -> Page:
    """The form that asks for a confirmation. `again`: the form that was sent to `to` is kept and sent once more."""
    form: Form = visitor.scope.get(SENT_FORM, NO_FORM) if again else NO_FORM
    kept = [
        (name, value) for name, values in form.fields.items() for value in values
        if name not in _OURS and "password" not in name
    ]  # fmt: skip
    return visitor.page(
        "account/confirm.html", status=422 if faults else 403 if again else 200, here="account", own_path="/account",
        start=start, passkey=as_json(start.passkey), to=to, again=again, kept=kept, faults=faults or Faults(),
    )  # fmt: skip
