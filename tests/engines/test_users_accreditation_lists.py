"""A town's list brought in, seen before it is done, the same again nothing; and the letters that follow."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from siga.kit.accreditation_files import read_accreditations
from support import OTHER_MUNICIPALITY, run
from users_house import House, house, slug


def row(number: str, **values: Any) -> dict[str, Any]:
    return {
        "number": number, "holder": f"Holder {number}", "category": "disabled", "valid_from": "2026-01-01",
        "valid_to": "2026-12-31", **values,
    }  # fmt: skip


async def send(users: House, rows: list[Any], *, dry_run: bool = False) -> Any:
    numbered = [{"row": n, **one} for n, one in enumerate(rows, start=2)]
    body = {"municipality_id": users.municipality_id, "drafts": numbered, "dry_run": dry_run}
    answer = await users.admin.post("/api/v1/accreditations/batch", body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def outcomes(result: Any) -> list[tuple[int, str, tuple[str, ...]]]:
    return [(one["row"], one["outcome"], tuple(one.get("changes", ()))) for one in result["rows"]]


def counts(result: Any) -> tuple[int, int, int, int]:
    return result["created"], result["updated"], result["unchanged"], len(result["refused"])


def test_a_list_is_previewed_brought_in_and_changes_nothing_the_second_time(
    tmp_path: Path, database_url: str | None
) -> None:
    async def walk() -> None:
        async with house(tmp_path, database_url) as users:
            rows = [
                row("VN-1", plates=["1234 BCD"], cards=["04A2B3C4"]),
                row("VN-2", issuer="Lisboa", issuer_country="PT", language="en"),
                row("VN-3", kind="collective", plates=["9999ZZZ", "8888ZZZ"], category="taxi"),
            ]
            head = (await users.events()).head
            preview = await send(users, rows, dry_run=True)
            assert counts(preview) == (3, 0, 0, 0)
            assert (await users.events()).head == head
            assert (await users.admin.get("/api/v1/accreditations")).json()["accreditations"] == []
            done = await send(users, rows)
            assert (counts(done), outcomes(done)) == (counts(preview), outcomes(preview))
            kinds = [event.kind for event in (await users.events(head)).events]
            assert (kinds.count("AccreditationChanged"), kinds.count("CredentialChanged")) == (3, 4)
            head = (await users.events()).head
            assert counts(await send(users, rows)) == (0, 0, 3, 0)
            assert (await users.events()).head == head
            found = (await users.admin.post("/api/v1/accreditations/search", {"plate": "1234bcd"})).json()
            one = (
                await users.admin.get(f"/api/v1/accreditations/{found['accreditations'][0]['accreditation_id']}")
            ).json()
            assert (one["holder"], one["issuer"], one["issuer_country"]) == ("Holder VN-1", "Villanueva del Río", "ES")
            assert [card["ends_with"] for card in one["cards"]] == ["B3C4"]
            by_name = await users.admin.post("/api/v1/accreditations/search", {"holder": "vn 2"})
            assert len(by_name.json()["accreditations"]) == 1

    run(walk())


def test_only_what_differs_changes_and_it_is_said_what(tmp_path: Path, database_url: str | None) -> None:
    async def walk() -> None:
        async with house(tmp_path, database_url) as users:
            await send(users, [row("VN-1", plates=["1234BCD"]), row("VN-2")])
            head = (await users.events()).head
            again = await send(users, [
                {"number": "vn 1", "plates": ["1234-bcd", "5678FGH"], "valid_to": "2028-12-31"},
                row("VN-2", holder="Somebody Else"),
            ])  # fmt: skip
            assert outcomes(again) == [(2, "updated", ("valid_to", "plates")), (3, "updated", ("holder",))]
            told = [(event.kind, event.sequence) for event in (await users.events(head)).events]
            assert told.count(("AccreditationChanged", 2)) == 2
            page = await users.admin.post("/api/v1/accreditations/search", {"plate": "5678FGH"})
            assert [one["valid_to"] for one in page.json()["accreditations"]] == ["2028-12-31"]
            else_ = await users.admin.post("/api/v1/accreditations/search", {"holder": "somebody else"})
            assert len(else_.json()["accreditations"]) == 1

    run(walk())


def test_each_row_that_cannot_be_taken_is_refused_by_itself_with_its_reason(
    tmp_path: Path, database_url: str | None
) -> None:
    async def walk() -> None:
        async with house(tmp_path, database_url) as users:
            issued = await users.give(number="OLD-1", issuer="Villanueva del Río", plates=[{"plate": "7777ZZZ"}])
            path = f"/api/v1/accreditations/{issued['accreditation']['accreditation_id']}"
            gone = await users.give(number="OLD-2", issuer="Villanueva del Río")
            await users.admin.post(f"/api/v1/accreditations/{gone['accreditation']['accreditation_id']}/revoke")
            rows = [
                row("VN-1"), row("VN 1"), row("OLD-2"), {"number": "VN-9", "holder": "Nobody"},
                row("VN-3", plates=["7777 ZZZ"]), row("VN-4", cards=["0102"]), row("VN-5", plates=["??"]),
                row("VN-6", valid_to="2025-01-01"), row("VN-7", kind="provisional", valid_to="2027-06-01"),
                row("VN-8", kind="collective"), row("--"), row("VN-10", issuer_country="XX"),
                row("VN-11", plates=["1111BBB"]), row("VN-12", plates=["1111BBB"]),
            ]  # fmt: skip
            preview, done = await send(users, rows, dry_run=True), await send(users, rows)
            assert preview["refused"] == done["refused"]
            assert [(one["row"], one["slug"]) for one in done["refused"]] == [
                (3, "twice"), (4, "revoked"), (5, "missing"), (6, "credential-taken"), (7, "uid-length"),
                (8, "plate-form"), (9, "dates-order"), (10, "provisional-too-long"), (11, "collective-needs-plate"),
                (12, "number-form"), (13, "country-unknown"), (15, "credential-taken"),
            ]  # fmt: skip
            assert done["created"] == 2
            told = str(done["refused"])
            assert "Holder" not in told
            assert "7777" not in told
            await users.admin.post(f"{path}/revoke")
            moved = await send(users, [row("VN-3", plates=["7777 ZZZ"])])
            assert counts(moved) == (1, 0, 0, 0)

    run(walk())


def test_letters_are_made_for_those_without_a_code_and_each_code_works_once(
    tmp_path: Path, database_url: str | None
) -> None:
    async def walk() -> None:
        async with house(tmp_path, database_url) as users:
            await users.give(number="HAS-CODE")
            await send(users, [row(f"VN-{n}") for n in range(5)])
            assert (await users.admin.get("/api/v1/accreditations/letters")).json() == {"due": 5}
            first = (await users.admin.post("/api/v1/accreditations/letters", {"limit": 3})).json()
            assert (len(first["letters"]), first["remaining"]) == (3, 2)
            rest = (await users.admin.post("/api/v1/accreditations/letters", {})).json()
            assert (len(rest["letters"]), rest["remaining"]) == (2, 0)
            letters = [*first["letters"], *rest["letters"]]
            assert {one["accreditation"]["holder"] for one in letters} == {f"Holder VN-{n}" for n in range(5)}
            eva = users.staff("driver", user_id=await users.register(), municipality_id="")
            code = letters[3]["claim_code"]
            assert (await eva.post("/api/v1/accreditations/claim", {"code": code})).status_code == 200
            assert slug(await eva.post("/api/v1/accreditations/claim", {"code": code})) == "wrong-code"
            none = (await users.admin.post("/api/v1/accreditations/letters", {})).json()
            assert none == {"letters": [], "remaining": 0}

    run(walk())


def test_only_an_administrator_of_the_town_brings_in_lists_prints_letters_and_sees_cards_in_doubt(
    tmp_path: Path,
) -> None:
    async def walk() -> None:
        async with house(tmp_path) as users:
            body = {"municipality_id": users.municipality_id, "drafts": [row("VN-1")]}
            letters = {"municipality_id": users.municipality_id}
            neighbour = users.staff("administrator", municipality_id=OTHER_MUNICIPALITY)
            assert (await neighbour.post("/api/v1/accreditations/batch", body)).status_code == 404
            assert (await neighbour.post("/api/v1/accreditations/letters", letters)).status_code == 404
            for role in ("driver", "police", "installer", "operator", "auditor"):
                caller = users.staff(role)
                assert (await caller.post("/api/v1/accreditations/batch", body)).status_code == 403
                assert (await caller.post("/api/v1/accreditations/letters", letters)).status_code == 403
                assert (await caller.get("/api/v1/accreditations/card-alarms")).status_code == 403
            assert (await users.guest.post("/api/v1/accreditations/batch", body)).status_code in (401, 403)
            many = {**body, "drafts": [row(f"VN-{n}") for n in range(1001)]}
            assert slug(await users.admin.post("/api/v1/accreditations/batch", many)) == "invalid"

    run(walk())


def test_ten_thousand_rows_come_in_within_a_minute_and_again_change_nothing(tmp_path: Path) -> None:
    lines = ["numero;titular;categoria;desde;hasta;matricula"]
    lines += [f"VN-{n:05d};Nombre{n} Apellido{n % 97};disabled;2026-01-01;2026-12-31;{n:04d}BCD" for n in range(10_000)]
    read = read_accreditations("\n".join(lines).encode(), filename="list.csv")
    assert (len(read.drafts), read.refused) == (10_000, [])

    async def walk() -> None:
        async with house(tmp_path) as users:
            began = time.monotonic()
            for begin in range(0, 10_000, 500):
                drafts = read.drafts[begin : begin + 500]
                body = {"municipality_id": users.municipality_id, "drafts": drafts}
                answer = (await users.admin.post("/api/v1/accreditations/batch", body)).json()
                assert counts(answer) == (500, 0, 0, 0)
            took_s = time.monotonic() - began
            head = (await users.events()).head
            body = {"municipality_id": users.municipality_id, "drafts": read.drafts[4000:5000]}
            again = (await users.admin.post("/api/v1/accreditations/batch", body)).json()
            assert counts(again) == (0, 0, 1000, 0)
            assert (await users.events()).head == head
            found = await users.admin.post("/api/v1/accreditations/search", {"holder": "apellido42 nombre42"})
            assert [one["number_ends_with"] for one in found.json()["accreditations"]] == ["042"]
            print(f"10,000 accreditations in {took_s:.1f} s")
            assert took_s < 60

    run(walk(), 120)
