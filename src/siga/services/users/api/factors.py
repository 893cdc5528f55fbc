"""One's own second factors, and confirming who one is before a sensitive act."""

from __future__ import annotations

from litestar import delete, get, post

from siga.contract.auth import Claims
from siga.contract.factors import (
    ConfirmAsk,
    ConfirmStart,
    Factors,
    PasskeyConfirm,
    PasskeyStart,
    RecoveryCodes,
    TotpConfirm,
    TotpStart,
)
from siga.services.users.api.common import AnyRequest, Freshness, address_of, origin_of, person_of
from siga.services.users.service.factors import SecondFactors
from siga.services.users.service.proofs import Proofs

_TAGS = ["Second factors"]


@get("/api/v1/auth/factors", tags=_TAGS)
async def own_factors(caller: Claims, factors: SecondFactors) -> Factors:
    """One's own second factors, and whether the town asks for one."""
    return await factors.own(person_of(caller))


@post("/api/v1/auth/factors/totp", status_code=200, tags=_TAGS)
async def start_totp(caller: Claims, factors: SecondFactors, freshness: Freshness) -> TotpStart:
    """A new secret for an app that makes codes. It counts only once a code of it was sent to `…/totp/confirm`."""
    user_id = person_of(caller)
    freshness.need(caller)
    return await factors.start_totp((user_id, caller.session_id))


@post("/api/v1/auth/factors/totp/confirm", status_code=200, tags=_TAGS)
async def confirm_totp(caller: Claims, data: TotpConfirm, factors: SecondFactors) -> RecoveryCodes:
    """Send a code of the new secret: the app is a second factor from now on. All other sessions end.

    The first second factor comes with ten recovery codes, told this once.
    """
    return await factors.confirm_totp((person_of(caller), caller.session_id), data)


@delete("/api/v1/auth/factors/totp", tags=_TAGS)
async def drop_totp(caller: Claims, factors: SecondFactors, freshness: Freshness) -> None:
    """Take the app of codes away. All other sessions end."""
    user_id = person_of(caller)
    freshness.need(caller)
    await factors.drop_totp((user_id, caller.session_id))


@post("/api/v1/auth/factors/passkeys", status_code=200, tags=_TAGS)
async def start_passkey(
    caller: Claims, request: AnyRequest, factors: SecondFactors, freshness: Freshness
) -> PasskeyStart:
    """What to ask the browser for, to make a new passkey for this very address."""
    user_id = person_of(caller)
    freshness.need(caller)
    return await factors.start_passkey((user_id, caller.session_id), origin_of(request))


@post("/api/v1/auth/factors/passkeys/confirm", status_code=200, tags=_TAGS)
async def confirm_passkey(caller: Claims, data: PasskeyConfirm, factors: SecondFactors) -> RecoveryCodes:
    """Keep the passkey that the browser made. All other sessions end; recovery codes as with an app of codes."""
    return await factors.confirm_passkey((person_of(caller), caller.session_id), data)


@delete("/api/v1/auth/factors/passkeys/{passkey_id:str}", tags=_TAGS)
async def drop_passkey(caller: Claims, passkey_id: str, factors: SecondFactors, freshness: Freshness) -> None:
    """Take one of one's passkeys away. All other sessions end."""
    user_id = person_of(caller)
    freshness.need(caller)
    await factors.drop_passkey((user_id, caller.session_id), passkey_id)


@post("/api/v1/auth/factors/recovery-codes", status_code=200, tags=_TAGS)
async def renew_codes(caller: Claims, factors: SecondFactors, freshness: Freshness) -> RecoveryCodes:
    """Ten new recovery codes, told this once; older ones are void."""
    user_id = person_of(caller)
    freshness.need(caller)
    return await factors.renew_codes((user_id, caller.session_id))


@post("/api/v1/auth/confirm/start", status_code=200, tags=_TAGS)
async def start_confirm(caller: Claims, request: AnyRequest, proofs: Proofs) -> ConfirmStart:
    """How one can confirm who one is: a ticket, the second factors there are, what to ask a passkey."""
    return await proofs.confirm_start(person_of(caller), caller.session_id or "", origin_of(request))


@post("/api/v1/auth/confirm", status_code=204, tags=_TAGS)
async def confirm(caller: Claims, request: AnyRequest, data: ConfirmAsk, proofs: Proofs) -> None:
    """Confirm who one is, by a passkey or by password and code: sensitive acts are open for 5 minutes.

    Apps refresh their token afterwards: the new one says so.
    """
    await proofs.confirm(person_of(caller), caller.session_id or "", data, address_of(request, caller))


@post("/api/v1/auth/lock", status_code=204, tags=_TAGS)
async def lock(caller: Claims, proofs: Proofs) -> None:
    """Lock one's session while the screen is left alone: cases, photos and plates stay hidden, counts do not."""
    await proofs.lock(person_of(caller), caller.session_id or "")


@post("/api/v1/auth/unlock", status_code=204, tags=_TAGS)
async def unlock(caller: Claims, request: AnyRequest, data: ConfirmAsk, proofs: Proofs) -> None:
    """Open a locked session again: one touch of a passkey, or the password. The ticket is of `confirm/start`."""
    await proofs.unlock(person_of(caller), caller.session_id or "", data, address_of(request, caller))


HANDLERS = [
    own_factors, start_totp, confirm_totp, drop_totp, start_passkey, confirm_passkey, drop_passkey, renew_codes,
    start_confirm, confirm, lock, unlock,
]  # fmt: skip
