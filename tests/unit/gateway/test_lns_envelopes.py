"""Envelopes of both network servers are read alike, defaults and all, and whatever else is posted does no harm."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from typing import Any

import msgspec
import pytest
from chirpstack_api import integration
from google.protobuf import json_format
from hypothesis import given, settings
from hypothesis import strategies as st

from siga.kit.problem import Malformed
from siga.services.gateway.sensors.lns import chirpstack, ttn
from siga.services.gateway.sensors.lns.secret import shown_secret
from siga.services.gateway.sensors.lns.wire import Battery, Heard, Join, Message, Other, best_signal, instant_of
from support import shared

EXAMPLES = 100_000 if os.environ.get("SIGA_LONG") else 100
EVENTS = ("up", "join", "ack", "txack", "log", "status", "location", "integration", "other", "")


def documented(name: str) -> dict[str, Any]:
    """The documented messages by kind."""
    return dict(msgspec.json.decode(shared("data", "lns-envelopes", name).read_bytes()))


@cache
def composed() -> list[dict[str, Any]]:
    """The published vectors in both envelopes."""
    found = msgspec.json.decode(shared("data", "lns-envelopes", "composed-uplinks.json").read_bytes())
    assert len(found) == 15
    return list(found)


def from_chirpstack(event: str, body: Any) -> Message:
    """What ChirpStack posted."""
    return chirpstack.read(event, msgspec.json.encode(body))


def from_ttn(body: Any) -> Message:
    """What The Things Stack posted."""
    return ttn.read(msgspec.json.encode(body))


def test_chirpstacks_documented_uplink_is_read_with_its_absent_counter_as_nought() -> None:
    heard = from_chirpstack("up", documented("chirpstack-v4-doc-events.json")["up"])
    assert isinstance(heard, Heard)
    assert (heard.dev_eui, heard.counter, heard.port, heard.payload) == ("0101010101010101", 0, 1, b"\xaa")
    assert heard.at == datetime(2022, 7, 18, 9, 34, 15, 775023, tzinfo=UTC)
    assert (heard.session, heard.rssi_dbm, heard.snr_db, heard.gateways) == ("00189440", -36.0, 10.5, 1)
    assert heard.model_hint == "Test device-profile Test device"


def test_the_things_stacks_documented_uplink_is_read_with_its_absent_port() -> None:
    heard = from_ttn(documented("tts-v3-doc-messages.json")["uplink_message"])
    assert isinstance(heard, Heard)
    assert (heard.dev_eui, heard.counter, heard.port, heard.payload) == ("0004a30b001c0530", 1, None, b"\x82\x41\xde")
    assert heard.at == datetime(2020, 2, 12, 15, 15, 45, 789585, tzinfo=UTC)
    assert (heard.session, heard.dev_addr) == ("AXA50tHUGUucuzS/bCGMNw==", "00bcb929")
    assert (heard.model_hint, heard.firmware_hint) == ("the-things-uno the-things-products dev1", "quickstart")
    assert not heard.simulated


def test_joins_and_the_battery_are_read() -> None:
    events = documented("chirpstack-v4-doc-events.json")
    join, status = from_chirpstack("join", events["join"]), from_chirpstack("status", events["status"])
    assert isinstance(join, Join)
    assert (join.dev_eui, join.session) == ("0101010101010101", "00189440")
    assert isinstance(status, Battery)
    assert status.battery_pct == 88.3
    accepted = from_ttn(documented("tts-v3-doc-messages.json")["join_accept"])
    assert isinstance(accepted, Join)
    assert (accepted.dev_eui, accepted.session) == ("0004a30b001c0530", "AXBSH1Pk6Z0G166RlH16CQ==")


@pytest.mark.parametrize("event", ["ack", "txack", "log", "location", "integration"])
def test_chirpstacks_other_events_are_passed(event: str) -> None:
    assert from_chirpstack(event, documented("chirpstack-v4-doc-events.json")[event]) == Other(event)


@pytest.mark.parametrize("kind", ["downlink_ack", "downlink_failed", "downlinks"])
def test_the_things_stacks_other_messages_are_passed(kind: str) -> None:
    assert isinstance(from_ttn(documented("tts-v3-doc-messages.json")[kind]), Other)


def test_both_servers_tell_the_same_of_every_composed_vector() -> None:
    for one in composed():
        left, right = from_chirpstack("up", one["chirpstack_v4"]["body"]), from_ttn(one["tts_v3"]["body"])
        assert isinstance(left, Heard)
        assert isinstance(right, Heard)
        for name in ("dev_eui", "counter", "port", "payload"):
            assert getattr(left, name) == getattr(right, name)
        assert left.dev_eui == one["dev_eui"]


def test_what_is_read_of_chirpstack_is_what_its_own_package_reads() -> None:
    for one in composed():
        body = one["chirpstack_v4"]["body"]
        official = json_format.ParseDict(body, integration.UplinkEvent())
        # Written anew by the official package, defaults left out and numbers as protobuf has them.
        for sent in (body, json_format.MessageToDict(official)):
            heard = from_chirpstack("up", sent)
            assert isinstance(heard, Heard)
            assert heard.dev_eui == official.device_info.dev_eui.lower()
            assert (heard.counter, heard.port or 0) == (official.f_cnt, official.f_port)
            assert (heard.payload, heard.dev_addr) == (official.data, official.dev_addr)
            assert heard.at is not None
            assert int(heard.at.timestamp()) == official.time.seconds
            assert heard.at.microsecond == official.time.nanos // 1000
            assert (heard.rssi_dbm, heard.snr_db) == (official.rx_info[0].rssi, official.rx_info[0].snr)


def test_simulated_is_carried_and_stands_in_a_session_of_its_own() -> None:
    body = composed()[0]["tts_v3"]["body"]
    heard = from_ttn({**body, "simulated": True})
    assert isinstance(heard, Heard)
    assert (heard.simulated, heard.session) == (True, "simulated")


def test_the_best_gateway_counts() -> None:
    assert best_signal([(-110, -3), (-118, 4.5), (-90, None)]) == (-118, 4.5)
    assert best_signal([(-110, None), (-90, None)]) == (-90, None)
    assert best_signal([]) == (None, None)
    assert best_signal([(float("nan"), float("inf")), (None, None)]) == (None, None)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("2022-07-18T09:34:15.775023242+00:00", datetime(2022, 7, 18, 9, 34, 15, 775023, tzinfo=UTC)),
        ("2022-07-18T11:34:15+02:00", datetime(2022, 7, 18, 9, 34, 15, tzinfo=UTC)),
        ("2020-02-12T15:15:46.0Z", datetime(2020, 2, 12, 15, 15, 46, tzinfo=UTC)),
        ("2016-12-31T23:59:60Z", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("yesterday", None), ("", None), ("2022-13-18T09:34:15Z", None), ("0001-01-01T00:00:00+14:00", None),
    ],
)  # fmt: skip
def test_instants_of_any_precision_and_zone_are_read(text: str, seen: datetime | None) -> None:
    assert instant_of(text) == seen


@pytest.mark.parametrize(
    "body",
    [
        {}, {"deviceInfo": None}, {"deviceInfo": {"devEui": "0101"}},
        {"deviceInfo": {"devEui": "0101010101010101"}, "data": "%%%"},
        {"deviceInfo": {"devEui": "0101010101010101"}, "fCnt": -1},
        {"deviceInfo": {"devEui": "0101010101010101"}, "fCnt": 2**32},
        {"deviceInfo": {"devEui": "0101010101010101"}, "fPort": 256}, [], "up", 7, None,
    ],
)  # fmt: skip
def test_a_body_that_is_no_uplink_is_malformed(body: Any) -> None:
    with pytest.raises(Malformed):
        from_chirpstack("up", body)


def test_absent_null_and_textual_numbers_mean_what_protobuf_means() -> None:
    body = {
        "deviceInfo": {"devEui": "01-01-01-01-01-01-01-0A"}, "fCnt": "7", "fPort": None, "data": None, "rxInfo": None,
        "time": None,
    }  # fmt: skip
    heard = from_chirpstack("up", body)
    assert isinstance(heard, Heard)
    assert (heard.dev_eui, heard.counter, heard.port, heard.payload) == ("010101010101010a", 7, None, b"")
    assert (heard.at, heard.rssi_dbm, heard.gateways) == (None, None, 0)


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from([
            "deviceInfo", "devEui", "devAddr", "fCnt", "fPort", "data", "rxInfo", "rssi", "snr", "time", "batteryLevel",
            "end_device_ids", "dev_eui", "uplink_message", "join_accept", "f_cnt", "f_port", "frm_payload",
            "rx_metadata", "version_ids", "received_at", "session_key_id", "simulated",
        ]), inner, max_size=6),
    max_leaves=20,
)  # fmt: skip


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.sampled_from(EVENTS), json_like.map(msgspec.json.encode) | st.binary(max_size=200))
def test_whatever_is_posted_is_read_or_malformed(event: str, body: bytes) -> None:
    for reading in (lambda: chirpstack.read(event, body), lambda: ttn.read(body)):
        with suppress(Malformed):
            assert isinstance(reading(), Heard | Join | Battery | Other)


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.data())
def test_a_mutilated_message_of_a_server_is_read_or_malformed(data: st.DataObject) -> None:
    one = data.draw(st.sampled_from(composed()))
    side, read = data.draw(
        st.sampled_from([("chirpstack_v4", lambda b: chirpstack.read("up", b)), ("tts_v3", ttn.read)])
    )
    body = bytearray(msgspec.json.encode(one[side]["body"]))
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(body) - 1))
        body[place : place + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=3))
        if not body:
            break
    with suppress(Malformed):
        assert isinstance(read(bytes(body)), Heard | Join | Battery | Other)


@pytest.mark.parametrize(
    ("authorisation", "own", "secret"),
    [
        ("Bearer s3cret", None, "s3cret"), ("bearer  s3cret ", None, "s3cret"), ("Basic dTpzM2NyZXQ=", None, "s3cret"),
        ("Basic OnM6M2NyZXQ=", None, "s:3cret"), (None, "s3cret", "s3cret"), ("Digest x", "s3cret", "s3cret"),
        ("Bearer ", None, None), ("Basic %%%", None, None), ("Basic /w==", None, None), (None, None, None),
        ("Bearer " + "x" * 300, None, None), ("", "", None),
    ],
)  # fmt: skip
def test_the_secret_is_found_in_whichever_header_a_server_can_send(
    authorisation: str | None, own: str | None, secret: str | None
) -> None:
    assert shown_secret(authorisation, own) == secret
