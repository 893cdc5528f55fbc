"""What is told of acts: by whom, about what, for what purpose, in one transaction with the act or before the answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from enforcement_street import street
from siga.contract.audit import Acted
from siga.contract.events import Event
from siga.kit.audit import AGAIN, AuditDesk
from siga.kit.problem import StoreFull
from siga.services.users.store.tables import journal
from support import MUNICIPALITY, run, running
from users_house import ADMIN, HOLDER, House, house


async def acts(here: House, *, after: int = 0) -> list[tuple[Event, Acted]]:
    """The acts that Users told of."""
    found = []
    for event in (await here.journal(after)).events:
        data = event.decoded()
        if isinstance(data, Acted):
            found.append((event, data))
    return found


async def head(here: House) -> int:
    return (await here.journal()).events[-1].position


def told(found: list[tuple[Event, Acted]], action: str) -> list[Acted]:
    return [act for _, act in found if act.action == action]


def test_an_act_is_told_in_the_transaction_of_its_own_event(tmp_path: Path, database_url: str | None) -> None:
    async def work() -> None:
        async with house(tmp_path, database_url) as here:
            before = await head(here)
            given = await here.give()
            events = (await here.journal(before)).events
            changed, acted = [e for e in events if e.kind in ("AccreditationChanged", "Acted")][:2]
            assert (changed.kind, acted.kind) == ("AccreditationChanged", "Acted")
            assert 1 <= acted.position - changed.position <= 3, "on PostgreSQL positions are a transaction's own"
            act = acted.decoded()
            assert isinstance(act, Acted)
            accreditation_id = given["accreditation"]["accreditation_id"]
            assert (act.action, act.thing, act.thing_id) == ("accreditation.given", "accreditation", accreditation_id)
            assert (act.who, act.roles, act.purpose) == (here.admin_id, ("administrator",), "accreditations")
            assert acted.municipality_id == here.municipality_id
            assert len(told(await acts(here, after=before), "accreditation.given")) == 1, "told once"

    run(work())


def test_an_act_that_cannot_be_told_does_not_happen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        async with house(tmp_path) as here:
            with monkeypatch.context() as patch:
                patch.setattr(AuditDesk, "_facts", _full)
                refused = await here.admin.post("/api/v1/accreditations", _accreditation())
                assert refused.status_code == 507
            assert not await here.facts("AccreditationChanged")
            listed = (await here.admin.get("/api/v1/accreditations")).json()
            assert listed["accreditations"] == []

    run(work())


def _accreditation() -> dict[str, Any]:
    from users_house import accreditation_body

    return accreditation_body()


def _full(*_: Any, **__: Any) -> Any:
    raise StoreFull("no room for the audit")


def test_personal_data_is_withheld_when_its_reading_cannot_be_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work() -> None:
        async with house(tmp_path) as here:
            given = await here.give()
            path = f"/api/v1/accreditations/{given['accreditation']['accreditation_id']}"
            with monkeypatch.context() as patch:
                patch.setattr(AuditDesk, "_facts", _full)
                refused = await here.admin.get(path)
                assert refused.status_code == 507
                assert HOLDER not in refused.text
                assert refused.headers["content-type"] == "application/problem+json"
            assert HOLDER in (await here.admin.get(path)).text

    run(work())


def test_each_reading_of_personal_data_is_told_with_its_purpose(tmp_path: Path) -> None:
    async def work() -> None:
        async with house(tmp_path) as here:
            given = await here.give()
            accreditation_id = given["accreditation"]["accreditation_id"]
            before = await head(here)
            reader = here.staff("administrator", user_id="0190c0de-0000-7000-8000-0000000000ee")
            await reader.get("/api/v1/users")
            await reader.get(f"/api/v1/users/{here.admin_id}")
            await reader.get("/api/v1/accreditations")
            await reader.get(f"/api/v1/accreditations/{accreditation_id}")
            found = [(act.action, act.thing_id, act.purpose, act.reads) for _, act in await acts(here, after=before)]
            assert found == [
                ("people.listed", "", "staff", True), ("person.shown", here.admin_id, "staff", True),
                ("accreditations.listed", "", "accreditations", True),
                ("accreditation.shown", accreditation_id, "accreditations", True),
            ]  # fmt: skip
            assert {event.municipality_id for event, _ in await acts(here, after=before)} == {here.municipality_id}

    run(work())


def test_the_same_look_again_is_counted_and_after_a_while_told_anew(tmp_path: Path) -> None:
    async def work() -> None:
        async with house(tmp_path) as here:
            desk = _desk(here)
            reader = here.staff("administrator", user_id="0190c0de-0000-7000-8000-0000000000ee")
            before = await head(here)
            for _ in range(4):
                await reader.get("/api/v1/users")
            assert [act.count for act in told(await acts(here, after=before), "people.listed")] == [1]
            await desk.tell_counts()
            assert [act.count for act in told(await acts(here, after=before), "people.listed")] == [1, 3]
            here.clock.forward(AGAIN.total_seconds() + 1)
            await reader.get("/api/v1/users")
            assert [act.count for act in told(await acts(here, after=before), "people.listed")] == [1, 3, 1]

    run(work())


def _desk(here: House) -> AuditDesk:
    background = here.system.system.services["users"].background
    return next(one.__self__ for one in background if isinstance(getattr(one, "__self__", None), AuditDesk))  # type: ignore[attr-defined]


def test_signing_in_and_out_is_told_of_staff_in_their_municipalities(tmp_path: Path) -> None:
    async def work() -> None:
        async with house(tmp_path) as here:
            before = await head(here)
            opened = await here.sign_in()
            assert opened.status_code == 201
            await here.gateway.post("/internal/v1/sessions/end", {"token": opened.json()["token"]})
            found = await acts(here, after=before)
            assert [(act.action, act.who) for _, act in found if event_here(_, here)] == [
                ("session.opened", here.admin_id), ("session.ended", here.admin_id),
            ]  # fmt: skip

    def event_here(event: Event, here: House) -> bool:
        return event.municipality_id == here.municipality_id

    run(work())


def test_what_drivers_do_is_not_told(tmp_path: Path) -> None:
    async def work() -> None:
        async with house(tmp_path) as here:
            before = await head(here)
            await here.register()
            await here.tokens(email="eva@mail.example")
            assert await acts(here, after=before) == []

    run(work())


def test_failed_sign_ins_are_counted_by_account_without_its_address(tmp_path: Path) -> None:
    async def work() -> None:
        async with house(tmp_path) as here:
            before = await head(here)
            for _ in range(3):
                assert (await here.sign_in(password="a wrong guess")).status_code == 401
            assert (await here.sign_in(email="nobody@town.example", address="192.0.2.9")).status_code == 401
            await _desk(here).tell_counts()
            found = [(e.municipality_id, a) for e, a in await acts(here, after=before) if a.action == "session.refused"]
            counted = {(home, act.thing_id): act.count for home, act in found}
            assert counted[(here.municipality_id, here.admin_id)] == 3
            assert counted[("", "")] == 1
            journal_text = b"".join(bytes(event.data) for event in (await here.journal(before)).events)
            assert ADMIN.encode() not in journal_text
            assert b"nobody@" not in journal_text

    run(work())


def test_a_refusal_of_staff_is_told_but_not_what_they_typed(tmp_path: Path) -> None:
    async def work() -> None:
        async with house(tmp_path) as here:
            before = await head(here)
            assert (await here.admin.get("/api/v1/accreditations/1234-ABC")).status_code == 404
            installer = here.staff("installer", user_id="0190c0de-0000-7000-8000-0000000000ff")
            assert (await installer.get(f"/api/v1/users/{here.admin_id}")).status_code == 403
            assert (await here.guest.get("/api/v1/users")).status_code == 401
            found = [(act.action, act.outcome, act.thing_id) for _, act in await acts(here, after=before)]
            assert found == [("accreditation.shown", "refused", ""), ("person.shown", "refused", here.admin_id)]

    run(work())


def test_an_officers_looks_at_evidence_are_told(tmp_path: Path) -> None:
    async def work() -> None:
        async with street(tmp_path) as here:
            here.suspect()
            case = await here.case()
            photo = here.photo(case.case_id, ("1234BCD", 0.9))
            await here.heard()
            await here.officer().get(f"/api/v1/cases/{case.case_id}/evidence")
            await here.officer().get(f"/api/v1/cases/{case.case_id}/photos/{photo}")
            await here.done("acknowledge", case)
            found = {act.action: act for act in await here.facts("Acted")}
            assert found["evidence.shown"].thing_id == case.case_id
            assert found["photo.shown"].thing_id == photo
            assert found["photo.shown"].about == case.case_id
            assert found["case.taken"].thing_id == case.case_id
            assert found["cases.listed"].reads
            assert {act.who for act in found.values()} == {"ana"}

    run(work())


def test_a_change_of_a_setting_is_told_once(tmp_path: Path) -> None:
    async def work() -> None:
        async with running("config", data=tmp_path) as system:
            admin = system.as_person("config", "administrator")
            body = {"value": 200, "municipality_id": MUNICIPALITY}
            path = "/api/v1/config/settings/parking.grace_s"
            assert (await admin.ask("PUT", path, body)).status_code == 200
            database = system.system.services["config"].database
            assert database is not None

            def count(conn: Connection) -> int:
                return int(conn.exec_driver_sql("SELECT count(*) FROM events WHERE kind = 'Acted'").scalar() or 0)

            assert await database.read(count) == 1

    run(work())


def test_the_journal_of_users_holds_no_name_in_its_acts(tmp_path: Path) -> None:
    async def work() -> None:
        async with house(tmp_path) as here:
            await here.give(plates=[{"plate": "4321 XYZ"}])
            await here.admin.post("/api/v1/accreditations/search", {"plate": "4321XYZ"})
            invited = await here.invite()
            for event, _ in await acts(here):
                text = bytes(event.data).decode()
                for secret in (HOLDER, "4321", ADMIN, "pol@", invited["code"]):
                    assert secret not in text
            assert journal.source == "users"

    run(work())
