"""The console's lock: left alone, it hides who and what is in the cases; the counts and the sound stay."""

from __future__ import annotations

from litestar import get, post
from litestar.types import ControllerRouterHandler

from siga.contract.cases import CaseCounts
from siga.contract.factors import ConfirmAsk, ConfirmStart
from siga.contract.settings import POLICE_IDLE_MIN
from siga.kit.problem import Forbidden, Problem, Unauthenticated
from siga.services.gateway.pages.account.steps import answer_of, as_json
from siga.services.gateway.pages.forms import Faults, problem_words
from siga.services.gateway.pages.web import Page, Visitor, Web

_REFUSALS = frozenset({"factor-failed", "sign-in-failed", "too-many", "invalid", "malformed", "ticket-over"})


class ScreenLocked(Forbidden):
    """The screen is locked: show that you are back"""

    slug, status = "screen-locked", 403


def idle_min(visitor: Visitor) -> int:
    """After how many minutes untouched the screen locks: as the strictest of the officer's towns says."""
    settings = visitor.web.ctx.settings
    towns = [grant.municipality_id for grant in visitor.caller.principal.grants if grant.role == "police"]
    return min((settings.int_of(POLICE_IDLE_MIN, town) for town in towns), default=int(POLICE_IDLE_MIN.default))


def handlers(_: Web) -> list[ControllerRouterHandler]:
    """Locking, the locked screen, and coming back."""

    @post("/police/lock")
    async def lock(visitor: Visitor) -> Page:
        """Lock the screen: the script sends this after a while, anybody may at once."""
        await visitor.form()
        await visitor.post("users", "/api/v1/auth/lock", {}, type(None))
        visitor.web.sign_in.ask_anew(visitor.scope)
        return visitor.go("/police/locked")

    @get("/police/locked")
    async def locked(visitor: Visitor, part: str = "") -> Page:
        """The counts and the way back; `part=count` is what the script puts in place."""
        _need_officer(visitor)
        if not visitor.locked:
            return visitor.go("/police")
        if part == "count":
            return visitor.page("police/locked_part.html", here="police", open=await _open(visitor))
        return await _page(visitor, Faults())

    @post("/police/unlock")
    async def unlock(visitor: Visitor) -> Page:
        """Open the screen again."""
        form = await visitor.form()
        answer, password = answer_of(form, "passkey"), form.secret("password")
        if answer is None and not password:
            return await _page(visitor, Faults({"password": visitor.t("account.missing.password")}))
        ask = ConfirmAsk(ticket=form.text("ticket")[:100], password=password or None, passkey=answer)
        try:
            await visitor.post("users", "/api/v1/auth/unlock", ask, type(None))
        except Problem as problem:
            if problem.slug not in _REFUSALS:
                raise
            return await _page(visitor, _faults(visitor, problem))
        visitor.web.sign_in.ask_anew(visitor.scope)
        return visitor.go("/police")

    return [lock, locked, unlock]


def _faults(visitor: Visitor, problem: Problem) -> Faults:
    if problem.slug == "sign-in-failed":
        return Faults({"password": visitor.t("account.fault.current_password")})
    return Faults({"": problem_words(problem, visitor.t)})


def _need_officer(visitor: Visitor) -> None:
    if not visitor.signed_in:
        raise Unauthenticated("Sign in first.")
    if not visitor.may("cases.work"):
        raise Forbidden("This page is for the police.")


async def _open(visitor: Visitor) -> int:
    found = await visitor.get("enforcement", "/api/v1/cases/counts", CaseCounts)
    return sum(one.open for one in found.counts)


async def _page(visitor: Visitor, faults: Faults) -> Page:
    start = await visitor.post("users", "/api/v1/auth/confirm/start", {}, ConfirmStart)
    return visitor.page(
        "police/locked.html", status=422 if faults else 200, here="police", own_path="/police/locked", start=start,
        passkey=as_json(start.passkey), open=await _open(visitor), faults=faults,
    )  # fmt: skip
