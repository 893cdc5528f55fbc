"""What is sealed opens only in its place, with its key; nobody's hash costs what a real one costs."""

from __future__ import annotations

from pathlib import Path

import pytest
from argon2 import extract_parameters
from argon2.low_level import Type
from hypothesis import given
from hypothesis import strategies as st

from siga.services.users.model.hashes import DUMMY_HASH, MEMORY_KIB, PARALLELISM, PASSES, TAG_BYTES
from siga.services.users.model.problems import MasterKeyLost
from siga.services.users.vault import Vault, open_vault

ONE, OTHER = Vault(bytes(32)), Vault(bytes(range(32)))


@given(st.binary(max_size=100), st.text(max_size=20))
def test_what_is_sealed_opens_again(plain: bytes, place: str) -> None:
    assert ONE.open(ONE.seal(plain, place), place) == plain


def test_what_is_sealed_opens_nowhere_else_and_not_when_it_was_changed() -> None:
    sealed = ONE.seal(b"a name", "here")
    changed = [sealed[:n] + bytes([sealed[n] ^ 1]) + sealed[n + 1 :] for n in range(len(sealed))]
    for vault, value, place in ((OTHER, sealed, "here"), (ONE, sealed, "there"), (ONE, sealed[:-1], "here"),
                                (ONE, b"", "here"), *((ONE, one, "here") for one in changed)):  # fmt: skip
        with pytest.raises(MasterKeyLost):
            vault.open(value, place)


def test_the_same_value_is_sealed_differently_each_time_and_blinded_alike() -> None:
    assert ONE.seal(b"x", "p") != ONE.seal(b"x", "p")
    assert ONE.blind("code", "x") == ONE.blind("code", "x")
    assert len({ONE.blind("code", "x"), ONE.blind("claim", "x"), OTHER.blind("code", "x")}) == 3


def test_a_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    check = open_vault(path, None).check()
    assert path.stat().st_mode & 0o777 == 0o600
    assert open_vault(path, check).agrees_with(check)
    assert not OTHER.agrees_with(check)


def test_nobodys_hash_costs_what_a_real_one_costs() -> None:
    parameters = extract_parameters(DUMMY_HASH)
    assert (parameters.type, parameters.memory_cost, parameters.time_cost) == (Type.ID, MEMORY_KIB, PASSES)
    assert (parameters.parallelism, parameters.hash_len, parameters.salt_len) == (PARALLELISM, TAG_BYTES, 16)
    assert (MEMORY_KIB, PASSES, PARALLELISM, TAG_BYTES) == (65536, 3, 1, 32)
