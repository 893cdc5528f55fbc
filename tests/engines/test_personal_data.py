"""A person's rights: everything about them in one export, and nothing of them anywhere once they are erased."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from attacker import dump
from drivers_town import StandIn
from personal_town import NOW, STORES, PersonalTown, Somebody, done, hits, personal_town, until
from siga.contract.subjects import SUBJECT_SERVICES
from siga.kit.auth import Keyring
from siga.kit.clock import HandClock
from siga.services.users.service.erasures import PROOF_TYPE
from support import OTHER_MUNICIPALITY, run, running


def sections(export: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    return {one["key"]: one["rows"] for one in export["sections"]}


async def two_people(town: PersonalTown) -> tuple[Somebody, Somebody]:
    people = [await town.person(n) for n in (1, 2)]
    for who in people:
        await town.live(who)
    await town.caught_up()
    return people[0], people[1]


async def own_export(town: PersonalTown, who: Somebody) -> dict[str, Any]:
    return done(await town.as_me("users", who).get("/api/v1/privacy/export"))


def test_the_export_holds_what_every_service_knows_of_a_person_and_nothing_of_another(tmp_path: Path) -> None:
    async def walk() -> None:
        async with personal_town(tmp_path) as town:
            me, other = await two_people(town)
            began = time.monotonic()
            export = await own_export(town, me)
            assert time.monotonic() - began < 60
            assert export["missing"] == []
            found = sections(export)
            assert set(found) >= {
                "users.people", "users.grants", "users.sessions", "users.accreditations", "drivers.favourites",
                "drivers.check_ins", "drivers.ratings", "drivers.reports", "drivers.doubts", "history.stays",
                "parking.readings", "enforcement.cases", "images.photos",
            }  # fmt: skip
            text = str(export)
            for word in (me.name, me.email, me.holder, me.plate, me.label, me.note, me.comment, me.agent):
                assert word in text, f"the export leaves out {word}"
            for word in other.words():
                assert word not in text, "something of another person is in the export"
            assert me.remark not in text, "an officer's notes are not the person's"
            assert found["history.stays"][0]["bay_id"] == me.bay_id
            assert [row["photo_id"] for row in found["images.photos"]] == me.photo_ids

    run(walk(), 120)


def test_a_clerk_gets_their_own_towns_part_of_a_person_who_is_theirs(tmp_path: Path) -> None:
    async def walk() -> None:
        async with personal_town(tmp_path) as town:
            me, _ = await two_people(town)
            path = f"/api/v1/privacy/people/{me.user_id}/export"
            found = sections(done(await town.staff("users", "administrator").get(path)))
            assert {row["municipality_id"] for row in found["history.stays"]} == {town.municipality_id}
            assert "users.sessions" not in found, "where somebody signs in is no business of the town's"
            assert not any(key.startswith("logs.") for key in found)
            stranger = town.system.as_person("users", "administrator", municipality_id=OTHER_MUNICIPALITY)
            assert (await stranger.get(path)).status_code == 404
            erasure = f"/api/v1/privacy/people/{me.user_id}/erasure"
            assert (await stranger.post(erasure, {})).status_code == 404
            for role in ("police", "operator", "installer", "auditor"):
                assert (await town.staff("users", role).get(path)).status_code == 403, role

    run(walk(), 120)


def test_export_and_erasure_ask_for_a_fresh_confirmation(tmp_path: Path) -> None:
    async def walk() -> None:
        async with personal_town(tmp_path, "config", "users", "parking") as town:
            me = await town.person(1)
            town_clock = town.clock()
            stale = town.system.as_person("users", "driver", municipality_id="", user_id=me.user_id,
                                          confirmed_at=town_clock)  # fmt: skip
            town.clock.forward(301)
            for answer in (
                await stale.get("/api/v1/privacy/export"), await stale.post("/api/v1/privacy/erasure", {}),
            ):  # fmt: skip
                assert answer.json()["type"].endswith("/step-up"), answer.text
            guest = town.system.as_guest("users")
            assert (await guest.get("/api/v1/privacy/export")).status_code == 401

    run(walk(), 60)


def test_after_an_erasure_nothing_of_the_person_stands_in_any_store_file_queue_log_or_journal(tmp_path: Path) -> None:
    async def walk() -> None:
        async with personal_town(tmp_path) as town:
            me, other = await two_people(town)
            words = [word for word in me.words() if word != me.accreditation_id]
            before = {word for _, word in hits(tmp_path, words)}
            assert {me.user_id, me.name, me.email, me.label, me.comment, me.agent, me.card} <= before, "a weak test"
            begun = done(await town.as_me("users", me).post("/api/v1/privacy/erasure", {"surrender": True}))
            view = await town.erased(begun["erasure"]["erasure_id"], begun["follow_code"])
            assert {name: part["state"] for name, part in view["parts"].items()} == dict.fromkeys(
                ("users", *SUBJECT_SERVICES), "done"
            )
            for key in ("drivers.check_ins", "drivers.favourites", "drivers.reports", "history.stays",
                        "enforcement.cases", "images.photos"):  # fmt: skip
                assert view["parts"][key.partition(".")[0]]["erased"][key] >= 1, key
            assert not [kept for part in view["parts"].values() for kept in part["kept"]]
            assert hits(tmp_path, words) == []
            theirs = await own_export(town, other)
            assert all(word in str(theirs) for word in (other.name, other.holder, other.label, other.note))
            claims = Keyring.open(tmp_path / "keys", ()).verify_document(view["proof"], PROOF_TYPE)
            assert claims["erasure_id"] == view["erasure_id"]
            assert not [word for word in me.words() if word in str(claims)]
        assert hits(tmp_path, words) == [], "nor after a stop"
        assert {name for name, _ in hits(tmp_path, [me.accreditation_id])} <= {"logs/logs.db"}
        for (store, table), rows in dump(tmp_path).items():
            if me.accreditation_id in str(rows):
                assert (store, table) == ("logs", "audit_records"), "what a clerk did stays told, by a number"
        assert not [p for p in (tmp_path / "images").rglob("*") if p.is_file() and me.photo_ids[0] in p.name]

    run(walk(), 180)


def test_who_keeps_the_accreditation_loses_the_account_and_is_told_so(tmp_path: Path) -> None:
    async def walk() -> None:
        async with personal_town(tmp_path) as town:
            me = await town.person(1)
            await town.live(me)
            await town.caught_up()
            begun = done(await town.as_me("users", me).post("/api/v1/privacy/erasure", {}))
            view = await town.erased(begun["erasure"]["erasure_id"], begun["follow_code"])
            assert view["parts"]["users"]["kept"][0]["why"] == "valid_accreditation"
            kept = done(await town.staff("users", "administrator").get(f"/api/v1/accreditations/{me.accreditation_id}"))
            assert (kept["holder"], kept["status"], kept["claimed"]) == (me.holder, "valid", False)
            gone = [me.user_id, me.name, me.email, me.label, me.note, me.comment, me.agent, me.remark]
            assert hits(tmp_path, gone) == []
            assert (await town.as_me("users", me).get("/api/v1/privacy/export")).status_code == 404

    run(walk(), 120)


def test_evidence_of_an_open_case_and_of_a_fine_is_blocked_and_said_to_be(tmp_path: Path) -> None:
    async def walk() -> None:
        async with personal_town(tmp_path) as town:
            me = await town.person(1)
            await town.live(me)
            await town.report(me, 3, True)
            fined = await town.case(me)
            await town.resolve(fined, "fined", me.remark)
            town.clock.forward(3700)
            await town.report(me, 4, False)
            await town.report(me, 5, True)
            await town.caught_up()
            open_one = await town.case(me)
            begun = done(await town.as_me("users", me).post("/api/v1/privacy/erasure", {"surrender": True}))
            view = await town.erased(begun["erasure"]["erasure_id"], begun["follow_code"])
            why = {one["why"]: one for one in view["parts"]["enforcement"]["kept"]}
            assert set(why) == {"open_case", "procedure"}
            assert why["procedure"]["until"], "until when it is blocked"
            officer = town.staff("enforcement", "police")
            for case in (fined, open_one):
                plate = done(await officer.get(f"/api/v1/cases/{case['case_id']}"))["plate"]
                assert plate["plate"] == me.plate, "the evidence is there"
            photos = [await town.system.as_service("images", "enforcement").get(f"/internal/v1/photos/{one}/reading")
                      for one in me.photo_ids]  # fmt: skip
            assert [answer.status_code for answer in photos] == [404, 200, 200], "only the closed case's is gone"

    run(walk(), 120)


def test_an_erasure_waits_for_a_service_that_is_away_and_for_a_restart(tmp_path: Path) -> None:
    away = tuple(name for name in STORES if name != "drivers")

    async def without_drivers(clock: HandClock) -> tuple[Somebody, dict[str, Any]]:
        drivers = StandIn("drivers", clock)
        drivers.away = True
        async with personal_town(tmp_path, *away, clock=clock, remote={"drivers": drivers}) as town:
            me = await town.person(1)
            begun = done(await town.as_me("users", me).post("/api/v1/privacy/erasure", {"surrender": True}))

            path = f"/api/v1/privacy/erasures/{begun['erasure']['erasure_id']}"
            guest = town.system.as_guest("users")

            async def view() -> dict[str, Any]:
                return done(await guest.ask("GET", path, headers={"x-follow-code": begun["follow_code"]}))

            async def others_are_done() -> bool:
                states = {name: part["state"] for name, part in (await view())["parts"].items()}
                return states.pop("drivers") == "waiting" and set(states.values()) == {"done"}

            await until(others_are_done)
            assert (await view())["state"] == "running"
            wrong = await guest.ask("GET", path, headers={"x-follow-code": "AAAA-BBBB-CCCC"})
            assert wrong.status_code == 404
            return me, begun

    async def with_drivers(clock: HandClock, me: Somebody, begun: dict[str, Any]) -> None:
        async with running(*STORES, data=tmp_path, clock=clock) as system:
            town = PersonalTown(system, clock)
            clock.forward(600)
            view = await town.erased(begun["erasure"]["erasure_id"], begun["follow_code"])
            assert view["state"] == "done"
        left = hits(tmp_path, me.words())
        assert set(left) <= {("logs/logs.db", me.accreditation_id)}, "a clerk's act stays told, by a number"

    clock = HandClock(NOW)
    me, begun = run(without_drivers(clock), 90)
    run(with_drivers(clock, me, begun), 90)


def test_the_last_administrator_is_not_erased_before_there_is_another(tmp_path: Path) -> None:
    async def walk() -> None:
        async with personal_town(tmp_path, "config", "users", "parking") as town:
            staff = done(await town.staff("users", "administrator").get("/api/v1/users"))["people"]
            boss = town.staff("users", "administrator", user_id=staff[0]["user_id"])
            answer = await boss.post("/api/v1/privacy/erasure", {})
            assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[-1]) == (409, "last-administrator")
            assert (await boss.get("/api/v1/auth/me")).status_code == 200

    run(walk(), 60)


def test_anyone_reads_the_register_and_who_audits_reads_proofs_without_people(tmp_path: Path) -> None:
    async def walk() -> None:
        async with personal_town(tmp_path) as town:
            guest = town.system.as_guest("users")
            register = done(await guest.get("/api/v1/privacy/register", municipality_id=town.municipality_id))
            assert register["municipality"] == "Villanueva del Río"
            assert {one["activity"] for one in register["activities"]} >= {"accreditations", "enforcement", "past"}
            assert (await guest.get("/api/v1/privacy/register", municipality_id="nowhere")).status_code == 404
            me = await town.person(1)
            await town.live(me)
            await town.caught_up()
            begun = done(await town.as_me("users", me).post("/api/v1/privacy/erasure", {"surrender": True}))
            await town.erased(begun["erasure"]["erasure_id"], begun["follow_code"])
            auditor = town.staff("users", "auditor")
            listed = done(await auditor.get("/api/v1/privacy/erasures"))["erasures"]
            assert [one["state"] for one in listed] == ["done"]
            proofs = done(await auditor.get("/api/v1/privacy/deletions"))["proofs"]
            assert [(one["service"], one["kind"], one["count"]) for one in proofs] == [
                ("images", "images.photo_keys", 1)
            ]
            assert not [word for word in me.words() if word in str(listed) + str(proofs)]
            assert (await town.staff("users", "police").get("/api/v1/privacy/deletions")).status_code == 403

    run(walk(), 120)


def test_export_and_erasure_are_the_same_on_postgresql(tmp_path: Path, postgres: str) -> None:
    import psycopg

    with psycopg.connect(postgres, autocommit=True) as conn:
        conn.execute("DROP DATABASE IF EXISTS personal_data")
        conn.execute("CREATE DATABASE personal_data")
    url = postgres.replace("/postgres?", "/personal_data?")

    async def walk() -> None:
        async with personal_town(tmp_path, database_url=url) as town:
            me = await town.person(1)
            await town.live(me)
            await town.caught_up()
            found = sections(await own_export(town, me))
            assert {"drivers.check_ins", "history.stays", "parking.readings", "enforcement.cases"} <= set(found)
            begun = done(await town.as_me("users", me).post("/api/v1/privacy/erasure", {"surrender": True}))
            view = await town.erased(begun["erasure"]["erasure_id"], begun["follow_code"])
            assert not [kept for part in view["parts"].values() for kept in part["kept"]]
        with psycopg.connect(url) as conn:
            tables = conn.execute(
                "SELECT schemaname, tablename FROM pg_tables WHERE schemaname LIKE 'siga_%'"
            ).fetchall()
            for schema, table in tables:
                rows = str(conn.execute(f"SELECT t::text FROM {schema}.{table} t").fetchall())  # type: ignore[call-overload]
                left = [word for word in me.words() if word in rows]
                assert left == [] or table == "audit_records", f"{schema}.{table}: {left}"

    run(walk(), 180)
