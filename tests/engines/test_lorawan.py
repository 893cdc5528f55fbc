"""LoRaWAN from the webhook to the bay: each frame once, in its place, and nothing without a secret or a claim."""

from __future__ import annotations

import asyncio
import base64
import os
import random
from collections.abc import Awaitable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

import siga.kit.log as logs
from lorawan_street import EUI, MATCH_KEY, START, LorawanStreet, at, chirpstack_up, nanos, street, ttn_up
from siga.contract.operations import LogRecord
from siga.contract.settings import (
    BATTERY_LOW_MV,
    GRACE_S,
    INTEGRATION_MESSAGES_PER_MIN,
    REPORTS_PER_DEVICE_MIN,
)
from siga.kit.clock import HandClock
from siga.kit.credentials import match
from siga.services.parking.tables import reports
from siga.services.parking.tables_lorawan import claims, frames
from support import MUNICIPALITY, OTHER_MUNICIPALITY, run

FREE, TAKEN = "00", "01"
LONG = bool(os.environ.get("SIGA_LONG"))
FRAMES = 34_000 if LONG else 29


async def kept_reports(s: LorawanStreet) -> list[Any]:
    """All kept reports, in their order."""
    database = s.system.system.services["parking"].database
    assert database is not None
    query = select(reports).order_by(reports.c.epoch, reports.c.sequence)
    return list(await database.read(lambda conn: conn.execute(query).all()))


def stored(data: Path) -> bytes:
    """All that any service's store holds, as it lies on the disk."""
    return b"".join(path.read_bytes() for path in sorted(data.rglob("*.db*")))


async def turns(s: LorawanStreet) -> list[tuple[str, str]]:
    """(state before, state after) of each change of a bay that a report made."""
    told = await s.events("BayChanged")
    return [
        (one["previous_occupancy"], one["occupancy"]) for one in told
        if one["cause"] in ("report", "late_report") and one["previous_occupancy"] != one["occupancy"]
    ]  # fmt: skip


def test_an_uplink_of_each_server_moves_the_bay_and_is_answered_after_the_commit(
    tmp_path: Path, database_url: str | None
) -> None:
    async def check() -> None:
        async with street(tmp_path, database_url=database_url) as s:
            bay_id, _ = await s.sensor()
            assert await s.up(1, TAKEN, at(0)) == {"outcome": "applied", "bay_id": bay_id}
            assert s.state(bay_id).told is True
            assert (await s.ttn_up(2, FREE, at(5), addr="00189440"))["outcome"] == "applied"
            assert s.state(bay_id).told is False
            assert s.state(bay_id).observed_at == at(5) + timedelta(microseconds=0)

    run(check())


def test_a_frame_counts_once_from_many_gateways_both_servers_and_across_a_restart(tmp_path: Path) -> None:
    """R12: every frame 1 to 5 times at once, from several gateways, by two servers, some again after a restart."""
    chance, clock = random.Random(7), HandClock(START)
    spacing = min(3.0, 9000 / FRAMES)
    truth = [(n, TAKEN if n % 2 else FREE, at(spacing * n)) for n in range(1, FRAMES + 1)]
    posted = 0

    def post(s: LorawanStreet, n: int, payload: str, seen: datetime) -> Awaitable[Any]:
        nonlocal posted
        posted += 1
        gateways = [(-60 - chance.random() * 50, 8.0)] * chance.randint(1, 4)
        if chance.random() < 0.5:
            return s.up(n, payload, seen, gateways=gateways)
        # The other server hears it a moment later, and knows the session under another name.
        return s.ttn_up(n, payload, seen + timedelta(milliseconds=350), addr="00189440")

    async def deliver(s: LorawanStreet, frames: Sequence[tuple[int, str, datetime]]) -> None:
        for one in frames:
            await asyncio.gather(*(post(s, *one) for _ in range(chance.randint(1, 5))))

    async def check() -> None:
        half = len(truth) // 2
        async with street(tmp_path, clock) as s:
            bay_id, _ = await s.sensor()
            clock.forward(60 * (spacing * FRAMES + 10))
            for where in ("gateway", "parking"):
                s.system.system.settings[where].swap(1, {"": {INTEGRATION_MESSAGES_PER_MIN.key: 1_000_000}})
            await deliver(s, truth[:half])
            secrets = s.secrets
        async with street(tmp_path, clock, fresh=False) as s:
            s.secrets = secrets
            s.system.system.settings["gateway"].swap(1, {"": {INTEGRATION_MESSAGES_PER_MIN.key: 1_000_000}})
            await deliver(s, truth[half - 9 : half])
            await deliver(s, truth[half:])
            assert [row.sequence for row in await kept_reports(s)] == [n for n, _, _ in truth]
            assert len(await turns(s)) == len(truth)
            assert s.state(bay_id).told is (truth[-1][1] == TAKEN)

    run(check(), 3000 if LONG else 60)
    print(f"\n{posted} deliveries of {len(truth)} frames: each had one effect")


