"""Access tokens of apps (`at+jwt`, RFC 9068): signed by Users with keys that change, read by every gateway.

The keys are apart from those between services: they have a `kid` each, are published as a JWKS, and a gateway in
another process fetches them. Only one algorithm is ever taken, whatever a token says of itself (RFC 8725, 3.1).
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey

from siga.contract.auth import Grant, Principal
from siga.kit.problem import Unauthenticated

ALGORITHM = "Ed25519"  # RFC 9864's name for EdDSA over Ed25519
ISSUER, AUDIENCE, TYPE = "users", "siga", "at+jwt"
ACCESS_LIVES_S = 300
AHEAD_S = 30
"""How far another machine's clock may be ahead."""
_MOST_REMEMBERED = 10_000
_LONGEST_TOKEN = 8192


class UnknownKey(Unauthenticated):
    """The access token is signed with a key that is not in use: refresh it"""

    slug, status = "unknown-key", 401


def new_key(kid: str) -> OKPKey:
    """A new key to sign access tokens with."""
    return OKPKey.generate_key("Ed25519", parameters={"kid": kid, "use": "sig", "alg": ALGORITHM})


class AccessKeys:
    """The keys this process knows: all to verify with, in Users' process also the one to sign with."""

    def __init__(self) -> None:
        self._signing: OKPKey | None = None
        self._trusted: dict[str, OKPKey] = {}
        self._read: dict[str, tuple[float, Principal]] = {}

    def sign_with(self, key: OKPKey, others: Iterable[OKPKey] = ()) -> None:
        """From now on sign with `key`; tokens of `others` are good until they end."""
        self._signing = key
        self._take([key, *others])

    def learn(self, jwks: dict[str, Any]) -> None:
        """Trust exactly the keys that Users publishes."""
        self._take(key for key in KeySet.import_key_set(jwks).keys if isinstance(key, OKPKey))  # type: ignore[arg-type]

    def _take(self, keys: Iterable[OKPKey]) -> None:
        self._trusted = {str(key.kid): key for key in keys if key.kid}
        self._read.clear()

    def published(self) -> dict[str, Any]:
        """The JWKS (RFC 7517): public halves only."""
        return {"keys": [dict(key.as_dict(private=False)) for key in self._trusted.values()]}

    def sign(self, principal: Principal, lives_s: int = ACCESS_LIVES_S) -> str:
        """A token for a person, for at most 5 minutes. Holds no name."""
        if self._signing is None:
            raise LookupError("Only Users signs access tokens.")
        now = int(time.time())
        claims = {
            "iss": ISSUER, "aud": AUDIENCE, "sub": principal.user_id, "sid": principal.session_id,
            "grants": msgspec.to_builtins(principal.grants), "lang": principal.language,
            "confirmed_at": msgspec.to_builtins(principal.confirmed_at),
            "iat": now, "exp": now + min(lives_s, ACCESS_LIVES_S),
        }  # fmt: skip
        header = {"alg": ALGORITHM, "kid": self._signing.kid, "typ": TYPE}
        return jwt.encode(header, claims, self._signing, algorithms=[ALGORITHM])

    def verify(self, token: str) -> Principal:
        """Whom a token speaks for; UnknownKey for a key not known here, Unauthenticated for all else out of order."""
        until, principal = self._read.get(token) or self._decoded(token)
        # Before it can have been made, the clock was set back: it would live longer than it should.
        if not until - ACCESS_LIVES_S - AHEAD_S <= time.time() < until:
            self._read.pop(token, None)
            raise Unauthenticated("The access token is no longer valid: refresh it.")
        return principal

    def _decoded(self, token: str) -> tuple[float, Principal]:
        key = self._key_of(token)
        try:
            claims = jwt.decode(token, key, algorithms=[ALGORITHM]).claims
            until, began = float(claims["exp"]), float(claims["iat"])
            principal = Principal(
                user_id=str(claims["sub"]), session_id=str(claims["sid"]), language=str(claims.get("lang", "es")),
                grants=msgspec.convert(claims["grants"], tuple[Grant, ...]),
                confirmed_at=msgspec.convert(claims.get("confirmed_at"), datetime | None),
            )  # fmt: skip
            issuer, audience = claims["iss"], claims["aud"]
        except (JoseError, ValueError, KeyError, TypeError, msgspec.ValidationError) as fault:
            raise Unauthenticated("The access token cannot be read.") from fault
        if (issuer, audience) != (ISSUER, AUDIENCE) or began - AHEAD_S > time.time():
            raise Unauthenticated("The access token is meant for another time or place.")
        if len(self._read) >= _MOST_REMEMBERED:
            self._read.clear()
        self._read[token] = (until, principal)
        return until, principal

    def _key_of(self, token: str) -> OKPKey:
        """The key a token names; nothing else that its header says of keys (`jwk`, `jku`, `x5u`) is ever looked at."""
        try:
            if len(token) > _LONGEST_TOKEN:
                raise ValueError("too long")
            header = jws.extract_compact(token.encode()).headers()
            if not isinstance(header, dict):
                raise ValueError("no header")
        except (JoseError, ValueError, KeyError, TypeError, AttributeError) as fault:
            raise Unauthenticated("The access token cannot be read.") from fault
        if header.get("typ") != TYPE or header.get("alg") != ALGORITHM:
            raise Unauthenticated("That is not an access token of ours.")
        key = self._trusted.get(str(header.get("kid")))
        if key is None:
            raise UnknownKey("Get a new access token with the refresh token, or sign in again.")
        return key
