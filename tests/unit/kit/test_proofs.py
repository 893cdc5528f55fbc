"""Proofs of deletion: signed, chained, finished once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import Connection, MetaData, create_engine

from siga.contract.subjects import DeletionProof
from siga.kit.auth import Keyring, make_keys
from siga.kit.proofs import Proofs, broken_link

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
_METADATA = MetaData()
PROOFS = Proofs("history", _METADATA)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    folder = tmp_path_factory.mktemp("keys")
    make_keys(folder, ["history", "users"])
    return Keyring.open(folder, ["history", "users"])


def _conn(path: Path) -> Connection:
    engine = create_engine(f"sqlite:///{path / 'proofs.db'}")
    _METADATA.create_all(engine)
    return engine.connect()


def _three(conn: Connection, keys: Keyring) -> list[DeletionProof]:
    for n in range(3):
        PROOFS.finish(conn, PROOFS.plan(conn, "key", f"k-{n}", n), keys, NOW + timedelta(minutes=n))
    return PROOFS.newest(conn, 10)


def test_what_is_counted_under_one_key_ends_in_one_proof(tmp_path: Path, keys: Keyring) -> None:
    conn = _conn(tmp_path)
    PROOFS.plan(conn, "key", "k-1", 3)
    planned = PROOFS.plan(conn, "key", "k-1", 4)
    assert [(one.key_id, one.count) for one in PROOFS.planned(conn)] == [("k-1", 7)]
    assert PROOFS.newest(conn, 10) == [], "nothing is stated before it is destroyed"
    PROOFS.finish(conn, planned, keys, NOW)
    assert [(one.key_id, one.count, one.at) for one in PROOFS.newest(conn, 10)] == [("k-1", 7, NOW)]
    assert PROOFS.planned(conn) == []


def test_a_proof_that_was_changed_or_taken_away_is_found(tmp_path: Path, keys: Keyring) -> None:
    proofs = _three(_conn(tmp_path), keys)
    assert broken_link(keys, proofs) is None
    assert broken_link(keys, [proofs[0], proofs[2]]) == proofs[0], "the one between is gone"
    assert broken_link(keys, [replace(proofs[0], count=99), *proofs[1:]]) is not None
    forged = replace(proofs[0], statement=keys.sign_document("users", "siga-deletion+jwt", {
        "number": 3, "kind": "key", "key_id": "k-2", "count": 2, "previous": "",
    }))  # fmt: skip
    assert broken_link(keys, [forged, *proofs[1:]]) == forged, "signed by another service"


def test_they_stay_in_order_when_the_clock_is_set_back(tmp_path: Path, keys: Keyring) -> None:
    conn = _conn(tmp_path)
    _three(conn, keys)
    PROOFS.finish(conn, PROOFS.plan(conn, "key", "k-9", 1), keys, NOW - timedelta(days=1))
    proofs = PROOFS.newest(conn, 10)
    assert proofs[0].key_id == "k-9"
    assert broken_link(keys, proofs) is None
