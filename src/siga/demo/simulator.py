"""The town moves: cars come and go, devices speak, drivers check in, the visitor's commands are obeyed."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from datetime import UTC, datetime
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from siga.demo import records
from siga.demo.accounts import visitors_own
from siga.demo.cameras import Camera
from siga.demo.doors import Away, Door, Person, Refused, SignedDevice
from siga.demo.model import Town
from siga.demo.phones import Phones
from siga.demo.records import Demo, DeviceKey, Start, StreetMemory
from siga.demo.sensors import Sensor
from siga.demo.signing import Nonces
from siga.demo.stage import Command, Stage
from siga.demo.street import CannotTake, Move, Spot, Street, lively_bays
from siga.demo.watcher import Watcher

_KEEP_EVERY_S = 5.0
_READS_AFTER_S = (2.0, 6.0)  # a card is held to the reader
_CHECKS_IN_AFTER_S = (4.0, 11.0)  # somebody takes out the phone
_AT_ONCE = 6
_MOST_FOLLOWED = 200
_FIRST_WORDS_S = 20.0


class Simulator:
    """Everything that moves in one town."""

    def __init__(
        self, start: Start, town: Town, demo: Demo, devices: dict[str, DeviceKey], memory: StreetMemory
    ) -> None:
        self._start, self._memory = start, memory
        driver_key, officer_key, _ = visitors_own(town)
        own = {driver.holder for driver in town.drivers if driver.key == driver_key and driver.holder}
        self._rng = Random()
        self.street = Street(town, memory, datetime.now(UTC), speed=start.speed, rng=self._rng, away=own)
        self._users = Door(start.users_url, connections=12, patience_s=60.0)
        self._sensors_door = Door(start.sensors_url, connections=len(town.devices) + _AT_ONCE)
        self._nonces = Nonces(memory.nonce)
        self._codes = {bay_id: code for code, bay_id in demo.bay_ids.items()}
        self._phones = Phones(self._users, town, demo.people, demo.bay_ids, demo.seeded_at.date(), own)
        self._stage = Stage(self._users, start.token, self._obey)
        self._watcher = self._watch(town, demo, officer_key)
        self._followed: dict[str, None] = dict.fromkeys(sorted(lively_bays(town)))
        self._sensors = self._sensors_of(town, devices)
        self._cameras = self._cameras_of(town, demo, devices)
        self._woken = asyncio.Event()
        self._errands: set[asyncio.Task[None]] = set()

    def _watch(self, town: Town, demo: Demo, officer_key: str) -> Watcher:
        keys = [officer_key, *(one.key for one in town.staff if one.role == "police" and one.key != officer_key)]
        officers = [Person(self._users, demo.people[key].email, demo.people[key].password) for key in keys]
        return Watcher(self._users, officers, self._codes, lambda code: code in self._followed, self._stage.tell)

    def _sensors_of(self, town: Town, devices: dict[str, DeviceKey]) -> dict[str, Sensor]:
        slots, first = asyncio.Semaphore(_AT_ONCE), self._memory.nonce == 0
        return {
            device.bays[0]: Sensor(device, SignedDevice(self._sensors_door, devices[device.serial], self._nonces),
                                   self.street.spots[device.bays[0]], slots, self._rng, first_start=first)
            for device in town.devices
            if device.kind == "bay_sensor" and device.serial in devices and device.bays[0] in self.street.spots
        }  # fmt: skip

    def _cameras_of(self, town: Town, demo: Demo, devices: dict[str, DeviceKey]) -> list[Camera]:
        zone, drawing = ZoneInfo(town.time_zone), asyncio.Semaphore(1)

        def told(spot: Spot, what: str) -> None:
            self._tell(spot.bay.code, what)

        return [
            Camera(SignedDevice(self._sensors_door, devices[device.serial], self._nonces),
                   {demo.bay_ids[code]: self.street.spots[code] for code in device.bays if code in self.street.spots},
                   zone, drawing, self._rng, told)
            for device in town.devices if device.kind == "camera" and device.serial in devices
        ]  # fmt: skip

    # --- life --------------------------------------------------------------------------------------------------------

    async def run(self, say: Callable[[str], None]) -> None:
        """Move the town until cancelled; says `ready`, at the very first start after the sensors' first words."""
        first = self._memory.nonce == 0
        try:
            if first:
                say(f"check-ins {await self._first_check_ins()}")
            async with asyncio.TaskGroup() as group:
                for work in self._works():
                    group.create_task(_for_ever(work))
                if first:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(_FIRST_WORDS_S):
                            await asyncio.gather(*(sensor.has_told.wait() for sensor in self._sensors.values()))
                    say(f"first words of {len(self._sensors)} sensors")
                say("ready")
        finally:
            for errand in self._errands:
                errand.cancel()
            self.keep()
            await self._users.close()
            await self._sensors_door.close()

    async def _listen(self) -> None:
        """Say which sensors are muted, since the page may have forgotten, then hear commands."""
        self._stage.tell("", "muted_now", codes=[code for code, spot in self.street.spots.items() if spot.muted])
        await self._stage.listen()

    def _works(self) -> list[Callable[[], Awaitable[None]]]:
        return [
            self._move, self._keep_memory, self._listen, self._stage.report, self._watcher.run,
            self._watcher.keep_duty, *(sensor.run for sensor in self._sensors.values()),
            *(camera.run for camera in self._cameras),
        ]  # fmt: skip

    def keep(self) -> None:
        """Remember the street for the next start."""
        records.save(self._start.street_file, self.street.memory(self._nonces.last))

    async def _keep_memory(self) -> None:
        while True:
            await asyncio.sleep(_KEEP_EVERY_S)
            await asyncio.to_thread(self.keep)

    async def _first_check_ins(self) -> int:
        """Who stands there with a declared card or an app has checked in before the sensors say so; how many."""
        slots = asyncio.Semaphore(_AT_ONCE)

        async def one(spot: Spot) -> bool:
            async with slots:
                if spot.car is not None:
                    with suppress(Refused):
                        return await self._phones.check_in(spot, spot.car.visitor)
            return False

        return sum(await asyncio.gather(*(one(spot) for spot in self.street.spots.values() if spot.car)))

    async def _move(self) -> None:
        while True:
            now = datetime.now(UTC)
            for move in self.street.due(now):
                self._happen(move)
            wait_s = (self.street.next_at(now) - datetime.now(UTC)).total_seconds()
            try:
                async with asyncio.timeout(min(1.0, max(0.02, wait_s))):
                    await self._woken.wait()
            except TimeoutError:
                pass
            self._woken.clear()

    # --- what happens ------------------------------------------------------------------------------------------------

    def _happen(self, move: Move, command_id: str | None = None) -> None:
        code = move.spot.bay.code
        sensor = self._sensors.get(code)
        if sensor is not None:
            sensor.tell(move.came, move.at)
        kind = move.car.visitor.kind
        self._tell(code, "came" if move.came else "left", command_id=command_id, who=kind)
        if move.came and move.spot.muted:
            return
        if move.came:
            self._errand(self._settle_in(move, sensor))

    async def _settle_in(self, move: Move, sensor: Sensor | None) -> None:
        """Hold the card to the reader, or take out the phone."""
        spot, visitor = move.spot, move.car.visitor
        if visitor.card_uid is not None and sensor is not None:
            await asyncio.sleep(self._rng.uniform(*_READS_AFTER_S))
            if spot.car is move.car:
                sensor.tell(True, datetime.now(UTC), visitor.card_uid)
                self._tell(spot.bay.code, "card_read", who=visitor.kind)
        elif visitor.kind in ("check_in", "guest"):
            await asyncio.sleep(self._rng.uniform(*_CHECKS_IN_AFTER_S))
            if spot.car is move.car and await self._phones.check_in(spot, visitor):
                self._tell(spot.bay.code, "checked_in", who=visitor.kind)

    def _obey(self, command: Command) -> None:
        """Do what the visitor wants; what cannot be done is told."""
        self._follow(command.code)
        now = datetime.now(UTC)
        try:
            if command.what == "take":
                self._happen(self.street.take(command.code, command.who, now), command.command_id)
            elif command.what == "leave":
                self._happen(self.street.leave(command.code, now), command.command_id)
            elif command.what in ("mute", "unmute"):
                spot = self.street.mute(command.code, command.what == "mute")
                self._tell(command.code, f"{command.what}d", command_id=command.command_id)
                if not spot.muted and command.code in self._sensors:
                    self._sensors[command.code].look()
        except CannotTake as fault:
            self._tell(command.code, "refused", command_id=command.command_id, reason=fault.reason)
        self._woken.set()

    def _tell(self, code: str, what: str, **detail: Any) -> None:
        if code in self._followed:
            self._stage.tell(code, what, **detail)

    def _follow(self, code: str) -> None:
        self._followed[code] = None
        if len(self._followed) > _MOST_FOLLOWED:
            del self._followed[next(iter(self._followed))]

    def _errand(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(_forgiving(work))
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)


async def _forgiving(work: Coroutine[Any, Any, None]) -> None:
    """One errand that fails is told and forgotten."""
    try:
        await work
    except (Away, Refused) as fault:
        sys.stdout.write(f"{fault}\n")


async def _for_ever(work: Callable[[], Awaitable[None]]) -> None:
    """Begin again after any fault, with longer pauses: one part's fault ends nothing else."""
    pause_s = 1.0
    while True:
        try:
            await work()
        except (Away, Refused):
            pass
        except Exception as fault:
            sys.stdout.write(f"{getattr(work, '__qualname__', 'work')}: {fault!r}\n")
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 2, 30.0)
