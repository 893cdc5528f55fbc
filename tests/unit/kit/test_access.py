"""Access tokens: only ours, in our one algorithm, for us, now, by a key in force (RFC 8725, RFC 9068)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey

from siga.contract.auth import Grant, Principal
from siga.kit.access import ALGORITHM, AccessKeys, UnknownKey, new_key
from siga.kit.problem import Unauthenticated

WHO = Principal(user_id="u", session_id="s", grants=(Grant(role="driver"),), language="en")


@pytest.fixture
def key() -> OKPKey:
    return new_key("k1")


@pytest.fixture
def keys(key: OKPKey) -> AccessKeys:
    found = AccessKeys()
    found.sign_with(key)
    return found


def claims(**changed: Any) -> dict[str, Any]:
    """Claims in order, but for what is changed; None takes one away."""
    now = int(time.time())
    good = {"iss": "users", "aud": "siga", "sub": "u", "sid": "s", "grants": [], "iat": now, "exp": now + 300}
    return {name: value for name, value in {**good, **changed}.items() if value is not None}


def signed(key: Any, body: dict[str, Any], **header: Any) -> str:
    head = {"alg": ALGORITHM, "kid": "k1", "typ": "at+jwt", **header}
    return jwt.encode({k: v for k, v in head.items() if v is not None}, body, key, algorithms=[head["alg"]])


def unsigned(header: dict[str, Any], body: dict[str, Any]) -> str:
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, body))
    return ".".join([*parts, ""])


def test_a_token_says_who_and_what_for_5_minutes_and_no_name(keys: AccessKeys) -> None:
    token = keys.sign(Principal(**{**{f: getattr(WHO, f) for f in WHO.__struct_fields__}, "display_name": "Eva"}))
    assert keys.verify(token) == WHO
    body = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert body["exp"] - body["iat"] == 300
    assert "Eva" not in str(body)
    head = json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))
    assert head == {"alg": "Ed25519", "kid": "k1", "typ": "at+jwt"}


def test_a_token_made_by_the_test_itself_is_taken_so_that_the_refusals_below_mean_something(
    keys: AccessKeys, key: OKPKey
) -> None:
    assert keys.verify(signed(key, claims())).user_id == "u"


@pytest.mark.parametrize("changed", [
    {"iss": "https://evil.example"}, {"iss": None}, {"aud": "other"}, {"aud": None}, {"aud": ["siga", "other"]},
    {"sub": None}, {"sid": None}, {"grants": None}, {"grants": [{"role": "mayor"}]}, {"exp": None}, {"iat": None},
    {"exp": "now-1"}, {"exp": "now+3600"}, {"iat": "now+120"},
])  # fmt: skip
def test_a_token_of_other_claims_is_refused(changed: dict[str, Any], keys: AccessKeys, key: OKPKey) -> None:
    changed = {
        name: int(time.time()) + int(value[3:]) if str(value).startswith("now") else value
        for name, value in changed.items()
    }
    with pytest.raises(Unauthenticated):
        keys.verify(signed(key, claims(**changed)))


@pytest.mark.parametrize("header", [{"typ": "JWT"}, {"typ": "siga+jwt"}, {"typ": None}, {"kid": None}, {"kid": "k2"}])
def test_a_token_of_another_type_or_without_a_key_of_ours_is_refused(
    header: dict[str, Any], keys: AccessKeys, key: OKPKey
) -> None:
    with pytest.raises(Unauthenticated):
        keys.verify(signed(key, claims(), **header))


@pytest.mark.parametrize("algorithm", ["none", "None", "nOnE"])
def test_a_token_without_a_signature_is_refused(algorithm: str, keys: AccessKeys) -> None:
    with pytest.raises(Unauthenticated):
        keys.verify(unsigned({"alg": algorithm, "kid": "k1", "typ": "at+jwt"}, claims()))


def test_a_token_signed_with_the_public_key_as_a_secret_is_refused(keys: AccessKeys, key: OKPKey) -> None:
    public = json.dumps(key.as_dict(private=False)).encode()
    raw = base64.urlsafe_b64decode(str(key.as_dict(private=False)["x"]) + "==")
    for secret in (public, raw, key.as_pem(private=False)):
        bare = unsigned({"alg": "HS256", "kid": "k1", "typ": "at+jwt"}, claims())[:-1]
        tag = hmac.new(secret, bare.encode(), hashlib.sha256).digest()
        with pytest.raises(Unauthenticated):
            keys.verify(f"{bare}.{base64.urlsafe_b64encode(tag).rstrip(b'=').decode()}")


def test_a_token_of_another_key_of_the_same_name_is_refused_even_if_it_brings_its_key(keys: AccessKeys) -> None:
    stranger = new_key("k1")
    public = stranger.as_dict(private=False)
    for header in ({}, {"jwk": public}, {"jku": "https://evil.example/jwks"}):
        with pytest.raises(Unauthenticated):
            keys.verify(signed(stranger, claims(), **header))
    other = ECKey.generate_key("P-256", parameters={"kid": "k1"})
    with pytest.raises(Unauthenticated):
        keys.verify(signed(other, claims(), alg="ES256"))


@pytest.mark.parametrize("token", [
    "", ".", "..", "a.b.c", "é.é.é", "x" * 10_000,
    "eyJhbGciOiJFZDI1NTE5In0..", "e30.e30.e30", "WyJhbGciXQ.e30.e30", "MQ.e30.e30",
])  # fmt: skip
def test_nonsense_is_refused_as_such(token: str, keys: AccessKeys) -> None:
    with pytest.raises(Unauthenticated):
        keys.verify(token)


def test_an_older_key_verifies_on_and_a_dropped_one_is_unknown(keys: AccessKeys, key: OKPKey) -> None:
    old = keys.sign(WHO)
    new = new_key("k2")
    keys.sign_with(new, [key])
    assert keys.verify(old) == keys.verify(keys.sign(WHO)) == WHO
    elsewhere = AccessKeys()
    elsewhere.learn(keys.published())
    assert elsewhere.verify(old) == WHO
    keys.sign_with(new)
    for one, published in ((keys, None), (elsewhere, keys.published())):
        if published:
            one.learn(published)
        with pytest.raises(UnknownKey):
            one.verify(old)


def test_only_public_halves_are_published_and_nobody_else_signs(keys: AccessKeys) -> None:
    [published] = keys.published()["keys"]
    assert set(published) == {"kty", "crv", "x", "kid", "use", "alg"}
    elsewhere = AccessKeys()
    elsewhere.learn(keys.published())
    with pytest.raises(LookupError):
        elsewhere.sign(WHO)
