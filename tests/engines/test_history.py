"""History on a real store, through its own HTTP, with stand-ins for Parking's journal and Users' municipalities."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
from litestar import get

from siga.contract.auth import SERVICES
from siga.contract.base import Word
from siga.contract.events import Event
from siga.contract.history import (
    ChangeList,
    ChangeView,
    Imported,
    Receipt,
    ReceiptAnswer,
    Statistics,
    StayList,
    StayView,
)
from siga.contract.parking import Bay, BayChanged, BayDefined, ReportCameLate
from siga.contract.users import Municipality
from siga.kit.auth import Keyring, make_keys
from siga.kit.clock import HandClock
from siga.kit.http import service_app
from support import MUNICIPALITY, OTHER_MUNICIPALITY, Caller, Running, run, running

NINE = datetime(2026, 11, 22, 9, tzinfo=UTC)
BAY, OTHER_BAY, PERSONAL_BAY = "bay-1", "bay-2", "bay-3"
ZONE, OTHER_ZONE = "zone-1", "zone-2"


def at(minutes: float) -> datetime:
    return NINE + timedelta(minutes=minutes)


class Journal:
    """Parking's journal as far as History reads it."""

    source = "parking"

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.asked_after = 0
        self.more = asyncio.Event()

    def tell(self, data: Word, minutes: float, municipality_id: str = MUNICIPALITY) -> None:
        number = len(self.events) + 1
        self.events.append(
            Event(
                event_id=f"event-{number}", kind=type(data).__name__, source="parking", position=number,
                municipality_id=municipality_id, subject_id="", occurred_at=at(minutes), recorded_at=at(minutes),
                data=msgspec.Raw(msgspec.json.encode(data)),
            )
        )  # fmt: skip
        self.more.set()

    async def read(self, after: int, limit: int = 500, wait_s: float = 0.0) -> Sequence[Event]:
        self.asked_after = after
        if after >= len(self.events):
            self.more.clear()
            try:
                async with asyncio.timeout(wait_s):
                    await self.more.wait()
            except TimeoutError:
                return []
        return self.events[after : after + limit]

    async def head(self) -> int:
        return len(self.events)

    def bay(self, bay_id: str, municipality_id: str = MUNICIPALITY, *, zone_id: str = ZONE, **more: Any) -> None:
        values = {"code": bay_id.upper(), "category": "disabled", **more}
        bay = Bay(bay_id=bay_id, municipality_id=municipality_id, zone_id=zone_id, lon=0.0, lat=0.0, **values)
        self.tell(BayDefined(bay=bay), -10_000, municipality_id)

    def free(self, minutes: float, ended: str | None, bay_id: str = BAY, **more: Any) -> None:
        self._changed(bay_id, minutes, occupancy="free", ended_stay_id=ended,
                      previous_authorisation="pending" if ended else None, **more)  # fmt: skip

    def occupied(self, minutes: float, stay_id: str, bay_id: str = BAY, **more: Any) -> None:
        values = {"authorisation": "pending", **more}
        self._changed(bay_id, minutes, occupancy="occupied", stay_id=stay_id, **values)

    def _changed(self, bay_id: str, minutes: float, **more: Any) -> None:
        values: dict[str, Any] = {
            "zone_id": ZONE, "code": bay_id.upper(), "category": "disabled", "changed_at": at(minutes),
            "observed_at": at(minutes), "public_occupancy": more["occupancy"], **more,
        }  # fmt: skip
        self.tell(BayChanged(bay_id=bay_id, **values), minutes)


@asynccontextmanager
async def history(
    data: Path, journal: Journal, clock: HandClock | None = None, **options: Any
) -> AsyncIterator[Running]:
    """History beside stand-ins; the clock stands ten hours after nine."""
    make_keys(data / "keys", SERVICES)
    keys = Keyring.open(data / "keys", SERVICES)

    @get("/internal/v1/municipalities", sync_to_thread=False)
    def municipalities() -> list[Municipality]:
        return [
            Municipality(municipality_id=MUNICIPALITY, name="Villaclara", slug="villaclara"),
            Municipality(municipality_id=OTHER_MUNICIPALITY, name="Otra", slug="otra"),
        ]

    remote = {
        "parking": service_app("parking", [], keys=keys, feed=journal),
        "users": service_app("users", [municipalities], keys=keys),
    }
    async with running("history", data=data, clock=clock or HandClock(at(600)), remote=remote, **options) as system:
        await caught_up(journal)
        yield system


