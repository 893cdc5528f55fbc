"""The sensors' door: signed requests pass, everything else is refused clearly, and cards never go further."""

from __future__ import annotations

import asyncio
import base64
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import siga.kit.log as logs
from gateway_world import HMAC_KEY, MATCH_KEY, Device, M, report, world
from siga.contract.operations import LogRecord
from siga.contract.parking import Device as KnownDevice
from siga.contract.parking import DeviceDefined, PhotoTask
from siga.contract.settings import REPORTS_PER_DEVICE_MIN
from siga.kit.clock import utc_now
from siga.kit.credentials import match
from siga.services.gateway.sensors.signature import Envelope, signing_bytes
from support import run

UID = "04A2B3C4D5E6F7"


def problem(answer: Any, status: int, slug: str) -> dict[str, Any]:
    """The body of a refusal of that kind."""
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json()
    assert body["type"] == f"/problems/{slug}"
    return body


def test_reports_are_answered_in_their_places_and_a_bad_one_harms_no_other(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path) as here:
            answer = await here.device().report(
                report(5), report(6, surprise=1), {"x": 1}, report(7), report(8, device_id="S9")
            )
            assert answer.status_code == 200
            acks = answer.json()
            assert [ack["status"] for ack in acks] == ["applied", "rejected", "rejected", "applied", "rejected"]
            assert [ack.get("detail") for ack in acks if ack["status"] == "applied"] == ["5", "7"]
            assert all(ack["detail"] for ack in acks if ack["status"] == "rejected")
            assert "photo_wanted" not in acks[0]
            batch = here.known.batches[0]
            assert (batch.device_id, batch.nonce, [one.sequence for one in batch.reports]) == ("S1", 1, [5, 7])

    run(check())


def test_a_single_report_gets_a_single_answer(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path) as here:
            answer = await here.device().send("POST", "/sensors/v1/reports", report(99))
            assert answer.json()["status"] == "applied"
            assert answer.json()["photo_wanted"]["case_id"] == "c1"

    run(check())


def test_a_card_becomes_a_match_at_the_door_and_its_uid_is_nowhere(tmp_path: Path) -> None:
    records: list[LogRecord] = []

    class Sink:
        def offer(self, record: LogRecord) -> bool:
            records.append(record)
            return True

    async def check() -> None:
        logs.configure(process="p", sink=Sink(), stderr_level="critical")
        async with world(tmp_path) as here:
            device = here.device()
            answer = await device.report(report(1, credential_uid=UID), report(2, credential_uid="04A2B3"), report(3))
            acks = answer.json()
            assert [ack["status"] for ack in acks] == ["applied", "rejected", "applied"]
            assert "8, 14 or 20" in acks[1]["detail"]
            first, third = here.known.batches[0].reports
            assert (first.credential, third.credential) == (match(MATCH_KEY, "card", UID), None)
            seen = (
                answer.text + msgspec.json.encode(here.known.batches).decode() + msgspec.json.encode(records).decode()
            )
            assert UID not in seen.upper()
            assert "04A2B3" not in seen.upper()
            assert any(record.event == "report_rejected" for record in records)

    try:
        run(check())
    finally:
        logs.configure(process="", sink=None, stderr_level="critical")


def test_what_is_no_json_changes_nothing_and_spends_nothing(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path) as here:
            device = here.device()
            problem(await device.send("POST", "/sensors/v1/reports", b'[{"device_id":'), 400, "malformed")
            problem(await device.report(*[report(n) for n in range(1001)]), 413, "too-many-reports")
            assert (here.known.batches, here.known.spent) == ([], set())

    run(check())


def test_a_batch_of_bad_reports_alone_still_spends_its_nonce(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path) as here:
            device = here.device()
            await device.report({"bad": 1})
            problem(await device.report({"bad": 1}, nonce=1), 401, "replayed")

    run(check())


def test_a_replayed_envelope_is_refused(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path) as here:
            device = here.device()
            await device.report(report(), nonce=42)
            problem(await device.report(report(), nonce=42), 401, "replayed")
            problem(await device.send("GET", "/sensors/v1/tasks", nonce=42), 401, "replayed")
            problem(await device.send("POST", "/sensors/v1/hello", nonce=42), 401, "replayed")
            assert len(here.known.batches) == 1

    run(check())


def test_a_stale_envelope_is_told_the_servers_time(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path) as here:
            body = problem(await here.device().report(report(), created=int(time.time()) - 301), 401, "stale")
            assert body["server_time"].endswith("Z")
            problem(await here.device().report(report(), created=0), 401, "stale")
            clockless = here.device("S2", has_clock=False)
            assert (await clockless.report(report(device_id="S2"), created=0)).status_code == 200

    run(check())


def test_unknown_devices_and_wrong_signatures_are_told_apart_by_nobody(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path) as here:
            known, unknown = here.device(), Device(here, "S7")
            wrong = Device(here, "S1", key=b"x" * 32)
            await known.report(report())
            told, took = [], []
            for device in (wrong, unknown, wrong, unknown):
                began = time.monotonic()
                told.append(problem(await device.report(report()), 401, "signature"))
                took.append(time.monotonic() - began)
            assert len({msgspec.json.encode(body) for body in told}) == 1
            assert all(0.05 <= one < 0.2 for one in took)
            for send in (
                known.send("POST", "/sensors/v1/reports", b"[]", signed_body=b"other"),
                here.sensors_door.post("/sensors/v1/reports", content=b"[]"),
                here.sensors_door.post("/sensors/v1/reports", headers={"authorization": "SIGA-HMAC x"}),
            ):
                problem(await send, 401, "signature")
            assert len(here.known.batches) == 1

    run(check())


