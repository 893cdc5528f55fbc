"""Devices' keys in Parking: rotated with an overlap, revoked at once, and no envelope twice, on both stores."""

from __future__ import annotations

import base64
import hmac
import itertools
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from parking_town import START, Street, street
from siga.contract.settings import KEY_OVERLAP_H, LISTED_MOST
from siga.kit.clock import HandClock, rfc3339
from support import MUNICIPALITY, OTHER_MUNICIPALITY, run

SEQUENCES = itertools.count(1)


class Keyed:
    """A device that is spoken for by the door: it says which key had signed."""

    def __init__(self, s: Street, device_id: str) -> None:
        self.s, self.device_id = s, device_id

    async def key(self) -> dict[str, Any]:
        """What the door is told."""
        answer = await self.s.gateway.get(f"/internal/v1/devices/{self.device_id}/key")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def speak(self, nonce: int, key_no: int | None) -> str:
        """A report under that key: `applied`, or the problem."""
        report = {"device_id": self.device_id, "epoch": 1, "sequence": next(SEQUENCES), "occupied": True}
        body = {"device_id": self.device_id, "nonce": nonce, "received_at": rfc3339(self.s.clock()),
                "reports": [report], "key_no": key_no}  # fmt: skip
        answer = (await self.s.gateway.post("/internal/v1/reports", body)).json()
        return str(answer[0]["status"] if isinstance(answer, list) else answer["type"])

    async def rotate(self, nonce: int, key_no: int | None = None, **ask: str) -> dict[str, Any]:
        """Ask for a new key."""
        body = {"device_id": self.device_id, "nonce": nonce, "key_no": key_no, "ask": ask}
        return dict((await self.s.gateway.post("/internal/v1/rotate", body)).json())

    async def enrol(self, **ask: str) -> Any:
        """A fresh code from a clerk, spent."""
        code = (await self.s.admin.post(f"/api/v1/devices/{self.device_id}/code")).json()["code"]
        return await self.s.gateway.post("/internal/v1/enrol", {"code": code, **_proven(code, **ask)})

    async def seen(self) -> dict[str, Any]:
        """The device as a clerk sees it."""
        return dict((await self.s.admin.get(f"/api/v1/devices/{self.device_id}")).json())


def _proven(subject: str, **ask: str) -> dict[str, str]:
    """The body of an enrolment or rotation; `seed` = an Ed25519 key that it brings."""
    if "seed" not in ask:
        return ask
    private = Ed25519PrivateKey.from_private_bytes(ask.pop("seed").encode().ljust(32, b"-"))
    public = base64.b64encode(private.public_key().public_bytes_raw()).decode()
    seal = base64.b64encode(private.sign(f"SIGA1-KEY\n{subject}\n{public}".encode())).decode()
    return {"key_kind": "ed25519", "public_key": public, "proof": seal}


async def keyed(s: Street) -> Keyed:
    """A sensor on a bay."""
    bay = await s.bay((await s.zone())["zone_id"], "C-1")
    return Keyed(s, await s.sensor(bay["bay_id"]))


def test_a_newer_key_opens_beside_the_old_one_and_its_first_use_ends_it(
    tmp_path: Path, database_url: str | None
) -> None:
    async def work() -> None:
        async with street(tmp_path, database_url) as s:
            device = await keyed(s)
            before = await device.key()
            told = await device.rotate(1, before["key_no"])
            both = await device.key()
            old, newer = base64.b64decode(both["key"]), both["newer"]
            assert (both["key"], both["key_no"]) == (before["key"], before["key_no"])
            pad = hmac.digest(old, f"SIGA1-KEY\n{device.device_id}\n1".encode(), "sha256")
            sealed = base64.b64decode(told["sealed_key"])
            assert bytes(a ^ b for a, b in zip(sealed, pad, strict=True)) == base64.b64decode(newer["key"])
            assert told["old_ends_at"] == newer["older_ends_at"] == (await device.seen())["key_ends_at"]
            assert await device.speak(2, both["key_no"]) == "applied", "the old one goes on"
            s.clock.forward(3600)
            assert await device.speak(1, newer["key_no"]) == "applied", "a key counts its nonces by itself"
            after = await device.key()
            assert (after["key"], after["key_no"], after["newer"]) == (newer["key"], newer["key_no"], None)
            assert await device.speak(3, before["key_no"]) == "/problems/key-ended"
            assert await device.speak(1, newer["key_no"]) == "/problems/replayed"
            seen = await device.seen()
            assert (seen["key_made_at"], seen["key_ends_at"]) == (rfc3339(START), None)

    run(work())


