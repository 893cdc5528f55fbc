"""The figures of the flows: report → visible → live client, grace → police, setting → in force, ready after a start."""

from __future__ import annotations

import asyncio
import secrets
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from siga.bench.device import Device
from siga.bench.numbers import Figure, percentile
from siga.bench.started import CENTRE, Town, started
from siga.bench.wire import Wire
from siga.demo.pictures import draw_scene

_WARM_UP_S = 1.0
_READER_WARMS_S = 6.0


async def street(town: Town, bays: int) -> list[tuple[str, float, Device]]:
    """Bays in a row, 20 m apart, each with its sensor: (bay id, longitude, device)."""
    zone = await town.zone(f"Row {secrets.token_hex(3)}", "observe_only")
    found = []
    for n in range(bays):
        lon = CENTRE[0] + n * 0.00025
        bay_id = await town.bay(zone, f"R-{secrets.token_hex(3)}-{n}", lon=lon)
        found.append((bay_id, lon, await town.device("bay_sensor", bay_id)))
    return found


class _Listener:
    """A live client: when each (bay, occupancy) reached it."""

    def __init__(self, town: Town, bbox: str) -> None:
        self._town, self._bbox = town, bbox
        self.seen: dict[tuple[str, str], float] = {}
        self.opened = asyncio.Event()

    async def run(self) -> None:
        """Read the stream until cancelled."""
        where = {"bbox": self._bbox}
        async with self._town.users.stream("GET", "/api/v1/live", params=where, timeout=None) as stream:
            kind = ""
            async for line in stream.aiter_lines():
                if line.startswith("event:"):
                    kind = line[6:].strip()
                    self.opened.set()
                elif line.startswith("data:") and kind == "bay":
                    self._note(line[5:])

    def _note(self, data: str) -> None:
        now, body = time.perf_counter(), msgspec.json.decode(data)
        for bay in body if isinstance(body, list) else [body]:
            self.seen[(bay["bay_id"], bay.get("changed_at") or "")] = now


async def visible(rate: float = 200.0, seconds: float = 10.0, bays: int = 50) -> list[Figure]:
    """Report → commit → visible in `/bays/nearest`, and → at a live client, at `rate` reports a second."""
    with tempfile.TemporaryDirectory(prefix="siga-bench-") as folder:
        async with started(Path(folder)) as town:
            await town.no_limits()
            rows = await street(town, bays)
            listener = _Listener(town, f"{CENTRE[0] - 1},{CENTRE[1] - 1},{CENTRE[0] + 1},{CENTRE[1] + 1}")
            listening = asyncio.create_task(listener.run())
            await asyncio.wait_for(listener.opened.wait(), 10)
            shown, sent = await load(town, rows, rate, seconds)
            await asyncio.sleep(1.0)
            listening.cancel()
    reached = [listener.seen[key] - at for key, at in sent.items() if key in listener.seen]
    missing = len(sent) - len(reached)
    note = f"{len(shown)} reports at {rate:g}/s, {bays} bays"
    return [
        Figure(name="report → commit → visible in /bays/nearest, p50", value=percentile(shown, 0.5) * 1e3, unit="ms"),
        Figure(name="report → commit → visible in /bays/nearest, p99", value=percentile(shown, 0.99) * 1e3, unit="ms",
               at_most=50, note=note),
        Figure(name="report → live client, p50", value=percentile(reached, 0.5) * 1e3, unit="ms"),
        Figure(name="report → live client, p99", value=percentile(reached, 0.99) * 1e3, unit="ms", at_most=200,
               note=f"{len(reached)} changes; {missing} conflated with a newer one of the same bay"),
    ]  # fmt: skip


async def load(town: Town, rows: Sequence[tuple[str, float, Device]], rate: float, seconds: float,
                ) -> tuple[list[float], dict[tuple[str, str], float]]:  # fmt: skip
    """Open loop: one report each 1/rate s in turn over the bays; each is looked for once it is acknowledged."""
    shown: list[float] = []
    sent: dict[tuple[str, str], float] = {}
    tasks: set[asyncio.Task[None]] = set()
    busy = {bay_id: asyncio.Lock() for bay_id, _, _ in rows}
    occupied = dict.fromkeys(busy, False)
    sensors = {bay_id: Wire(town.sensors_url) for bay_id in busy}
    users = {bay_id: Wire(town.users_url) for bay_id in busy}
    began = time.perf_counter()

    async def one(bay_id: str, lon: float, device: Device) -> None:
        async with busy[bay_id]:
            occupied[bay_id] = not occupied[bay_id]
            at = time.perf_counter()
            body = msgspec.json.encode([device.report(occupied[bay_id])])
            send = {"authorization": device.signed("POST", "/sensors/v1/reports", "", body),
                    "content-type": "application/json"}  # fmt: skip
            ack = _read(*await sensors[bay_id].ask("POST", "/sensors/v1/reports", send, body))[0]
            where = f"lon={lon}&lat={CENTRE[1]}&limit=1&occupancy=any&max_distance_m=1"
            bay = _read(*await users[bay_id].ask("GET", f"/api/v1/bays/nearest?{where}", {}))["bays"][0]
            if bay["bay_id"] != bay_id or bay["occupancy"] != ack["occupancy"]:
                raise AssertionError("an acknowledged report was not visible")
            if at - began > _WARM_UP_S:
                shown.append(time.perf_counter() - at)
                sent[(bay_id, bay["changed_at"])] = at

    for n in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, began + n / rate - time.perf_counter()))
        task = asyncio.create_task(one(*rows[n % len(rows)]))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks)
    for wire in (*sensors.values(), *users.values()):
        wire.close()
    return shown, sent


