"""`siga backup`, `restore`, `doctor`, `migrate`: by the owner's socket where SIGA runs, else on the folder itself."""

from __future__ import annotations

import argparse
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from siga.cli.control import ask_keeper
from siga.cli.running import backed_up_beside
from siga.cli.settings import StartSettings, read_settings
from siga.kit.clock import utc_now
from siga.operate import backup, doctor_machine, doctor_stores, migrate, restore
from siga.operate import folder as places
from siga.operate.findings import Finding, bad, note, ok, told

Tell = Callable[[str], None]


def run(args: argparse.Namespace) -> int:
    """Run one of the four commands; 0 done, 1 failed or something is wrong."""
    settings = read_settings(args, listening=False)
    work: Callable[[argparse.Namespace, StartSettings, Tell], int] = {
        "backup": _backup, "restore": _restore, "doctor": _doctor, "migrate": _migrate,
    }[args.command]  # fmt: skip
    return work(args, settings, _silent if args.json else _say)


def _say(line: str) -> None:
    print(f"  {line}", flush=True)


def _silent(_: str) -> None:
    return


def _put(value: Any) -> None:
    print(msgspec.json.encode(value).decode(), flush=True)


def _installed(data: Path) -> None:
    if not places.is_in_use(data):
        raise OSError(f"there is no SIGA in {data}: name its data folder by --data")


def _backup(args: argparse.Namespace, settings: StartSettings, tell: Tell) -> int:
    _installed(settings.data)
    told = ask_keeper(settings.data, "backup", {"to": str(args.to.resolve()), "keep": args.keep}, tell)
    beside, elsewhere = backed_up_beside(settings, args.config)
    if told is None:
        done = _backup_at_rest(args, settings, beside, elsewhere, tell)
    else:
        done = msgspec.convert(told, backup.Done)
    if args.json:
        _put({**msgspec.to_builtins(done), "left_out": elsewhere})
        return 0
    for line in elsewhere:
        print(f"  not in it: {line}")
    gone = f"; {len(done.removed)} older removed" if done.removed else ""
    print(f"Backup made in {done.took_s:.1f} s: {done.generation}, {done.files} files, {done.size / 1e6:.1f} MB, "
          f"of them {done.new_bytes / 1e6:.1f} MB new{gone}.")  # fmt: skip
    return 0


def _backup_at_rest(args: argparse.Namespace, settings: StartSettings, beside: dict[str, Path], elsewhere: list[str],
                    tell: Tell) -> backup.Done:  # fmt: skip
    plan = backup.Plan(data=settings.data, to=args.to, keep=args.keep, extra=beside, left_out=elsewhere, rest=0.0)
    with places.hold(settings.data):
        places.refuse_unfinished(settings.data)
        backup.refuse(plan)
        stores = {} if settings.database_url else dict(backup.at_rest(settings.data))
        return backup.make(plan, stores, utc_now(), tell)


def _restore(args: argparse.Namespace, settings: StartSettings, tell: Tell) -> int:
    if args.check:
        generation, manifest = restore.check(args.source, tell)
        result = {"generation": str(generation), "made_at": manifest.began_at, "files": len(manifest.files),
                  "size": manifest.size, "version": manifest.version}  # fmt: skip
        if args.json:
            _put(result)
        else:
            print(f"{generation} is whole: {len(manifest.files)} files, {manifest.size / 1e6:.1f} MB, of "
                  f"{manifest.began_at:%Y-%m-%d %H:%M} UTC by SIGA {manifest.version}.")  # fmt: skip
        return 0
    with places.hold(settings.data):
        done = restore.restore(args.source, settings.data, utc_now(), tell, force=args.force)
    if args.json:
        _put(done)
        return 0
    print(f"Restored {done.generation} into {settings.data}: {done.files} files, {done.size / 1e6:.1f} MB.")
    if done.aside:
        print(f"What was there before lies in {done.aside}; remove it when all is well.")
    for path in done.beside:
        print(f"Not put in place, since it belongs outside the data folder: {path}")
    print("Start SIGA: it upgrades the stores if this release is newer than the backup.")
    return 0


