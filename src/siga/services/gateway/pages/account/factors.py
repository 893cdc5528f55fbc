"""One's own second factors: the app of codes, passkeys, recovery codes."""

from __future__ import annotations

from urllib.parse import quote

from litestar import get, post
from litestar.types import ControllerRouterHandler

from siga.contract.factors import Factors, PasskeyConfirm, PasskeyStart, RecoveryCodes, TotpConfirm, TotpStart
from siga.kit.problem import Problem
from siga.services.gateway.asgi import origin_of
from siga.services.gateway.pages.account.landing import FACTORS
from siga.services.gateway.pages.account.steps import answer_of, as_json
from siga.services.gateway.pages.forms import Faults
from siga.services.gateway.pages.qr import qr_path
from siga.services.gateway.pages.web import Page, Visitor, Web
from siga.services.gateway.sessions import is_staff

_API = "/api/v1/auth/factors"
_TOLD = ("totp_added", "passkey_added", "removed")


def handlers(_: Web) -> list[ControllerRouterHandler]:
    """The page of second factors and what can be done there."""
    return [*_listing(), *_totp(), *_passkeys()]


def _listing() -> list[ControllerRouterHandler]:
    @get(FACTORS)
    async def table(visitor: Visitor, told: str = "") -> Page:
        """What there is, and what can be added."""
        return await _page(visitor, told=told)

    @post(f"{FACTORS}/codes")
    async def renew(visitor: Visitor) -> Page:
        """New recovery codes."""
        await visitor.form()
        codes = await visitor.post("users", f"{_API}/recovery-codes", {}, RecoveryCodes)
        return _codes_page(visitor, codes, "")

    return [table, renew]


def _totp() -> list[ControllerRouterHandler]:
    @post(f"{FACTORS}/totp")
    async def start(visitor: Visitor) -> Page:
        """Show a new secret for an app of codes."""
        await visitor.form()
        return _totp_page(visitor, await visitor.post("users", f"{_API}/totp", {}, TotpStart), Faults())

    @post(f"{FACTORS}/totp/confirm")
    async def confirm(visitor: Visitor) -> Page:
        """Take the first code of the app."""
        form = await visitor.form()
        uri = form.text("uri") if form.text("uri").startswith("otpauth://totp/") else ""
        begun = TotpStart(ticket=form.text("ticket")[:100], secret=form.text("secret")[:64], uri=uri[:1000])
        if not form.text("code"):
            return _totp_page(visitor, begun, Faults({"code": visitor.t("factors.missing.code")}))
        ask = TotpConfirm(ticket=begun.ticket, code=form.text("code")[:40])
        try:
            codes = await visitor.post("users", f"{_API}/totp/confirm", ask, RecoveryCodes)
        except Problem as problem:
            if problem.slug != "factor-failed":
                return await _refused(visitor, problem)
            return _totp_page(visitor, begun, Faults({"code": visitor.t("factors.fault.first_code")}))
        return _codes_page(visitor, codes, "totp_added")

    @post(f"{FACTORS}/totp/remove")
    async def remove(visitor: Visitor) -> Page:
        """Take the app of codes away."""
        await visitor.form()
        return await _removed(visitor, f"{_API}/totp")

    return [start, confirm, remove]


def _passkeys() -> list[ControllerRouterHandler]:
    @post(f"{FACTORS}/passkeys")
    async def start(visitor: Visitor) -> Page:
        """Ask for a name and have the browser make a passkey."""
        await visitor.form()
        try:
            begun = await visitor.post("users", f"{_API}/passkeys", {}, PasskeyStart)
        except Problem as problem:
            return await _refused(visitor, problem)
        return visitor.page(
            "account/passkey.html", here="account", own_path=FACTORS, ticket=begun.ticket,
            options=as_json(begun.options), faults=Faults(),
        )  # fmt: skip

    @post(f"{FACTORS}/passkeys/confirm")
    async def confirm(visitor: Visitor) -> Page:
        """Keep the passkey that the browser made."""
        form = await visitor.form()
        answer = answer_of(form, "passkey")
        if answer is None:
            return await _page(visitor, faults=Faults({"": visitor.t("factors.fault.passkey")}))
        name = form.text("name")[:60] or visitor.t("factors.passkey")
        ask = PasskeyConfirm(ticket=form.text("ticket")[:100], name=name, passkey=answer)
        try:
            codes = await visitor.post("users", f"{_API}/passkeys/confirm", ask, RecoveryCodes)
        except Problem as problem:
            return await _refused(visitor, problem)
        return _codes_page(visitor, codes, "passkey_added")

    @post(f"{FACTORS}/passkeys/{{passkey_id:str}}/remove")
    async def remove(visitor: Visitor, passkey_id: str) -> Page:
        """Take a passkey away."""
        await visitor.form()
        return await _removed(visitor, f"{_API}/passkeys/{quote(passkey_id, safe='')}")

    return [start, confirm, remove]


async def _removed(visitor: Visitor, path: str) -> Page:
    try:
        await visitor.ask("users", "DELETE", path, type(None))
    except Problem as problem:
        return await _refused(visitor, problem)
    visitor.web.sign_in.ask_anew(visitor.scope)
    return visitor.go(f"{FACTORS}?told=removed")


async def _refused(visitor: Visitor, problem: Problem) -> Page:
    """The refusals that the page can explain; all others get a page of their own."""
    key = f"problem.{problem.slug}"
    if problem.slug not in ("last-factor", "passkey-host", "ticket-over", "factor-failed", "conflict"):
        raise problem
    return await _page(visitor, faults=Faults({"": visitor.t(key if visitor.t.has(key) else "problem.status.409")}))


async def _page(visitor: Visitor, told: str = "", faults: Faults | None = None) -> Page:
    factors = await visitor.get("users", _API, Factors)
    who = visitor.caller.principal
    return visitor.page(
        "account/factors.html", status=422 if faults else 200, here="account", own_path=FACTORS if faults else None,
        factors=factors, staff=is_staff(who), must_enrol=who.must_enrol and not who.second_factor,
        told=told if told in _TOLD else "", faults=faults or Faults(),
    )  # fmt: skip


def _totp_page(visitor: Visitor, begun: TotpStart, faults: Faults) -> Page:
    secret = " ".join(begun.secret[n : n + 4] for n in range(0, len(begun.secret), 4))
    try:
        side, path = qr_path(begun.uri)
    except ValueError:  # a very long address: the key is there to be typed
        side, path = 0, ""
    return visitor.page(
        "account/totp.html", status=422 if faults else 200, here="account", own_path=FACTORS, begun=begun,
        secret=secret, side=side, path=path, faults=faults,
    )  # fmt: skip


def _codes_page(visitor: Visitor, codes: RecoveryCodes, told: str) -> Page:
    """The recovery codes, to print or copy; nowhere to be had again. Without codes, back to the list."""
    visitor.web.sign_in.ask_anew(visitor.scope)
    if not codes.codes:
        return visitor.go(f"{FACTORS}?told={told}")
    return visitor.page(
        "account/recovery.html", here="account", own_path=FACTORS, codes=codes.codes, told=told,
        site=origin_of(visitor.scope),
    )  # fmt: skip
