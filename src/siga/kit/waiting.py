"""Waiting for an event with a limit."""

from __future__ import annotations

import asyncio


async def waited(event: asyncio.Event, at_most_s: float | None) -> bool:
    """Whether the event was set within `at_most_s` seconds (None: for ever).

    Not `asyncio.wait_for`: on Python 3.11 that one can swallow a cancellation that comes together with the event, and
    whoever stops the task waits for ever.
    """
    try:
        async with asyncio.timeout(at_most_s):
            await event.wait()
    except TimeoutError:
        return False
    return True
