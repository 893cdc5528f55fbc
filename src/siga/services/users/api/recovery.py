"""Proving an address, a forgotten password, another address; and who hands links over where no mail is sent."""

from __future__ import annotations

from litestar import Response, get, post
from litestar.openapi.datastructures import ResponseSpec

from siga.contract.accounts import (
    Asked,
    CodeUse,
    EmailChange,
    EmailConfirmed,
    ForgotAsk,
    HelpLink,
    HelpList,
    LinkUse,
    Me,
    RegisterAsk,
    Registered,
)
from siga.contract.auth import Claims, may, municipalities_of
from siga.kit.http import need
from siga.services.users.api.common import AnyRequest, Freshness, address_of, not_a_service, person_of
from siga.services.users.service.helping import Helping
from siga.services.users.service.recovery import Recovery
from siga.services.users.service.registering import Registering

_TAGS = ["Signing in"]
_PEOPLE = ["People"]
_MANAGE, _HELP = "people.manage", "people.help"


@post("/api/v1/auth/register", tags=_TAGS, responses={
    202: ResponseSpec(Registered, description="A letter was sent; the account opens when it is answered."),
})  # fmt: skip
async def register(
    caller: Claims, request: AnyRequest, data: RegisterAsk, registering: Registering
) -> Response[Registered]:
    """Make an account for a driver: e-mail address, password, name.

    Where SIGA sends mail the answer is 202, whether or not the address has an account already: what happens next is in
    the letter. Otherwise the account is open at once (201).
    """
    not_a_service(caller)
    done = await registering.register(data, address_of(request, caller))
    return Response(done, status_code=201 if done.state == "open" else 202)


@post("/api/v1/auth/verify", status_code=200, tags=_TAGS)
async def verify(caller: Claims, request: AnyRequest, data: LinkUse, registering: Registering) -> Me:
    """Prove an address: the code of the letter, and the password that was chosen. The account is open then."""
    not_a_service(caller)
    return await registering.verify(data, address_of(request, caller))


@post("/api/v1/auth/forgot", status_code=202, tags=_TAGS)
async def forgot(caller: Claims, request: AnyRequest, data: ForgotAsk, recovery: Recovery) -> Asked:
    """Ask for a link to a new password. The answer does not tell whether there is such an account."""
    not_a_service(caller)
    return await recovery.forgot(data, address_of(request, caller))


@post("/api/v1/auth/reset", status_code=204, tags=_TAGS)
async def reset(caller: Claims, request: AnyRequest, data: LinkUse, recovery: Recovery) -> None:
    """Set a new password with the code of a link. All sessions end; sign in afterwards, with a second factor if any."""
    not_a_service(caller)
    await recovery.reset(data, address_of(request, caller))


@post("/api/v1/auth/email", status_code=202, tags=_TAGS)
async def change_email(caller: Claims, request: AnyRequest, data: EmailChange, recovery: Recovery) -> Asked:
    """Ask for another e-mail address, given the password. Both addresses get a letter, and both must be answered."""
    return await recovery.change_email(person_of(caller), data, address_of(request, caller))


@post("/api/v1/auth/email/confirm", status_code=200, tags=_TAGS)
async def confirm_email(caller: Claims, request: AnyRequest, data: CodeUse, recovery: Recovery) -> EmailConfirmed:
    """Answer one of the two letters of a change of address. After the second one all sessions end."""
    not_a_service(caller)
    return await recovery.confirm_email(data.code, address_of(request, caller))


@get("/api/v1/users/asks", tags=_PEOPLE)
async def list_asks(caller: Claims, helping: Helping) -> HelpList:
    """Who waits for somebody to hand over the link to a new password, since this SIGA sends no mail."""
    scope, platform = _helper(caller)
    return await helping.waiting(scope, platform=platform, but=caller.sub)


@post("/api/v1/users/asks/{link_id:str}", status_code=200, tags=_PEOPLE)
async def show_link(caller: Claims, link_id: str, helping: Helping, freshness: Freshness) -> HelpLink:
    """The link of one who waits, shown this once: hand it to the person who asked, whom you know."""
    scope, platform = _helper(caller)
    freshness.need(caller)
    return await helping.show(scope, link_id, platform=platform, by=person_of(caller))


def _helper(caller: Claims) -> tuple[tuple[str, ...], bool]:
    """The municipalities whose staff the caller may help, and whether everybody else as well."""
    scope, platform = municipalities_of(caller, _MANAGE), may(caller, _HELP)
    if not scope and not platform:
        need(caller, _MANAGE)
    return scope, platform


HANDLERS = [register, verify, forgot, reset, change_email, confirm_email, list_asks, show_link]
