"""Order, repeats, losses and late words through the real Parking and the real History (R12, R13, R15)."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import Connection, event

from parking_book import Book, Walk, arrivals, digest
from parking_street import START, Street, at, street
from siga.contract.parking import Ack, MatchedReport, ReportBatch
from siga.kit.clock import HandClock
from siga.services.parking import health
from siga.services.parking.entries import Entry
from siga.services.parking.folding import fold_batch
from siga.services.parking.overlay import Overlay
from support import run

LONG = bool(os.environ.get("SIGA_LONG"))
WALKS = 400 if LONG else 40
DELIVERIES = 100_000 if LONG else 4_000


# --- gaps, generated reports, silence ---------------------------------------------------------------------------------


def test_sequences_that_never_came_are_counted_until_they_come(tmp_path: Path, database_url: str | None) -> None:
    async def work() -> None:
        async with street(tmp_path, url=database_url) as s:
            await s.open(2)
            database = s.system.system.services["parking"].database
            assert database is not None

            async def missing() -> int:
                return int(await database.read(lambda conn: health.missing(conn, s.device_ids[0])))

            steps = (((7, 1), 0), ((8, 1), 0), ((12, 1), 3), ((10, 1), 2), ((10, 1), 2), ((3, 1), 5), ((1, 2), 5),
                     ((4, 2), 7), ((3, 2), 6), ((2, 2), 5))  # fmt: skip
            for (sequence, epoch), expected in steps:
                await s.take(s.report(0, sequence, False, epoch=epoch, observed_at=at(0)))
                assert await missing() == expected, (sequence, epoch)
            many = [s.report(0, n, n % 2 == 0, epoch=3) for n in (1, 2, 6, 3, 9, 9, 4)]
            await s.take(*many)
            assert await missing() == 5 + 3

    run(work())


def test_an_old_report_that_is_set_aside_is_not_missing(tmp_path: Path) -> None:
    async def work() -> None:
        async with street(tmp_path) as s:
            await s.open(1)
            s.clock.forward(9 * 86_400)
            now = s.clock()
            await s.take(s.report(0, 1, False, observed_at=now))
            (ack,) = await s.take(s.report(0, 2, True, observed_at=now - timedelta(days=8)))
            assert ack.status == "quarantined"
            await s.take(s.report(0, 3, False, observed_at=now))
            database = s.system.system.services["parking"].database
            assert database is not None
            assert await database.read(lambda conn: health.missing(conn, s.device_ids[0])) == 0

    run(work())


def test_a_generated_report_is_marked_everywhere_and_opens_nothing(tmp_path: Path, database_url: str | None) -> None:
    async def work() -> None:
        async with street(tmp_path, "history", url=database_url) as s:
            await s.open(1)
            s.clock.forward(60)
            await s.take(s.report(0, 2, True, simulated=True))
            await s.tick(400)
            await s.tick(400)
            assert await s.events("StaySuspected") == []
            changed = await s.events("BayChanged")
            assert [one.get("simulated") for one in changed if one["occupancy"] == "occupied"] == [True, True]
            guest = s.system.as_guest("parking")
            assert (await guest.get(f"/api/v1/bays/{s.bay_ids[0]}")).json()["simulated"] is True
            await s.take(s.report(0, 1, False, simulated=True, observed_at=s.clock() - timedelta(minutes=30)))
            assert [one["simulated"] for one in await s.events("ReportCameLate")] == [True]
            assert [one.simulated for one in await s.stays(0)] == [True]
            await s.take(s.report(0, 3, True))
            assert [one["reason"] for one in await s.events("StaySuspected")] == ["unverified"], "a real word counts"

    run(work())


def test_a_sensor_that_falls_silent_hides_its_bay_within_one_more_period(tmp_path: Path) -> None:
    async def work() -> None:
        async with street(tmp_path) as s:
            await s.open(3)
            for bay in range(3):
                await s.take(s.report(bay, 1, False))
            hidden: dict[int, int] = {}
            for step in range(1, 61):  # a minute each, ten minutes a period
                s.clock.forward(60)
                if step % 10 == 0:
                    await s.take(s.report(0, 1 + step // 10, False))
                await s.parking.tick()
                for bay in range(3):
                    if s.state(bay).silent:
                        hidden.setdefault(bay, step)
            assert hidden == {1: 25, 2: 25}, "2.5 periods; the one that speaks is never hidden"
            await s.take(s.report(1, 2, False))
            assert not s.state(1).silent

    run(work())


def test_a_shorter_period_counts_at_once(tmp_path: Path) -> None:
    async def work() -> None:
        async with street(tmp_path) as s:
            await s.open(1, period_s=3600)
            await s.take(s.report(0, 1, False))
            await s.tick(200)
            assert not s.state(0).silent
            answer = await s.admin.ask("PATCH", f"/api/v1/devices/{s.device_ids[0]}", {"period_s": 60})
            assert answer.status_code == 200, answer.text
            await s.tick(1)
            assert s.state(0).silent

    run(work())


def test_a_report_that_follows_its_predecessor_asks_the_store_nothing(tmp_path: Path, database_url: str | None) -> None:
    async def work() -> None:
        async with street(tmp_path, url=database_url) as s:
            await s.open(1)
            await s.take(s.report(0, 1, False))
            asked: list[str] = []

            def fold(conn: Connection, overlay: Overlay) -> list[Ack]:
                def note(*of: Any) -> None:
                    asked.append(of[2])

                event.listen(conn, "before_cursor_execute", note)
                reports = [
                    s.report(0, 2, False), s.report(0, 3, True), s.report(0, 4, True),
                    s.report(0, 5, False, previous_duration_s=0),
                ]  # fmt: skip
                batch = ReportBatch(device_id="", nonce=None, received_at=s.clock(), reports=reports)
                acks = fold_batch(conn, overlay, batch)
                event.remove(conn, "before_cursor_execute", note)
                return acks

            acks = await s.parking.commit(fold)
            assert [ack.status for ack in acks] == ["applied"] * 4
            assert asked == [], "a count that agrees neither"

    run(work())


def test_a_device_that_moved_and_one_on_two_bays_repeat_without_effect(
    tmp_path: Path, database_url: str | None
) -> None:
    async def work() -> None:
        async with street(tmp_path, url=database_url) as s:
            await s.open(2)
            first, second = s.device_ids
            s.clock.forward(60)
            await s.take(s.report(0, 5, True))
            move = {"bay_ids": [s.bay_ids[1]]}
            answer = await s.admin.ask("PATCH", f"/api/v1/devices/{first}", move)
            assert answer.status_code == 200, answer.text
            s.clock.forward(60)
            assert [ack.status for ack in await s.take(s.report(0, 5, True), s.report(0, 6, False))] == [
                "repeated", "applied",
            ]  # fmt: skip
            both = {"bay_ids": s.bay_ids}
            assert (await s.admin.ask("PATCH", f"/api/v1/devices/{first}", both)).status_code == 200
            s.clock.forward(60)
            one, other = s.bay_ids
            sent = [s.report(0, n, n % 2 == 0, bay_id=bay) for n, bay in ((7, one), (7, other), (8, other), (8, one))]
            assert [ack.status for ack in await s.take(*sent)] == ["applied", "repeated", "applied", "repeated"]
            assert second != first

    run(work())


# --- any order, any number of times -----------------------------------------------------------------------------------


def test_the_real_parking_and_history_say_what_the_book_says(tmp_path: Path) -> None:
    """The pure rules behind 10,000 permutations (tests/unit/parking/test_order.py) are the product's own."""

    async def work() -> None:
        corrected = 0
        async with street(tmp_path, "history") as s:
            await s.open(WALKS, mode="observe_only")
            s.clock.forward(3 * 86_400)
            expected = []
            for bay in range(WALKS):
                rng = Random(bay)
                walk = Walk(rng, START, rng.randint(5, 16), swaps=0)
                straight = Book().live(walk.happenings)
                corrected += len(straight.corrections())
                expected.append((straight.present(), digest(straight.stays())))
                for entry in arrivals(rng, walk.happenings):
                    if isinstance(entry, Entry):
                        await s.take(s.report_of(bay, entry), received_at=entry.received_at)
            for bay, (present, history) in enumerate(expected):
                state = s.state(bay)
                assert (state.told, state.changed_at, state.observed_at, state.heard_at) == (
                    present.told, present.changed_at, present.observed_at, present.heard_at,
                ), bay  # fmt: skip
                assert digest(await s.stays(bay)) == history, bay
        print(f"\n{WALKS} permutations through Parking and History, {corrected} corrections")
        assert corrected > WALKS // 10

    run(work(), 1800 if LONG else 60)


