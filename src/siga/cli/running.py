"""`siga up`, `siga demo`, `siga serve`: start, say where to go, run until told to stop, end cleanly."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import fcntl
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from siga.cli.control import SOCKET, OwnersDoor
from siga.cli.settings import StartSettings, read_settings
from siga.engines.server import Door, Reservation, Tls
from siga.kit.peers import Peers
from siga.kit.service import ASGI
from siga.system import BUILD_ORDER, Config, System

_STOP_S = 20.0


def run(args: argparse.Namespace) -> int:
    """Start and run until SIGINT or SIGTERM; a second signal ends at once."""
    settings = read_settings(args)
    names: Sequence[str] = BUILD_ORDER
    if args.command == "serve":
        unknown = [name for name in args.names if name not in BUILD_ORDER]
        if unknown:
            print(f"siga: no such service: {', '.join(unknown)} (there are {', '.join(BUILD_ORDER)})", file=sys.stderr)
            return 2
        names = [name for name in BUILD_ORDER if name in args.names]
    with _locked(settings.data):
        return _loop(_main(args, settings, names))


def _loop(work: Any) -> int:
    loops: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
    with contextlib.suppress(ImportError):  # not on every platform
        import uvloop

        loops = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=loops) as runner:
        return int(runner.run(work))


def _locked(data: Path) -> IO[str]:
    """Hold the data folder: two processes on one store would harm it. OSError when another has it."""
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = (data / "siga.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as fault:
        raise OSError(f"another SIGA runs on {data}: stop it, or give another folder by --data") from fault
    return lock


@dataclass
class _Addresses:
    users: str = ""
    sensors: str = ""


async def _main(args: argparse.Namespace, settings: StartSettings, names: Sequence[str]) -> int:
    began = time.monotonic()
    stopping = _watch_signals()
    where = _Addresses()
    reserved = _reserve(settings) if "gateway" in names else ()
    ports = (reserved[0].port, reserved[1].port) if reserved else (settings.port, settings.sensors_port)
    scheme = "https" if settings.tls else "http"
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    where.users, where.sensors = f"{scheme}://{host}:{ports[0]}", f"{scheme}://{host}:{ports[1]}"
    demo = _demo(args, settings, where) if args.command == "demo" else None
    system = System(_config(args, settings, names, where, demo))
    doors: list[Door] = []
    try:
        await system.start()
        doors = _doors(system, settings, names, ports)
        for door in doors:
            await door.open()
        if demo is not None:
            code = system.services["users"].extra.get("setup_code")
            if not await _unless(stopping, demo.start(code)):
                print(f"Stopped before the town stood: remove {settings.data}, then start again.", flush=True)
                return 1
        _say(args, settings, names, system, where, time.monotonic() - began, demo)
        await stopping.wait()
    finally:
        system.ready = False
        _no_longer_than(_STOP_S)
        if demo is not None:
            await demo.stop()
        await asyncio.gather(*(door.close() for door in doors))
        await system.stop()
        for port in reserved:
            port.release()
    if args.command != "serve":
        print("SIGA has stopped; everything is kept.", flush=True)
    return 0


async def _unless(stopping: asyncio.Event, work: Coroutine[Any, Any, None]) -> bool:
    """Do `work` unless a stop is asked for meanwhile; whether it was done."""
    doing, asked = asyncio.create_task(work), asyncio.create_task(stopping.wait())
    await asyncio.wait((doing, asked), return_when=asyncio.FIRST_COMPLETED)
    if doing.done():
        asked.cancel()
        doing.result()
        return True
    doing.cancel()
    await asyncio.gather(doing, return_exceptions=True)
    return False


def _no_longer_than(seconds: float) -> None:
    """End the process if stopping takes longer than that: what was acknowledged is on disk already."""

    def give_up() -> None:
        print(f"SIGA did not stop within {seconds:g} s and ends now; everything acknowledged is kept.", file=sys.stderr)
        os._exit(1)

    timer = threading.Timer(seconds, give_up)
    timer.daemon = True
    timer.start()


def _watch_signals() -> asyncio.Event:
    stopping = asyncio.Event()

    def stop() -> None:
        if stopping.is_set():
            os._exit(1)
        stopping.set()

    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop)
    return stopping


def _reserve(settings: StartSettings) -> tuple[Reservation, Reservation]:
    """Both doors' ports, kept from now on; a port taken gives the next free one, and says so."""
    users = Reservation(settings.host, settings.port)
    sensors = Reservation(settings.host, settings.sensors_port)
    wanted = (("users' door", users, settings.port), ("sensors' door", sensors, settings.sensors_port))
    for name, got, want in wanted:
        if got.port != want:
            print(f"Port {want} is taken: the {name} is at {got.port}.", flush=True)
    return users, sensors