def test_frames_in_any_order_of_both_servers_end_in_the_state_of_the_air(tmp_path: Path) -> None:
    chance, clock = random.Random(11), HandClock(START + timedelta(hours=3))
    truth = [(n, chance.choice([FREE, TAKEN]), at(4 * n)) for n in range(1, 31)]
    posts = [("chirpstack", chirpstack_up(*one)) for one in truth for _ in range(chance.randint(1, 3))]
    posts += [("ttn", ttn_up(*one, addr="00189440")) for one in truth for _ in range(chance.randint(0, 3))]
    chance.shuffle(posts)

    async def check() -> None:
        async with street(tmp_path, clock) as s:
            bay_id, _ = await s.sensor()
            for start in range(0, len(posts), 8):  # some at once
                lot = posts[start : start + 8]
                for answer in await asyncio.gather(*(s.post(kind, body) for kind, body in lot)):
                    assert answer.json()["outcome"] in ("applied", "late", "repeated")
            kept = await kept_reports(s)
            assert [(row.sequence, row.occupied) for row in kept] == [(n, p == TAKEN) for n, p, _ in truth]
            assert s.state(bay_id).told == (truth[-1][1] == TAKEN)
            assert s.state(bay_id).order == (kept[-1].assignment, kept[-1].epoch, 30)

    run(check())


def test_after_a_rejoin_late_frames_of_the_old_session_do_not_move_the_present(tmp_path: Path) -> None:
    async def check() -> None:
        async with street(tmp_path, HandClock(at(30))) as s:
            bay_id, _ = await s.sensor()
            await s.up(500, FREE, at(1))
            join = {"time": nanos(at(10)), "deviceInfo": {"devEui": EUI}, "devAddr": "01aa01aa"}
            for _ in range(3):
                assert (await s.post("chirpstack", join, event="join")).status_code == 200
            assert (await s.up(0, TAKEN, at(11), addr="01aa01aa"))["outcome"] == "applied"
            assert (await s.up(501, FREE, at(2)))["outcome"] == "late"
            assert s.state(bay_id).told is True
            assert (await s.up(1, FREE, at(12), addr="01aa01aa"))["outcome"] == "applied"
            assert s.state(bay_id).told is False

    run(check())


def test_a_new_session_key_of_the_things_stack_is_a_new_session(tmp_path: Path) -> None:
    async def check() -> None:
        async with street(tmp_path, HandClock(at(30))) as s:
            bay_id, _ = await s.sensor()
            assert (await s.ttn_up(7, TAKEN, at(1)))["outcome"] == "applied"
            assert (await s.ttn_up(7, TAKEN, at(2), key="another"))["outcome"] == "applied"
            assert (await s.ttn_up(8, FREE, at(1.5)))["outcome"] == "late"
            assert s.state(bay_id).told is True

    run(check())


def test_a_counter_that_begins_again_without_a_join_still_moves_the_bay(tmp_path: Path) -> None:
    async def check() -> None:
        async with street(tmp_path, HandClock(at(30))) as s:
            bay_id, _ = await s.sensor()
            await s.up(900, FREE, at(1))
            assert (await s.up(0, TAKEN, at(5)))["outcome"] == "applied"
            assert (await s.up(1, FREE, at(9)))["outcome"] == "applied"
            assert s.state(bay_id).told is False

    run(check())


