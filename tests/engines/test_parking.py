"""Parking on a real store of each engine: what it takes, refuses, keeps and shows."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from parking_town import START, street
from siga.kit.clock import HandClock, rfc3339
from siga.services.parking.tables import journal
from support import MUNICIPALITY, OTHER_MUNICIPALITY, run


def test_a_report_is_seen_by_the_nearest_search_when_it_is_acknowledged(
    tmp_path: Path, database_url: str | None
) -> None:
    async def work() -> None:
        async with street(tmp_path, database_url) as s:
            bay = await s.bay((await s.zone())["zone_id"], "C-1")
            sensor = await s.sensor(bay["bay_id"])
            ack = await s.say(sensor, 1, False)
            assert (ack["status"], ack["occupancy"], ack.get("authorisation")) == ("applied", "free", None)
            found = (await s.guest.get("/api/v1/bays/nearest", lon=-0.37, lat=39.471)).json()["bays"]
            assert [(b["bay_id"], b["occupancy"]) for b in found] == [(bay["bay_id"], "free")]
            assert 100 < found[0]["distance_m"] < 120

    run(work())


def test_a_repeat_a_late_and_an_old_report_each_get_their_word(tmp_path: Path, database_url: str | None) -> None:
    async def work() -> None:
        async with street(tmp_path, database_url) as s:
            bay = await s.bay((await s.zone())["zone_id"], "C-1")
            sensor = await s.sensor(bay["bay_id"])
            s.clock.forward(3600)
            now = s.clock()
            assert (await s.say(sensor, 5, True, observed_at=rfc3339(now)))["status"] == "applied"
            assert (await s.say(sensor, 5, True, observed_at=rfc3339(now)))["status"] == "repeated"
            late = await s.say(sensor, 4, False, observed_at=rfc3339(now - timedelta(minutes=5)))
            assert (late["status"], late["occupancy"]) == ("late", "occupied")
            assert (await s.say(sensor, 4, False, observed_at=rfc3339(now - timedelta(minutes=5))))[
                "status"
            ] == "repeated"
            old = await s.say(sensor, 6, False, observed_at=rfc3339(now - timedelta(days=8)))
            assert (old["status"], old["occupancy"]) == ("quarantined", "occupied")
            assert (await s.say(sensor, 6, False, observed_at=rfc3339(now - timedelta(days=8))))["status"] == "repeated"
            ahead = await s.say(sensor, 7, False, observed_at=rfc3339(now + timedelta(hours=3)))
            assert (ahead["status"], ahead["occupancy"], ahead["clock_suspect"]) == ("applied", "free", True)
            assert len(await s.events("ReportCameLate")) == 1

    run(work())


def test_one_bad_report_in_an_envelope_does_not_harm_the_others(tmp_path: Path, database_url: str | None) -> None:
    async def work() -> None:
        async with street(tmp_path, database_url) as s:
            bay = await s.bay((await s.zone())["zone_id"], "C-1")
            sensor = await s.sensor(bay["bay_id"])
            one = {"device_id": sensor, "epoch": 1, "occupied": True}
            nobodys, elsewhere = {"device_id": "nobody", "sequence": 1}, {"sequence": 2, "bay_id": "elsewhere"}
            changes = [{"sequence": 1}, nobodys, elsewhere, {"sequence": 3}]
            acks = await s.send(sensor, [{**one, **change} for change in changes])
            assert [a["status"] for a in acks] == ["applied", "rejected", "rejected", "applied"]
            assert all(a["detail"] for a in acks if a["status"] == "rejected")

    run(work())


def test_a_spent_nonce_is_refused_and_changes_nothing_even_after_a_restart(
    tmp_path: Path, database_url: str | None
) -> None:
    async def work() -> None:
        clock = HandClock(START)
        async with street(tmp_path, database_url, clock) as s:
            bay = await s.bay((await s.zone())["zone_id"], "C-1")
            sensor = await s.sensor(bay["bay_id"])
            await s.say(sensor, 1, False)
        async with street(tmp_path, database_url, clock) as s:
            report = {"device_id": sensor, "epoch": 1, "sequence": 2, "occupied": True}
            body = {"device_id": sensor, "nonce": 1, "received_at": rfc3339(clock()), "reports": [report]}
            answer = await s.gateway.post("/internal/v1/reports", body)
            assert (answer.status_code, answer.json()["type"]) == (401, "/problems/replayed")
            assert (await s.seen(bay["bay_id"]))["occupancy"] == "free"

    run(work())


def test_everything_is_there_again_after_a_restart(tmp_path: Path, database_url: str | None) -> None:
    async def work() -> None:
        clock = HandClock(START)
        async with street(tmp_path, database_url, clock) as s:
            bay = await s.bay((await s.zone())["zone_id"], "C-1")
            sensor = await s.sensor(bay["bay_id"])
            await s.say(sensor, 1, True)
            before = await s.seen(bay["bay_id"])
            hello = await s.gateway.post("/internal/v1/hello", {"device_id": sensor, "nonce": 100})
            assert hello.json()["epoch"] == 1
        async with street(tmp_path, database_url, clock) as s:
            assert await s.seen(bay["bay_id"]) == before
            hello = await s.gateway.post("/internal/v1/hello", {"device_id": sensor, "nonce": 101})
            assert hello.json()["epoch"] == 2, "epochs go on"
            await s.tick(300)
            assert [x["reason"] for x in await s.events("StaySuspected")] == ["unverified"], "deadlines are rebuilt"

    run(work())


def test_the_grace_over_tells_the_suspicion_once_with_its_mode(tmp_path: Path, database_url: str | None) -> None:
    async def work() -> None:
        async with street(tmp_path, database_url) as s:
            zone = await s.zone()
            bay = await s.bay(zone["zone_id"], "C-1")
            sensor = await s.sensor(bay["bay_id"])
            await s.say(sensor, 1, True)
            await s.tick(299)
            assert await s.events("StaySuspected") == []
            await s.tick(1)
            await s.tick(60)
            told = await s.events("StaySuspected")
            assert [(t["reason"], t["mode"], t["look"]) for t in told] == [("unverified", "enforcing", True)]

    run(work())


def test_a_bay_that_cannot_identify_asks_for_no_look(tmp_path: Path, database_url: str | None) -> None:
    async def work() -> None:
        async with street(tmp_path, database_url) as s:
            bay = await s.bay((await s.zone())["zone_id"], "C-1", identify=[])
            await s.say(await s.sensor(bay["bay_id"]), 1, True)
            await s.tick(300)
            assert [t["look"] for t in await s.events("StaySuspected")] == [False]

    run(work())


def test_a_planned_bay_opens_nothing(tmp_path: Path, database_url: str | None) -> None:
    async def work() -> None:
        async with street(tmp_path, database_url) as s:
            bay = await s.bay((await s.zone())["zone_id"], "C-1", life="commissioning")
            await s.say(await s.sensor(bay["bay_id"]), 1, True)
            await s.tick(300)
            assert await s.events("StaySuspected") == []

    run(work())


def test_silence_makes_the_bay_unknown(tmp_path: Path, database_url: str | None) -> None:
    async def work() -> None:
        async with street(tmp_path, database_url) as s:
            bay = await s.bay((await s.zone())["zone_id"], "C-1")
            await s.say(await s.sensor(bay["bay_id"]), 1, False)
            await s.tick(1500)
            assert (await s.seen(bay["bay_id"]))["occupancy"] == "unknown"

    run(work())


def test_a_swap_makes_the_bay_unknown_and_the_old_sensor_speaks_of_the_past(
    tmp_path: Path, database_url: str | None
) -> None:
    async def work() -> None:
        async with street(tmp_path, database_url) as s:
            bay = await s.bay((await s.zone())["zone_id"], "C-1")
            old = await s.sensor(bay["bay_id"])
            await s.say(old, 1, True)
            s.clock.forward(60)
            new = await s.sensor(bay["bay_id"])
            assert (await s.seen(bay["bay_id"]))["occupancy"] == "unknown"
            s.clock.forward(60)
            before_swap = rfc3339(s.clock() - timedelta(seconds=90))
            assert (await s.say(old, 2, False, observed_at=before_swap))["status"] == "late"
            assert (await s.say(old, 3, False))["status"] == "rejected"
            assert (await s.say(new, 1, False))["status"] == "applied"
            assert (await s.seen(bay["bay_id"]))["occupancy"] == "free"

    run(work())


def test_a_personal_bay_leaves_by_no_public_route_and_by_no_event(tmp_path: Path, database_url: str | None) -> None:
    async def work() -> None:
        async with street(tmp_path, database_url) as s:
            bay = await s.bay((await s.zone())["zone_id"], "P-1", personal_accreditation_id="a-1")
            sensor = await s.sensor(bay["bay_id"])
            await s.say(sensor, 1, False)
            assert (await s.guest.get("/api/v1/bays/nearest", lon=-0.37, lat=39.47, occupancy="any")).json()[
                "bays"
            ] == []
            assert (await s.guest.get("/api/v1/bays")).json()["bays"] == []
            assert (await s.guest.get(f"/api/v1/bays/{bay['bay_id']}")).status_code == 404
            assert [e["view"] for e in await s.events("BayChanged")] == [None] * len(await s.events("BayChanged"))
            assert (await s.admin.get(f"/api/v1/bays/{bay['bay_id']}")).status_code == 200
            other = s.system.as_person("parking", "administrator", municipality_id=OTHER_MUNICIPALITY)
            assert (await other.get(f"/api/v1/bays/{bay['bay_id']}")).status_code == 404

    run(work())


def test_another_towns_administrator_changes_nothing_here(tmp_path: Path, database_url: str | None) -> None:
    async def work() -> None:
        async with street(tmp_path, database_url) as s:
            zone = await s.zone()
            bay = await s.bay(zone["zone_id"], "C-1")
            other = s.system.as_person("parking", "administrator", municipality_id=OTHER_MUNICIPALITY)
            path = f"/api/v1/bays/{bay['bay_id']}"
            assert (await other.ask("PATCH", path, {"version": 1, "code": "X"})).status_code == 404
            assert (await s.guest.ask("PATCH", path, {"version": 1, "code": "X"})).status_code in (401, 404)
            police = s.system.as_person("parking", "police")
            assert (await police.ask("PATCH", path, {"version": 1, "code": "X"})).status_code == 403
            assert (await s.admin.get(path)).json()["code"] == "C-1"

    run(work())


def test_bad_input_gets_a_problem_of_its_own_kind_and_changes_nothing(tmp_path: Path, database_url: str | None) -> None:
    async def work() -> None:
        async with street(tmp_path, database_url) as s:
            zone = await s.zone()
            bay = {"zone_id": zone["zone_id"], "code": "C-1", "category": "disabled", "lon": -0.37, "lat": 39.47}
            for body, status, kind in (
                ({**bay, "lon": 200}, 422, "off-the-earth"), ({**bay, "unknown": 1}, 422, "invalid"),
                ({**bay, "category": "nobody"}, 422, "invalid"), ({**bay, "code": ""}, 422, "invalid"),
            ):  # fmt: skip
                answer = await s.admin.post("/api/v1/bays", body)
                assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{kind}"), body
            broken = await s.admin.ask(
                "POST", "/api/v1/bays", content=b"{", headers={"content-type": "application/json"}
            )
            assert (broken.status_code, broken.json()["type"]) == (400, "/problems/malformed")
            assert (await s.guest.get("/api/v1/bays/nearest", lon=0, lat=99)).json()[
                "type"
            ] == "/problems/off-the-earth"
            assert (await s.admin.get("/api/v1/bays")).json()["bays"] == []

    run(work())


def test_a_camera_is_not_enabled_without_its_resolution(tmp_path: Path, database_url: str | None) -> None:
    async def work() -> None:
        async with street(tmp_path, database_url) as s:
            bay = await s.bay((await s.zone())["zone_id"], "C-1")
            camera = (await s.admin.post("/api/v1/devices", {"municipality_id": MUNICIPALITY, "kind": "camera",
                                                             "bay_ids": [bay["bay_id"]]})).json()["device"]  # fmt: skip
            assert camera["enabled"] is False
            path = f"/api/v1/devices/{camera['device_id']}"
            refused = await s.admin.ask("PATCH", path, {"enabled": True})
            assert refused.json()["type"] == "/problems/camera-needs-resolution"
            allowed = {"enabled": True, "resolution_id": "R-1", "custody_body": "Policía Local"}
            assert (await s.admin.ask("PATCH", path, allowed)).json()["enabled"] is True

    run(work())


def test_an_enrolment_code_works_once(tmp_path: Path, database_url: str | None) -> None:
    async def work() -> None:
        async with street(tmp_path, database_url) as s:
            bay = await s.bay((await s.zone())["zone_id"], "C-1")
            body = {"municipality_id": MUNICIPALITY, "kind": "bay_sensor", "bay_ids": [bay["bay_id"]]}
            code = (await s.admin.post("/api/v1/devices", body)).json()["code"]
            assert (await s.gateway.post("/internal/v1/enrol", {"code": code.lower()})).status_code == 200
            again = await s.gateway.post("/internal/v1/enrol", {"code": code})
            assert (again.status_code, again.json()["type"]) == (403, "/problems/bad-code")

    run(work())


def test_a_revoked_device_reports_nothing_and_its_bay_is_unmonitored(tmp_path: Path, database_url: str | None) -> None:
    async def work() -> None:
        async with street(tmp_path, database_url) as s:
            bay = await s.bay((await s.zone())["zone_id"], "C-1")
            sensor = await s.sensor(bay["bay_id"])
            await s.say(sensor, 1, False)
            await s.admin.post(f"/api/v1/devices/{sensor}/revoke")
            assert (await s.gateway.get(f"/internal/v1/devices/{sensor}/key")).status_code == 404
            report = {"device_id": sensor, "epoch": 1, "sequence": 2, "occupied": True}
            body = {"device_id": sensor, "nonce": 2, "received_at": rfc3339(s.clock()), "reports": [report]}
            refused = await s.gateway.post("/internal/v1/reports", body)
            assert (refused.status_code, refused.json()["type"]) == (401, "/problems/key-ended")
            assert (await s.seen(bay["bay_id"]))["occupancy"] == "unmonitored"

    run(work())


def test_unmonitored_bays_follow_when_too_few_are_free(tmp_path: Path, database_url: str | None) -> None:
    async def work() -> None:
        async with street(tmp_path, database_url) as s:
            zone = await s.zone()
            near = await s.bay(zone["zone_id"], "N", lat=39.4701)
            far = await s.bay(zone["zone_id"], "F", lat=39.48)
            await s.say(await s.sensor(far["bay_id"]), 1, False)
            found = (await s.guest.get("/api/v1/bays/nearest", lon=-0.37, lat=39.47)).json()["bays"]
            assert [(b["bay_id"], b["occupancy"]) for b in found] == [
                (far["bay_id"], "free"), (near["bay_id"], "unmonitored"),
            ]  # fmt: skip

    run(work())


def test_an_import_again_changes_nothing_and_a_dry_run_only_tells(tmp_path: Path, database_url: str | None) -> None:
    async def work() -> None:
        async with street(tmp_path, database_url) as s:
            csv = b"id,lon,lat,barrio\n1,-0.37,39.47,Ruzafa\n2,-0.38,39.47,Ruzafa\n3,999,39.47,Ruzafa\n"
            params = {"municipality_id": MUNICIPALITY, "filename": "x.csv", "category": "disabled"}

            async def send(**more: Any) -> dict[str, Any]:
                answer = await s.admin.ask("POST", "/api/v1/bays/import", content=csv, params={**params, **more},
                                           headers={"content-type": "text/csv"})  # fmt: skip
                assert answer.status_code == 200, answer.text
                return dict(answer.json())

            preview = await send(dry_run="true")
            assert (preview["created"], len(preview["refused"]), len(preview["preview"])) == (2, 1, 2)
            assert (await s.guest.get("/api/v1/bays")).json()["bays"] == []
            assert (await send())["created"] == 2
            again = await send()
            assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 2)
            shown = (await s.guest.get("/api/v1/bays/nearest", lon=-0.37, lat=39.47)).json()["bays"]
            assert [b["occupancy"] for b in shown] == ["unmonitored", "unmonitored"]

    run(work())


def test_a_page_of_bays_is_followed_by_the_next(tmp_path: Path, database_url: str | None) -> None:
    async def work() -> None:
        async with street(tmp_path, database_url) as s:
            zone = await s.zone()
            ids = [(await s.bay(zone["zone_id"], f"C-{n}"))["bay_id"] for n in range(5)]
            first = (await s.guest.get("/api/v1/bays", limit=3)).json()
            second = (await s.guest.get("/api/v1/bays", limit=3, cursor=first["next"])).json()
            assert [b["bay_id"] for b in first["bays"] + second["bays"]] == sorted(ids)
            assert second["next"] is None
            features = await s.guest.ask("GET", "/api/v1/bays", headers={"accept": "application/geo+json"})
            assert features.json()["type"] == "FeatureCollection"

    run(work())


def test_one_bay_answers_not_modified_until_it_changes(tmp_path: Path, database_url: str | None) -> None:
    async def work() -> None:
        async with street(tmp_path, database_url) as s:
            bay = await s.bay((await s.zone())["zone_id"], "C-1")
            sensor = await s.sensor(bay["bay_id"])
            await s.say(sensor, 1, False)
            path = f"/api/v1/bays/{bay['bay_id']}"
            tag = (await s.guest.get(path)).headers["etag"]
            assert (await s.guest.ask("GET", path, headers={"if-none-match": tag})).status_code == 304
            await s.say(sensor, 2, True)
            assert (await s.guest.ask("GET", path, headers={"if-none-match": tag})).status_code == 200

    run(work())


def test_a_stale_version_is_refused(tmp_path: Path, database_url: str | None) -> None:
    async def work() -> None:
        async with street(tmp_path, database_url) as s:
            bay = await s.bay((await s.zone())["zone_id"], "C-1")
            path = f"/api/v1/bays/{bay['bay_id']}"
            assert (await s.admin.ask("PATCH", path, {"version": 1, "address": "Calle Ancha, 1"})).json()[
                "version"
            ] == 2
            assert (await s.admin.ask("PATCH", path, {"version": 1, "address": "x"})).status_code == 409

    run(work())


def test_who_had_parked_leaves_the_journal_after_three_days(tmp_path: Path, database_url: str | None) -> None:
    async def work() -> None:
        async with street(tmp_path, database_url) as s:
            bay = await s.bay((await s.zone())["zone_id"], "C-1")
            await s.say(await s.sensor(bay["bay_id"]), 1, True, credential="a" * 64)
            parking = s.system.system.services["parking"].extra["parking"]
            for hours, left in ((71, ["a" * 64]), (2, [None])):
                s.clock.forward(hours * 3600)
                await parking.sweep()
                kept = await parking._database.read(lambda conn: journal.read(conn, 0, 100))
                assert [e.decoded().subject for e in kept if e.kind == "BayChanged"][-1:] == left

    run(work())


def test_addresses_are_found_by_words_and_without_any_by_the_bays_streets(
    tmp_path: Path, database_url: str | None
) -> None:
    async def work() -> None:
        async with street(tmp_path, database_url) as s:
            await s.bay((await s.zone())["zone_id"], "C-1", address="Calle de la Fuente, 43")
            found = (await s.guest.get("/api/v1/addresses", q="fuente")).json()["addresses"]
            assert [a["source"] for a in found] == ["bay"]
            rows = [{"street": "Avenida de España", "number": "7", "lon": -0.37, "lat": 39.47}]
            body = {"municipality_id": MUNICIPALITY, "addresses": rows}
            assert (await s.admin.post("/api/v1/addresses/batch", body)).json() == {"created": 1}
            assert (await s.admin.post("/api/v1/addresses/batch", body)).json() == {"created": 0}
            found = (await s.guest.get("/api/v1/addresses", q="ESPANA 7")).json()["addresses"]
            assert [a["label"] for a in found] == ["Avenida de España, 7"]
            assert (await s.guest.get("/api/v1/addresses", q="nowhere")).json()["addresses"] == []

    run(work())


def test_a_deadline_that_changes_nothing_is_not_looked_at_again_at_once(tmp_path: Path) -> None:
    """A longest stay under hours that never begin again is over for ever, and wants nobody."""

    async def work() -> None:
        async with street(tmp_path, None, HandClock(START)) as s:
            bay = await s.bay((await s.zone())["zone_id"], "H-1")
            rule = {
                "municipality_id": MUNICIPALITY,
                "hours": "2020 Mo-Su 08:00-10:00",
                "max_stay_min": 10,
                "grace_s": 5,
            }
            assert (await s.admin.post("/api/v1/rules", rule)).status_code == 201
            await s.say(await s.sensor(bay["bay_id"]), 1, True)
            parking = s.system.system.services["parking"].extra["parking"]
            await s.tick(700)
            looked = [await parking.tick() for _ in range(20)]
            assert sum(looked) <= 1
            assert await s.events("StaySuspected") == []

    run(work())