async def caught_up(journal: Journal) -> None:
    """Wait until History has asked for what comes after the last event, so that it has kept them all."""
    for _ in range(1000):
        if journal.asked_after >= len(journal.events):
            return
        await asyncio.sleep(0.005)
    raise AssertionError("History did not keep up")


def body(answer: httpx.Response, kind: Any) -> Any:
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=kind)


def staff(system: Running, role: str = "police", **more: Any) -> Caller:
    return system.as_person("history", role, **more)


async def stays(caller: Caller, bay_id: str = BAY, **params: Any) -> list[StayView]:
    return list(body(await caller.get(f"/api/v1/history/bays/{bay_id}/stays", **params), StayList).stays)


async def changes(caller: Caller, bay_id: str = BAY, **params: Any) -> list[ChangeView]:
    return list(body(await caller.get(f"/api/v1/history/bays/{bay_id}/changes", **params), ChangeList).changes)


async def figures(caller: Caller, **params: Any) -> Statistics:
    found: Statistics = body(
        await caller.get("/api/v1/history/statistics", **{"municipality_id": MUNICIPALITY, **params}), Statistics
    )
    return found


def a_day(journal: Journal) -> None:
    """One bay, one authorised stay of half an hour, then an unverified one that lasts."""
    journal.bay(BAY)
    journal.free(0, None)
    journal.occupied(10, "S1")
    journal.occupied(11, "S1", changed_at=at(10), authorisation="authorised", authorised_by="card",
                     previous_authorisation="pending", previous_occupancy="occupied", subject="card-1")  # fmt: skip
    journal.free(40, "S1")
    journal.occupied(50, "S2", authorisation="unverified")


def test_changes_and_stays_of_a_bay_can_be_read_by_its_staff(tmp_path: Path) -> None:
    async def work() -> None:
        journal = Journal()
        a_day(journal)
        async with history(tmp_path, journal) as system:
            found = await stays(staff(system))
            assert [(s.stay_id, s.started_at, s.ended_at, s.authorisation) for s in found] == [
                ("S2", at(50), None, "unverified"), ("S1", at(10), at(40), "authorised"),
            ]  # fmt: skip
            assert (found[1].authorised_by, found[1].ended_by) == ("card", "left")
            assert [(c.at, c.occupancy, c.origin) for c in await changes(staff(system))] == [
                (at(50), "occupied", "live"), (at(40), "free", "live"), (at(11), "occupied", "live"),
                (at(10), "occupied", "live"), (at(0), "free", "live"),
            ]  # fmt: skip
            span = {"from": at(11).isoformat(), "to": at(50).isoformat()}
            assert [c.at for c in await changes(staff(system), **span)] == [at(40), at(11)]
            assert [s.stay_id for s in await stays(staff(system), **span)] == ["S1"]
            answer = await staff(system).get(f"/api/v1/history/bays/{BAY}/stays")
            assert "card-1" not in answer.text
            assert "subject" not in answer.text

    run(work())


def test_pages_of_changes_follow_each_other(tmp_path: Path) -> None:
    async def work() -> None:
        journal = Journal()
        a_day(journal)
        async with history(tmp_path, journal) as system:
            whole = await changes(staff(system))
            seen: list[ChangeView] = []
            cursor: dict[str, str] = {}
            while True:
                path = f"/api/v1/history/bays/{BAY}/changes"
                page: ChangeList = body(await staff(system).get(path, limit=2, **cursor), ChangeList)
                seen += page.changes
                if page.next is None:
                    break
                cursor = {"cursor": page.next}
            assert seen == whole

    run(work())


