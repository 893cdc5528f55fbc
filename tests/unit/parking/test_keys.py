"""A device's keys: sealed on their way, proven, and never spent twice, pure."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from siga.kit.problem import Invalid
from siga.services.parking.keys import public_key, sealed_for_device
from siga.services.parking.nonces import WINDOW, spend, spent_up_to
from siga.services.parking.requests import Enrolment, Rotation
from siga.services.parking.store_devices import NonceWindow, _kept, _window

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
PRIVATE = Ed25519PrivateKey.from_private_bytes(OLD)
PUBLIC = base64.b64encode(PRIVATE.public_key().public_bytes_raw()).decode()


def proof(subject: str, key: Ed25519PrivateKey = PRIVATE, public: str = PUBLIC) -> str:
    """The signature that shows who has the private key."""
    return base64.b64encode(key.sign(f"SIGA1-KEY\n{subject}\n{public}".encode())).decode()


def test_a_new_key_travels_sealed_as_the_published_vector_says() -> None:
    assert sealed_for_device(OLD, "S1", 7, NEW) == "sasp/TH5PzXXZvL8Z/AFV1/DwUuFGkugqXG0E4wrskA="


def test_no_two_answers_are_sealed_alike() -> None:
    seen = {sealed_for_device(OLD, device_id, nonce, NEW) for device_id in ("S1", "S2") for nonce in range(50)}
    assert len(seen) == 100
    assert base64.b64encode(NEW).decode() not in seen


def test_a_public_key_comes_with_a_proof_for_whom_it_is() -> None:
    assert public_key(Enrolment(code="A"), "A") is None
    good = Enrolment(code="A", key_kind="ed25519", public_key=PUBLIC, proof=proof("A"))
    assert public_key(good, "A") == base64.b64decode(PUBLIC)
    rotation = Rotation(key_kind="ed25519", public_key=PUBLIC, proof=proof("S1"))
    assert public_key(rotation, "S1") == base64.b64decode(PUBLIC)


@pytest.mark.parametrize(
    ("public", "shown"),
    [
        (PUBLIC, None), (PUBLIC, ""), (PUBLIC, "no base64"), (PUBLIC, proof("B")),
        (PUBLIC, proof("A", Ed25519PrivateKey.from_private_bytes(bytes(32)))), (None, proof("A")), ("QUJD", proof("A")),
        (base64.b64encode(NEW).decode(), proof("A")),
    ],
)  # fmt: skip
def test_without_a_right_proof_there_is_no_key(public: str | None, shown: str | None) -> None:
    with pytest.raises(Invalid):
        public_key(Enrolment(code="A", key_kind="ed25519", public_key=public, proof=shown), "A")


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_under_a_key_that_comes_back_nothing_old_counts(floor: int, nonce: int) -> None:
    taken = spend(spent_up_to(floor), nonce)
    assert (taken is not None) == (nonce > floor)


@given(st.integers(-1, 2**64 - 1), st.integers(0, 2**WINDOW - 1))
def test_a_window_is_kept_as_it_was_however_high_its_nonces(top: int, bits: int) -> None:
    window = NonceWindow(top=top, bits=bits)
    kept = _kept(window)
    assert -1 <= kept[0] < 2**63
    assert _window(*kept) == window
