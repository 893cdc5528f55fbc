"""Accreditations, cards and plates: kept sealed, claimed once, told to Parking with each change."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from siga.contract.users import CredentialChanged
from siga.kit.credentials import match
from support import OTHER_MUNICIPALITY, run
from users_house import HOLDER, House, accreditation_body, house, slug

UID, PLATE, NUMBER = "04A2B3C4D5E680", "1234RBC", "VN-12-00034"


async def _key(users: House) -> bytes:
    answer = await users.gateway.get(f"/internal/v1/match-keys/{users.municipality_id}")
    return base64.b64decode(answer.json()["key"])


async def _given(users: House, **values: Any) -> str:
    body = {"cards": [{"uid": UID}], "plates": [{"plate": "1234 rbc"}], **values}
    return str((await users.give(**body))["accreditation"]["accreditation_id"])


async def _rows(users: House) -> dict[str, Any]:
    rows = (await users.service("parking").get("/internal/v1/credentials")).json()["rows"]
    return {row["credential"]: row for row in rows}


def test_a_card_is_known_to_parking_by_the_match_that_the_door_makes_of_its_uid(tmp_path: Path) -> None:
    async def walk() -> None:
        async with house(tmp_path) as users:
            accreditation_id = await _given(users)
            key, rows = await _key(users), await _rows(users)
            assert set(rows) == {match(key, "card", UID.lower()), match(key, "plate", PLATE)}
            assert {row["accreditation_id"] for row in rows.values()} == {accreditation_id}
            for name in ("parking", "drivers", "logs"):
                refused = await users.service(name).get(f"/internal/v1/match-keys/{users.municipality_id}")
                assert (refused.status_code, slug(refused)) == (403, "forbidden")

    run(walk())


def test_neither_names_nor_plates_nor_uids_leave_in_events_or_lie_open_on_the_disk(tmp_path: Path) -> None:
    async def walk() -> str:
        async with house(tmp_path) as users:
            accreditation_id = await _given(users)
            await users.admin.post(f"/api/v1/accreditations/{accreditation_id}/revoke")
            return (await users.service("parking").get("/internal/v1/events", after=0)).text

    journal = run(walk())
    kept = b"".join(path.read_bytes() for path in (tmp_path / "users").rglob("*") if path.is_file())
    for value in (HOLDER, "Encarnaci", PLATE, UID, NUMBER, "VN1200034"):
        assert value not in journal
        assert value.encode() not in kept


def test_revoking_suspending_and_renewing_tell_every_card_and_plate_again(
    tmp_path: Path, database_url: str | None
) -> None:
    async def walk() -> None:
        async with house(tmp_path, database_url) as users:
            path = f"/api/v1/accreditations/{await _given(users)}"
            steps = (("suspend", {"reason": "lost"}), ("resume", None), ("renew", {"valid_to": "2027-06-30"}),
                     ("revoke", {"reason": "deceased"}))  # fmt: skip
            for version, (step, body) in enumerate(steps, start=2):
                head = (await users.events()).head
                answer = await users.admin.post(f"{path}/{step}", body)
                assert answer.status_code == 200, answer.text
                events = (await users.events(head)).events
                assert [e.kind for e in events] == ["AccreditationChanged", "CredentialChanged", "CredentialChanged"]
                assert {e.sequence for e in events} == {version}
                rows = [data.row for e in events if isinstance(data := e.decoded(), CredentialChanged)]
                assert {row.status for row in rows} == {answer.json()["status"]}
                assert {row.valid_to.isoformat() for row in rows} == {answer.json()["valid_to"]}
            for step, body in (("resume", None), ("renew", {"valid_to": "2030-01-01"}), ("claim-code", None)):
                assert slug(await users.admin.post(f"{path}/{step}", body)) == "accreditation-ended"
            assert slug(await users.admin.post(f"{path}/cards", {"uid": "01020304"})) == "accreditation-ended"
            assert {row["status"] for row in (await _rows(users)).values()} == {"revoked"}

    run(walk())


def test_a_uid_of_a_wrong_length_has_its_own_refusal_and_changes_nothing(tmp_path: Path) -> None:
    async def walk() -> None:
        async with house(tmp_path) as users:
            path = f"/api/v1/accreditations/{await _given(users)}"
            head = (await users.events()).head
            for uid in ("04A2B3", "04A2B3C4D5", "04A2B3C4D5E6", "", "04A2B3C4D5E6F708090A0B"):
                assert slug(await users.admin.post(f"{path}/cards", {"uid": uid})) in ("uid-length", "invalid")
            assert slug(await users.admin.post(f"{path}/cards", {"uid": "04A2B3"})) == "uid-length"
            assert slug(await users.admin.post(f"{path}/cards", {"uid": "04A2B3XY"})) == "uid-form"
            too_long = {"uid": "9" * 26, "form": "decimal"}
            assert slug(await users.admin.post(f"{path}/cards", too_long)) == "uid-length"
            assert slug(await users.admin.post(f"{path}/plates", {"plate": "??"})) == "plate-form"
            bad = accreditation_body(number="X-2", cards=[{"uid": "0102"}])
            assert slug(await users.admin.post("/api/v1/accreditations", bad)) == "uid-length"
            assert (await users.events()).head == head
            assert len((await users.admin.get("/api/v1/accreditations")).json()["accreditations"]) == 1

    run(walk())


def test_a_reader_that_types_decimal_or_turned_round_gives_the_same_card(tmp_path: Path) -> None:
    async def walk() -> None:
        async with house(tmp_path) as users:
            path = f"/api/v1/accreditations/{(await users.give())['accreditation']['accreditation_id']}"
            turned = {"uid": "C4B3A204", "reversed": True}
            shown = (await users.admin.post("/api/v1/accreditations/uid-forms", turned)).json()
            assert shown == {"uid_hex": "04A2B3C4", "uid_reversed": "C4B3A204", "decimal": "77771716",
                             "decimal_reversed": "3300106756", "bytes": 4}  # fmt: skip
            decimal = {"uid": "0077771716", "form": "decimal"}
            added = await users.admin.post(f"{path}/cards", decimal)
            assert (added.status_code, added.json()["forms"]) == (201, shown)
            assert added.json()["card"]["ends_with"] == "B3C4"
            assert slug(await users.admin.post(f"{path}/cards", turned)) == "credential-taken"
            assert set(await _rows(users)) == {match(await _key(users), "tag", "04:A2:B3:C4")}

    run(walk())


def test_a_card_or_plate_has_one_holder_until_it_is_revoked_there(tmp_path: Path, database_url: str | None) -> None:
    async def walk() -> None:
        async with house(tmp_path, database_url) as users:
            first = await users.give(cards=[{"uid": UID}], plates=[{"plate": PLATE}])
            taken = accreditation_body(number="VN-2", cards=[{"uid": UID}])
            assert slug(await users.admin.post("/api/v1/accreditations", taken)) == "credential-taken"
            assert slug(await users.admin.post("/api/v1/accreditations", accreditation_body())) == "number-taken"
            home = f"/api/v1/accreditations/{first['accreditation']['accreditation_id']}"
            card = first["accreditation"]["cards"][0]["credential_id"]
            assert (await users.admin.ask("DELETE", f"{home}/plates/{card}")).status_code == 404
            for _ in range(2):
                assert (await users.admin.ask("DELETE", f"{home}/cards/{card}")).status_code == 204
            second = (await users.admin.post("/api/v1/accreditations", taken)).json()["accreditation"]
            rows = await _rows(users)
            moved = rows[match(await _key(users), "card", UID)]
            assert (moved["accreditation_id"], moved["credential_revoked"]) == (second["accreditation_id"], False)
            assert slug(await users.admin.post(f"{home}/plates", {"plate": PLATE})) == "credential-taken"
            await users.admin.post(f"{home}/revoke")
            plates = f"/api/v1/accreditations/{second['accreditation_id']}/plates"
            assert (await users.admin.post(plates, {"plate": PLATE})).status_code == 201
            again = await users.admin.post("/api/v1/accreditations", accreditation_body())
            assert again.status_code == 201
            sequences = [e.sequence for e in (await users.events()).events if e.subject_id == moved["credential"]]
            assert sequences == [1, 2, 3]

    run(walk())


def test_a_driver_claims_with_the_code_from_the_letter_once(tmp_path: Path, database_url: str | None) -> None:
    async def walk() -> None:
        async with house(tmp_path, database_url) as users:
            issued = await users.give()
            accreditation_id = issued["accreditation"]["accreditation_id"]
            eva = users.system.as_person("users", "driver", municipality_id="", user_id=await users.register())
            assert slug(await users.guest.post("/api/v1/accreditations/claim", {"code": "x"})) == "unauthenticated"
            typed = {"code": issued["claim_code"].lower().replace("-", " ")}
            claimed = await eva.post("/api/v1/accreditations/claim", typed)
            assert (claimed.status_code, claimed.json()["municipality_name"]) == (200, "Villanueva del Río")
            assert slug(await eva.post("/api/v1/accreditations/claim", typed)) == "wrong-code"
            assert (await eva.get("/api/v1/accreditations/mine")).json()["accreditations"] == [claimed.json()]
            (fact, again) = await users.facts("AccreditationChanged")
            assert (fact.claimed, again.claimed) == (False, True)
            assert (await users.admin.get(f"/api/v1/accreditations/{accreditation_id}")).json()["claimed"] is True
            assert (await eva.get("/api/v1/accreditations")).status_code == 403

    run(walk())


def test_a_lost_letter_gets_a_new_code_and_the_old_one_is_void(tmp_path: Path) -> None:
    async def walk() -> None:
        async with house(tmp_path) as users:
            issued = await users.give()
            path = f"/api/v1/accreditations/{issued['accreditation']['accreditation_id']}"
            fresh = (await users.admin.post(f"{path}/claim-code")).json()["claim_code"]
            user_id = await users.register()
            eva = users.staff("driver", user_id=user_id, municipality_id="")
            assert slug(await eva.post("/api/v1/accreditations/claim", {"code": issued["claim_code"]})) == "wrong-code"
            assert (await eva.post("/api/v1/accreditations/claim", {"code": fresh})).status_code == 200
            briefs = await users.service("drivers").get(f"/internal/v1/people/{user_id}/accreditations")
            assert [one["status"] for one in briefs.json()] == ["valid"]
            refused = await users.service("logs").get(f"/internal/v1/people/{user_id}/accreditations")
            assert refused.status_code == 403

    run(walk())


def test_guessing_claim_codes_is_stopped(tmp_path: Path) -> None:
    async def walk() -> None:
        async with house(tmp_path) as users:
            issued = await users.give()
            eva = users.staff("driver", user_id=await users.register(), municipality_id="")
            for _ in range(5):
                refused = await eva.post("/api/v1/accreditations/claim", {"code": "AAAA-BBBB-CCCC"})
                assert (refused.status_code, slug(refused)) == (403, "wrong-code")
            right = await eva.post("/api/v1/accreditations/claim", {"code": issued["claim_code"]})
            assert (right.status_code, slug(right)) == (429, "too-many")

    run(walk())


def test_a_plate_read_in_a_photo_is_looked_up_on_the_day_of_the_town(tmp_path: Path) -> None:
    async def walk() -> None:
        async with house(tmp_path) as users:
            accreditation_id = await _given(users)

            async def ask(at: str, *values: str, kind: str = "plate") -> Any:
                body = {"municipality_id": users.municipality_id, "kind": kind, "values": values, "at": at}
                return (await users.service("enforcement").post("/internal/v1/credentials/lookup", body)).json()

            found = await ask("2026-11-22T09:00:00Z", "?", "1284RBC", "1234-RBC")
            assert (found["index"], found["valid"], found["reason"]) == (2, True, "valid")
            assert found["accreditation"]["accreditation_id"] == accreditation_id
            # 23:30 in Madrid on the last day, and half past midnight on the next
            assert (await ask("2026-12-31T22:30:00Z", PLATE))["reason"] == "valid"
            assert (await ask("2026-12-31T23:30:00Z", PLATE))["reason"] == "expired"
            assert (await ask("2025-12-31T22:30:00Z", PLATE))["reason"] == "not_yet"
            assert (await ask("2026-11-22T09:00:00Z", "9999ZZZ"))["index"] is None
            assert (await ask("2026-11-22T09:00:00Z", UID, kind="card"))["valid"] is True
            await users.admin.post(f"/api/v1/accreditations/{accreditation_id}/suspend")
            assert (await ask("2026-11-22T09:00:00Z", PLATE))["reason"] == "suspended"

    run(walk())


def test_accreditations_are_listed_in_pages_filtered_and_found_by_exact_values(
    tmp_path: Path, database_url: str | None
) -> None:
    async def walk() -> None:
        async with house(tmp_path, database_url) as users:
            ids = [(await users.give(number=f"N-00{n}"))["accreditation"]["accreditation_id"] for n in range(5)]
            wanted = await _given(users)
            await users.admin.post(f"/api/v1/accreditations/{ids[0]}/suspend")
            seen: list[str] = []
            cursor: str | None = ""
            while cursor is not None:
                page = (await users.admin.get("/api/v1/accreditations", limit=4, cursor=cursor)).json()
                seen += [one["accreditation_id"] for one in page["accreditations"]]
                cursor = page["next"]
            assert seen == sorted([*ids, wanted], reverse=True)
            assert "holder" not in page["accreditations"][0]
            for query, expected in (({"status": "suspended"}, [ids[0]]), ({"number_ends_with": "034"}, [wanted])):
                page = (await users.admin.get("/api/v1/accreditations", **query)).json()
                assert [one["accreditation_id"] for one in page["accreditations"]] == expected
            for body in ({"number": "vn 12 00034"}, {"card": {"uid": UID}}, {"plate": "1234-rbc", "number": NUMBER}):
                found = (await users.admin.post("/api/v1/accreditations/search", body)).json()["accreditations"]
                assert [one["accreditation_id"] for one in found] == [wanted]
            none = {"plate": "1234RBC", "number": "N-001"}
            found = (await users.admin.post("/api/v1/accreditations/search", none)).json()["accreditations"]
            assert found == []
            assert slug(await users.admin.post("/api/v1/accreditations/search", {})) == "invalid"

    run(walk())


def test_accreditations_of_another_municipality_do_not_exist_for_its_neighbour(tmp_path: Path) -> None:
    async def walk() -> None:
        async with house(tmp_path) as users:
            path = f"/api/v1/accreditations/{await _given(users)}"
            neighbour = users.staff("administrator", municipality_id=OTHER_MUNICIPALITY)
            assert (await neighbour.get(path)).status_code == 404
            for step, body in (("revoke", None), ("suspend", None), ("resume", None), ("claim-code", None),
                               ("renew", {"valid_to": "2030-01-01"}), ("cards", {"uid": "01020304"}),
                               ("plates", {"plate": "9999ZZZ"})):  # fmt: skip
                assert (await neighbour.post(f"{path}/{step}", body)).status_code == 404
            assert (await neighbour.ask("PATCH", path, {"holder": "X"})).status_code == 404
            assert (await neighbour.get("/api/v1/accreditations")).json()["accreditations"] == []
            there = accreditation_body(municipality_id=users.municipality_id)
            assert (await neighbour.post("/api/v1/accreditations", there)).status_code == 404
            for role in ("driver", "police", "installer", "operator", "auditor"):
                assert (await users.staff(role).get(path)).status_code == 403

    run(walk())


def test_a_correction_keeps_the_rest_and_bad_dates_are_refused(tmp_path: Path) -> None:
    async def walk() -> None:
        async with house(tmp_path) as users:
            path = f"/api/v1/accreditations/{await _given(users)}"
            before = (await users.admin.get(path)).json()
            assert (before["holder"], before["number_ends_with"]) == (HOLDER, "034")
            after = (await users.admin.ask("PATCH", path, {"holder": "Otra Persona", "category": "authority"})).json()
            assert after == {**before, "holder": "Otra Persona", "category": "authority", "version": 2}
            assert {row["category"] for row in (await _rows(users)).values()} == {"authority"}
            assert slug(await users.admin.post(f"{path}/renew", {"valid_to": "2025-01-01"})) == "dates-order"
            wrong = accreditation_body(number="N-9", valid_to="2025-01-01")
            assert slug(await users.admin.post("/api/v1/accreditations", wrong)) == "dates-order"
        async with house(tmp_path, clock=users.clock) as users:
            assert (await users.admin.get(path)).json() == after

    run(walk())
