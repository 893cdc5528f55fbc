"""The audit end to end: acts of services are chained exactly once, signed, exported, found and checked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from audit_trail import SOMEBODY, acted, lines_of
from siga.__main__ import main
from siga.cli.control import OwnersDoor
from siga.contract.audit import AuditPage, AuditState, ChainState, HeadPage
from siga.contract.events import Event
from siga.engines.server import Door
from siga.kit.clock import HandClock
from siga.operate import backup
from siga.operate.folder import SOCKET
from siga.operate.keeper import Keeper
from siga.services.logs.audit import Audit
from siga.services.logs.audit_chain import canonical, head_in
from support import MUNICIPALITY, OTHER_MUNICIPALITY, Running, run, running

AT = datetime(2026, 11, 24, 9, tzinfo=UTC)
GRACE = "/api/v1/config/settings/parking.grace_s"


async def until(true: Callable[[], Awaitable[Any]], limit_s: float = 8.0) -> None:
    for _ in range(int(limit_s / 0.02)):
        if await true():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come true")


def audit_of(system: Running) -> Audit:
    audit = system.system.services["logs"].extra["audit"]
    assert isinstance(audit, Audit)
    return audit


async def take(system: Running, events: Sequence[Event]) -> None:
    """Events as they come from a service's journal."""
    database = system.system.services["logs"].database
    assert database is not None
    await database.write(lambda conn: audit_of(system).take_in(conn, events))


async def page(system: Running, municipality_id: str = MUNICIPALITY, **params: Any) -> AuditPage:
    caller = system.as_person("logs", "auditor", municipality_id=municipality_id, user_id="auditor-1")
    answer = await caller.get("/api/v1/logs/audit", **params)
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=AuditPage)


async def state(system: Running) -> list[ChainState]:
    answer = await system.as_person("logs", "auditor").get("/api/v1/logs/audit/state")
    return msgspec.json.decode(answer.content, type=AuditState).chains


async def changed(system: Running, value: int) -> None:
    caller = system.as_person("config", "administrator", user_id=SOMEBODY)
    answer = await caller.ask("PUT", GRACE, {"value": value, "municipality_id": MUNICIPALITY})
    assert answer.status_code == 200, answer.text


def numbers(found: AuditPage) -> list[int]:
    return [one.record.number for one in found.entries]


def test_acts_are_chained_once_in_their_order_through_repeats_and_restarts(
    tmp_path: Path, database_url: str | None
) -> None:
    events = [acted(number) for number in range(1, 8)]

    async def work() -> None:
        async with running("logs", data=tmp_path, database_url=database_url) as system:
            await take(system, events[:3])
            await take(system, events[:5])
        async with running("logs", data=tmp_path, database_url=database_url) as system:
            await take(system, events[3:])
            await take(system, events)
            assert (await audit_of(system).check()).whole
            assert [(one.records, one.whole) for one in await state(system)] == [(7, True)]
            found = await page(system)
            assert numbers(found) == [7, 6, 5, 4, 3, 2, 1]
            assert [one.record.event_id for one in reversed(found.entries)] == [event.event_id for event in events]

    run(work())


def test_each_municipality_has_its_own_chain_and_its_own_auditor(tmp_path: Path) -> None:
    async def work() -> None:
        async with running("logs", data=tmp_path) as system:
            await take(system, [acted(1), acted(2, OTHER_MUNICIPALITY), acted(3), acted(4, "")])
            assert numbers(await page(system)) == [2, 1]
            assert numbers(await page(system, OTHER_MUNICIPALITY)) == [1]
            stranger = system.as_person("logs", "auditor")
            refused = await stranger.get("/api/v1/logs/audit", municipality_id=OTHER_MUNICIPALITY)
            assert refused.status_code == 404
            platform = system.as_person("logs", "platform", municipality_id="")
            everything = msgspec.json.decode((await platform.get("/api/v1/logs/audit")).content, type=AuditPage)
            assert [one.record.municipality_id for one in everything.entries] == [""]
            for role in ("administrator", "police", "operator", "installer", "driver"):
                assert (await system.as_person("logs", role).get("/api/v1/logs/audit")).status_code == 403
            assert (await system.as_guest("logs").get("/api/v1/logs/audit")).status_code == 401

    run(work())


def test_records_are_found_by_who_what_about_what_and_when(tmp_path: Path) -> None:
    async def work() -> None:
        async with running("logs", data=tmp_path) as system:
            one, two = acted(1, action="role.given", who="somebody-else"), acted(60, outcome="refused")
            await take(system, [one, two, acted(120)])
            assert numbers(await page(system, who="somebody-else")) == [1]
            assert numbers(await page(system, action="case.shown")) == [3, 2]
            assert numbers(await page(system, thing_id=two.subject_id)) == [2]
            assert numbers(await page(system, outcome="refused")) == [2]
            early = (one.occurred_at + timedelta(seconds=30)).isoformat()
            shown = {"action": "case.shown"}  # what the auditor himself did just now is not meant
            assert numbers(await page(system, to=early)) == [1]
            assert numbers(await page(system, **shown, **{"from": early})) == [3, 2]
            first = await page(system, **shown, limit=1)
            assert numbers(first) == [3]
            assert numbers(await page(system, **shown, limit=1, cursor=first.next)) == [2]

    run(work())


def test_an_act_of_a_service_reaches_the_chain_by_its_journal(tmp_path: Path) -> None:
    async def work() -> None:
        async with running("config", "logs", data=tmp_path) as system:
            await changed(system, 240)
            await until(lambda: _some(system, action="setting.changed"))
            (one,) = (await page(system, action="setting.changed")).entries
            record = one.record
            assert (record.who, record.thing, record.thing_id) == (SOMEBODY, "setting", "parking.grace_s")
            assert (record.roles, record.outcome, record.source) == (("administrator",), "done", "config")
            assert record.purpose == "operation"
            assert record.request_id

    run(work())