def _migrate(args: argparse.Namespace, settings: StartSettings, tell: Tell) -> int:
    _installed(settings.data)
    if ask_keeper(settings.data, "state", {}, _silent):
        raise OSError("SIGA runs on this folder: its stores were upgraded when it started")
    with places.hold(settings.data):
        places.refuse_unfinished(settings.data)
        states = migrate.states(settings.data, settings.database_url)
        old = [one for one in states if one.revision != one.newest]
        if not args.check:
            migrate.run(settings.data, settings.database_url, tell)
    if args.json:
        _put({"stores": states, "upgraded": [] if args.check else [one.service for one in old]})
    else:
        for one in states:
            print(f"  {one.service:<12} {one.revision}" + (f" → {one.newest}" if one in old else ""))
        print("Nothing to do." if not old else "To be upgraded; run it without --check." if args.check else "Upgraded.")
    return 1 if args.check and old else 0


def _doctor(args: argparse.Namespace, settings: StartSettings, tell: Tell) -> int:
    found: list[Finding] = []
    for one in _looked(args, settings):
        found.append(one)
        if not args.json:
            print(told([one]), flush=True)
    wrong = sum(one.state == "bad" for one in found)
    if args.json:
        _put({"ok": not wrong, "findings": found})
    else:
        print("Something has to be done." if wrong else "All is well." if all(f.state == "ok" for f in found) else
              "Nothing is broken.")  # fmt: skip
    return 1 if wrong else 0


def _looked(args: argparse.Namespace, settings: StartSettings) -> Iterator[Finding]:
    data = settings.data
    yield from doctor_machine.versions()
    if not places.is_in_use(data):
        yield bad("folder", f"there is no SIGA in {data}", "name its data folder by --data, or start `siga up`")
        return
    yield from doctor_machine.clock(data, utc_now())
    yield from doctor_machine.room(data)
    yield from doctor_machine.rights(data)
    yield from doctor_machine.keys(data, settings.keys)
    running = ask_keeper(data, "state", {}, _silent)
    yield from _at_work(data, running) if running else _at_rest(data, settings)
    yield from doctor_machine.last_backup(data, utc_now())
    if settings.database_url:
        yield from migrate.look(data, settings.database_url)
    elif running:
        yield from msgspec.convert(ask_keeper(data, "doctor", {"full": args.full}, _silent), list[Finding])
    elif not places.is_held(data):
        with places.hold(data):
            yield from doctor_stores.look(data, full=args.full, at_rest=True)


def _at_work(data: Path, state: dict[str, Any]) -> Iterator[Finding]:
    says = f"SIGA {state['version']} runs as process {state['pid']} since {state['started_at'][:19]}"
    if state["not_ready"]:
        yield bad("running", f"{says}; not ready: {', '.join(state['not_ready'])}", "look into its logs")
    else:
        yield ok("running", f"{says}; all its services are ready")
    for name, what in state["damaged"].items():
        yield bad(f"store of {name}", f"found damaged while it ran: {what}", "stop SIGA and restore a backup")
    for door in ("users_url", "sensors_url"):
        url = urlsplit(state[door])
        if not url.port:
            continue
        if _listens(url.hostname or "127.0.0.1", url.port):
            yield ok("port", f"{state[door]} answers")
        else:
            yield bad("port", f"{state[door]} does not answer", "look into its logs; restart it")


def _listens(host: str, port: int) -> bool:
    try:
        with socket.create_connection(({"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port), timeout=3):  # noqa: S104
            return True
    except OSError:
        return False


def _at_rest(data: Path, settings: StartSettings) -> Iterator[Finding]:
    if places.is_held(data):
        yield bad("running", "a process holds the folder and does not answer by its socket",
                  "wait if it is just starting; else look into its logs, and stop it")  # fmt: skip
        return
    yield ok("running", "SIGA does not run on this folder")
    for name, port in (("users' door", settings.port), ("sensors' door", settings.sensors_port)):
        if _listens(settings.host, port):
            yield note(
                "port", f"{port} ({name}) is taken: a start would take the next free one", "stop who listens there"
            )
        else:
            yield ok("port", f"{port} ({name}) is free")
