"""The keys of access tokens: published for whoever verifies, changed by whoever runs the installation."""

from __future__ import annotations

import msgspec
from litestar import get, post

from siga.contract.accounts import PublicKeys, Rotation
from siga.contract.auth import Claims
from siga.kit.http import need
from siga.services.users.api.common import Freshness
from siga.services.users.service.token_keys import TokenKeys

_TAGS = ["Signing in"]


@get("/api/v1/auth/jwks", tags=_TAGS)
async def jwks(token_keys: TokenKeys) -> PublicKeys:
    """The public keys of access tokens (JWKS, RFC 7517): the one that signs and those whose tokens have not ended."""
    return msgspec.convert(token_keys.published(), PublicKeys)


@post("/api/v1/auth/jwks/rotate", status_code=200, tags=_TAGS)
async def rotate(caller: Claims, token_keys: TokenKeys, freshness: Freshness,
                 data: Rotation | None = None) -> PublicKeys:  # fmt: skip
    """Sign access tokens with a new key from now on; SIGA does so by itself every 90 days."""
    need(caller, "tokens.rotate")
    freshness.need(caller)
    await token_keys.rotate(compromised=bool(data and data.compromised))
    return msgspec.convert(token_keys.published(), PublicKeys)


HANDLERS = [jwks, rotate]