def _read(status: int, body: bytes) -> Any:
    if status >= 400:
        raise AssertionError(f"{status} {body[:300]!r}")
    return msgspec.json.decode(body)


async def police(cases: int = 10) -> list[Figure]:
    """Grace over → photo task → photo by the camera → plate → case complete on the police's page."""
    took: list[float] = []
    with tempfile.TemporaryDirectory(prefix="siga-bench-") as folder:
        async with started(Path(folder)) as town:
            officer = await town.person("police", "officer@town.example")
            await town.set("parking.grace_s", 2)
            zone = await town.zone()
            bay_ids = [await town.bay(zone, f"P-{n}", lon=CENTRE[0] + n * 0.001) for n in range(cases)]
            sensors = [await town.device("bay_sensor", bay_id) for bay_id in bay_ids]
            camera = asyncio.create_task(_camera(await town.device("camera", *bay_ids), "1234RBC"))
            await asyncio.sleep(_READER_WARMS_S)
            for bay_id, sensor in zip(bay_ids, sensors, strict=True):
                over = time.perf_counter() + 2.0
                await sensor.say(True)
                took.append(await _complete(town, officer, bay_id) - over)
            camera.cancel()
    return [
        Figure(name="grace over → case complete on the police's page, median", value=statistics.median(took), unit="s"),
        Figure(name="grace over → case complete on the police's page, worst", value=max(took), unit="s", at_most=3.0,
               note=f"{cases} cases, one after the other, warm worker"),
    ]  # fmt: skip


async def _camera(device: Device, plate: str) -> None:
    """A camera: asks for tasks, sends a drawn photo for each."""
    photo = await asyncio.to_thread(draw_scene, plate, seed=1)
    while True:
        answer = await device.ask("GET", "/sensors/v1/tasks", "wait_s=20")
        for task in answer.json()["tasks"]:
            path = f"/sensors/v1/photos/{task['case_id']}"
            (await device.ask("PUT", path, body=photo, content_type="image/jpeg")).raise_for_status()


async def _complete(town: Town, officer: str, bay_id: str) -> float:
    """When the bay's case is complete on the police's list."""
    until = time.perf_counter() + 30
    while time.perf_counter() < until:
        page = await town.ask("GET", "/api/v1/cases?limit=100", token=officer)
        if any(c["bay_id"] == bay_id and c["complete"] and c.get("plate") for c in page["cases"]):
            return time.perf_counter()
        await asyncio.sleep(0.02)
    raise AssertionError("a case did not become complete within 30 s")


async def settings(changes: int = 200) -> list[Figure]:
    """Setting changed → in force everywhere in the process, as Config counts it."""
    took: list[float] = []
    with tempfile.TemporaryDirectory(prefix="siga-bench-") as folder:
        async with started(Path(folder)) as town:
            await town.no_limits()
            await asyncio.sleep(_READER_WARMS_S)
            for n in range(changes):
                await town.set("parking.grace_s", 100 + n)
                took.append(await _in_force(town))
    return [
        Figure(name="setting → in force in every service, p50", value=percentile(took, 0.5), unit="ms"),
        Figure(name="setting → in force in every service, p99", value=percentile(took, 0.99), unit="ms", at_most=50,
               note=f"{changes} changes, commit to the last of 9 services"),
    ]  # fmt: skip


async def _in_force(town: Town) -> float:
    until = time.perf_counter() + 10
    while time.perf_counter() < until:
        applied = await town.ask("GET", "/api/v1/config/applied")
        if applied["in_force"] == applied["of"] and applied["slowest_ms"] is not None:
            return float(applied["slowest_ms"])
        await asyncio.sleep(0.01)
    raise AssertionError("a setting was not in force everywhere within 10 s")


async def startup(bays: int = 10_000, starts: int = 5) -> list[Figure]:
    """`siga up` on a town of `bays` bays: from the command to the line that says it is ready."""
    took: list[float] = []
    with tempfile.TemporaryDirectory(prefix="siga-bench-") as folder:
        password = secrets.token_urlsafe(12)
        async with started(Path(folder), password=password) as town:
            for start in range(0, bays, 500):
                drafts = [draft(n) for n in range(start, min(start + 500, bays))]
                body = {"municipality_id": town.municipality_id, "drafts": drafts}
                await town.ask("POST", "/api/v1/bays/batch", body)
        for _ in range(starts):
            async with started(Path(folder), password=password) as town:
                took.append(town.ready_s)
                answer = await town.users.get("/readyz")
                if answer.status_code != 200:
                    raise AssertionError("ready was said too early")
    name = f"siga up with {bays} bays: ready, median"
    return [Figure(name=name, value=statistics.median(took), unit="s", at_most=2.0,
                   note=f"{starts} starts, worst {max(took):.2f} s")]  # fmt: skip


def draft(n: int) -> dict[str, Any]:
    """The n-th bay of a made-up town."""
    return {
        "external_id": str(n), "code": f"B-{n:05d}", "lon": CENTRE[0] + n % 100 * 0.0005,
        "lat": CENTRE[1] + n // 100 * 0.0005, "category": "disabled", "address": f"Street {n // 100}, {n % 100}",
        "zone_name": f"Zone {n // 1000}", "capacity_index": 1, "attributes": {}, "outline": None, "row": n,
    }  # fmt: skip
