"""The devices' signature is exactly what interfaces.md says, and nothing else passes for it."""

from __future__ import annotations

from base64 import b64decode, b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from siga.services.gateway.sensors.signature import Envelope, fits, is_fresh, parse_authorisation, signing_bytes

KEY = bytes(range(32))
PUBLIC = Ed25519PrivateKey.from_private_bytes(KEY).public_key().public_bytes_raw()
BODY = b'{"device_id":"S1","epoch":1,"observed_at":"2026-11-22T09:00:00Z","occupied":true,"sequence":1}'
HMAC = "3oOXLiIGJRkOLnBqGSivNSHwAPG6SXCfs2HMF+6Qmfo="
ED25519 = "Jhxbp1eZ9GKPWdGrpl6fcp9kNKCoST522ne13fQq35i8JBN5YulOKMBVXDJ32GEZo4s7XoEzxNBgBcVcx0Y6Cw=="


def envelope(scheme: str = "HMAC", signature: str = HMAC) -> Envelope:
    text = f'SIGA-{scheme} device="S1", created="1795338000", nonce="1", signature="{signature}"'
    found = parse_authorisation(text)
    assert found is not None
    return found


def signed(one: Envelope, body: bytes = BODY) -> bytes:
    return signing_bytes("POST", b"/sensors/v1/reports", b"", one, body)


def test_the_signed_bytes_are_eight_lines_without_a_line_feed_at_the_end() -> None:
    lines = signed(envelope()).split(b"\n")
    assert lines[:7] == [b"SIGA1", b"POST", b"/sensors/v1/reports", b"", b"S1", b"1795338000", b"1"]
    assert len(lines) == 8
    assert len(lines[7]) == 64


def test_the_published_hmac_vector_fits() -> None:
    one = envelope()
    assert fits(one, "hmac", KEY, signed(one))


def test_the_published_ed25519_vector_fits() -> None:
    one = envelope("ED25519", ED25519)
    assert fits(one, "ed25519", PUBLIC, signed(one))


def test_a_signature_of_one_kind_does_not_pass_for_a_key_of_the_other() -> None:
    one = envelope()
    assert not fits(one, "ed25519", PUBLIC, signed(one))


@given(place=st.integers(0, 10_000), change=st.integers(1, 255), ed=st.booleans())
def test_any_changed_byte_of_what_is_signed_fails(place: int, change: int, ed: bool) -> None:
    one = envelope("ED25519", ED25519) if ed else envelope()
    changed = bytearray(signed(one))
    changed[place % len(changed)] ^= change
    assert not fits(one, one.kind, PUBLIC if ed else KEY, bytes(changed))


@given(place=st.integers(0, 63), change=st.integers(1, 255), ed=st.booleans())
def test_any_changed_byte_of_the_signature_fails(place: int, change: int, ed: bool) -> None:
    raw = bytearray(b64decode(ED25519 if ed else HMAC))
    raw[place % len(raw)] ^= change
    one = envelope("ED25519" if ed else "HMAC", b64encode(raw).decode())
    assert not fits(one, one.kind, PUBLIC if ed else KEY, signed(one))


@given(body=st.binary(max_size=200))
def test_any_other_body_fails(body: bytes) -> None:
    one = envelope()
    assert fits(one, "hmac", KEY, signed(one, body)) == (body == BODY)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Bearer abc",
        f'SIGA-HMAC device="S1", created="1", nonce="1", signature="{HMAC}", extra="1"',
        f'SIGA-HMAC device="S1", device="S2", nonce="1", signature="{HMAC}"',
        f'SIGA-HMAC device="S1", created="01", nonce="1", signature="{HMAC}"',
        f'SIGA-HMAC device="S1", created="-1", nonce="1", signature="{HMAC}"',
        f'SIGA-HMAC device="S1", created="1", nonce="18446744073709551616", signature="{HMAC}"',
        f'SIGA-HMAC device="S1", created="1", nonce="1", signature="{HMAC[:-1]}"',
        'SIGA-HMAC device="S1", created="1", nonce="1", signature="QUJD"',
        f'SIGA-HMAC device="S1", created="1", nonce="1", signature="{ED25519}"',
        f'SIGA-HMAC device="S 1", created="1", nonce="1", signature="{HMAC}"',
        f'SIGA-HMAC device="", created="1", nonce="1", signature="{HMAC}"',
        f'siga-hmac device="S1", created="1", nonce="1", signature="{HMAC}"',
        f'SIGA-HMAC device=S1, created="1", nonce="1", signature="{HMAC}"',
    ],
)
def test_a_header_that_is_not_exactly_of_that_form_is_no_envelope(text: str) -> None:
    assert parse_authorisation(text) is None


@given(st.text(max_size=300))
def test_no_header_makes_the_parser_fall_over(text: str) -> None:
    parse_authorisation(text)
    parse_authorisation(f"SIGA-HMAC {text}")


def test_the_largest_nonce_is_the_largest_unsigned_64_bit_number() -> None:
    text = f'SIGA-HMAC device="S1", created="1", nonce="18446744073709551615", signature="{HMAC}"'
    found = parse_authorisation(text)
    assert found is not None
    assert found.nonce == 2**64 - 1


def test_an_envelope_is_fresh_for_five_minutes_either_way() -> None:
    assert is_fresh(1000, 1300.0, True)
    assert is_fresh(1000, 700.0, True)
    assert not is_fresh(1000, 1301.0, True)
    assert not is_fresh(1000, 699.0, True)


def test_only_a_device_without_a_clock_may_say_that_it_has_none() -> None:
    assert is_fresh(0, 1e9, has_clock=False)
    assert not is_fresh(0, 100.0, has_clock=True)


def test_a_device_without_a_clock_that_says_a_time_is_held_to_it() -> None:
    assert not is_fresh(5, 1e9, has_clock=False)
