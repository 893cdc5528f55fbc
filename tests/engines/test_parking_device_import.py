"""An inventory of devices comes in at once: previewed, refused row by row, and the second time nothing changes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from parking_street import Street
from siga.kit.clock import HandClock
from support import MUNICIPALITY, OTHER_MUNICIPALITY, run, running

START = datetime(2026, 11, 24, 11, tzinfo=UTC)


async def sent(street: Street, devices: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    body = {"municipality_id": MUNICIPALITY, "devices": devices, **more}
    answer = await street.admin.post("/api/v1/devices/batch", body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def bays(street: Street, many: int) -> None:
    """A zone with bays B-0, B-1, … that nobody watches."""
    zone = {"municipality_id": MUNICIPALITY, "name": "Centro"}
    street.zone_id = (await street.admin.post("/api/v1/zones", zone)).json()["zone_id"]
    for n in range(many):
        bay = {"zone_id": street.zone_id, "code": f"B-{n}", "category": "disabled", "lon": -0.37, "lat": 39.47,
               "life": "in_service", "external_id": f"ext-{n}"}  # fmt: skip
        street.bay_ids.append((await street.admin.post("/api/v1/bays", bay)).json()["bay_id"])


def draft(n: int, **more: Any) -> dict[str, Any]:
    return {"external_id": f"S-{n}", "bay_codes": [f"b-{n}"], "period_s": 600, "row": n + 2, **more}


def counts(result: dict[str, Any]) -> tuple[int, int, int, int]:
    return result["created"], result["updated"], result["unchanged"], len(result["refused"])


def test_devices_come_in_once_and_report_by_the_key_they_are_listed_under(
    tmp_path: Path, database_url: str | None
) -> None:
    async def work() -> None:
        clock = HandClock(START)
        async with running("parking", data=tmp_path, database_url=database_url, clock=clock) as system:
            street = Street(system, clock)
            await bays(street, 3)
            inventory = [
                draft(0, listed_under="G"), draft(1, bay_codes=None, bay_external_ids=["ext-1"]), {"external_id": "G"},
            ]  # fmt: skip
            assert counts(await sent(street, inventory, dry_run=True)) == (3, 0, 0, 0)
            assert (await street.admin.get("/api/v1/devices")).json()["devices"] == []
            made = await sent(street, inventory)
            assert counts(made) == (3, 0, 0, 0)
            again = await sent(street, inventory)
            assert counts(again) == (0, 0, 3, 0)
            ids = {one["external_id"]: one["device_id"] for one in made["devices"]}
            assert {one["external_id"]: one["device_id"] for one in again["devices"]} == ids
            assert {one["external_id"] for one in made["devices"] if one.get("code")} == {"G", "S-1"}
            assert not any(one.get("code") for one in again["devices"])
            code = next(one["code"] for one in made["devices"] if one["external_id"] == "G")
            assert (await street.gateway.post("/internal/v1/enrol", {"code": code})).status_code == 200
            key = (await street.gateway.get(f"/internal/v1/devices/{ids['G']}/key")).json()
            assert key["listed"] == [ids["S-0"]]
            report = {"device_id": ids["S-0"], "epoch": 1, "sequence": 1, "occupied": False}
            batch = {"device_id": ids["G"], "nonce": 1, "received_at": "2026-11-24T11:00:00Z", "reports": [report]}
            ack = (await street.gateway.post("/internal/v1/reports", batch)).json()[0]
            assert (ack["status"], ack["bay_id"], ack["occupancy"]) == ("applied", street.bay_ids[0], "free")
            seen = (await system.as_guest("parking").get("/api/v1/bays/nearest", lon=-0.37, lat=39.47)).json()["bays"]
            assert seen[0]["occupancy"] == "free"

    run(work())


def test_a_change_in_the_file_changes_that_device_alone_and_sensors_may_swap_their_bays(
    tmp_path: Path, database_url: str | None
) -> None:
    async def work() -> None:
        clock = HandClock(START)
        async with running("parking", data=tmp_path, database_url=database_url, clock=clock) as system:
            street = Street(system, clock)
            await bays(street, 3)
            made = await sent(street, [draft(0), draft(1), draft(2)])
            ids = {one["external_id"]: one["device_id"] for one in made["devices"]}
            street.device_ids = [ids["S-0"], ids["S-1"], ids["S-2"]]
            await street.take(*(street.report(n, 1, False) for n in range(3)))
            swapped = [draft(0, bay_codes=["B-1"]), draft(1, bay_codes=["B-0"]), draft(2, label="Norte", period_s=60)]
            assert counts(await sent(street, swapped)) == (0, 3, 0, 0)
            assert [street.state(n).told for n in range(3)] == [None, None, False]
            devices = {d["device_id"]: d for d in (await street.admin.get("/api/v1/devices")).json()["devices"]}
            assert [devices[ids[f"S-{n}"]]["bay_ids"] for n in range(3)] == [
                [street.bay_ids[1]], [street.bay_ids[0]], [street.bay_ids[2]],
            ]  # fmt: skip
            assert (devices[ids["S-2"]]["label"], devices[ids["S-2"]]["period_s"]) == ("Norte", 60)
            acks = await street.take(*(street.report(n, 2, True) for n in range(2)))
            assert [ack.bay_id for ack in acks] == [street.bay_ids[1], street.bay_ids[0]]
            assert counts(await sent(street, swapped)) == (0, 0, 3, 0)

    run(work())


def test_a_row_that_cannot_be_is_refused_with_its_reason_and_harms_no_other(tmp_path: Path) -> None:
    async def work() -> None:
        clock = HandClock(START)
        async with running("parking", data=tmp_path, clock=clock) as system:
            street = Street(system, clock)
            await bays(street, 3)
            await sent(street, [draft(0)])
            bad = [
                draft(0, kind="camera"), draft(7), draft(1), draft(1), draft(2, period_s=1),
                {"external_id": "S-8", "bay_codes": ["B-1"]}, {"external_id": "S-9", "listed_under": "nobody"},
                {"external_id": "", "bay_codes": ["B-2"]},
            ]  # fmt: skip
            result = await sent(street, bad)
            assert counts(result) == (1, 0, 0, 7)
            assert [row["slug"] for row in result["refused"]] == [
                "other-kind", "no-such-bay", "twice", "invalid", "bay-twice", "id-missing", "no-such-gateway",
            ]  # fmt: skip
            assert all(row["reason"] for row in result["refused"])

    run(work())


def test_only_who_may_manage_devices_there_brings_them_in(tmp_path: Path) -> None:
    async def work() -> None:
        clock = HandClock(START)
        async with running("parking", data=tmp_path, clock=clock) as system:
            street = Street(system, clock)
            await bays(street, 1)
            body = {"municipality_id": MUNICIPALITY, "devices": [draft(0)]}
            for caller, status in (
                (system.as_guest("parking"), 401),
                (system.as_person("parking", "police"), 403),
                (system.as_person("parking", "administrator", municipality_id=OTHER_MUNICIPALITY), 403),
            ):
                assert (await caller.post("/api/v1/devices/batch", body)).status_code == status
            elsewhere = system.as_person("parking", "installer", zone_ids=("another-zone",))
            refused = (await elsewhere.post("/api/v1/devices/batch", body)).json()["refused"]
            assert [row["slug"] for row in refused] == ["not-your-zone"]
            here = system.as_person("parking", "installer", zone_ids=(street.zone_id,))
            assert (await here.post("/api/v1/devices/batch", body)).json()["created"] == 1
            too_many = {**body, "devices": [{"external_id": f"X-{n}"} for n in range(5001)]}
            assert (await street.admin.post("/api/v1/devices/batch", too_many)).status_code == 422

    run(work())
