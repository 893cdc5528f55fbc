"""The server's clock is set forward or back by an hour: tokens and nonces fail safe, and service goes on (R14)."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from parking_street import Street
from siga.contract.auth import Principal
from siga.kit.access import new_key
from siga.kit.auth import Keyring, make_keys
from siga.kit.clock import HandClock, rfc3339
from siga.kit.problem import Unauthenticated
from support import run, running

START = datetime(2026, 11, 24, 11, tzinfo=UTC)
HOUR = timedelta(hours=1)
STEPS = pytest.mark.parametrize("hours", [1, -1])


class Stepped:
    """`time.time` that can be set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = time.time()
        monkeypatch.setattr(time, "time", lambda: self.now)


@pytest.fixture
def keys(tmp_path: Path) -> Keyring:
    """Two services' keys."""
    make_keys(tmp_path / "keys", ["gateway", "users", "parking"])
    keyring = Keyring.open(tmp_path / "keys", ["gateway", "users", "parking"])
    keyring.access.sign_with(new_key("k1"))
    return keyring


@STEPS
def test_no_token_outlives_a_step_of_the_clock_and_new_ones_are_taken_at_once(
    hours: int, keys: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Stepped(monkeypatch)
    person = Principal(user_id="p", session_id="s")
    old = [keys.service_token("users", "parking"), keys.caller_token("parking", "person", person)]
    access = keys.access_token(person)
    for token in old:
        keys.verify(token, "parking")
    keys.verify_access(access)
    clock.now += hours * 3600
    for token in old:
        with pytest.raises(Unauthenticated):
            keys.verify(token, "parking")
    with pytest.raises(Unauthenticated):
        keys.verify_access(access)
    assert keys.verify(keys.service_token("users", "parking"), "parking").sub == "users"
    assert keys.verify(keys.caller_token("parking", "person", person), "parking").sub == "p"
    assert keys.verify_access(keys.access_token(person)) == person


@STEPS
def test_a_spent_nonce_stays_spent_and_reports_go_on(hours: int, tmp_path: Path) -> None:
    async def work() -> None:
        clock = HandClock(START)
        async with running("parking", data=tmp_path, clock=clock) as system:
            s = Street(system, clock)
            await s.open(1)
            kept = (s.zone_id, s.bay_ids, s.device_ids)

            async def send(street: Street, nonce: int, sequence: int, occupied: bool) -> dict[str, Any]:
                report = {"device_id": kept[2][0], "epoch": 1, "sequence": sequence, "occupied": occupied}
                body = {"device_id": kept[2][0], "nonce": nonce, "received_at": rfc3339(clock()), "reports": [report]}
                answer = await street.gateway.post("/internal/v1/reports", body)
                return {"status": answer.status_code, "body": answer.json()}

            assert (await send(s, 7, 1, False))["status"] == 200
            clock.forward(hours * 3600)
            assert (await send(s, 7, 2, True))["body"]["type"] == "/problems/replayed"
            assert (await send(s, 8, 2, True))["body"][0]["occupancy"] == "occupied"
            assert s.state(0).told is True
        async with running("parking", data=tmp_path, clock=clock) as system:
            again = Street(system, clock)
            assert (await send(again, 8, 3, False))["body"]["type"] == "/problems/replayed"
            assert (await send(again, 9, 3, False))["body"][0]["occupancy"] == "free"

    run(work())
