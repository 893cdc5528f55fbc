"""`python -m siga.demo`: told by one line of JSON on stdin, it makes the town once, then moves it."""

from __future__ import annotations

import asyncio
import signal
import sys
from datetime import UTC, datetime
from random import Random

import msgspec

from siga.demo import records
from siga.demo.accounts import visitors_own
from siga.demo.casting import opening_scene
from siga.demo.habits import history
from siga.demo.records import Demo, DeviceKey, Start, StreetMemory
from siga.demo.seed import PAST, SEED, seed
from siga.demo.simulator import Simulator
from siga.demo.town import make_town


def say(line: str) -> None:
    """One line of progress for whoever started us."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def main() -> int:
    """0 when told to stop, 1 when the town cannot be made."""
    stdin = await _stdin()
    start = msgspec.json.decode(await stdin.readline(), type=Start)
    stopping = asyncio.create_task(_told_to_stop(stdin))
    playing = asyncio.create_task(_play(start))
    await asyncio.wait({stopping, playing}, return_when=asyncio.FIRST_COMPLETED)
    fault = playing.exception() if playing.done() else None
    for task in (playing, stopping):
        task.cancel()
    await asyncio.gather(playing, stopping, return_exceptions=True)
    if fault is None:
        return 0
    for cause in _causes(fault):
        sys.stderr.write(f"siga demo: {cause}\n")
    return 1


def _causes(fault: BaseException) -> list[BaseException]:
    """What went wrong, out of the groups it comes in."""
    if isinstance(fault, BaseExceptionGroup):
        return [cause for one in fault.exceptions for cause in _causes(one)]
    return [fault]


async def _play(start: Start) -> None:
    demo = records.load(start.accounts_file, Demo)
    devices = records.load(start.devices_file, dict[str, DeviceKey])
    if demo is None or not demo.complete or devices is None:
        if demo is not None:
            raise RuntimeError(
                "the demo town was left half made: `make clean` (or delete its data folder), start again"
            )
        demo, devices = await seed(start, say)
    town = make_town(demo.seed, demo.bays)
    memory = records.load(start.street_file, StreetMemory) or _opening(demo, start)
    simulator = Simulator(start, town, demo, devices, memory)
    await simulator.run(say)


def _opening(demo: Demo, start: Start) -> StreetMemory:
    """The street as the four weeks of history leave it."""
    town = make_town(demo.seed, demo.bays)
    past = history(town, town.seed, demo.seeded_at - PAST, demo.seeded_at)
    driver = next(driver for driver in town.drivers if driver.key == visitors_own(town)[0])
    away = {driver.holder} if driver.holder else set()
    return opening_scene(town, past, datetime.now(UTC), Random(SEED), speed=start.speed, away=away)


async def _stdin() -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


async def _told_to_stop(stdin: asyncio.StreamReader) -> None:
    """Returns at the end of stdin, at SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    ended = asyncio.create_task(_until_end(stdin))
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait({ended, waiting}, return_when=asyncio.FIRST_COMPLETED)
    ended.cancel()
    waiting.cancel()


async def _until_end(stdin: asyncio.StreamReader) -> None:
    while await stdin.read(4096):
        continue


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