def test_who_hears_no_answer_asks_again_and_the_key_nobody_got_opens_nothing(
    tmp_path: Path, database_url: str | None
) -> None:
    async def work() -> None:
        async with street(tmp_path, database_url) as s:
            device = await keyed(s)
            first = await device.rotate(1)
            lost = (await device.key())["newer"]["key_no"]
            s.clock.forward(3600)
            again = await device.rotate(2)
            assert again["sealed_key"] != first["sealed_key"]
            assert again["old_ends_at"] == first["old_ends_at"], "asking again does not keep the old key alive"
            assert await device.speak(3, lost) == "/problems/key-ended"
            assert await device.speak(3, (await device.key())["newer"]["key_no"]) == "applied"

    run(work())


def test_the_old_key_ends_with_the_overlap_and_the_new_one_stays(tmp_path: Path, database_url: str | None) -> None:
    async def work() -> None:
        clock = HandClock(START)
        async with street(tmp_path, database_url, clock) as s:
            device = await keyed(s)
            await device.rotate(1)
            both = await device.key()
            clock.forward(int(KEY_OVERLAP_H.default) * 3600 - 1)
            assert await device.speak(2, both["key_no"]) == "applied"
            clock.forward(1)
            assert await device.speak(3, both["key_no"]) == "/problems/key-ended"
        async with street(tmp_path, database_url, clock) as s:
            device = Keyed(s, device.device_id)
            assert await device.speak(3, both["key_no"]) == "/problems/key-ended", "over a restart too"
            assert await device.speak(1, both["newer"]["key_no"]) == "applied"

    run(work())


def test_a_fresh_code_gives_a_newer_key_and_the_old_one_opens_until_it_is_used(
    tmp_path: Path, database_url: str | None
) -> None:
    async def work() -> None:
        async with street(tmp_path, database_url) as s:
            device = await keyed(s)
            before = await device.key()
            enrolled = (await device.enrol()).json()
            both = await device.key()
            assert both["newer"]["key"] == enrolled["key"]
            assert await device.speak(1, before["key_no"]) == "applied"
            hello = {"device_id": device.device_id, "nonce": 0, "key_no": both["newer"]["key_no"]}
            assert (await s.gateway.post("/internal/v1/hello", hello)).json()["epoch"] == 1
            assert (await device.key())["key"] == enrolled["key"]
            assert await device.speak(2, before["key_no"]) == "/problems/key-ended"

    run(work())


def test_revoking_ends_every_key_at_once_whatever_the_door_remembers(tmp_path: Path, database_url: str | None) -> None:
    async def work() -> None:
        async with street(tmp_path, database_url) as s:
            device = await keyed(s)
            await device.rotate(1)
            both = await device.key()
            await s.admin.post(f"/api/v1/devices/{device.device_id}/revoke")
            for key_no in (both["key_no"], both["newer"]["key_no"], None):
                assert await device.speak(50, key_no) == "/problems/key-ended"
                hello = {"device_id": device.device_id, "nonce": 51, "key_no": key_no}
                for path in ("hello", "nonces"):
                    answer = await s.gateway.post(f"/internal/v1/{path}", hello)
                    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/key-ended")
            assert (await device.rotate(52))["type"] == "/problems/key-ended"
            assert (await s.gateway.get(f"/internal/v1/devices/{device.device_id}/key")).status_code == 404

    run(work())