def test_an_unknown_device_waits_in_the_queue_and_its_frames_are_applied_when_it_is_claimed(
    tmp_path: Path, database_url: str | None
) -> None:
    async def check() -> None:
        async with street(tmp_path, HandClock(at(20)), database_url=database_url) as s:
            bay_id = await s.bay("B1")
            for n, payload in enumerate([FREE, "95", "95", FREE, "95"]):
                assert (await s.ttn_up(n, payload, at(n * 2)))["outcome"] == "held"
            (claim,) = await s.claims()
            assert (claim["dev_eui"], claim["frames"], claim["held"]) == (EUI, 5, 5)
            assert (claim["model"], claim["firmware"], claim["payload_hex"]) == ("nps405", "2.4.9", "95")
            assert claim["readings"]["nwave-nps405-2.4.9"]["previous_duration_s"] == 74 * 60
            assert claim["rssi_dbm"] == -71
            assert s.state(bay_id).told is None
            done = await s.claim(bay_id, by=s.system.as_person("parking", "installer"), label="Calle Mayor")
            assert (done["applied"], done["device"]["label"], done["device"]["enrolled"]) == (5, "Calle Mayor", True)
            assert await s.claims() == []
            assert s.state(bay_id).told is True
            assert s.state(bay_id).changed_at == at(8)
            assert (await s.ttn_up(4, "95", at(8)))["outcome"] == "repeated"
            assert (await s.ttn_up(5, FREE, at(10)))["outcome"] == "applied"

    run(check())


def test_frames_held_too_long_are_not_applied(tmp_path: Path) -> None:
    async def check() -> None:
        async with street(tmp_path) as s:
            bay_id = await s.bay("B1")
            await s.up(1, TAKEN, at(0))
            s.clock.forward(8 * 86400)
            await s.up(2, FREE, at(8 * 1440 - 1))
            assert (await s.claim(bay_id))["applied"] == 1
            assert s.state(bay_id).told is False
            assert len(await kept_reports(s)) == 1

    run(check())


def test_the_queue_is_bounded_and_forgets_who_was_not_heard_for_longest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("siga.services.parking.lorawan_claims.MOST_WAITING", 5)
    monkeypatch.setattr("siga.services.parking.lorawan_store.MOST_HELD", 3)

    async def check() -> None:
        async with street(tmp_path) as s:
            for n in range(8):
                s.clock.forward(1)
                await s.up(1, FREE, s.clock(), eui=f"{n:016x}")
            for n in range(2, 9):
                await s.up(n, FREE, s.clock(), eui=f"{7:016x}")
            assert [one["dev_eui"][-1] for one in await s.claims()] == ["7", "6", "5", "4", "3"]
            database = s.system.system.services["parking"].database
            assert database is not None
            query = select(func.count()).select_from(frames)
            assert await database.read(lambda conn: conn.scalar(query)) == 4 + 3
            assert await database.read(lambda conn: conn.scalar(select(func.count()).select_from(claims))) == 5

    run(check())


def test_what_served_its_time_is_forgotten(tmp_path: Path) -> None:
    async def check() -> None:
        async with street(tmp_path) as s:
            lorawan = s.system.system.services["parking"].extra["lorawan"]
            database = s.system.system.services["parking"].database
            assert database is not None

            async def rows() -> tuple[int, int, int]:
                def count(conn: Connection) -> tuple[int, int, int]:
                    held = select(func.count()).select_from(frames).where(frames.c.held.is_not(None))
                    return (
                        int(conn.scalar(select(func.count()).select_from(frames)) or 0), int(conn.scalar(held) or 0),
                        int(conn.scalar(select(func.count()).select_from(claims)) or 0),
                    )  # fmt: skip

                return await database.read(count)

            join = {"time": nanos(at(0)), "deviceInfo": {"devEui": EUI}, "devAddr": "01aa01aa"}
            assert (await s.post("chirpstack", join, event="join")).json() == {"outcome": "heard"}
            await s.up(1, TAKEN, at(1))
            await lorawan.sweep()
            assert await rows() == (1, 1, 1)
            s.clock.forward(8 * 86400)
            await lorawan.sweep()
            assert await rows() == (1, 0, 1)
            s.clock.forward(23 * 86400)
            await lorawan.sweep()
            assert await rows() == (0, 0, 0)

    run(check())


