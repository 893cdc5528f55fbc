"""Whoever changes, takes out or cuts anything of the audit is found out: many random hands, each on a fresh copy."""

from __future__ import annotations

import os
import random
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from audit_trail import AT, HANDS, MUNICIPALITY, lines_of, rewritten, rows, trail
from siga.engines.guard import StoreDamaged
from siga.operate.audit import look
from siga.services.logs.audit_check import Checked

TRIES = 1_000 if os.environ.get("SIGA_LONG") else 200
LATER = AT + timedelta(hours=1)


def whole(data: Path, export: Path | None) -> bool:
    """What `siga audit verify` comes to, with the exported heads at hand."""
    try:
        return look(data, LATER, lines_of(export) if export else None, at_rest=True).whole
    except (StoreDamaged, OSError):
        return False


def test_every_change_deletion_and_cut_of_the_audit_is_found(tmp_path: Path) -> None:
    store, export = trail(tmp_path, 300)
    assert whole(tmp_path, export), "an audit that nobody touched is whole"
    hand, missed, done = random.Random(20261124), [], dict.fromkeys((one.__name__ for one in HANDS), 0)
    for attempt in range(TRIES):
        data = tmp_path / "copy"
        (data / "logs").mkdir(parents=True)
        shutil.copy(store, data / "logs")
        shutil.copytree(export, data / "elsewhere")
        act = HANDS[attempt % len(HANDS)]
        what = act(data / "logs" / "logs.db", data / "elsewhere", hand)
        done[act.__name__] += 1
        if whole(data, data / "elsewhere"):
            missed.append(f"{act.__name__}: {what}")
        shutil.rmtree(data)
    print(f"\naudit: {TRIES} random changes, deletions and cuts, {TRIES - len(missed)} found: {done}")
    assert not missed
    assert sum(done.values()) == TRIES


@pytest.mark.parametrize("number", [1, 60, 100])
def test_a_chain_that_was_reckoned_anew_is_betrayed_by_its_signed_heads(tmp_path: Path, number: int) -> None:
    store, _ = trail(tmp_path, 300)
    rewritten(store, MUNICIPALITY, number)
    found: Checked = look(tmp_path, LATER, None, at_rest=True)
    assert [fault for chain in found.chains for fault in chain.faults if "rewritten" in fault]


def test_heads_signed_anew_with_another_key_are_betrayed_by_the_exported_ones(tmp_path: Path) -> None:
    from sqlalchemy import delete

    from siga.engines.sqlite import open_sqlite
    from siga.services.logs import audit_store
    from siga.services.logs.audit_chain import HeadSigner
    from siga.services.logs.tables import audit_heads, metadata

    store, export = trail(tmp_path, 300)
    rewritten(store, MUNICIPALITY, 50)
    database = open_sqlite(store, metadata)
    with database._writer.begin() as conn:
        conn.execute(delete(audit_heads))
        audit_store.sign(conn, HeadSigner(bytes(32)), LATER)
    database._before_close()
    database._writer.dispose()
    assert look(tmp_path, LATER, None, at_rest=True).whole, "in itself nothing betrays it: the insider has all there is"
    found = look(tmp_path, LATER, lines_of(export), at_rest=True)
    assert any("rewritten" in fault for chain in found.chains for fault in chain.faults)
    assert any("different keys" in fault for fault in found.faults)


def test_looking_changes_nothing(tmp_path: Path) -> None:
    store, export = trail(tmp_path, 30)
    before = store.read_bytes()
    assert whole(tmp_path, export)
    assert store.read_bytes() == before
    assert sorted(path.name for path in store.parent.iterdir() if "witness" not in path.name) == ["logs.db"]
    assert rows(store, "SELECT count(*) FROM audit_records") == [(30,)]
