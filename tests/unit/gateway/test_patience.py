"""A door waits for a client for so long and no longer, and a real cancellation stays one."""

from __future__ import annotations

import asyncio

import pytest

from siga.services.gateway import patience
from siga.services.gateway.patience import Patience


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "_LOOK_S", 0.01)


def test_what_comes_in_time_is_handed_on() -> None:
    async def work() -> None:
        assert await Patience(5).waited(asyncio.sleep(0.03, "body")) == "body"

    asyncio.run(work())


def test_what_does_not_come_ends_in_a_timeout_and_the_task_lives_on() -> None:
    async def work() -> None:
        waits = Patience(0.03)
        for _ in range(2):
            with pytest.raises(TimeoutError):
                await waits.waited(asyncio.Event().wait())
        assert await waits.waited(asyncio.sleep(0, "again")) == "again"

    asyncio.run(work())


def test_a_cancellation_from_outside_is_not_taken_for_a_timeout() -> None:
    async def work() -> None:
        task = asyncio.create_task(Patience(5).waited(asyncio.Event().wait()))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(work())
