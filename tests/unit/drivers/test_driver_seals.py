"""The secrets of Drivers."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from siga.kit.ids import tidy_code
from siga.kit.sealing import Unsealable
from siga.services.drivers.seals import Seals

SEALS = Seals(bytes(range(32)))


def test_the_same_person_has_the_same_pseudonym_for_one_purpose_alone() -> None:
    assert SEALS.pseudonym("doubt", "person-1") == SEALS.pseudonym("doubt", "person-1")
    others = {SEALS.pseudonym("report", "person-1"), SEALS.pseudonym("doubt", "person-2")}
    assert SEALS.pseudonym("doubt", "person-1") not in others


def test_another_key_gives_other_pseudonyms() -> None:
    assert Seals(bytes(32)).pseudonym("doubt", "person-1") != SEALS.pseudonym("doubt", "person-1")


def test_a_pseudonym_is_short_hex_without_the_id_in_it() -> None:
    name = SEALS.pseudonym("doubt", "person-1")
    assert len(name) == 32
    assert int(name, 16)


def test_a_follow_code_can_be_typed_and_belongs_to_one_report() -> None:
    code = SEALS.follow_code("report-1")
    assert tidy_code(code.lower().replace("-", " ")) == code
    assert code != SEALS.follow_code("report-2")


def test_what_is_sealed_opens_for_its_check_in_alone() -> None:
    sealed = SEALS.seal("check-in-1", b"1234BCD")
    assert SEALS.unseal("check-in-1", sealed) == b"1234BCD"
    with pytest.raises(Unsealable):
        SEALS.unseal("check-in-2", sealed)


def test_sealing_twice_looks_different() -> None:
    assert SEALS.seal("check-in-1", b"1234BCD") != SEALS.seal("check-in-1", b"1234BCD")


def test_the_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    first, second = Seals.open(tmp_path), Seals.open(tmp_path)
    assert first.follow_code("r") == second.follow_code("r")
    assert stat.S_IMODE((tmp_path / "drivers.key").stat().st_mode) == 0o600