def test_a_dismissed_device_stays_dismissed_until_it_is_restored(tmp_path: Path) -> None:
    async def check() -> None:
        async with street(tmp_path) as s:
            await s.up(1, FREE, at(0))
            claim_id = (await s.claims())[0]["claim_id"]
            path = f"/api/v1/devices/claims/{claim_id}"
            assert (await s.admin.post(f"{path}/dismiss")).json()["state"] == "dismissed"
            assert (await s.up(2, FREE, at(1)))["outcome"] == "ignored"
            assert await s.claims() == []
            (one,) = await s.claims(queue="dismissed")
            assert (one["frames"], one["held"]) == (2, 0)
            assert (await s.admin.post(f"{path}/restore")).json()["state"] == "waiting"
            assert (await s.up(3, FREE, at(2)))["outcome"] == "held"
            assert [one["claim_id"] for one in await s.claims()] == [claim_id]

    run(check())


def test_a_claim_needs_a_known_model_and_firmware_and_a_bay_of_the_town(tmp_path: Path) -> None:
    async def check() -> None:
        async with street(tmp_path) as s:
            bay_id = await s.bay("B1")
            await s.up(1, FREE, at(0))
            path = f"/api/v1/devices/claims/{(await s.claims())[0]['claim_id']}"
            good = {"bay_id": bay_id, "model": "nps405", "firmware": "2.4.9"}
            wrong = await s.admin.post(f"{path}/claim", {**good, "firmware": "1.0"})
            assert (wrong.status_code, wrong.json()["type"]) == (422, "/problems/unknown-codec")
            assert (await s.admin.post(f"{path}/claim", {**good, "bay_id": "nowhere"})).status_code == 422
            away = s.system.as_person("parking", "administrator", municipality_id=OTHER_MUNICIPALITY)
            assert (await away.post(f"{path}/claim", good)).status_code == 404
            assert (await s.system.as_person("parking", "operator").post(f"{path}/claim", good)).status_code == 403
            elsewhere = s.system.as_person("parking", "installer", zone_ids=("another zone",))
            assert (await elsewhere.post(f"{path}/claim", good)).status_code == 403
            codecs = (await s.system.as_guest("parking").get("/api/v1/devices/codecs")).json()["codecs"]
            assert {(one["model"], one["firmware"]) for one in codecs} >= {("nps405", "2.4.9"), ("tps110", "0.23")}
            assert len(await s.claims()) == 1

    run(check())


def test_a_revoked_sensor_goes_back_to_the_queue_and_can_be_claimed_again(tmp_path: Path) -> None:
    async def check() -> None:
        async with street(tmp_path) as s:
            bay_id, device_id = await s.sensor()
            await s.up(1, TAKEN, at(0))
            await s.admin.post(f"/api/v1/devices/{device_id}/revoke")
            assert (await s.up(2, FREE, at(1)))["outcome"] == "held"
            assert (await s.claim(bay_id))["device"]["device_id"] != device_id
            assert s.state(bay_id).told is False
            assert (await s.up(1, TAKEN, at(0)))["outcome"] == "repeated"

    run(check())


