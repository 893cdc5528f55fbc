"""Logs on a real store, through its own HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from siga.contract.operations import AlarmList, LogPage, LogRecord
from siga.kit.clock import HandClock
from siga.kit.log import logger
from support import Running, run, running

AT = datetime(2026, 11, 22, 9, tzinfo=UTC)
TRACE = "0af7651916cd43dd8448eb211c80319c"


def record(number: int, *, level: str = "info", event: str = "bay_changed", service: str = "parking",
           **more: Any) -> dict[str, Any]:  # fmt: skip
    at = AT + timedelta(seconds=number)
    return {"at": at, "service": service, "level": level, "event": event, "process": "p.1", "sequence": number, **more}


@asynccontextmanager
async def logs(data: Path, **options: Any) -> AsyncIterator[Running]:
    """Logs with a clock that stands at the records' day."""
    async with running("logs", data=data, clock=HandClock(AT), **options) as system:
        yield system


async def put(system: Running, *records: dict[str, Any]) -> int:
    answer = await system.as_service("logs", "parking").post("/internal/v1/records", list(records))
    return answer.status_code


async def search(system: Running, **params: Any) -> LogPage:
    answer = await system.as_person("logs", "operator").get("/api/v1/logs", **params)
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=LogPage)


async def alarms(system: Running, **params: Any) -> AlarmList:
    answer = await system.as_person("logs", "operator").get("/api/v1/logs/alarms", **params)
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=AlarmList)


def numbers(page: LogPage) -> list[int]:
    return [one.sequence for one in page.records if one.process == "p.1"]


def test_records_are_found_by_service_level_text_trace_request_and_time(tmp_path: Path) -> None:
    async def work() -> None:
        async with logs(tmp_path) as system:
            traceparent = f"00-{TRACE}-b7ad6b7169203331-01"
            assert await put(
                system, record(1), record(2, service="users", level="warning"),
                record(3, fields={"why": "50% of_it"}), record(4, request_id="request-4", traceparent=traceparent),
            ) == 204  # fmt: skip
            assert numbers(await search(system)) == [4, 3, 2, 1]
            assert numbers(await search(system, service="users")) == [2]
            assert numbers(await search(system, level="warning")) == [2]
            assert numbers(await search(system, text="50% OF_")) == [3]
            assert numbers(await search(system, text="5% of")) == []
            assert numbers(await search(system, trace=TRACE)) == [4]
            assert numbers(await search(system, trace=traceparent)) == [4]
            assert numbers(await search(system, request_id="request-4")) == [4]
            span = {"from": "2026-11-22T09:00:02Z", "to": "2026-11-22T09:00:04Z"}
            assert numbers(await search(system, **span)) == [3, 2]

    run(work())


def test_pages_follow_each_other_without_gap_or_repeat(tmp_path: Path) -> None:
    async def work() -> None:
        async with logs(tmp_path) as system:
            await put(system, *(record(n) for n in range(1, 24)))
            seen: list[int] = []
            cursor: str | None = None
            while True:
                page = await search(system, limit=5, service="parking", **({"cursor": cursor} if cursor else {}))
                seen += numbers(page)
                cursor = page.next
                if cursor is None:
                    break
            assert seen == list(range(23, 0, -1))

    run(work())


def test_a_batch_posted_twice_is_kept_once_and_alarms_once(tmp_path: Path) -> None:
    async def work() -> None:
        async with logs(tmp_path) as system:
            batch = [record(1), record(2, level="error", event="fault")]
            await put(system, *batch)
            await put(system, *batch, record(3))
            assert numbers(await search(system)) == [3, 2, 1]
            assert [one.count for one in (await alarms(system)).alarms] == [1]

    run(work())


def test_records_without_a_number_are_all_kept(tmp_path: Path) -> None:
    async def work() -> None:
        async with logs(tmp_path) as system:
            await put(system, record(0), record(0))
            assert len((await search(system, service="parking")).records) == 2

    run(work())


def test_the_level_in_force_decides_what_is_kept(tmp_path: Path) -> None:
    async def work() -> None:
        async with logs(tmp_path) as system:
            await put(system, record(1, level="debug"), record(2))
            system.system.settings["logs"].swap(1, {"": {"logs.level": "error"}})
            await put(system, record(3, level="warning"), record(4, level="error"), record(5, fields={"alarm": True}))
            assert numbers(await search(system)) == [5, 4, 2]

    run(work())


