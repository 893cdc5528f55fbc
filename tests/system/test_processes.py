"""Users, parking, images and logs as four processes with four data folders, none able to open another's files."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import signal
import sys
from pathlib import Path

import pytest

from siga.bench.device import Device
from siga.bench.started import Town, free_ports
from siga.contract.auth import SERVICES
from siga.kit.auth import make_keys
from support import run

GROUPS = {
    "users": ("users",), "parking": ("parking",), "images": ("images",), "logs": ("logs",),
    "rest": ("config", "history", "enforcement", "drivers", "gateway"),
}  # fmt: skip


class Processes:
    """Five processes of one system, each with its own folder, and with the others' folders out of its sight."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        ports = free_ports(len(SERVICES) + 2)
        self.doors = (ports[-2], ports[-1])
        self.urls = {name: f"http://127.0.0.1:{port}" for name, port in zip(SERVICES, ports, strict=False)}
        self.running: dict[str, asyncio.subprocess.Process] = {}

    def lay_out(self) -> None:
        """A folder and keys for each."""
        make_keys(self.folder / "all-keys", SERVICES)
        for group in GROUPS:
            home = self.folder / group
            (home / "keys" / "private").mkdir(parents=True)
            for name in GROUPS[group]:
                shutil.copy(self.folder / "all-keys" / "private" / f"{name}.json", home / "keys" / "private")
            shutil.copy(self.folder / "all-keys" / "trusted.json", home / "keys")
            services = "\n".join(f'{name} = "{url}"' for name, url in self.urls.items())
            (home / "siga.toml").write_text(
                f'data = "{home}/data"\nkeys = "{home}/keys"\nport = {self.doors[0]}\nsensors_port = {self.doors[1]}\n'
                f"[services]\n{services}\n"
            )
        shutil.rmtree(self.folder / "all-keys")

    async def start(self, group: str) -> None:
        """Start one process in a mount namespace of its own, where the others' folders are empty ones."""
        home = self.folder / group
        hide = "; ".join(f"mount -t tmpfs none {self.folder / other}" for other in GROUPS if other != group)
        siga = shlex.join([sys.executable, "-m", "siga", "serve", *GROUPS[group], "--config", str(home / "siga.toml")])
        process = await asyncio.create_subprocess_exec(
            "unshare", "--mount", "--propagation", "private", "sh", "-c", f"set -e; {hide}; exec {siga}", cwd=home,
            stdout=asyncio.subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), 60)
        assert line.startswith(b"Serving"), line
        self.running[group] = process

    async def sees(self, group: str, path: Path) -> list[str]:
        """What that process finds in a folder."""
        pid = str(self.running[group].pid)
        look = await asyncio.create_subprocess_exec(
            "nsenter", "--mount", "-t", pid, "ls", "-A", str(path), stdout=asyncio.subprocess.PIPE
        )
        out, _ = await look.communicate()
        return out.decode().split()

    async def kill(self, group: str) -> None:
        """kill -9 one of them."""
        process = self.running.pop(group)
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()

    async def stop(self) -> None:
        """End all."""
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            try:
                await asyncio.wait_for(process.wait(), 15)
            except TimeoutError:
                os.killpg(process.pid, signal.SIGKILL)
                await process.wait()


def test_four_services_apart_work_as_one_and_none_opens_anothers_files(tmp_path: Path) -> None:
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("needs root and unshare: each process runs where the others' folders are out of sight")

    async def work() -> None:
        processes = Processes(tmp_path)
        processes.lay_out()
        try:
            await asyncio.gather(*(processes.start(group) for group in GROUPS))
            await _use(processes)
            for group in GROUPS:
                assert await processes.sees(group, tmp_path / group / "data"), "its own files are there"
                for other in set(GROUPS) - {group}:
                    assert await processes.sees(group, tmp_path / other) == [], f"{group} sees {other}'s files"
        finally:
            await processes.stop()

    run(work(), 170)


async def _use(processes: Processes) -> None:
    rest = processes.running["rest"]
    town = Town(
        rest, f"http://127.0.0.1:{processes.doors[0]}", f"http://127.0.0.1:{processes.doors[1]}", "a pass phrase"
    )
    town.setup_code = await _setup_code(processes)
    await _found(town)
    bay_id = await town.bay(await town.zone(), "C-1")
    sensor: Device = await town.device("bay_sensor", bay_id)
    assert (await sensor.say(False))["status"] == "applied"
    found = (await town.users.get(f"/api/v1/bays/{bay_id}")).json()
    assert found["occupancy"] == "free"
    await processes.kill("logs")
    await processes.kill("images")
    assert (await sensor.say(True))["status"] == "applied", "logs and images away: reports go on"
    await processes.start("logs")
    await processes.start("images")
    await processes.kill("parking")
    away = await town.users.get(f"/api/v1/bays/{bay_id}")
    assert away.status_code == 503
    await processes.start("parking")
    assert (await town.users.get(f"/api/v1/bays/{bay_id}")).json()["occupancy"] == "occupied", "acknowledged and kept"
    operator = await town.person("operator", "operator@town.example")
    for _ in range(200):
        page = await town.ask("GET", "/api/v1/logs", token=operator, params={"limit": 200})
        if {"users", "parking"} <= {r["service"] for r in page["records"]}:
            break
        await asyncio.sleep(0.1)
    else:
        raise AssertionError("records of the other processes did not reach logs")
    await town.close()


async def _setup_code(processes: Processes) -> str:
    """The first-run code is printed by whichever process serves Users."""
    users = processes.running["users"]
    assert users.stdout is not None
    for _ in range(5):
        line = (await asyncio.wait_for(users.stdout.readline(), 10)).decode()
        if "/setup/" in line:
            return line.split("/setup/")[1].split()[0]
    raise AssertionError("no setup code was printed")


async def _found(town: Town) -> None:
    for _ in range(100):
        if (await town.users.get("/readyz")).status_code == 200:
            break
        await asyncio.sleep(0.1)
    await town.found()
