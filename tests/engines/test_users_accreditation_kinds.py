"""Issuers, kinds, replaced documents and cards, holders found by name: accreditations in full, on both engines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import text

from support import OTHER_MUNICIPALITY, run
from users_house import NOW, House, accreditation_body, house, slug

UID, OTHER_UID, PLATE = "04A2B3C4D5E680", "04B2B3C4D5E681", "1234RBC"


def _path(issued: Any) -> str:
    return f"/api/v1/accreditations/{issued['accreditation']['accreditation_id']}"


async def _rows(users: House) -> list[Any]:
    return list((await users.service("parking").get("/internal/v1/credentials")).json()["rows"])


def test_the_same_number_of_another_issuer_or_country_is_another_accreditation(
    tmp_path: Path, database_url: str | None
) -> None:
    async def walk() -> None:
        async with house(tmp_path, database_url) as users:
            home = (await users.give())["accreditation"]
            assert (home["issuer_country"], home["language"]) == ("ES", "es")
            lisbon = (await users.give(issuer="Lisboa", issuer_country="PT", language="en"))["accreditation"]
            assert (lisbon["issuer"], lisbon["issuer_country"], lisbon["language"]) == ("Lisboa", "PT", "en")
            assert (await users.give(issuer_country="PT"))["accreditation"]["issuer_country"] == "PT"
            again = await users.admin.post("/api/v1/accreditations", accreditation_body(issuer_country="PT"))
            assert slug(again) == "number-taken"
            for code, kind in (("XX", "country-unknown"), ("es", "invalid"), ("ESP", "invalid")):
                body = accreditation_body(number="N-1", issuer_country=code)
                assert slug(await users.admin.post("/api/v1/accreditations", body)) == kind

    run(walk())


def test_what_a_kind_must_be_is_asked_when_it_is_given_renewed_corrected_and_when_its_plate_goes(
    tmp_path: Path, database_url: str | None
) -> None:
    async def walk() -> None:
        async with house(tmp_path, database_url) as users:
            long = accreditation_body(number="P-1", kind="provisional", valid_to="2027-01-02")
            assert slug(await users.admin.post("/api/v1/accreditations", long)) == "provisional-too-long"
            path = _path(await users.give(number="P-1", kind="provisional", valid_to="2027-01-01"))
            later = {"valid_to": "2027-06-30"}
            assert slug(await users.admin.post(f"{path}/renew", later)) == "provisional-too-long"
            renewed = await users.admin.post(f"{path}/renew", {**later, "valid_from": "2026-07-01"})
            assert renewed.json()["valid_to"] == "2027-06-30"
            bare = accreditation_body(number="C-1", kind="collective")
            assert slug(await users.admin.post("/api/v1/accreditations", bare)) == "collective-needs-plate"
            assert slug(await users.admin.ask("PATCH", path, {"kind": "collective"})) == "collective-needs-plate"
            van = await users.give(number="C-1", kind="collective", plates=[{"plate": PLATE}])
            plate = van["accreditation"]["plates"][0]["credential_id"]
            gone = f"{_path(van)}/plates/{plate}"
            assert slug(await users.admin.ask("DELETE", gone)) == "last-plate"
            assert (await users.admin.post(f"{_path(van)}/plates", {"plate": "9999ZZZ"})).status_code == 201
            assert (await users.admin.ask("DELETE", gone)).status_code == 204
            assert (await users.admin.post(f"{_path(van)}/revoke")).status_code == 200

    run(walk())


def test_a_replaced_document_has_another_number_and_a_new_letter_and_stays_the_holders(
    tmp_path: Path, database_url: str | None
) -> None:
    async def walk() -> None:
        async with house(tmp_path, database_url) as users:
            issued = await users.give(cards=[{"uid": UID}], plates=[{"plate": PLATE}])
            path, old = _path(issued), issued["claim_code"]
            eva = users.staff("driver", user_id=await users.register(), municipality_id="")
            await eva.post("/api/v1/accreditations/claim", {"code": old})
            other = await users.give(number="VN-12-00035")
            taken = {"number": "VN 12 00035"}
            assert slug(await users.admin.post(f"{path}/replace", taken)) == "number-taken"
            answer = await users.admin.post(f"{path}/replace", {"number": "VN-12-00099", "reason": "stolen"})
            made = answer.json()
            assert (answer.status_code, made["accreditation"]["number_ends_with"]) == (200, "099")
            assert made["claim_code"] != old
            assert [card["revoked_reason"] for card in made["accreditation"]["cards"]] == ["stolen"]
            assert [plate["revoked_at"] for plate in made["accreditation"]["plates"]] == [None]
            dead = {row["kind"]: row["credential_revoked"] for row in await _rows(users)}
            assert dead == {"card": True, "plate": False}
            assert len((await eva.get("/api/v1/accreditations/mine")).json()["accreditations"]) == 1
            for number, found in (("VN-12-00034", 0), ("VN-12-00099", 1)):
                page = await users.admin.post("/api/v1/accreditations/search", {"number": number})
                assert len(page.json()["accreditations"]) == found
            await users.admin.post(f"{_path(other)}/revoke")
            assert slug(await users.admin.post(f"{_path(other)}/replace", {"number": "N-3"})) == "accreditation-ended"

    run(walk())


def test_a_lost_card_stops_in_the_moment_in_which_its_successor_works(tmp_path: Path, database_url: str | None) -> None:
    async def walk() -> None:
        async with house(tmp_path, database_url) as users:
            issued = await users.give(cards=[{"uid": UID}])
            cards = f"{_path(issued)}/cards"
            old = issued["accreditation"]["cards"][0]["credential_id"]
            same = await users.admin.post(f"{cards}/{old}/replace", {"uid": UID})
            assert slug(same) == "credential-taken"
            head = (await users.events()).head
            made = await users.admin.post(f"{cards}/{old}/replace", {"uid": OTHER_UID, "reason": "lost"})
            assert (made.status_code, made.json()["card"]["ends_with"]) == (201, "E681")
            facts = [fact.row.credential_revoked for fact in await users.facts("CredentialChanged", head)]
            assert facts == [True, False]
            assert len((await users.events(head)).events) == 2
            shown = (await users.admin.get(_path(issued))).json()["cards"]
            assert sorted((card["ends_with"], card["revoked_reason"]) for card in shown if card["revoked_at"]) == [
                ("E680", "lost")
            ]
            new = made.json()["card"]["credential_id"]
            ended = await users.admin.post(f"{cards}/{new}/revoke", {"reason": "damaged"})
            assert ended.status_code == 204
            shown = (await users.admin.get(_path(issued))).json()["cards"]
            assert {card["revoked_reason"] for card in shown} == {"lost", "damaged"}

    run(walk())


def test_a_holder_is_found_by_whole_words_and_no_name_lies_open_in_the_index(
    tmp_path: Path, database_url: str | None
) -> None:
    async def walk() -> None:
        async with house(tmp_path, database_url) as users:
            maria = (await users.give(number="N-1", holder="María de la O Gómez Ruiz"))["accreditation"]
            await users.give(number="N-2", holder="Mario Gómez")

            async def found(holder: str) -> list[str]:
                page = await users.admin.post("/api/v1/accreditations/search", {"holder": holder})
                assert page.status_code == 200, page.text
                return [one["number_ends_with"] for one in page.json()["accreditations"]]

            assert len(await found("gomez")) == 2
            assert len(await found("GÓMEZ maria")) == 1
            assert await found("Gom") == []
            path = f"/api/v1/accreditations/{maria['accreditation_id']}"
            await users.admin.ask("PATCH", path, {"holder": "María Robles"})
            assert len(await found("gomez")) == 1
            assert len(await found("robles")) == 1
            neighbour = users.staff("administrator", municipality_id=OTHER_MUNICIPALITY)
            there = await neighbour.post("/api/v1/accreditations/search", {"holder": "robles"})
            assert there.status_code == 404 or there.json()["accreditations"] == []

    run(walk())
    kept = b"".join(path.read_bytes().lower() for path in (tmp_path / "users").rglob("*") if path.is_file())
    for word in (b"robles", b"gomez", b"g\xc3\xb3mez"):
        assert word not in kept


def test_holders_of_an_earlier_release_are_found_after_the_first_start(tmp_path: Path) -> None:
    async def walk() -> None:
        async with house(tmp_path) as users:
            await users.give(holder="Luisa Robles")
            database = users.system.system.services["users"].database
            assert database is not None

            def as_before(conn: Any) -> None:
                conn.execute(text("DELETE FROM holder_words"))
                conn.execute(text("UPDATE accreditations SET holder_words = 0"))

            await database.write(as_before)
            search = {"holder": "robles"}
            assert not (await users.admin.post("/api/v1/accreditations/search", search)).json()["accreditations"]
        async with house(tmp_path, clock=users.clock) as users:
            for _ in range(100):
                page = (await users.admin.post("/api/v1/accreditations/search", search)).json()
                if page["accreditations"]:
                    break
            assert len(page["accreditations"]) == 1

    run(walk())


def test_those_to_renew_are_listed_by_the_towns_setting_and_told_once_without_a_person(
    tmp_path: Path, database_url: str | None
) -> None:
    async def walk() -> None:
        async with house(tmp_path, database_url) as users:
            assert users.clock() == NOW
            for number, last in (("N-1", "2026-11-21"), ("N-2", "2026-11-22"), ("N-3", "2026-12-22"),
                                 ("N-4", "2026-12-23")):  # fmt: skip
                await users.give(number=number, valid_to=last)
            page = (await users.admin.get("/api/v1/accreditations", expiring="true")).json()["accreditations"]
            assert [one["valid_to"] for one in page] == ["2026-12-22", "2026-11-22"]
            first = (await users.admin.get("/api/v1/accreditations", expiring="true", limit=1)).json()
            rest = await users.admin.get("/api/v1/accreditations", expiring="true", limit=1, cursor=first["next"])
            assert [one["valid_to"] for one in rest.json()["accreditations"]] == ["2026-11-22"]
            assert rest.json()["next"] is None

    run(walk())
