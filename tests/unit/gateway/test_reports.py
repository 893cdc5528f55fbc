"""Reports at the door: each by itself, cards matched and gone, answers in their places."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siga.contract.parking import Ack
from siga.kit.credentials import match
from siga.kit.problem import Malformed
from siga.services.gateway.sensors.reports import (
    Sorted,
    TooManyReports,
    needs_match_key,
    read_items,
    sort_items,
    split_items,
)

KEY = bytes(32)
ALLOWED = {"S1", "S2"}


def report(**changes: object) -> dict[str, object]:
    return {"device_id": "S1", "epoch": 1, "sequence": 1, "occupied": True, **changes}


def sorted_body(*items: object) -> Sorted:
    raws, one = split_items(msgspec.json.encode(list(items)))
    return sort_items(read_items(raws, ALLOWED), one, KEY)


def test_a_single_object_is_one_report() -> None:
    items, one = split_items(b' {"device_id":"S1"} ')
    assert (len(items), one) == (1, True)


@pytest.mark.parametrize(
    "body", [b"", b"[", b"{", b"nonsense", b"[]", b"3", b'"x"', b"[1,]", b'{"a":1} x', b"\xff\xfe"]
)
def test_what_is_no_json_of_that_form_is_malformed_as_a_whole(body: bytes) -> None:
    with pytest.raises(Malformed):
        split_items(body)


def test_more_than_a_thousand_reports_are_too_many() -> None:
    with pytest.raises(TooManyReports):
        split_items(msgspec.json.encode([report()] * 1001))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"surprise": 1}, "unknown field"), ({"device_id": "S9"}, "may not report"), ({"epoch": -1}, "epoch"),
        ({"sequence": 2**53}, "sequence"), ({"occupied": "yes"}, "bool"), ({"observed_at": "yesterday"}, "RFC3339"),
        ({"observed_at": "2026-11-22T09:00:00"}, "zone"), ({"battery_pct": 101}, "battery"),
        ({"temperature_c": 1e9}, "temperature"),
        ({"credential_uid": "04A2"}, "UID"), ({"credential_uid": "hello"}, "UID"), ({"bay_id": "x" * 65}, "bay_id"),
        ({"epoch": 10**30}, "epoch"),
    ],
)  # fmt: skip
def test_a_bad_report_is_rejected_in_its_place_and_harms_no_other(changes: dict[str, object], why: str) -> None:
    work = sorted_body(report(sequence=1), report(**changes), report(sequence=3))
    assert [one.sequence for one in work.good] == [1, 3]
    assert list(work.rejected) == [1]
    assert why in (work.rejected[1].detail or "")
    merged = work.merged([Ack(status="applied"), Ack(status="repeated")])
    assert [ack.status for ack in merged] == ["applied", "rejected", "repeated"]


def test_a_device_may_report_for_those_listed_under_it() -> None:
    assert [one.device_id for one in sorted_body(report(device_id="S2")).good] == ["S2"]


@pytest.mark.parametrize("uid", ["04a2b3c4", "04:A2:B3:C4", "04A2B3C4D5E6F7", "04A2B3C4D5E6F7080910"])
def test_the_cards_uid_becomes_a_match_and_is_gone(uid: str) -> None:
    work = sorted_body(report(credential_uid=uid))
    assert work.good[0].credential == match(KEY, "card", uid)
    plain = uid.replace(":", "").upper()
    assert plain.encode() not in msgspec.json.encode(work.good).upper()


def test_a_bad_uid_is_not_repeated_in_the_answer() -> None:
    work = sorted_body(report(credential_uid="DEADBEEF01"))
    assert "DEADBEEF" not in (work.rejected[0].detail or "")


def test_the_match_key_is_wanted_only_where_a_card_was_read() -> None:
    raws, _ = split_items(msgspec.json.encode([report()]))
    assert not needs_match_key(read_items(raws, ALLOWED))
    raws, _ = split_items(
        b'{"device_id":"S1","epoch":1,"sequence":1,"occupied":true,"credential\\u005fuid":"04A2B3C4"}'
    )
    assert needs_match_key(read_items(raws, ALLOWED))


@given(st.lists(st.booleans(), min_size=1, max_size=30))
def test_answers_stand_in_the_order_of_the_reports(good: list[bool]) -> None:
    work = sorted_body(*(report(sequence=n, device_id="S1" if fine else "S9") for n, fine in enumerate(good)))
    merged = work.merged([Ack(status="applied", detail=str(one.sequence)) for one in work.good])
    assert len(merged) == len(good)
    assert all((ack.status == "applied") == fine for ack, fine in zip(merged, good, strict=True))
    assert [int(ack.detail or "") for ack in merged if ack.status == "applied"] == [
        n for n, fine in enumerate(good) if fine
    ]


@given(st.binary(max_size=120))
def test_no_body_makes_the_door_fall_over(body: bytes) -> None:
    try:
        items, one = split_items(body)
    except Malformed:
        return
    sort_items(read_items(items, ALLOWED), one, KEY)