def test_a_tag_counts_as_a_card_under_the_towns_key_and_its_number_stays_outside(tmp_path: Path) -> None:
    async def check() -> None:
        async with street(tmp_path, HandClock(at(10))) as s:
            await s.up(0, "d11f345678", at(-1), port=10)  # held: nobody knows whose it is
            (claim,) = await s.claims()
            assert claim["payload_hex"] is None
            assert "credential" not in str(claim)
            bay_id = await s.bay("B1")
            await s.claim(bay_id)
            credential = match(MATCH_KEY, "tag", "1F345678")
            stay = s.state(bay_id).stay
            assert stay is not None
            assert stay.credential == credential
            await s.up(1, FREE, at(1))
            await s.up(2, "01", at(2))
            assert (await s.up(3, "d0001f3456", at(2.2), port=10))["outcome"] == "heard"  # no state in it
            state = s.state(bay_id)
            assert (state.told, state.card) == (True, match(MATCH_KEY, "tag", "001F3456"))
            for word in (b"1f345678", b"1F345678", b"\x1f\x34\x56\x78"):
                assert word not in stored(tmp_path)

    run(check())


def test_a_tag_read_again_in_the_same_minute_is_no_second_car(tmp_path: Path) -> None:
    async def check() -> None:
        async with street(tmp_path, HandClock(at(10))) as s:
            bay_id, _ = await s.sensor()
            await s.up(1, FREE, at(0))
            await s.up(2, "01", at(1))  # the state before lasted less than a minute
            stay = s.state(bay_id).stay
            await s.up(3, "011f345678", at(1.3), port=10)
            after = s.state(bay_id).stay
            assert stay is not None
            assert after is not None
            assert (after.stay_id, after.started_at) == (stay.stay_id, at(1))
            assert after.credential is not None

    run(check())


def test_the_count_of_the_state_before_reaches_the_fold_with_its_error(tmp_path: Path) -> None:
    async def check() -> None:
        async with street(tmp_path, HandClock(at(200))) as s:
            await s.sensor()
            await s.up(1, FREE, at(0))
            await s.up(4, "d0", at(170))  # free again; it was taken for 160 min, to 4 min
            kept = await kept_reports(s)
            assert (kept[1].previous_duration_s, kept[1].previous_error_s) == (160 * 60, 240)
            (corrected,) = await s.events("StayCorrected")
            assert corrected["run"]["occupied"] is True
            assert corrected["run"]["from_error_s"] == 240

    run(check())


def test_what_is_simulated_never_opens_a_case_and_raises_no_alarm(tmp_path: Path) -> None:
    async def check() -> None:
        async with street(tmp_path, HandClock(at(1))) as s:
            bay_id, device_id = await s.sensor()
            await s.ttn_up(1, TAKEN, at(0), simulated=True)
            assert (await s.ttn_up(2, "010080", at(0.5), port=2, simulated=True))["outcome"] == "applied"
            assert s.state(bay_id).simulated
            s.clock.forward(GRACE_S.default * 2)  # type: ignore[operator]
            await s.parking.tick()
            assert await s.events("StaySuspected", "DeviceAlarmed") == []
            assert (await s.health(device_id))["battery_mv"] is None
            # A real car after it is suspected as always.
            assert (await s.up(1, FREE, at(5)))["outcome"] == "applied"
            assert (await s.up(2, TAKEN, at(10)))["outcome"] == "applied"
            assert not s.state(bay_id).simulated
            s.clock.forward(GRACE_S.default * 2)  # type: ignore[operator]
            await s.parking.tick()
            assert len(await s.events("StaySuspected")) == 1

    run(check())


def test_what_a_sensor_cannot_have_meant_is_set_aside_with_the_reason_and_read_after_a_new_pinning(
    tmp_path: Path,
) -> None:
    async def check() -> None:
        async with street(tmp_path, HandClock(at(10))) as s:
            bay_id, device_id = await s.sensor(model="tps110", firmware="0.23")
            assert await s.up(1, "01ff", at(1), port=2) == {
                "outcome": "quarantined", "detail": "a heartbeat of firmware 0.23 has 1 bytes, not 2",
            }  # fmt: skip
            assert (await s.up(2, TAKEN, at(2), port=99))["detail"] == "unknown fPort 99"
            assert (await s.up(3, "", at(3)))["outcome"] == "heard"
            assert (await s.up(4, "", at(4), port=None))["outcome"] == "heard"
            assert s.state(bay_id).told is None
            health = await s.health(device_id)
            assert (health["faults"], health["last_fault"]) == (2, "unknown fPort 99")
            body = {"model": "tps110", "firmware": "0.29.2"}
            pinned = await s.admin.post(f"/api/v1/devices/{device_id}/codec", body)
            assert pinned.json()["codec_id"] == "bosch-tps110-0.29.2"
            assert s.state(bay_id).told is True
            assert s.state(bay_id).observed_at == at(1)

    run(check())


