"""Passkeys (WebAuthn level 3): what to ask a browser for, and whether what it answered is in order. No store, no clock.

User verification is always demanded, so that a passkey is two factors in one; attestation is not asked for, since
SIGA does not judge makers.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import msgspec
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, options_to_json_dict
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from siga.services.users.model.factors import ISSUER, Challenge, Passkey
from siga.services.users.model.people import Account
from siga.services.users.model.problems import FactorFailed, PasskeyNeedsName

_VERIFIED = UserVerificationRequirement.REQUIRED
_BAD_ANSWER = (WebAuthnException, ValueError, TypeError, KeyError)
"""What the library, and decoding before it, raise for an answer that is not in order."""


class Registered(msgspec.Struct, frozen=True):
    """A new credential, as its authenticator made it."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    synced: bool


def host_of(origin: str) -> str:
    """The host that passkeys of this origin belong to; PasskeyNeedsName for a bare address or none at all."""
    host = urlsplit(origin).hostname or ""
    try:
        ip_address(host)
    except ValueError:
        if host:
            return host
    raise PasskeyNeedsName("Open SIGA by a name (localhost on the machine itself), not by an IP address.")


def works_at(origin: str) -> bool:
    """Whether browsers do passkeys at this origin."""
    try:
        return bool(host_of(origin))
    except PasskeyNeedsName:
        return False


def registration(challenge: Challenge, account: Account, known: Sequence[Passkey]) -> dict[str, Any]:
    """`PublicKeyCredentialCreationOptionsJSON` for a new passkey of a person who has those already."""
    return _plain(generate_registration_options(
        rp_id=host_of(challenge.origin), rp_name=ISSUER, user_id=account.user_id.encode(), user_name=account.email,
        user_display_name=account.name, challenge=challenge.challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, require_resident_key=True, user_verification=_VERIFIED
        ),
        exclude_credentials=_descriptors(known),
    ))  # fmt: skip


def registered(answer: dict[str, Any], challenge: Challenge) -> Registered:
    """The credential in a `RegistrationResponseJSON`; FactorFailed for anything that is not in order."""
    try:
        found = verify_registration_response(
            credential=answer, expected_challenge=challenge.challenge, expected_rp_id=host_of(challenge.origin),
            expected_origin=challenge.origin, require_user_verification=True,
        )  # fmt: skip
    except _BAD_ANSWER as fault:
        raise FactorFailed("The passkey's answer is not in order. Try again.") from fault
    synced = found.credential_device_type is CredentialDeviceType.MULTI_DEVICE
    return Registered(found.credential_id, found.credential_public_key, found.sign_count, synced)


def request(challenge: Challenge, passkeys: Sequence[Passkey]) -> dict[str, Any]:
    """`PublicKeyCredentialRequestOptionsJSON`; without passkeys the browser offers those it knows for the host."""
    host = host_of(challenge.origin)
    return _plain(generate_authentication_options(
        rp_id=host, challenge=challenge.challenge, user_verification=_VERIFIED,
        allow_credentials=_descriptors([one for one in passkeys if one.rp_id == host]),
    ))  # fmt: skip


def credential_of(answer: dict[str, Any]) -> bytes:
    """The credential's id in an `AuthenticationResponseJSON`."""
    try:
        return base64url_to_bytes(str(answer["rawId"]))
    except _BAD_ANSWER as fault:
        raise FactorFailed("The passkey's answer is not in order. Try again.") from fault


def signed(answer: dict[str, Any], challenge: Challenge, passkey: Passkey) -> tuple[int, bool]:
    """The passkey's new sign count and whether it is synced; FactorFailed for anything that is not in order.

    A count that does not grow betrays a copy of the key (WebAuthn 7.2, step 22); synced passkeys always say 0.
    """
    try:
        found = verify_authentication_response(
            credential=answer, expected_challenge=challenge.challenge, expected_rp_id=host_of(challenge.origin),
            expected_origin=challenge.origin, credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count, require_user_verification=True,
        )  # fmt: skip
    except _BAD_ANSWER as fault:
        raise FactorFailed("The passkey's answer is not in order. Try again.") from fault
    return found.new_sign_count, found.credential_device_type is CredentialDeviceType.MULTI_DEVICE


def _descriptors(passkeys: Sequence[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=one.credential_id) for one in passkeys]


def _plain(options: Any) -> dict[str, Any]:
    return dict(options_to_json_dict(options))