async def _some(system: Running, **params: Any) -> bool:
    return bool((await page(system, **params)).entries)


def test_what_was_done_while_logs_was_away_is_chained_when_it_is_back(tmp_path: Path) -> None:
    async def work() -> None:
        async with running("config", data=tmp_path) as system:
            await changed(system, 200)
        async with running("config", "logs", data=tmp_path) as system:
            await changed(system, 210)

            async def both() -> bool:
                return len((await page(system, action="setting.changed")).entries) == 2

            await until(both)

    run(work())


def test_reading_the_audit_is_in_the_audit(tmp_path: Path) -> None:
    async def work() -> None:
        async with running("logs", data=tmp_path) as system:
            await page(system)
            await until(lambda: _some(system, action="audit.read"))
            (one,) = (await page(system, action="audit.read")).entries
            assert (one.record.who, one.record.reads, one.record.source) == ("auditor-1", True, "logs")

    run(work())


def test_heads_are_signed_when_something_came_and_lie_elsewhere_as_well(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    clock = HandClock(AT)

    async def work() -> None:
        async with running("logs", data=tmp_path / "data", clock=clock, audit_export=elsewhere) as system:
            await take(system, [acted(1), acted(2), acted(3, OTHER_MUNICIPALITY)])
            assert await audit_of(system).sign() == 2
            assert await audit_of(system).sign() == 0
            await take(system, [acted(4)])
            assert await audit_of(system).sign() == 1
            answer = await system.as_person("logs", "auditor").get("/api/v1/logs/audit/heads")
            told = msgspec.json.decode(answer.content, type=HeadPage).heads
            assert [(head_in(one).head, head_in(one).number) for one in told] == [(1, 2), (2, 3)]
            exported = list(lines_of(elsewhere))
            assert len(exported) == 3
            assert {canonical(one) for one in told} < set(exported)

    run(work())


def test_heads_that_could_not_be_exported_follow_when_the_folder_is_back(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"

    async def work() -> None:
        async with running("logs", data=tmp_path / "data", audit_export=elsewhere) as system:
            await take(system, [acted(1)])
            await audit_of(system).sign()
            elsewhere.mkdir()
            await take(system, [acted(2)])
            await audit_of(system).sign()
            assert len(list(lines_of(elsewhere))) == 2

    run(work())


def made(data: Path, elsewhere: Path) -> None:
    """A folder with an audit of some records, heads elsewhere."""
    elsewhere.mkdir()

    async def work() -> None:
        async with running("config", "logs", data=data, audit_export=elsewhere) as system:
            for value in range(100, 105):
                await changed(system, value)
            await until(lambda: _five(system))

    run(work())


async def _five(system: Running) -> bool:
    return len((await page(system, action="setting.changed")).entries) == 5


def verify(capsys: pytest.CaptureFixture[str], data: Path, *more: str) -> tuple[int, dict[str, Any]]:
    code = main(["audit", "verify", "--data", str(data), "--json", *more])
    return code, json.loads(capsys.readouterr().out)


def test_the_command_checks_a_stopped_siga_and_a_backup(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, elsewhere, backups = tmp_path / "data", tmp_path / "elsewhere", tmp_path / "backups"
    made(data, elsewhere)
    code, found = verify(capsys, data)
    assert (code, found["whole"], found["against_exported"]) == (0, True, False)
    assert found["chains"][0]["records"] >= 5
    code, found = verify(capsys, data, "--heads", str(elsewhere))
    assert (code, found["chains"][0]["exported_heads"]) == (0, found["chains"][0]["heads"])
    backup.make(backup.Plan(data=data, to=backups, rest=0.0), dict(backup.at_rest(data)), AT, lambda _: None)
    assert verify(capsys, backups, "--heads", str(elsewhere))[0] == 0
    assert main(["audit", "verify", "--data", str(data), "--heads", str(elsewhere)]) == 0
    said = capsys.readouterr().out
    assert "The audit is whole, and nothing is missing that the exported heads tell of." in said


def test_the_command_says_what_was_cut(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from audit_trail import sql

    data, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
    made(data, elsewhere)
    sql(data / "logs" / "logs.db", ("DELETE FROM audit_records WHERE number = 3", ()))
    assert main(["audit", "verify", "--data", str(data)]) == 1
    said = capsys.readouterr().out
    assert "record 3 is missing" in said
    assert "The audit is NOT whole" in said


def test_the_command_asks_a_running_siga_and_it_finds_what_was_changed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
    made(data, elsewhere)

    async def work() -> None:
        async with running("config", "logs", data=data, audit_export=elsewhere) as system:
            keeper = Keeper(system.system, users_url="", sensors_url="", extra={}, left_out=[])
            door = Door(OwnersDoor({}, system.keys, None, keeper), uds=data / SOCKET)  # type: ignore[arg-type]
            await door.open()
            try:
                code, found = await asyncio.to_thread(verify, capsys, data, "--heads", str(elsewhere))
                assert (code, found["whole"]) == (0, True)
                database = system.system.services["logs"].database
                assert database is not None
                await database.write(
                    lambda conn: conn.exec_driver_sql("UPDATE audit_records SET who = 'nobody' WHERE number = 2")
                )
                code, found = await asyncio.to_thread(verify, capsys, data)
                assert code == 1
                assert "record 2 and the columns by which it is found differ" in found["chains"][0]["faults"]
                assert not (await audit_of(system).check()).whole
                assert [one.whole for one in await state(system)] == [False]
            finally:
                await door.close()

    run(work())