def test_a_late_report_changes_the_past_and_not_the_present(tmp_path: Path) -> None:
    async def work() -> None:
        journal = Journal()
        a_day(journal)
        async with history(tmp_path, journal) as system:
            for minutes, occupied in ((2, True), (5, False)):
                journal.tell(
                    ReportCameLate(
                        bay_id=BAY, zone_id=ZONE, device_id="D", occupied=occupied, observed_at=at(minutes),
                        received_at=at(60), order=(1, 1, 1),
                    ), 60,
                )  # fmt: skip
            await caught_up(journal)
            found = await stays(staff(system))
            assert [(s.started_at, s.ended_at) for s in found] == [(at(50), None), (at(10), at(40)), (at(2), at(5))]

    run(work())


def test_everything_is_there_after_a_restart_and_nothing_twice(tmp_path: Path) -> None:
    async def work() -> None:
        journal = Journal()
        a_day(journal)
        async with history(tmp_path, journal) as system:
            before = await stays(staff(system)), await changes(staff(system))
        journal.free(70, "S2")
        async with history(tmp_path, journal) as system:
            after = await stays(staff(system)), await changes(staff(system))
            assert after[0][1:] == before[0][1:]
            assert after[0][0].ended_at == at(70)
            assert after[1][1:] == before[1]

    run(work())


def test_staff_of_other_towns_and_zones_and_everybody_else_learn_nothing(tmp_path: Path) -> None:
    async def work() -> None:
        journal = Journal()
        a_day(journal)
        async with history(tmp_path, journal) as system:
            path = f"/api/v1/history/bays/{BAY}/stays"
            assert (await system.as_guest("history").get(path)).status_code == 401
            assert (await staff(system, "driver").get(path)).status_code == 403
            assert (await staff(system, municipality_id=OTHER_MUNICIPALITY).get(path)).status_code == 404
            assert (await staff(system, zone_ids=(OTHER_ZONE,)).get(path)).status_code == 404
            assert (await staff(system, zone_ids=(ZONE,)).get(path)).status_code == 200
            assert (await staff(system).get("/api/v1/history/bays/nowhere/stays")).status_code == 404
            assert (await system.as_service("history", "users").post("/internal/v1/receipts", {})).status_code in (
                403,
                422,
            )

    run(work())


def test_a_personal_bay_is_for_police_and_administration_alone(tmp_path: Path) -> None:
    async def work() -> None:
        journal = Journal()
        journal.bay(PERSONAL_BAY, personal=True)
        journal.occupied(0, "P1", PERSONAL_BAY, personal=True)
        async with history(tmp_path, journal) as system:
            path = f"/api/v1/history/bays/{PERSONAL_BAY}/stays"
            assert (await staff(system, "operator").get(path)).status_code == 404
            assert [s.stay_id for s in await stays(staff(system, "administrator"), PERSONAL_BAY)] == ["P1"]
            assert (await figures(staff(system, "operator"), by="bay")).rows == []
            assert len((await figures(staff(system), by="bay")).rows) == 1
            journal.bay(PERSONAL_BAY, version=2)  # it becomes a bay for all; what was stays personal
            journal.free(60, "P1", PERSONAL_BAY)
            journal.occupied(70, "P2", PERSONAL_BAY)
            await caught_up(journal)
            assert [s.stay_id for s in await stays(staff(system, "operator"), PERSONAL_BAY)] == ["P2"]
            assert [c.at for c in await changes(staff(system, "operator"), PERSONAL_BAY)] == [at(70), at(60)]

    run(work())


def test_bad_questions_get_a_reason(tmp_path: Path) -> None:
    async def work() -> None:
        journal = Journal()
        a_day(journal)
        async with history(tmp_path, journal) as system:
            path = f"/api/v1/history/bays/{BAY}/changes"
            for params in (
                {"from": "2026-11-23T00:00:00Z", "to": "2026-11-22T00:00:00Z"}, {"from": "2026-11-23T00:00:00"},
                {"limit": 0}, {"limit": 5000}, {"cursor": "x"}, {"from": "yesterday"},
            ):  # fmt: skip
                answer = await staff(system).get(path, **params)
                assert answer.status_code == 422, params
                assert answer.json()["errors"], params
            path = "/api/v1/history/statistics"
            for params in (
                {"from": "2026-11-23T00:00:00Z", "to": "2026-11-22T00:00:00Z"}, {"from": "2020-01-01T00:00:00Z"},
                {"by": "moon"}, {"from": "2027-01-01T00:00:00Z"},
            ):  # fmt: skip
                answer = await staff(system).get(path, municipality_id=MUNICIPALITY, **params)
                assert answer.status_code == 422, params
            assert (await staff(system).get(path, municipality_id="nowhere")).status_code == 404
            assert (await staff(system).get(path)).status_code == 422

    run(work())