def test_health_shows_battery_signal_and_missed_frames(tmp_path: Path) -> None:
    async def check() -> None:
        async with street(tmp_path, HandClock(at(10))) as s:
            _, device_id = await s.sensor()
            await s.up(1, FREE, at(1))
            await s.up(5, "00d3d800590b", at(2), port=2, gateways=[(-101, 2.5), (-88, 7)])
            await s.up(7, "0204090200", at(3), port=3)
            health = await s.health(device_id)
            assert (health["battery_mv"], health["temperature_c"], health["firmware"]) == (3344, -10.0, "2.4.9")
            assert (health["gaps"], health["last_sequence"], health["faults"]) == (4, 7, 0)
            assert health["lorawan"]["dev_eui"] == EUI
            await s.up(6, FREE, at(2.5))
            health = await s.health(device_id)
            assert (health["gaps"], health["last_sequence"]) == (3, 7)
            status = {"deviceInfo": {"devEui": EUI}, "time": nanos(at(4)), "margin": 10, "batteryLevel": 88.3}
            assert (await s.post("chirpstack", status, event="status")).json() == {"outcome": "heard"}
            assert (await s.health(device_id))["battery_pct"] == 88.3
            assert (await s.admin.get(f"/api/v1/devices/{device_id}")).json()["battery_pct"] == 88
            for caller, status_code in (
                (s.system.as_person("parking", "operator"), 200), (s.system.as_guest("parking"), 401),
                (s.system.as_person("parking", "operator", municipality_id=OTHER_MUNICIPALITY), 404),
            ):  # fmt: skip
                assert (await caller.get(f"/api/v1/devices/{device_id}/health")).status_code == status_code

    run(check())


def test_a_low_battery_and_a_weak_signal_are_told_once_until_they_are_well_again(tmp_path: Path) -> None:
    async def check() -> None:
        async with street(tmp_path, HandClock(at(600))) as s:
            bay_id, device_id = await s.sensor()
            low, edge, well = "007d28", "008028", "00c828"  # 3000, 3012 and 3300 mV at 30 °C
            s.system.system.settings["parking"].swap(1, {"": {BATTERY_LOW_MV.key: 3010}})
            for n, payload in enumerate([well, low, low, edge, well, low]):
                await s.up(n + 1, payload, at(n * 10), port=2)
            told = await s.events("DeviceAlarmed")
            assert [one["reason"] for one in told] == ["battery_low", "battery_low"]
            assert told[0] == {
                "device_id": device_id, "bay_id": bay_id, "reason": "battery_low", "detail": "3000 mV",
            }  # fmt: skip
            for n in range(10, 18):
                await s.up(n, FREE, at(100 + n), gateways=[(-131, -19)])
            told = await s.events("DeviceAlarmed")
            assert [one["reason"] for one in told][2:] == ["signal_weak"]
            assert (await s.health(device_id))["signal_weak"] is True

    run(check())


def test_any_word_of_the_sensor_counts_as_heard_but_not_as_seen(tmp_path: Path) -> None:
    async def check() -> None:
        async with street(tmp_path) as s:
            bay_id, _ = await s.sensor()
            await s.up(1, FREE, at(0))
            s.clock.forward(1800)
            assert (await s.up(2, "00", at(30), port=6))["outcome"] == "heard"
            state = s.state(bay_id)
            assert (state.heard_at, state.observed_at, state.told) == (at(30), at(0), False)

    run(check())


# --- integrations ----------------------------------------------------------------------------------------------------