def test_alarms_count_until_somebody_saw_to_them_and_open_anew_after(tmp_path: Path) -> None:
    async def work() -> None:
        async with logs(tmp_path) as system:
            await put(system, record(1, level="error", event="fault"), record(2, level="critical", event="fault"))
            (alarm,) = (await alarms(system)).alarms
            assert (alarm.count, alarm.level, alarm.first_at, alarm.last_at) == (
                2, "critical", AT + timedelta(seconds=1), AT + timedelta(seconds=2),
            )  # fmt: skip
            operator = system.as_person("logs", "operator", user_id="olga")
            path = f"/api/v1/logs/alarms/{alarm.alarm_id}/acknowledge"
            assert (await operator.post(path)).json()["acknowledged_by"] == "olga"
            other = system.as_person("logs", "operator", user_id="otto")
            assert (await other.post(path)).json()["acknowledged_by"] == "olga"
            assert (await alarms(system)).alarms == []
            await put(system, record(3, level="error", event="fault"))
            assert [one.count for one in (await alarms(system)).alarms] == [1]
            assert [one.state for one in (await alarms(system, state="all")).alarms] == ["open", "acknowledged"]

    run(work())


def test_old_records_and_seen_alarms_are_swept(tmp_path: Path) -> None:
    async def work() -> None:
        async with logs(tmp_path) as system:
            await put(system, record(1, level="error", event="fault"), record(2))
            (alarm,) = (await alarms(system)).alarms
            await system.as_person("logs", "operator").post(f"/api/v1/logs/alarms/{alarm.alarm_id}/acknowledge")
        async with running("logs", data=tmp_path, clock=HandClock(AT + timedelta(days=30, seconds=1.5))) as system:
            for _ in range(200):
                await asyncio.sleep(0.01)
                if numbers(await search(system)) == [2]:
                    break
            assert numbers(await search(system)) == [2]
            assert (await alarms(system, state="all")).alarms == []

    run(work())


def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    async def work() -> None:
        async with logs(tmp_path) as system:
            await put(system, record(1, level="error", event="fault"))
        async with logs(tmp_path) as system:
            assert numbers(await search(system)) == [1]
            assert len((await alarms(system)).alarms) == 1

    run(work())


def test_who_may_not_read_is_refused(tmp_path: Path) -> None:
    async def work() -> None:
        async with logs(tmp_path) as system:
            for path in ("/api/v1/logs", "/api/v1/logs/tail", "/api/v1/logs/alarms"):
                assert (await system.as_guest("logs").get(path)).status_code == 401
                assert (await system.as_person("logs", "police").get(path)).status_code == 403
            person = system.as_person("logs", "operator", "platform", "auditor")
            assert (await person.post("/internal/v1/records", [record(1)])).status_code == 403
            assert (
                await system.as_person("logs", "auditor").post("/api/v1/logs/alarms/x/acknowledge")
            ).status_code == 403

    run(work())


def test_bad_questions_get_a_reason_and_change_nothing(tmp_path: Path) -> None:
    async def work() -> None:
        async with logs(tmp_path) as system:
            operator = system.as_person("logs", "operator")
            for params in (
                {"limit": 0}, {"limit": 1001}, {"cursor": "garbage!"}, {"trace": "xyz"}, {"level": "loud"},
                {"from": "2026-11-22T09:00:00"}, {"from": "2026-11-23T00:00:00Z", "to": "2026-11-22T00:00:00Z"},
            ):  # fmt: skip
                answer = await operator.get("/api/v1/logs", **params)
                assert answer.status_code == 422, params
                assert answer.json()["errors"][0]["pointer"].startswith("/")
            assert (await operator.post("/api/v1/logs/alarms/nothing/acknowledge")).status_code == 404
            naive = {**record(1), "at": "2026-11-22T09:00:00"}
            assert await put(system, naive) == 422
            assert numbers(await search(system)) == []

    run(work())


def test_what_services_log_arrives_by_itself_with_its_ids(tmp_path: Path) -> None:
    async def work() -> None:
        async with running("logs", data=tmp_path) as system:
            logger("parking").info("bay_changed", bay_id="B-1", token="secret-thing")
            found: list[LogRecord] = []
            while not found:
                await asyncio.sleep(0.05)
                found = (await search(system, text="B-1")).records
            assert found[0].service == "parking"
            assert found[0].fields["token"] == "[removed]"
            await asyncio.sleep(0.5)
            everything = (await search(system, level="debug")).records
            assert [one.event for one in everything if one.service == "logs"] == []

    run(work())