# --- statistics -------------------------------------------------------------------------------------------------------


def test_statistics_count_stays_share_and_known_time(tmp_path: Path) -> None:
    async def work() -> None:
        journal = Journal()
        a_day(journal)
        journal.free(110, "S2")
        async with history(tmp_path, journal, HandClock(at(120))) as system:
            span = {"from": at(0).isoformat(), "to": at(120).isoformat()}
            (row,) = (await figures(staff(system), by="zone", **span)).rows
            assert (row.group, row.bays, row.stays, row.mean_stay_min) == (ZONE, 1, 2, 45.0)
            assert (row.occupancy, row.coverage) == (0.75, 1.0)
            assert row.authorisations == {"authorised": 1, "unverified": 1}
            early = {"from": at(-120).isoformat(), "to": at(120).isoformat()}
            (row,) = (await figures(staff(system), by="category", **early)).rows
            assert (row.group, row.occupancy, row.coverage) == ("disabled", 0.75, 0.5)
            middle = {"from": at(20).isoformat(), "to": at(60).isoformat()}
            (row,) = (await figures(staff(system), by="bay", **middle)).rows
            assert (row.label, row.stays, row.occupancy) == ("BAY-1", 1, 0.75)

    run(work())


def test_time_without_signal_is_not_known_time(tmp_path: Path) -> None:
    async def work() -> None:
        journal = Journal()
        journal.bay(BAY)
        journal.occupied(0, "S1")
        journal._changed(BAY, 60, occupancy="unknown", stay_id="S1", changed_at=at(0), previous_authorisation="pending",
                         previous_occupancy="occupied", authorisation="pending", cause="time")  # fmt: skip
        journal.free(120, "S1", previous_occupancy="unknown")
        async with history(tmp_path, journal, HandClock(at(180))) as system:
            span = {"from": at(0).isoformat(), "to": at(180).isoformat()}
            for by in ("zone", "bay", "category", "day"):
                (row,) = (await figures(staff(system), by=by, **span)).rows
                assert (row.occupancy, row.coverage) == (0.5, 0.6667), by
            rows = {row.group: row for row in (await figures(staff(system), by="hour", **span)).rows}
            assert [(rows[h].occupancy, rows[h].coverage) for h in ("10", "11", "12")] == [(1, 1), (None, 0), (0, 1)]

    run(work())


def test_hours_and_days_are_those_of_the_towns_own_time(tmp_path: Path) -> None:
    async def work() -> None:
        journal = Journal()
        journal.bay(BAY)
        journal.free(0, None)
        journal.occupied(14 * 60 + 30, "S1")  # 23:30 UTC is 00:30 of the next day, a Monday, in Madrid
        journal.free(15 * 60 + 30, "S1")
        async with history(tmp_path, journal, HandClock(at(16 * 60))) as system:
            span = {"from": at(0).isoformat(), "to": at(16 * 60).isoformat()}
            found = await figures(staff(system), by="hour", **span)
            assert found.time_zone == "Europe/Madrid"
            rows = {row.group: row for row in found.rows}
            assert (rows["0"].stays, rows["0"].occupancy, rows["1"].occupancy) == (1, 0.5, 0.5)
            days = {row.group: row for row in (await figures(staff(system), by="day", **span)).rows}
            assert (days["2026-11-22"].stays, days["2026-11-23"].stays) == (0, 1)
            weekdays = {row.group: row.stays for row in (await figures(staff(system), by="weekday", **span)).rows}
            assert weekdays == {"1": 1, "7": 0}

    run(work())