def test_an_ed25519_device_proves_its_key_and_under_one_that_comes_back_nothing_old_counts(
    tmp_path: Path, database_url: str | None
) -> None:
    async def work() -> None:
        async with street(tmp_path, database_url) as s:
            device = await keyed(s)
            refused = await device.enrol(key_kind="ed25519", public_key=base64.b64encode(bytes(32)).decode())
            assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/proof")
            assert (await device.enrol(seed="a")).status_code == 200
            a = (await device.key())["newer"]
            assert await device.speak(700, a["key_no"]) == "applied"
            same = await device.enrol(seed="a")
            assert same.status_code == 200
            assert (await device.key())["newer"] is None, "the key it has is no newer one"
            assert await device.speak(700, a["key_no"]) == "/problems/replayed"
            assert (await device.rotate(701, **_proven(device.device_id, seed="a")))["type"] == "/problems/invalid"
            assert (await device.rotate(702))["type"] == "/problems/invalid", "nothing to seal an HMAC key under"
            told = await device.rotate(703, **_proven(device.device_id, seed="b"))
            assert told["sealed_key"] is None
            assert await device.speak(1, (await device.key())["newer"]["key_no"]) == "applied"
            await device.rotate(2, **_proven(device.device_id, seed="a"))
            back = (await device.key())["newer"]["key_no"]
            assert await device.speak(703, back) == "/problems/replayed"
            assert await device.speak(12, back) == "/problems/replayed"
            assert (await device.key())["newer"] is not None, "a replay is no first use"
            assert await device.speak(704, back) == "applied"
            await s.admin.post(f"/api/v1/devices/{device.device_id}/revoke")
            assert (await device.enrol(seed="a")).status_code == 200
            revived = (await device.key())["key_no"]
            assert await device.speak(704, revived) == "/problems/replayed", "not even after a revocation"
            assert await device.speak(705, revived) != "/problems/replayed"

    run(work())


def test_nonces_may_use_all_of_their_64_bits(tmp_path: Path, database_url: str | None) -> None:
    async def work() -> None:
        async with street(tmp_path, database_url) as s:
            device = await keyed(s)
            top = 2**64 - 1
            assert await device.speak(top, None) == "applied"
            assert await device.speak(top, None) == "/problems/replayed"
        async with street(tmp_path, database_url) as s:
            device = Keyed(s, device.device_id)
            assert await device.speak(top, None) == "/problems/replayed"
            assert await device.speak(top - 1023, None) == "applied"
            assert await device.speak(top - 1024, None) == "/problems/replayed"

    run(work())


def test_devices_are_listed_under_one_of_their_town_and_only_so_many(tmp_path: Path, database_url: str | None) -> None:
    async def work() -> None:
        async with street(tmp_path, database_url) as s:
            s.system.system.settings["parking"].swap(1, {"": {LISTED_MOST.key: 2}})
            gateway = await s.sensor()
            listed = [await s.sensor(listed_under=gateway) for _ in range(2)]
            body = {"municipality_id": MUNICIPALITY, "kind": "bay_sensor", "listed_under": gateway}
            full = await s.admin.post("/api/v1/devices", body)
            assert (full.status_code, full.json()["type"]) == (409, "/problems/list-is-full")
            import_row = {"row": 1, "external_id": "X", "listed_under": gateway}
            batch = await s.admin.post(
                "/api/v1/devices/batch", {"municipality_id": MUNICIPALITY, "devices": [import_row]}
            )
            assert [row["slug"] for row in batch.json()["refused"]] == ["list-is-full"]
            for under in (listed[0], "nobody"):
                wrong = await s.admin.post("/api/v1/devices", {**body, "listed_under": under})
                assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/listed_under")
            other = s.system.as_person("parking", "administrator", municipality_id=OTHER_MUNICIPALITY)
            abroad = await other.post("/api/v1/devices", {**body, "municipality_id": OTHER_MUNICIPALITY})
            assert abroad.status_code == 422
            await s.admin.post(f"/api/v1/devices/{listed[0]}/revoke")
            assert (await s.gateway.get(f"/internal/v1/devices/{gateway}/key")).json()["listed"] == [listed[1]]
            assert (await s.admin.post("/api/v1/devices", body)).status_code == 201

    run(work())
