"""`siga up`, `siga demo`, `siga serve`: start, say where to go, run until told to stop, end cleanly."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from siga.cli.control import OwnersDoor
from siga.cli.settings import SMTP_PORTS, StartSettings, read_settings
from siga.engines.server import Door, Reservation, Tls
from siga.kit.peers import Peers
from siga.kit.problem import Problem, StoreDamaged
from siga.kit.service import ASGI
from siga.operate.folder import SOCKET, hold, refuse_unfinished
from siga.operate.keeper import Keeper
from siga.ports import MailDoor
from siga.system import BUILD_ORDER, Config, System

if TYPE_CHECKING:
    from siga.engines.smtp import Line

_STOP_S = 10.0


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
    with hold(settings.data):
        refuse_unfinished(settings.data)
        try:
            return _loop(_main(args, settings, names))
        except StoreDamaged as fault:
            print(
                f"siga: the store {fault.store} is damaged: {fault.what}. Nothing was changed. `siga doctor` tells "
                "more; `siga restore` brings a backup back", file=sys.stderr,
            )  # fmt: skip
            return 1
        except Problem as fault:
            print(f"siga: {fault.detail}", file=sys.stderr)
            return 1


_COLLECT_AFTER = (20_000, 20, 50)
"""Python looks for garbage in circles after 700 new objects, and through all there are now and then: with a town in
memory that took a quarter of the time. A busy second makes 20,000 objects and hardly a circle."""


def _loop(work: Any) -> int:
    loops: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
    with contextlib.suppress(ImportError):  # not on every platform
        import uvloop

        loops = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=loops) as runner:
        return int(runner.run(work))


@dataclass
class _Addresses:
    stopping: asyncio.Event
    users: str = ""
    sensors: str = ""


async def _main(args: argparse.Namespace, settings: StartSettings, names: Sequence[str]) -> int:
    began = time.monotonic()
    stopping = _watch_signals()
    where = _Addresses(stopping=stopping)
    reserved = _reserve(settings) if "gateway" in names else ()
    ports = (reserved[0].port, reserved[1].port) if reserved else (settings.port, settings.sensors_port)
    scheme = "https" if settings.tls else "http"
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    where.users, where.sensors = f"{scheme}://{host}:{ports[0]}", f"{scheme}://{host}:{ports[1]}"
    demo = _demo(args, settings, where) if args.command == "demo" else None
    system = System(_config(args, settings, names, where, demo))
    doors: list[Door] = []
    try:
        gc.set_threshold(*_COLLECT_AFTER)
        await system.start()
        gc.freeze()  # what was loaded lives as long as the process: it is not looked through again and again
        doors = [*_doors(system, settings, names, ports), _owners_door(args, settings, system, where)]
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
        "demo": demo.options if demo is not None else None, "stopping": where.stopping.is_set,
        "audit_export": settings.audit_export, "security_contact": settings.security_contact,
        "security_expires": settings.security_expires,
    }  # fmt: skip
    return Config(
        data=settings.data, names=names, keys=settings.keys, database_url=settings.database_url,
        images_url=settings.images_url, remote=remote, options=options, mail=_mail(settings),
        log_to_stderr="info" if args.command == "serve" else "error", tell=_tell,
    )  # fmt: skip


def _mail(settings: StartSettings) -> MailDoor | None:
    """The way to the mail server that the settings name."""
    if settings.smtp_host is None or settings.smtp_from is None:
        return None
    from siga.engines.smtp import SmtpDoor, SmtpServer

    line = settings.smtp_tls
    return SmtpDoor(SmtpServer(
        host=settings.smtp_host, port=settings.smtp_port or SMTP_PORTS[line], sender=settings.smtp_from,
        line=cast("Line", line), user=settings.smtp_user, password_file=settings.smtp_password_file,
        ca=settings.smtp_ca,
    ))  # fmt: skip


def _tell(line: str) -> None:
    print(line, flush=True)


def backed_up_beside(settings: StartSettings, config: Path | None) -> tuple[dict[str, Path], list[str]]:
    """Files outside the data folder that belong into a backup, and what must be backed up where it is kept."""
    toml = config or Path("siga.toml")
    beside = {"siga.toml": toml.resolve()} if toml.exists() else {}
    if settings.keys is not None:
        beside["keys"] = settings.keys.resolve()
    elsewhere = []
    if settings.database_url:
        elsewhere.append("the stores are in PostgreSQL: back them up there, before this (docs/operate.md)")
    if settings.images_url:
        elsewhere.append("the photos are in an object store: keep its versions or replicate it")
    return beside, elsewhere


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
    return doors


def _owners_door(args: argparse.Namespace, settings: StartSettings, system: System, where: _Addresses) -> Door:
    beside, elsewhere = backed_up_beside(settings, args.config)
    keeper = Keeper(system, users_url=where.users, sensors_url=where.sensors, extra=beside, left_out=elsewhere)
    whole = set(system.services) == set(BUILD_ORDER)  # only then is there the gateway's key to speak for a person
    peers = Peers("gateway" if whole else next(iter(system.services)), system.keys, system.transports())
    owner = OwnersDoor(system.apps if whole else {}, system.keys, peers, keeper)
    return Door(owner, uds=settings.data / SOCKET)


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
        for line in _recovery_lines(system):
            print(line.strip(), flush=True)
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
    lines += _recovery_lines(system)
    lines += ["", "  Stop with Ctrl-C; what is kept stays for the next start."]
    print("\n".join(lines), flush=True)


def _recovery_lines(system: System) -> list[str]:
    """The links to a new password that only this window may show: of those who run the installation, without mail."""
    users = system.services.get("users")
    links = users.extra.get("recovery_links", []) if users else []
    head = "  A new password was asked for by somebody who runs this SIGA. Shown only now, good for 30 minutes:"
    return ["", head, *(f"  {link}" for link in links)] if links else []