async def bring(caller: Caller, lines: Sequence[Any], **params: Any) -> Imported:
    content = b"\n".join(line if isinstance(line, bytes) else msgspec.json.encode(line) for line in lines)
    answer = await caller.ask("POST", "/api/v1/history/import", content=content, params=params)
    found: Imported = body(answer, Imported)
    return found


def line(number: int, minutes: float, occupied: bool, bay_id: str = BAY, **more: Any) -> dict[str, Any]:
    return {"bay_id": bay_id, "at": at(minutes), "occupied": occupied, "sequence": number, **more}


def a_week(bay_id: str, stays_a_day: int) -> list[dict[str, Any]]:
    """Stays of half an hour on each of the seven days that end the day before NINE's."""
    found = []
    for day in range(7):
        for stay in range(stays_a_day):
            start = -day * 1440 - 1440 + stay * 60
            found += [line(len(found) + 1, start, True, bay_id), line(len(found) + 2, start + 30, False, bay_id)]
    return found


def test_the_public_sees_groups_of_ten_stays_and_never_personal_bays(tmp_path: Path) -> None:
    async def work() -> None:
        journal = Journal()
        journal.bay(BAY)
        journal.bay(OTHER_BAY, zone_id=OTHER_ZONE)
        journal.bay(PERSONAL_BAY, personal=True)
        async with history(tmp_path, journal) as system:
            admin = staff(system, "administrator")
            await bring(admin, [*a_week(BAY, 2), *a_week(OTHER_BAY, 1), *a_week(PERSONAL_BAY, 5)])
            for caller in (system.as_guest("history"), staff(system, municipality_id=OTHER_MUNICIPALITY)):
                found = await figures(caller, by="zone")
                assert found.public
                assert [(row.group, row.stays, row.bays) for row in found.rows] == [(ZONE, 14, 1)]
                assert found.suppressed == 1
            everything = await figures(admin, by="zone")
            assert [(row.group, row.stays) for row in everything.rows] == [(ZONE, 49), (OTHER_ZONE, 7)]
            narrowed = await figures(staff(system, zone_ids=(OTHER_ZONE,)), by="zone")
            assert [(row.group, row.stays) for row in narrowed.rows] == [(OTHER_ZONE, 7)]
            assert (await figures(system.as_guest("history"), by="bay")).suppressed == 1

    run(work())


def test_the_public_can_only_ask_for_whole_days_that_are_over(tmp_path: Path) -> None:
    async def work() -> None:
        journal = Journal()
        journal.bay(BAY)
        async with history(tmp_path, journal) as system:
            span = {"from": at(-1441.5).isoformat(), "to": at(300).isoformat()}
            found = await figures(system.as_guest("history"), by="hour", **span)
            midnight = datetime(2026, 11, 21, 23, tzinfo=UTC)
            assert (found.from_at, found.to_at) == (midnight - timedelta(days=1), midnight)

    run(work())


# --- import -----------------------------------------------------------------------------------------------------------


def test_an_import_becomes_stays_and_again_changes_nothing(tmp_path: Path) -> None:
    async def work() -> None:
        journal = Journal()
        journal.bay(BAY)
        async with history(tmp_path, journal) as system:
            admin = staff(system, "administrator")
            lines = [
                line(1, -120, True, authorisation="authorised"), line(2, -60, False), line(3, -30, True), line(4, -10, False)
            ]  # fmt: skip
            first = await bring(admin, lines, simulated="true")
            assert (first.accepted, first.repeated, first.refused) == (4, 0, [])
            found = await stays(admin)
            assert [(s.started_at, s.ended_at, s.authorisation, s.simulated) for s in found] == [
                (at(-30), at(-10), None, True), (at(-120), at(-60), "authorised", True),
            ]  # fmt: skip
            second = await bring(admin, [*lines, lines[0]], simulated="true")
            assert (second.accepted, second.repeated) == (0, 5)
            assert await stays(admin) == found
            assert {c.origin for c in await changes(admin)} == {"import"}
            assert (await figures(admin, by="bay")).rows[0].simulated

    run(work())