def test_an_ed25519_device_signs_over_the_same_bytes(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path) as here:
            key = Ed25519PrivateKey.from_private_bytes(HMAC_KEY)
            here.device("E1", key_kind="ed25519", key=base64.b64encode(key.public_key().public_bytes_raw()).decode())
            body = msgspec.json.encode([report(device_id="E1")])
            now = int(time.time())
            signed = signing_bytes("POST", b"/sensors/v1/reports", b"", Envelope("ed25519", "E1", now, 1, b""), body)
            seal = base64.b64encode(key.sign(signed)).decode()
            header = f'SIGA-ED25519 device="E1", created="{now}", nonce="1", signature="{seal}"'
            answer = await here.sensors_door.post(
                "/sensors/v1/reports", content=body, headers={"authorization": header}
            )
            assert answer.json()[0]["status"] == "applied"
            mixed = header.replace("SIGA-ED25519", "SIGA-HMAC")
            refused = await here.sensors_door.post(
                "/sensors/v1/reports", content=body, headers={"authorization": mixed}
            )
            problem(refused, 401, "signature")

    run(check())


def test_keys_are_kept_and_dropped_when_the_device_changes(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path) as here:
            device = here.device()
            for _ in range(3):
                assert (await device.report(report())).status_code == 200
            assert here.known.key_questions == 1
            del here.known.keys["S1"]
            revoked = KnownDevice(device_id="S1", municipality_id=M, kind="bay_sensor", revoked=True)
            await here.known.tell("parking", DeviceDefined(device=revoked))
            await asyncio.sleep(0.1)
            problem(await device.report(report()), 401, "signature")

    run(check())


def test_a_code_enrols_once_and_failures_are_counted_against_the_address(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path) as here:
            here.settings.swap(1, {"": {REPORTS_PER_DEVICE_MIN.key: 3}})
            good = await here.sensors_door.post("/sensors/v1/enrol", json={"code": "GOOD-CODE"})
            assert good.json()["device_id"] == "NEW"
            for _ in range(3):
                problem(await here.sensors_door.post("/sensors/v1/enrol", json={"code": "GUESS"}), 409, "conflict")
            problem(await here.sensors_door.post("/sensors/v1/enrol", json={"code": "GOOD-CODE"}), 429, "too-many")
            problem(await here.device().report(report()), 429, "too-many")

    run(check())


def test_a_device_that_floods_waits(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path) as here:
            here.settings.swap(1, {"": {REPORTS_PER_DEVICE_MIN.key: 5}})
            device, other = here.device(), here.device("S2")
            answers = [await device.report(report()) for _ in range(6)]
            assert [one.status_code for one in answers] == [200] * 5 + [429]
            assert answers[-1].headers["retry-after"] == "12"
            assert (await other.report(report(device_id="S2"))).status_code == 200

    run(check())


def test_a_starting_device_gets_its_epoch_and_the_time(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path) as here:
            answer = await here.device().send("POST", "/sensors/v1/hello", b"{}")
            assert answer.json()["epoch"] == 7

    run(check())


def test_a_camera_fetches_its_task_and_brings_the_photo(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path) as here:
            camera = here.device("C1", kind="camera")
            task = PhotoTask(case_id="c1", bay_id="b1", until=utc_now() + timedelta(minutes=2))
            here.known.tasks["C1", "c1"] = task
            answer = await camera.send("GET", "/sensors/v1/tasks", query="wait_s=25")
            assert answer.json()["tasks"][0]["case_id"] == "c1"
            problem(await camera.send("GET", "/sensors/v1/tasks", query="wait_s=26"), 400, "malformed")
            kept = await camera.send("PUT", "/sensors/v1/photos/c1", b"\xff\xd8 a picture")
            assert kept.json()["photo_id"] == "p1"
            params, body = here.known.photos[0]
            assert params == {"case_id": "c1", "bay_id": "b1", "municipality_id": M, "site_country": "ES"}
            assert body == b"\xff\xd8 a picture"

    run(check())


def test_a_photo_nobody_asked_for_and_one_that_is_too_large_are_refused(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path) as here:
            camera = here.device("C1", kind="camera")
            problem(await camera.send("PUT", "/sensors/v1/photos/c9", b"x"), 404, "not-found")
            too_large = await camera.send("PUT", "/sensors/v1/photos/c1", b"x" * (8 * 1024 * 1024 + 1))
            problem(too_large, 413, "too-large")
            assert here.known.photos == []

    run(check())


@pytest.mark.parametrize(("method", "path"), [("GET", "/sensors/v1/reports"), ("POST", "/sensors/v1/tasks")])
def test_a_wrong_method_is_told_the_right_one(tmp_path: Path, method: str, path: str) -> None:
    async def check() -> None:
        async with world(tmp_path) as here:
            answer = await here.device().send(method, path)
            problem(answer, 405, "method-not-allowed")
            assert answer.headers["allow"] in ("GET", "POST")

    run(check())


def test_reports_are_taken_while_users_is_away_unless_a_card_must_be_matched(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path, without=("users",)) as here:
            device = here.device()
            assert (await device.report(report())).status_code == 200
            problem(await device.report(report(credential_uid=UID)), 503, "unavailable")
            assert len(here.known.batches) == 1

    run(check())