def test_without_the_secret_nothing_enters_and_the_secret_is_nowhere(
    tmp_path: Path,
) -> None:
    records: list[Any] = []

    class Sink:
        def offer(self, record: LogRecord) -> bool:
            records.append(record)
            return True

    async def check() -> None:
        async with street(tmp_path) as s:
            logs.configure(process="test", sink=Sink(), stderr_level="critical")
            body, secret = chirpstack_up(1, FREE, at(0)), s.secrets["chirpstack"]
            for headers in (
                {}, {"authorization": "Bearer wrong"}, {"authorization": f"Bearer {s.secrets['ttn']}"},
                {"authorization": "Basic " + "x" * 20}, {"x-siga-secret": secret[:-1]},
            ):  # fmt: skip
                answer = await s.post("chirpstack", body, headers=headers)
                assert answer.status_code == 401, headers
                assert answer.json()["type"] == "/problems/integration-secret"
                assert answer.headers["www-authenticate"].startswith("Bearer")
            path = f"/sensors/v1/lns/chirpstack?event=up&secret={secret}"
            assert (await s.door.post(path, json=body)).status_code == 401
            assert await s.claims() == []
            basic = "Basic " + base64.b64encode(f"any:{secret}".encode()).decode()
            for headers in ({"authorization": basic}, {"x-siga-secret": secret}):
                assert (await s.post("chirpstack", body, headers=headers)).status_code == 200
            shown = (await s.admin.get("/api/v1/devices/integrations")).text
            assert secret not in shown
        assert secret.encode() not in stored(tmp_path)
        assert secret not in str(records)

    run(check())


def test_too_many_wrong_secrets_from_one_address_have_to_wait(tmp_path: Path) -> None:
    async def check() -> None:
        async with street(tmp_path) as s:
            s.system.system.settings["gateway"].swap(1, {"": {REPORTS_PER_DEVICE_MIN.key: 3}})
            answers = [await s.post("ttn", {}, secret="wrong") for _ in range(5)]
            assert [one.status_code for one in answers] == [401, 401, 401, 429, 429]
            assert answers[-1].headers["retry-after"]

    run(check())


def test_each_integration_has_its_own_allowance(tmp_path: Path) -> None:
    async def check() -> None:
        async with street(tmp_path) as s:
            s.system.system.settings["gateway"].swap(1, {"": {INTEGRATION_MESSAGES_PER_MIN.key: 2}})
            bodies = [chirpstack_up(n, FREE, at(n)) for n in range(3)]
            codes = [(await s.post("chirpstack", body)).status_code for body in bodies]
            assert codes == [200, 200, 429]
            assert (await s.post("ttn", ttn_up(1, FREE, at(1)))).status_code == 200

    run(check())


def test_a_rotated_secret_opens_until_the_overlap_is_over(tmp_path: Path) -> None:
    async def check() -> None:
        async with street(tmp_path) as s:
            path = f"/api/v1/devices/integrations/{s.integrations['ttn']}"
            answer = await s.admin.post(f"{path}/rotate", {"overlap_h": 2})
            old, s.secrets["ttn"] = s.secrets["ttn"], answer.json()["secret"]
            assert answer.json()["header"] == f"Authorization: Bearer {s.secrets['ttn']}"
            for secret in (old, s.secrets["ttn"]):
                assert (await s.post("ttn", ttn_up(1, FREE, at(0)), secret=secret)).status_code == 200
            s.clock.forward(2 * 3600 + 1)
            assert (await s.post("ttn", {}, secret=old)).status_code == 401
            assert (await s.post("ttn", {})).json() == {"outcome": "ignored"}
            again = (await s.admin.post(f"{path}/rotate", {"overlap_h": 0})).json()["secret"]
            await _until(s, "ttn", s.secrets["ttn"], 401)
            assert (await s.post("ttn", {}, secret=again)).status_code == 200

    run(check())


async def _until(s: LorawanStreet, kind: str, secret: str, status: int) -> None:
    """Wait until the door has heard of a change."""
    for _ in range(200):
        if (await s.post(kind, {} if kind == "ttn" else chirpstack_up(1, FREE, at(0)), secret=secret)).status_code == (
            status
        ):
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"never answered {status}")