def test_an_import_in_any_order_and_parts_gives_the_same_stays(tmp_path: Path) -> None:
    async def work() -> None:
        journal = Journal()
        journal.bay(BAY)
        journal.bay(OTHER_BAY)
        async with history(tmp_path, journal) as system:
            admin = staff(system, "administrator")
            await bring(admin, a_week(BAY, 3))
            lines = a_week(OTHER_BAY, 3)
            for start in (20, 0, 30, 10):
                await bring(admin, list(reversed(lines[start : start + 15])))
            spans = [
                [(s.started_at, s.ended_at, s.ended_by) for s in await stays(admin, bay)] for bay in (BAY, OTHER_BAY)
            ]
            assert spans[0] == spans[1]

    run(work())


def test_bad_lines_are_refused_with_their_reason_and_do_not_harm_the_others(tmp_path: Path) -> None:
    async def work() -> None:
        journal = Journal()
        journal.bay(BAY)
        journal.bay(OTHER_BAY, OTHER_MUNICIPALITY)
        async with history(tmp_path, journal) as system:
            admin = staff(system, "administrator")
            done = await bring(admin, [
                line(1, -60, True), b"{not json", b"", line(2, -50, False, "nowhere"), line(3, -40, False, OTHER_BAY),
                line(4, 700, True), {**line(5, -30, True), "at": "2026-11-22T08:00:00"}, {**line(6, -20, True), "extra": 1},
                line(-1, -10, True), line(7, -5, False), b"\xff\xfe",
            ])  # fmt: skip
            assert (done.accepted, done.repeated, done.refused_in_all) == (2, 0, 8)
            assert [one.line for one in done.refused] == [2, 4, 5, 6, 7, 8, 9, 11]
            assert {one.line: one.reason for one in done.refused}[4] == "there is no such bay"
            assert "future" in {one.line: one.reason for one in done.refused}[6]
            assert [(s.started_at, s.ended_at) for s in await stays(admin)] == [(at(-60), at(-5))]

    run(work())


def test_an_import_never_touches_what_the_bays_own_sensor_saw(tmp_path: Path) -> None:
    async def work() -> None:
        journal = Journal()
        a_day(journal)
        async with history(tmp_path, journal) as system:
            admin = staff(system, "administrator")
            seen = await stays(admin)
            done = await bring(admin, [line(1, -30, True), line(2, 20, False), line(3, 45, True)])
            assert (done.accepted, [one.line for one in done.refused]) == (1, [2, 3])
            assert "own sensor" in done.refused[0].reason
            after = await stays(admin)
            assert after[:2] == seen
            assert [(s.started_at, s.ended_at) for s in after[2:]] == [(at(-30), at(0))]

    run(work())


def test_only_the_administration_imports(tmp_path: Path) -> None:
    async def work() -> None:
        journal = Journal()
        async with history(tmp_path, journal) as system:
            for caller, status in ((system.as_guest("history"), 401), (staff(system), 403)):
                answer = await caller.ask("POST", "/api/v1/history/import", content=b"{}")
                assert answer.status_code == status
            big = b" " * (8 * 1024 * 1024 + 1)
            answer = await staff(system, "administrator").ask("POST", "/api/v1/history/import", content=big)
            assert answer.status_code == 413

    run(work())


# --- receipts and forgetting ------------------------------------------------------------------------------------------


async def receipt(system: Running, **ask: Any) -> httpx.Response:
    caller = system.as_service("history", "drivers")
    return await caller.post("/internal/v1/receipts", {"check_in_id": "check-in-1", **ask})


async def verified(system: Running, text: str) -> ReceiptAnswer:
    answer = await system.as_guest("history").post("/api/v1/history/receipts/verify", {"receipt": text})
    found: ReceiptAnswer = body(answer, ReceiptAnswer)
    return found


