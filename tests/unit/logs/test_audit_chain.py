"""The chain as anyone can reckon it anew, without a store."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from siga.contract.audit import AuditRecord
from siga.services.logs.audit_chain import HeadSigner, canonical, digest_of, first_link, head_in, is_signed, link
from siga.services.logs.audit_export import HeadFiles

AT = datetime(2026, 11, 22, 9, 0, 0, 5, tzinfo=UTC)
TOWN = "0190c0de-0000-7000-8000-000000000001"


def record(number: int = 1, **more: object) -> AuditRecord:
    values = {
        "municipality_id": TOWN, "number": number, "at": AT, "source": "users", "event_id": "e", "action": "role.given",
        "who": "w", "who_kind": "person", "roles": ("administrator",), "thing": "person", "thing_id": "t", "about": "",
        "purpose": "staff", "reads": False, "outcome": "done", "count": 1, "request_id": None, **more,
    }  # fmt: skip
    return msgspec.convert(values, AuditRecord)


def test_a_record_has_one_text_with_sorted_keys_and_no_spaces() -> None:
    assert canonical(record()) == (
        '{"about":"","action":"role.given","at":"2026-11-22T09:00:00.000005Z","count":1,"event_id":"e",'
        f'"municipality_id":"{TOWN}","number":1,"outcome":"done","purpose":"staff","reads":false,"request_id":null,'
        '"roles":["administrator"],"source":"users","thing":"person","thing_id":"t","v":1,"who":"w",'
        '"who_kind":"person"}'
    )


def test_a_link_is_the_sum_over_the_one_before_and_the_record() -> None:
    first = hashlib.sha256(f"siga audit 1:{TOWN}".encode()).digest()
    assert first_link(TOWN) == first.hex()
    text = canonical(record())
    assert link(first.hex(), text) == hashlib.sha256(first + text.encode()).hexdigest()


def test_heads_follow_each_other_and_bear_their_signers_hand() -> None:
    signer, other = HeadSigner(bytes(32)), HeadSigner(bytes(31) + b"\x01")
    one = signer.signed(TOWN, 3, "ab" * 32, None, AT)
    two = signer.signed(TOWN, 5, "cd" * 32, one, AT)
    assert [head_in(one).head, head_in(two).head] == [1, 2]
    assert (head_in(one).previous, head_in(two).previous) == ("", digest_of(one))
    assert is_signed(two, signer.public)
    assert not is_signed(two, other.public)
    assert not is_signed(msgspec.structs.replace(two, body=two.body.replace('"number":5', '"number":6')), signer.public)
    assert not is_signed(msgspec.structs.replace(two, signature="ñ"), signer.public)


def test_heads_are_written_once_each_by_month_also_after_a_restart(tmp_path: Path) -> None:
    signer = HeadSigner(bytes(32))
    one = signer.signed(TOWN, 3, "ab" * 32, None, AT)
    two = signer.signed(TOWN, 5, "cd" * 32, one, AT + timedelta(days=20))
    HeadFiles(tmp_path).append([one])
    HeadFiles(tmp_path).append([one, two])
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["heads-2026-11.jsonl", "heads-2026-12.jsonl"]
    assert (tmp_path / "heads-2026-11.jsonl").read_text() == canonical(one) + "\n"


def test_a_head_that_a_crash_cut_short_is_written_again_on_a_line_of_its_own(tmp_path: Path) -> None:
    signer = HeadSigner(bytes(32))
    one = signer.signed(TOWN, 3, "ab" * 32, None, AT)
    path = tmp_path / "heads-2026-11.jsonl"
    path.write_text(canonical(one)[:40])
    HeadFiles(tmp_path).append([one])
    assert path.read_text().split("\n") == [canonical(one)[:40], canonical(one), ""]


def test_an_export_to_a_folder_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        HeadFiles(tmp_path / "nowhere").append([HeadSigner(bytes(32)).signed(TOWN, 1, "ab" * 32, None, AT)])