def test_an_integration_that_is_shut_out_is_answered_401_and_comes_back(tmp_path: Path) -> None:
    async def check() -> None:
        async with street(tmp_path) as s:
            path = f"/api/v1/devices/integrations/{s.integrations['chirpstack']}"
            assert (await s.up(1, FREE, at(0)))["outcome"] == "held"
            shut = await s.admin.ask("PATCH", path, {"enabled": False, "name": "old"})
            assert (shut.json()["enabled"], shut.json()["name"]) == (False, "old")
            await _until(s, "chirpstack", s.secrets["chirpstack"], 401)
            await s.admin.ask("PATCH", path, {"enabled": True})
            await _until(s, "chirpstack", s.secrets["chirpstack"], 200)
            one = (await s.admin.get(path)).json()
            assert (one["messages"] >= 2, one["uplinks"], one["heard_at"] is not None) == (True, 1, True)

    run(check())


def test_only_administrators_let_network_servers_in_and_only_to_their_own_town(tmp_path: Path) -> None:
    async def check() -> None:
        async with street(tmp_path) as s:
            body = {"municipality_id": MUNICIPALITY, "kind": "ttn", "name": "x"}
            installer, away = (
                s.system.as_person("parking", "installer"),
                s.system.as_person("parking", "administrator", municipality_id=OTHER_MUNICIPALITY),
            )
            for caller, status in ((installer, 403), (away, 403), (s.system.as_guest("parking"), 401)):
                assert (await caller.post("/api/v1/devices/integrations", body)).status_code == status
            path = f"/api/v1/devices/integrations/{s.integrations['ttn']}"
            assert (await away.get(path)).status_code == 404
            assert (await away.post(f"{path}/rotate", {})).status_code == 404
            assert (await away.get("/api/v1/devices/integrations")).json()["integrations"] == []
            assert (await s.admin.post("/api/v1/devices/integrations", {**body, "name": " "})).status_code == 422
            assert (await s.admin.post("/api/v1/devices/integrations", {**body, "kind": "x"})).status_code in (400, 422)

    run(check())


def test_another_towns_integration_does_not_speak_for_a_towns_sensor(tmp_path: Path) -> None:
    async def check() -> None:
        async with street(tmp_path) as s:
            bay_id, _ = await s.sensor()
            await s.up(1, FREE, at(0))
            away = s.system.as_person("parking", "administrator", municipality_id=OTHER_MUNICIPALITY)
            body = {"municipality_id": OTHER_MUNICIPALITY, "kind": "chirpstack", "name": "x"}
            secret = (await away.post("/api/v1/devices/integrations", body)).json()["secret"]
            answer = await s.post("chirpstack", chirpstack_up(2, TAKEN, at(0)), secret=secret)
            assert answer.json()["outcome"] == "held"
            assert s.state(bay_id).told is False

    run(check())


def test_what_is_not_needed_is_answered_and_passed(tmp_path: Path) -> None:
    async def check() -> None:
        async with street(tmp_path) as s:
            for event in ("ack", "txack", "log", "location", "integration", "surprise", ""):
                answer = await s.post("chirpstack", {"any": "thing"}, event=event)
                assert (answer.status_code, answer.json()) == (200, {"outcome": "ignored"}), event
            assert (await s.post("ttn", {"downlink_ack": {}})).json() == {"outcome": "ignored"}

    run(check())


def test_nonsense_with_the_right_secret_is_refused_clearly(tmp_path: Path) -> None:
    async def check() -> None:
        async with street(tmp_path) as s:
            for body in ({}, [], {"deviceInfo": {"devEui": "zz"}}):
                answer = await s.post("chirpstack", body)
                assert (answer.status_code, answer.json()["type"]) == (400, "/problems/malformed")
            assert (await s.post("chirpstack", {"x": "y" * 300_000})).status_code == 413
            assert (await s.door.get("/sensors/v1/lns/ttn")).status_code == 405

    run(check())