def test_a_stay_that_is_over_has_a_receipt_that_anyone_can_check(tmp_path: Path) -> None:
    async def work() -> None:
        journal = Journal()
        a_day(journal)
        async with history(tmp_path, journal) as system:
            made: Receipt = body(await receipt(system, stay_id="S1", accreditation_id="acc-1"), Receipt)
            claims = made.claims
            assert (claims.municipality, claims.bay, claims.started_at, claims.ended_at, claims.authorisation) == (
                "Villaclara", "BAY-1", at(10), at(40), "authorised",
            )  # fmt: skip
            assert (claims.issued_at, claims.check_in_id, claims.accreditation_id) == (at(600), "check-in-1", "acc-1")
            assert await verified(system, made.receipt) == ReceiptAnswer(valid=True, claims=claims)
            by_span = {"bay_id": BAY, "from_at": at(12), "to_at": at(45)}
            assert body(await receipt(system, **by_span), Receipt).claims.stay_id == "S1"
        async with history(tmp_path, journal) as system:
            assert (await verified(system, made.receipt)).valid

    run(work())


def test_a_receipt_that_was_changed_or_is_none_is_not_valid(tmp_path: Path) -> None:
    async def work() -> None:
        journal = Journal()
        a_day(journal)
        async with history(tmp_path, journal) as system:
            text = body(await receipt(system, stay_id="S1"), Receipt).receipt
            head, claims, signature = text.split(".")
            other = system.keys.sign_document("drivers", "siga-receipt+jwt", {"bay": "BAY-1"})
            token = system.keys.service_token("history", "history")
            for bad in ("", "x", f"{head}.{claims[:-2]}AA.{signature}", text[:-6], other, token, f"{head}.{claims}."):
                found = await verified(system, bad)
                assert not found.valid, bad
                assert found.reason
            answer = await system.as_guest("history").get("/api/v1/history/statistics")
            assert answer.status_code == 422
            caller = system.as_service("history", "drivers")
            caller._headers["authorization"] = f"Bearer {text}"
            assert (
                await caller.post("/internal/v1/receipts", {"check_in_id": "x", "stay_id": "S1"})
            ).status_code == 401

    run(work())


def test_no_receipt_without_a_stay_that_is_over(tmp_path: Path) -> None:
    async def work() -> None:
        journal = Journal()
        a_day(journal)
        async with history(tmp_path, journal) as system:
            assert (await receipt(system, stay_id="S2")).status_code == 409
            assert (await receipt(system, stay_id="S9")).status_code == 404
            assert (await receipt(system)).status_code == 422
            assert (await receipt(system, bay_id=BAY)).status_code == 422
            assert (await receipt(system, bay_id=BAY, from_at=at(41), to_at=at(42))).status_code == 404
            assert (await receipt(system, bay_id="nowhere", from_at=at(0), to_at=at(42))).status_code == 404
            person = staff(system, "administrator")
            answer = await person.post("/internal/v1/receipts", {"check_in_id": "x", "stay_id": "S1"})
            assert answer.status_code == 403

    run(work())


def subjects(data: Path) -> list[str]:
    """The pseudonyms in the store, found as anyone would who had the file."""
    import re

    found: set[str] = set()
    for file in (data / "history").glob("history.db*"):
        found.update(re.findall(r"\d{4}-\d\d:[0-9a-f]{32}", file.read_bytes().decode("latin-1")))
    return sorted(found)


def test_who_had_parked_is_a_pseudonym_and_ends_with_its_key(tmp_path: Path) -> None:
    async def work() -> None:
        journal, clock = Journal(), HandClock(at(600))
        a_day(journal)
        keys = tmp_path / "history" / "pseudonym-keys"
        async with history(tmp_path, journal, clock):
            pass
        assert len(subjects(tmp_path)) == 1
        assert b"card-1" not in (tmp_path / "history" / "history.db").read_bytes()
        (key,) = keys.iterdir()
        assert (key.name, key.stat().st_mode & 0o777) == ("2026-11.key", 0o600)
        clock.forward(73 * 3600)
        async with history(tmp_path, journal, clock) as system:
            await asyncio.sleep(0.1)
            assert (await stays(staff(system)))[1].authorisation == "authorised"
        assert list(keys.iterdir()) == [key]  # its month still runs
        clock.forward(30 * 86400)
        async with history(tmp_path, journal, clock):
            await asyncio.sleep(0.1)
        assert list(keys.iterdir()) == []

    run(work())