def test_a_refused_batch_leaves_no_line_about_itself(tmp_path: Path) -> None:
    async def work() -> None:
        async with running("logs", data=tmp_path) as system:
            assert await put(system, {**record(1), "at": "2026-11-22T09:00:00"}) == 422
            await asyncio.sleep(0.5)
            assert (await search(system, service="logs")).records == []

    run(work())


class Listener:
    """A reader of a server-sent stream, which a plain HTTP test client would only see at its end."""

    def __init__(self, system: Running, query: str) -> None:
        caller = system.as_person("logs", "operator")
        headers = [(key.encode(), value.encode()) for key, value in caller._headers.items()]
        self.scope = {
            "type": "http", "method": "GET", "path": "/api/v1/logs/tail", "raw_path": b"/api/v1/logs/tail",
            "query_string": query.encode(), "headers": headers, "http_version": "1.1", "scheme": "http",
            "server": ("test", 80), "client": ("test", 1), "root_path": "", "asgi": {"version": "3.0"},
        }  # fmt: skip
        self.text, self.gone = "", asyncio.Event()
        self.heard = asyncio.Event()
        self.app = system.system.services["logs"].app

    async def receive(self) -> dict[str, Any]:
        if "sent" not in self.scope:
            self.scope["sent"] = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        self.text += message.get("body", b"").decode()
        if message["type"] == "http.response.body" and not message.get("more_body"):
            self.gone.set()
        self.heard.set()

    async def until(self, text: str) -> None:
        while text not in self.text:
            self.heard.clear()
            await asyncio.wait_for(self.heard.wait(), 5)

    async def run(self) -> None:
        await self.app(self.scope, self.receive, self.send)


def test_the_tail_shows_what_matches_as_it_comes_and_ends_with_its_reader(tmp_path: Path) -> None:
    async def work() -> None:
        async with logs(tmp_path) as system:
            listener = Listener(system, "level=warning&text=seven")
            task = asyncio.create_task(listener.run())
            await listener.until(": tail")
            await put(
                system, record(1, event="seven"), record(2, level="warning"), record(7, level="error", event="Seven")
            )
            await listener.until('"sequence":7')
            assert '"sequence":1' not in listener.text
            assert '"sequence":2' not in listener.text
            listener.gone.set()
            await asyncio.wait_for(task, 5)

    run(work())


def test_at_most_fifty_follow_and_whoever_leaves_makes_room(tmp_path: Path) -> None:
    async def work() -> None:
        async with logs(tmp_path) as system:
            listeners = [Listener(system, "") for _ in range(50)]
            tasks = [asyncio.create_task(one.run()) for one in listeners]
            for one in listeners:
                await one.until(": tail")
            assert (await system.as_person("logs", "operator").get("/api/v1/logs/tail")).status_code == 429
            listeners[7].gone.set()
            await asyncio.wait_for(tasks[7], 5)
            late = Listener(system, "")
            tasks.append(asyncio.create_task(late.run()))
            await late.until(": tail")

    run(work())


def test_a_slow_reader_of_the_tail_is_told_how_many_it_missed(tmp_path: Path) -> None:
    async def work() -> None:
        async with logs(tmp_path) as system:
            listener = Listener(system, "")
            brim = asyncio.Event()
            send = listener.send

            async def slow(message: dict[str, Any]) -> None:
                await send(message)
                if '"sequence":1,' in listener.text or '"sequence":1}' in listener.text:
                    await brim.wait()

            listener.send = slow  # type: ignore[method-assign]
            task = asyncio.create_task(listener.run())
            await listener.until(": tail")
            await put(system, record(1))
            await listener.until('"sequence":1')
            await put(system, *(record(n) for n in range(2, 1502)))
            brim.set()
            await listener.until("event: dropped")
            assert 'data: {"dropped":500}' in listener.text
            listener.gone.set()
            await asyncio.wait_for(task, 5)

    run(work())


def test_open_tails_end_when_the_service_ends(tmp_path: Path) -> None:
    async def work() -> None:
        async with logs(tmp_path) as system:
            listener = Listener(system, "")
            task = asyncio.create_task(listener.run())
            await listener.until(": tail")
        await asyncio.wait_for(task, 5)

    run(work())