def _config(args: argparse.Namespace, settings: StartSettings, names: Sequence[str], where: _Addresses,
            demo: Any) -> Config:  # fmt: skip
    remote = {name: url for name, url in settings.services.items() if name not in names}
    options: dict[str, Any] = {
        "public_url": settings.public_url or where.users, "sensors_url": where.sensors, "tls": settings.tls,
        "loopback": settings.loopback, "trusted_proxy": settings.trusted_proxy,
        "sensors_on_users_door": settings.sensors_on_users_door, "public_metrics": settings.public_metrics,
        "demo": demo.options if demo is not None else None,
    }  # fmt: skip
    return Config(
        data=settings.data, names=names, keys=settings.keys, database_url=settings.database_url,
        images_url=settings.images_url, remote=remote, options=options,
        log_to_stderr="info" if args.command == "serve" else "error",
    )  # fmt: skip


def _doors(system: System, settings: StartSettings, names: Sequence[str], ports: tuple[int, int]) -> list[Door]:
    doors: list[Door] = []
    tls = Tls(cert=settings.tls_cert, key=settings.tls_key) if settings.tls_cert and settings.tls_key else None
    if "gateway" in names:
        gateway = system.services["gateway"]
        sensors: ASGI = gateway.extra["sensors"]
        doors.append(Door(gateway.app, host=settings.host, port=ports[0], tls=tls))
        doors.append(Door(sensors, host=settings.host, port=ports[1], tls=tls))
    for name in names:
        url = urlsplit(settings.services.get(name, ""))
        if name != "gateway" and url.port:
            doors.append(Door(system.services[name].app, host=url.hostname or "127.0.0.1", port=url.port))
    if set(names) == set(BUILD_ORDER):
        peers = Peers("gateway", system.keys, system.transports())
        owner = OwnersDoor(system.apps, system.keys, peers)
        doors.append(Door(owner, uds=settings.data / SOCKET))
    return doors


def _demo(args: argparse.Namespace, settings: StartSettings, where: _Addresses) -> Any:
    if not settings.loopback:
        raise ValueError("the demo signs people in with one click, so it runs on this machine only: leave --host out")
    from siga.cli.demo_child import DemoChild

    return DemoChild(
        data=settings.data, users_url=where.users, sensors_url=where.sensors, bays=args.bays, speed=args.speed
    )


def _say(args: argparse.Namespace, settings: StartSettings, names: Sequence[str], system: System, where: _Addresses,
         took_s: float, demo: Any) -> None:  # fmt: skip
    people = settings.public_url or where.users
    if args.command == "serve":
        print(f"Serving {', '.join(names)}; ready after {took_s:.1f} s.", flush=True)
        if "users" in names and (first := system.services["users"].extra.get("setup_code")):
            print(f"Nobody has an account yet; open once: {people}/setup/{first}", flush=True)
        return
    lines = [f"SIGA is ready after {took_s:.1f} s.", f"  Drivers and staff   {people}/"]
    lines.append(f"  Sensors             {where.sensors}/sensors/v1/")
    lines.append(f"  Data                {settings.data.resolve()}")
    code = system.services["users"].extra.get("setup_code")
    if demo is not None:
        lines += demo.what_to_try()
    elif code:
        lines += ["", "  Nobody has an account yet. Open this link once to make the first one (24 h):",
                  f"  {people}/setup/{code}"]  # fmt: skip
    lines += ["", "  Stop with Ctrl-C; what is kept stays for the next start."]
    print("\n".join(lines), flush=True)