def test_every_report_has_one_effect_however_often_and_by_whatever_way_it_comes(tmp_path: Path) -> None:
    """Each report one to five times, in any order, by two gateways at once, before and after restarts."""

    async def work() -> None:
        clock = HandClock(START)
        rng, bays = Random(12), 20
        per_bay = DELIVERIES // 3 // bays
        statuses: Counter[str] = Counter()
        parts, others = 4, ("history", "enforcement", "images", "drivers", "users")
        async with street(tmp_path, clock=clock) as s:
            await s.open(bays)
            kept = (s.zone_id, s.bay_ids, s.device_ids)
        clock.forward(per_bay * 60 + 3_600)
        sent = [(bay, n) for bay in range(bays) for n in range(1, per_bay + 1)]
        many = [one for one in sent for _ in range(rng.choice([1, 2, 3, 4, 5]))]
        # Mixed within some hundreds: restarts fall between the first and the last time of many reports.
        many = [one for _, one in sorted((one[1] + rng.uniform(0, per_bay / 3), one) for one in many)]
        for part in range(parts):
            lot = many[part * len(many) // parts : (part + 1) * len(many) // parts]
            async with street(tmp_path, *others, clock=clock) as s:
                s.zone_id, s.bay_ids, s.device_ids = kept
                statuses += await _by_two_gateways(s, rng, lot)
                await s.tick(1)
                await s.history_caught_up()
        async with street(tmp_path, *others, clock=clock) as s:
            s.zone_id, s.bay_ids, s.device_ids = kept
            await _one_effect_each(s, sent, statuses)
        deliveries = sum(statuses.values())
        print(f"\n{deliveries} deliveries of {len(sent)} reports, {parts} restarts, {dict(statuses)}")
        assert deliveries >= DELIVERIES

    run(work(), 3600 if LONG else 110)


def _what(bay: int, n: int) -> dict[str, Any]:
    """A sensor's n-th report: it turns every third time."""
    return {"occupied": (n // 3 + bay) % 2 == 1, "observed_at": START + timedelta(minutes=n, seconds=bay)}


async def _by_two_gateways(s: Street, rng: Random, lot: list[tuple[int, int]]) -> Counter[str]:
    reports = [s.report(bay, n, **_what(bay, n)) for bay, n in lot]
    envelopes: list[list[MatchedReport]] = []
    while reports:
        size = rng.randint(1, 100)
        envelopes.append(reports[:size])
        reports = reports[size:]
    found: Counter[str] = Counter()

    async def gateway(mine: list[list[MatchedReport]]) -> None:
        for envelope in mine:
            acks: list[Ack] = await s.take(*envelope)
            found.update(ack.status for ack in acks)

    await asyncio.gather(gateway(envelopes), gateway(rng.sample(envelopes, len(envelopes))))
    return found


async def _one_effect_each(s: Street, sent: list[tuple[int, int]], statuses: Counter[str]) -> None:
    assert statuses["applied"] + statuses["late"] == len(sent) == len(await s.kept())
    assert len(await s.events("ReportCameLate")) == statuses["late"]
    turned = await s.events("BayChanged")
    begun = Counter(one["stay_id"] for one in turned if one["stay_id"] and one["previous_authorisation"] is None)
    assert begun
    assert set(begun.values()) == {1}
    ended = Counter(one["ended_stay_id"] for one in turned if one["ended_stay_id"])
    assert set(ended.values()) == {1}
    suspected = Counter((one["stay_id"], one["reason"]) for one in await s.events("StaySuspected"))
    assert set(suspected.values()) <= {1}
    for bay in range(len(s.bay_ids)):
        seen: list[tuple[datetime, datetime | None]] = []
        for n in sorted(n for b, n in sent if b == bay):
            word = _what(bay, n)
            if word["occupied"] and (not seen or seen[-1][1] is not None):
                seen.append((word["observed_at"], None))
            elif not word["occupied"] and seen and seen[-1][1] is None:
                seen[-1] = (seen[-1][0], word["observed_at"])
        assert [(one.started_at, one.ended_at) for one in await s.stays(bay)] == seen, bay
    police = s.system.as_person("enforcement", "police")
    cases = (await police.get("/api/v1/cases", limit=200)).json()["cases"]
    assert set(Counter(one["stay_id"] for one in cases if one.get("stay_id")).values()) <= {1}
