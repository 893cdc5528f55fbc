"""Signed tokens between services: every process signs with its own Ed25519 key and trusts the keys it was given.

Who may say what: only `gateway` may speak for a person, a guest or a device; a service speaks for itself alone. So a
stolen key of, say, `logs` opens no person's data.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey

from siga.contract.auth import Claims, Grant, Principal
from siga.kit.access import ACCESS_LIVES_S, AccessKeys
from siga.kit.problem import Unauthenticated

_ALGORITHM = "Ed25519"  # RFC 9864's name for EdDSA over Ed25519
_LIVES_S = 60
_RENEW_S = 20
_AHEAD_S = 30


class Keyring:
    """This process's signing keys (by service name) and the public keys it trusts."""

    def __init__(self, private: dict[str, OKPKey], trusted: KeySet) -> None:
        self._private, self._trusted = private, trusted
        self._made: dict[tuple[str, str, str], tuple[float, str]] = {}
        self._read: dict[str, Claims] = {}
        self.access = AccessKeys()

    @classmethod
    def open(cls, folder: Path, names: Iterable[str]) -> Keyring:
        """The keyring in `folder`: `private/<name>.json` for each name it finds, and `trusted.json`.

        FileNotFoundError when one is missing: see `make_keys`.
        """
        private = {
            name: OKPKey.import_key(json.loads((folder / "private" / f"{name}.json").read_text())) for name in names
        }
        trusted = KeySet.import_key_set(json.loads((folder / "trusted.json").read_text()))
        return cls(private, trusted)

    def service_token(self, name: str, audience: str) -> str:
        """A token by which service `name` speaks for itself to `audience`."""
        return self._signed(name, audience, name, "service", Principal(user_id=name, session_id=""))

    def caller_token(self, audience: str, kind: str, principal: Principal) -> str:
        """The gateway's token for a person, guest or device, for one service, at most 60 s."""
        return self._signed("gateway", audience, principal.user_id, kind, principal)

    def _signed(self, issuer: str, audience: str, subject: str, kind: str, who: Principal) -> str:
        now = time.time()
        state = f"{hash(who.grants)}/{who.confirmed_at}/{who.locked}"
        slot = (audience, subject, f"{issuer}/{kind}/{who.session_id}/{state}")
        made = self._made.get(slot)
        if made and _RENEW_S < made[0] - now <= _LIVES_S:  # not after the clock was set back: it would not be taken
            return made[1]
        claims = {
            "iss": issuer, "aud": audience, "sub": subject, "kind": kind, "iat": int(now), "exp": int(now) + _LIVES_S,
            "grants": msgspec.to_builtins(who.grants), "session_id": who.session_id or None,
            "confirmed_at": msgspec.to_builtins(who.confirmed_at), "locked": who.locked,
        }  # fmt: skip
        header = {"alg": _ALGORITHM, "kid": issuer, "typ": "siga+jwt"}
        token = jwt.encode(header, claims, self._private[issuer], algorithms=[_ALGORITHM])
        if len(self._made) > 10_000:
            self._made.clear()
        self._made[slot] = (now + _LIVES_S, token)
        return token

    def access_token(self, principal: Principal, lives_s: int = ACCESS_LIVES_S) -> str:
        """An app's access token for a person, by Users; see `siga.kit.access`."""
        return self.access.sign(principal, lives_s)

    def verify_access(self, token: str) -> Principal:
        """Whom an app's access token speaks for; Unauthenticated for anything that is not in order."""
        return self.access.verify(token)

    def sign_document(self, name: str, typ: str, claims: dict[str, Any]) -> str:
        """Something that service `name` states for good, for anyone to keep: a JWT of type `typ` without an end."""
        header = {"alg": _ALGORITHM, "kid": name, "typ": typ}
        return jwt.encode(header, {**claims, "iss": name}, self._private[name], algorithms=[_ALGORITHM])

    def verify_document(self, token: str, typ: str) -> dict[str, Any]:
        """The claims of a document of type `typ`, `iss` being who signed it; Unauthenticated if not in order."""
        try:
            decoded = jwt.decode(token, self._trusted, algorithms=[_ALGORITHM])
        except (JoseError, ValueError, KeyError, TypeError) as fault:
            raise Unauthenticated("It was changed, or signed by somebody else.") from fault
        claims = dict(decoded.claims)
        if decoded.header.get("typ") != typ or not claims.get("iss") or decoded.header.get("kid") != claims["iss"]:
            raise Unauthenticated("It is a document of another kind.")
        return claims

    def verify(self, token: str, audience: str) -> Claims:
        """The claims of a token meant for `audience`; Unauthenticated for anything that is not in order."""
        claims = self._read.get(token) or self._decoded(token)
        now = time.time()
        if claims.aud != audience:
            raise Unauthenticated("The token is meant for another service.")
        if not claims.iat - _AHEAD_S <= now < claims.exp:
            self._read.pop(token, None)
            raise Unauthenticated("The token is no longer valid: sign in again or ask for a new one.")
        return claims

    def _decoded(self, token: str) -> Claims:
        try:
            decoded = jwt.decode(token, self._trusted, algorithms=[_ALGORITHM])
            claims = msgspec.convert(decoded.claims, Claims)
        except (JoseError, ValueError, KeyError, msgspec.ValidationError) as fault:
            raise Unauthenticated("The token cannot be read.") from fault
        signed_by = decoded.header.get("kid")
        if decoded.header.get("typ") != "siga+jwt" or signed_by != claims.iss:
            raise Unauthenticated("The token was signed by another than it says.")
        if claims.kind == "service" and claims.sub != claims.iss:
            raise Unauthenticated("A service speaks for itself alone.")
        if claims.kind != "service" and claims.iss != "gateway":
            raise Unauthenticated("Only the gateway speaks for people and devices.")
        if len(self._read) > 10_000:
            self._read.clear()
        self._read[token] = claims
        return claims


def make_keys(folder: Path, names: Iterable[str]) -> None:
    """Make the missing key pairs for `names` in `folder` (owner only) and list all public halves in `trusted.json`."""
    private = folder / "private"
    private.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in names:
        path = private / f"{name}.json"
        if not path.exists():
            key = OKPKey.generate_key("Ed25519", parameters={"kid": name, "use": "sig"})
            write_private(path, json.dumps(key.as_dict(private=True)).encode())
    public = [_public(path) for path in sorted(private.glob("*.json"))]
    (folder / "trusted.json").write_text(json.dumps({"keys": public}, indent=1))


def _public(path: Path) -> dict[str, Any]:
    return dict(OKPKey.import_key(json.loads(path.read_text())).as_dict(private=False))


def write_private(path: Path, data: bytes) -> None:
    """Write a secret file that only its owner can read, never for a moment more open."""
    path.touch(mode=0o600, exist_ok=False)
    path.write_bytes(data)


__all__ = ["Claims", "Grant", "Keyring", "make_keys", "write_private"]
