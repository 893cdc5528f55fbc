"""The five flows through the two doors of a started process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import msgspec

from siga.bench.device import Device
from siga.bench.started import CENTRE, Town, started
from siga.demo.pictures import draw_scene
from support import run, shared

PLATE, CARD = "1234RBC", "04A1B2C3D4E5F6"


async def taken(town: Town, path: str, body: dict[str, Any]) -> httpx.Response:
    """What is answered to somebody at a bay that was made just now, once Drivers has heard of it."""

    async def ask() -> httpx.Response | None:
        answer = await town.users.post(path, json=body)
        return answer if answer.status_code < 300 else None

    answer: httpx.Response = await until(f"{path} about a new bay", ask)
    return answer


async def until(what: str, ask: Callable[[], Awaitable[Any]], limit_s: float = 20.0) -> Any:
    """What `ask` answers once it is true; fails by name when it never is."""
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        found = await ask()
        if found:
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(f"did not happen within {limit_s} s: {what}")


async def accreditation(town: Town, **more: Any) -> dict[str, Any]:
    """An accreditation for a disabled bay, with its claim code."""
    body = {"category": "disabled", "issuer": "Villa Banco", "number": "D-100200", "holder": "Ana Pérez Gil",
            "valid_from": "2026-01-01", "valid_to": "2030-12-31",
            "municipality_id": town.municipality_id, **more}  # fmt: skip
    return dict(await town.ask("POST", "/api/v1/accreditations", body))


async def seen(town: Town, bay_id: str) -> dict[str, Any]:
    """The bay as anyone sees it."""
    return dict((await town.users.get(f"/api/v1/bays/{bay_id}")).json())


async def staff_sees(town: Town, bay_id: str) -> dict[str, Any]:
    """The bay as the administrator sees it."""
    return dict(await town.ask("GET", f"/api/v1/bays/{bay_id}"))


def test_a_report_reaches_the_search_the_live_stream_and_the_history(tmp_path: Path) -> None:
    async def work() -> None:
        async with started(tmp_path) as town:
            bay_id = await town.bay(await town.zone(), "C-1")
            sensor = await town.device("bay_sensor", bay_id)
            told: list[dict[str, Any]] = []
            opened = asyncio.Event()

            async def listen() -> None:
                box = f"{CENTRE[0] - 0.1},{CENTRE[1] - 0.1},{CENTRE[0] + 0.1},{CENTRE[1] + 0.1}"
                async with town.users.stream("GET", "/api/v1/live", params={"bbox": box}, timeout=None) as stream:
                    kind = ""
                    async for line in stream.aiter_lines():
                        if line.startswith("event:"):
                            kind = line[6:].strip()
                            opened.set()
                        elif line.startswith("data:") and kind == "bay":
                            body = msgspec.json.decode(line[5:])
                            told.extend(body if isinstance(body, list) else [body])

            listening = asyncio.create_task(listen())
            await asyncio.wait_for(opened.wait(), 10)
            assert (await sensor.say(False))["status"] == "applied"
            nearest = (await town.users.get("/api/v1/bays/nearest", params={"lon": CENTRE[0], "lat": CENTRE[1]})).json()
            assert [(b["code"], b["occupancy"]) for b in nearest["bays"]] == [("C-1", "free")]
            await sensor.say(True)

            async def is_told() -> bool:
                return any(b["bay_id"] == bay_id and b["occupancy"] == "occupied" for b in told)

            await until("the live stream tells it", is_told, 5)
            listening.cancel()
            await sensor.say(False)

            async def stays() -> list[dict[str, Any]]:
                page = await town.ask("GET", f"/api/v1/history/bays/{bay_id}/stays")
                return [s for s in page["stays"] if s["ended_at"]]

            assert len(await until("history folds the stay", stays, 10)) == 1

    run(work(), 120)


def test_a_driver_is_given_the_nearest_free_bays_as_json_and_as_features(tmp_path: Path) -> None:
    async def work() -> None:
        async with started(tmp_path) as town:
            zone = await town.zone()
            ids = [await town.bay(zone, f"C-{n}", lon=CENTRE[0] + n * 0.001) for n in range(4)]
            for n, bay_id in enumerate(ids[:3]):
                await (await town.device("bay_sensor", bay_id)).say(n == 0)
            where = {"lon": CENTRE[0], "lat": CENTRE[1]}
            found = (await town.users.get("/api/v1/bays/nearest", params=where)).json()["bays"]
            assert [(b["code"], b["occupancy"]) for b in found] == [
                ("C-1", "free"), ("C-2", "free"), ("C-3", "unmonitored"),
            ]  # fmt: skip
            await taken(town, "/api/v1/doubts", {"bay_id": ids[1]})

            async def doubtful() -> bool:
                return (await seen(town, ids[1]))["occupancy"] == "doubtful"

            await until("the doubt is shown", doubtful, 5)
            found = (await town.users.get("/api/v1/bays/nearest", params=where)).json()["bays"]
            assert [b["code"] for b in found] == ["C-2", "C-3", "C-1"], "doubtful ones come last"
            box = await town.users.get("/api/v1/bays", headers={"accept": "application/geo+json"})
            assert {f["properties"]["code"] for f in box.json()["features"]} == {"C-0", "C-1", "C-2", "C-3"}

    run(work(), 120)


def test_a_card_authorises_and_its_revocation_is_felt_at_once(tmp_path: Path) -> None:
    async def work() -> None:
        async with started(tmp_path) as town:
            await town.set("parking.grace_s", 1)
            bay_id = await town.bay(await town.zone(), "C-1")
            sensor = await town.device("bay_sensor", bay_id)
            given = await accreditation(town, cards=[{"uid": CARD}])
            await asyncio.sleep(0.3)
            ack = await sensor.say(True, credential_uid=CARD)
            assert ack["authorisation"] == "authorised"
            await town.ask("POST", f"/api/v1/accreditations/{given['accreditation']['accreditation_id']}/revoke", {})

            async def unauthorised() -> bool:
                return (await staff_sees(town, bay_id))["authorisation"] == "unauthorised"

            await until("the revocation reaches Parking", unauthorised, 5)
            short = await sensor.say(True, credential_uid="04A1")
            assert short["status"] == "rejected", "a UID of a wrong length"

    run(work(), 120)


def test_a_claimed_accreditation_checks_in_a_guest_declares_and_each_keeps_a_receipt(tmp_path: Path) -> None:
    async def work() -> None:
        async with started(tmp_path) as town:
            await town.set("parking.grace_s", 600)
            zone = await town.zone()
            mine, guests = await town.bay(zone, "C-1"), await town.bay(zone, "C-2")
            sensors = [await town.device("bay_sensor", b) for b in (mine, guests)]
            for sensor in sensors:
                await sensor.say(True)
            driver = await town.person("driver", "driver@town.example")
            code = (await accreditation(town))["claim_code"]
            await town.ask("POST", "/api/v1/accreditations/claim", {"code": code}, token=driver)
            again = await town.users.post("/api/v1/accreditations/claim", json={"code": code},
                                          headers={"authorization": f"Bearer {driver}"})  # fmt: skip
            assert again.status_code >= 400, "a claim code works once"
            check_in = await town.ask("POST", "/api/v1/check-ins", {"bay_id": mine}, token=driver)
            body = {"bay_id": guests, "issuer": "Ayuntamiento de Otra", "card_number": "X-1",
                    "expires_on": "2030-01-01", "plate": "9999RBC"}  # fmt: skip
            guest = await town.users.post("/api/v1/check-ins/guest", json=body)
            assert guest.status_code < 300, guest.text

            async def both() -> bool:
                words = [(await staff_sees(town, b))["authorisation"] for b in (mine, guests)]
                return words == ["authorised", "declared"]

            await until("check-ins reach Parking", both, 5)
            await sensors[0].say(False)

            async def receipt() -> Any:
                path = f"/api/v1/check-ins/{check_in['check_in_id']}/receipt"
                answer = await town.users.get(path, headers={"authorization": f"Bearer {driver}"})
                return answer.json() if answer.status_code == 200 else None

            paper = await until("the receipt is there", receipt, 10)
            checked = await town.users.post("/api/v1/history/receipts/verify", json={"receipt": paper["receipt"]})
            assert checked.json()["valid"] is True
            forged = paper["receipt"][:-4] + ("AAAA" if paper["receipt"][-4:] != "AAAA" else "BBBB")
            checked = await town.users.post("/api/v1/history/receipts/verify", json={"receipt": forged})
            assert checked.json()["valid"] is False

    run(work(), 120)


async def _camera(device: Device, photo: bytes) -> None:
    while True:
        answer = await device.ask("GET", "/sensors/v1/tasks", "wait_s=20")
        for task in answer.json()["tasks"]:
            path = f"/sensors/v1/photos/{task['case_id']}"
            sent = await device.ask("PUT", path, body=photo, content_type="image/jpeg")
            assert sent.status_code < 300, sent.text


async def _case(town: Town, officer: str, bay_id: str, state: str = "open") -> dict[str, Any] | None:
    page = await town.ask("GET", f"/api/v1/cases?state={state}&limit=50", token=officer)
    return next((c for c in page["cases"] if c["bay_id"] == bay_id), None)


def test_a_car_without_a_card_becomes_a_case_and_the_reporter_hears_the_outcome(
    tmp_path: Path,
) -> None:
    photograph = sorted(shared("data", "plates", "eu").glob("*.jpg"))[0]
    truth = photograph.with_suffix(".txt").read_text().split("\t")[5].strip()

    async def work() -> None:
        async with started(tmp_path) as town:
            officer = await town.person("police", "officer@town.example")
            await town.set("parking.grace_s", 2)
            bay_id = await town.bay(await town.zone(), "C-1")
            sensor, camera = await town.device("bay_sensor", bay_id), await town.device("camera", bay_id)
            shooting = asyncio.create_task(_camera(camera, photograph.read_bytes()))
            nobody = await taken(town, "/api/v1/reports", {"bay_id": bay_id, "kind": "misuse"})
            assert nobody.json()["status"] == "nobody_available", "nobody is on duty"
            await town.ask("PUT", "/api/v1/cases/duty", {"on": True}, token=officer)
            await sensor.say(True)

            async def complete() -> Any:
                case = await _case(town, officer, bay_id)
                return case if case and case["complete"] and case.get("plate") else None

            case = await until("the case is complete", complete, 30)
            table = str.maketrans("OQI", "001")
            assert case["plate"]["plate"].translate(table) == truth.translate(table)
            assert shooting.done() is False
            shooting.cancel()
            photo = await town.users.get(f"/api/v1/cases/{case['case_id']}/photos/{case['photo_ids'][0]}",
                                         headers={"authorization": f"Bearer {officer}"})  # fmt: skip
            assert (photo.status_code, photo.headers["content-type"]) == (200, "image/jpeg")
            assert "sandbox" in photo.headers["content-security-policy"]
            assert photo.headers["content-disposition"].startswith("attachment")
            assert photo.headers["x-content-type-options"] == "nosniff"
            refused = await town.users.get(
                f"/api/v1/cases/{case['case_id']}", headers={"authorization": f"Bearer {town.token}"}
            )
            assert refused.status_code in (403, 404), "the administrator sees no evidence"
            follow = {"X-Follow-Code": nobody.json()["follow_code"]}
            report = f"/api/v1/reports/{nobody.json()['report_id']}"
            path = f"/api/v1/cases/{case['case_id']}"
            case = await town.ask("POST", f"{path}/acknowledge", {"version": case["version"]}, token=officer)
            case = await town.ask("POST", f"{path}/dispatch", {"version": case["version"]}, token=officer)

            async def on_the_way() -> bool:
                return (await town.users.get(report, headers=follow)).json()["status"] == "on_the_way"

            await until("the reporter hears that an officer is coming", on_the_way, 10)
            body = {"version": case["version"], "outcome": "warned", "reason": "Windscreen without a badge"}
            await town.ask("POST", f"{path}/resolve", body, token=officer)

            async def outcome() -> Any:
                answer = (await town.users.get(report, headers=follow)).json()
                return answer if answer["status"] == "resolved" else None

            told = await until("the reporter hears the outcome", outcome, 10)
            assert told["outcome"] == "acted"
            assert truth not in str(told)

    run(work(), 180)


def test_a_plate_that_is_accredited_withdraws_the_case(tmp_path: Path) -> None:
    async def work() -> None:
        async with started(tmp_path) as town:
            officer = await town.person("police", "officer@town.example")
            await town.set("parking.grace_s", 2)
            bay_id = await town.bay(await town.zone(), "C-1")
            sensor, camera = await town.device("bay_sensor", bay_id), await town.device("camera", bay_id)
            await accreditation(town, plates=[{"plate": PLATE}])
            shooting = asyncio.create_task(_camera(camera, draw_scene(PLATE, seed=3)))
            await sensor.say(True)

            async def withdrawn() -> Any:
                return await _case(town, officer, bay_id, "withdrawn")

            await until("the case is withdrawn", withdrawn, 30)
            shooting.cancel()

            async def authorised() -> bool:
                return (await staff_sees(town, bay_id))["authorisation"] == "authorised"

            await until("Parking hears it", authorised, 5)

    run(work(), 180)


def test_a_zone_that_observes_only_opens_nothing_and_says_what_it_would_have(tmp_path: Path) -> None:
    async def work() -> None:
        async with started(tmp_path) as town:
            officer = await town.person("police", "officer@town.example")
            await town.set("parking.grace_s", 1)
            bay_id = await town.bay(await town.zone(mode="observe_only"), "C-1")
            await (await town.device("bay_sensor", bay_id)).say(True)

            async def would() -> Any:
                page = await town.ask("GET", "/api/v1/cases/would-have")
                return next(
                    (w for w in next(v for v in page.values() if isinstance(v, list)) if w["bay_id"] == bay_id), None
                )

            await until("what it would have opened is kept", would, 15)
            assert await _case(town, officer, bay_id, "all") is None

    run(work(), 120)


def test_a_changed_setting_is_in_force_everywhere_counted_and_rolled_back(tmp_path: Path) -> None:
    async def work() -> None:
        async with started(tmp_path) as town:
            path = "/api/v1/config/settings/parking.grace_s"
            bad = await town.users.put(path, json={"value": -1, "municipality_id": town.municipality_id},
                                       headers={"authorization": f"Bearer {town.token}"})  # fmt: skip
            assert (bad.status_code, bad.json()["errors"][0]["pointer"]) == (422, "/value")
            await town.set("parking.grace_s", 42)

            async def everywhere() -> Any:
                applied = await town.ask("GET", "/api/v1/config/applied")
                return applied if applied["in_force"] == applied["of"] == 9 else None

            await until("nine of nine", everywhere, 10)
            value = (await town.ask("GET", path, params={"municipality_id": town.municipality_id}))["value"]
            assert value == 42
            revisions = (await town.ask("GET", "/api/v1/config/revisions"))["revisions"]
            await town.set("parking.grace_s", 43)
            await town.ask("POST", f"/api/v1/config/revisions/{revisions[0]['revision']}/roll-back", {})
            value = (await town.ask("GET", path, params={"municipality_id": town.municipality_id}))["value"]
            assert value == 42
            guest = await town.users.put(path, json={"value": 1})
            assert guest.status_code == 401

    run(work(), 120)


def test_a_requests_records_are_found_under_its_id_and_hold_no_secret(tmp_path: Path) -> None:
    async def work() -> None:
        async with started(tmp_path) as town:
            operator = await town.person("operator", "operator@town.example")
            await accreditation(town, cards=[{"uid": CARD}], plates=[{"plate": PLATE}])
            bay_id = await town.bay(await town.zone(), "C-1")
            await (await town.device("bay_sensor", bay_id)).say(True, credential_uid=CARD)
            wrong = await town.users.get("/api/v1/bays/nothing", headers={"X-Request-ID": "look-for-me-1"})
            assert wrong.headers["X-Request-ID"] == "look-for-me-1"

            async def found() -> Any:
                page = await town.ask("GET", "/api/v1/logs", token=operator, params={"request_id": "look-for-me-1"})
                return page["records"]

            records = await until("the records are stored", found, 10)
            assert {r["service"] for r in records} >= {"parking"}
            everything = str(await town.ask("GET", "/api/v1/logs", token=operator, params={"limit": 1000}))
            for secret in (
                CARD,
                CARD.lower(),
                PLATE,
                "Ana Pérez",
                "D-100200",
                town.token,
                town.password,
                "pass phrase",
            ):
                assert secret not in everything, "a secret stands in the logs"

    run(work(), 120)


def test_what_must_not_be_reached_is_not(tmp_path: Path) -> None:
    async def work() -> None:
        async with started(tmp_path) as town:
            for path in ("/internal/v1/events", "/api/v1/../../internal/v1/municipalities", "/api/v1/nothing", "/demo"):
                answer = await town.users.get(path)
                assert answer.status_code in (400, 404), path
            for path in ("/api/v1/users", "/api/v1/accreditations", "/api/v1/cases", "/api/v1/devices",
                         "/api/v1/logs", "/api/v1/config/settings"):  # fmt: skip
                answer = await town.users.get(path)
                assert answer.status_code == 401, path
                assert answer.json()["type"].startswith("/problems/")
            sensors = await town.sensors.get("/api/v1/bays/nearest", params={"lon": 0, "lat": 0})
            assert sensors.status_code == 404, "each door opens its own rooms"
            health = [(await town.users.get(p)).status_code for p in ("/healthz", "/readyz", "/metrics")]
            assert health == [200, 200, 200]
            document = (await town.users.get("/api/openapi.json")).json()
            assert document["openapi"].startswith("3.1")
            assert not [p for p in document["paths"] if "internal" in p]

    run(work(), 120)


def test_everything_is_there_after_a_clean_restart(tmp_path: Path) -> None:
    async def work() -> None:
        password = "a pass phrase for two starts"
        async with started(tmp_path, password=password) as town:
            await town.set("parking.grace_s", 77)
            bay_id = await town.bay(await town.zone(), "C-1")
            sensor = await town.device("bay_sensor", bay_id)
            await sensor.say(True)
            before = await seen(town, bay_id)
            report = (await taken(town, "/api/v1/reports", {"bay_id": bay_id, "kind": "misuse"})).json()
        async with started(tmp_path, password=password) as town:
            assert town.setup_code is None
            assert await seen(town, bay_id) == before
            sensor._client = httpx.AsyncClient(base_url=town.sensors_url)
            assert (await sensor.say(False))["status"] == "applied"
            path = f"/api/v1/reports/{report['report_id']}"
            again = await town.users.get(path, headers={"X-Follow-Code": report["follow_code"]})
            assert again.status_code == 200
            value = await town.ask("GET", "/api/v1/config/settings/parking.grace_s",
                                   params={"municipality_id": town.municipality_id})  # fmt: skip
            assert value["value"] == 77
            await sensor._client.aclose()

    run(work(), 120)
