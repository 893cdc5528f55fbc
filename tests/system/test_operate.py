"""Backups, restores and the doctor on a folder that nobody runs, and on one that somebody does."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from parking_street import Street
from siga.cli.control import OwnersDoor, ask_keeper
from siga.engines.guard import StoreDamaged
from siga.engines.server import Door
from siga.engines.threads import ThreadedDatabase
from siga.kit.clock import HandClock, utc_now
from siga.operate import backup, doctor_machine, doctor_stores, restore
from siga.operate import folder as places
from siga.operate.findings import Finding
from siga.operate.keeper import Keeper, fixed
from siga.operate.manifest import BadBackup, generations, read_manifest
from support import run, running

NOW = datetime(2026, 11, 24, 11, tzinfo=UTC)
SERVICES = ("config", "logs", "users", "parking", "history")


def silent(_: str) -> None:
    return


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder at rest: some services, some bays, three photos, a secret that ends."""
    data = tmp_path_factory.mktemp("installed") / "data"

    async def use() -> None:
        clock = HandClock(NOW)
        async with running(*SERVICES, data=data, clock=clock) as system:
            street = Street(system, clock)
            await street.open(3)
            for n in range(1, 6):
                await street.take(street.report(0, n, n % 2 == 0))
            await street.history_caught_up()

    data.mkdir(mode=0o700)
    run(use())
    for n in range(3):
        photo(data, n)
    (data / "history" / "pseudonym-keys" / "2026-10.key").write_bytes(bytes(32))
    return data


def photo(data: Path, n: int) -> Path:
    sealed = Random(n).randbytes(2_000)
    name = hashlib.sha256(sealed).hexdigest()
    path = data / places.PHOTOS / name[:2] / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(sealed)
    return path


@pytest.fixture
def data(installed: Path, tmp_path: Path) -> Path:
    """A copy of it to do things to."""
    return shutil.copytree(installed, tmp_path / "data")


def backed_up(data: Path, to: Path, now: datetime = NOW, keep: int | None = None) -> backup.Done:
    plan = backup.Plan(data=data, to=to, keep=keep, rest=0.0)
    return backup.make(plan, dict(backup.at_rest(data)), now, silent)


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_backup_holds_everything_but_what_must_end_and_is_its_owners_alone(data: Path, tmp_path: Path) -> None:
    before = bytes_of(data)
    done = backed_up(data, tmp_path / "backups")
    after = bytes_of(data)
    assert after.pop(places.LAST_BACKUP)
    assert after == {name: held for name, held in before.items() if name != places.LAST_BACKUP}, "it was left as it was"
    kept = {str(path.relative_to(done.generation)) for path in Path(done.generation).rglob("*") if path.is_file()}
    assert {f"data/{name}/{name}.db" for name in SERVICES} <= kept
    assert {"data/users/master.key", "data/parking/devices.key", "data/keys/private/users.json"} <= kept
    assert not [name for name in kept if "pseudonym" in name or name.endswith((".lock", "-wal", "-witness"))]
    assert len([name for name in kept if "images/photos" in name]) == 3
    for path in Path(done.generation).rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    manifest = read_manifest(Path(done.generation))
    assert manifest.stores["history"].cursors["parking"] == manifest.stores["parking"].head > 0
    assert len(manifest.files) == done.files


def test_the_next_backup_takes_photos_over_and_only_so_many_generations_stay(data: Path, tmp_path: Path) -> None:
    to = tmp_path / "backups"
    first = backed_up(data, to)
    photo(data, 77)
    second = backed_up(data, to, NOW + timedelta(hours=1))
    held = [path for path in Path(second.generation).rglob("*") if places.PHOTOS.name in path.parts and path.is_file()]
    assert sorted(path.stat().st_nlink for path in held) == [1, 2, 2, 2]
    third = backed_up(data, to, NOW + timedelta(hours=2), keep=2)
    assert third.removed == [first.generation]
    assert [str(path) for path in generations(to)] == [second.generation, third.generation]
    restore.check(to, silent)


def test_a_backup_goes_nowhere_else_and_half_a_one_is_none(data: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "letter.txt").write_text("mine")
    with pytest.raises(BadBackup, match="is not empty and no backup of SIGA"):
        backed_up(data, other)
    with pytest.raises(BadBackup, match="lie within each other"):
        backed_up(data, data / "backups")
    changed = next(places.photos(data))
    (data / changed).write_bytes(b"changed")
    with pytest.raises(BadBackup, match="was changed after it was kept"):
        backed_up(data, tmp_path / "backups")
    assert generations(tmp_path / "backups") == []
    assert [path.name for path in (tmp_path / "backups").iterdir()] == ["siga-backup.json"]


def test_a_restored_folder_is_the_one_that_was_backed_up(data: Path, tmp_path: Path) -> None:
    done = backed_up(data, tmp_path / "backups")
    fresh = tmp_path / "fresh"
    fresh.mkdir(mode=0o700)
    back = restore.restore(tmp_path / "backups", fresh, NOW, silent)
    assert (back.files, back.aside) == (done.files, None)
    same = {name for name, held in bytes_of(data).items() if bytes_of(fresh).get(name) == held}
    assert {"users/master.key", "keys/trusted.json", "stores.json"} <= same
    found = {one.about: one for one in doctor_stores.look(fresh, full=True, at_rest=True)}
    assert {one.state for one in found.values()} == {"ok"}

    async def start() -> None:
        async with running(*SERVICES, data=fresh, clock=HandClock(NOW)) as system:
            parking = system.system.services["parking"].extra["parking"]
            assert len(parking.picture.columns) == 3

    run(start())


def test_a_restore_moves_what_is_there_aside_and_only_if_told_to(data: Path, tmp_path: Path) -> None:
    backed_up(data, tmp_path / "backups")
    (data / "note.txt").write_text("of today")
    before = bytes_of(data)
    with pytest.raises(OSError, match="holds an installation: give --force"):
        restore.restore(tmp_path / "backups", data, NOW, silent)
    assert bytes_of(data) == before
    back = restore.restore(tmp_path / "backups", data, NOW, silent, force=True)
    assert back.aside is not None
    assert bytes_of(Path(back.aside)) == before
    assert not (data / "note.txt").exists()


def test_a_backup_that_was_changed_is_not_restored_and_nothing_is_touched(data: Path, tmp_path: Path) -> None:
    done = backed_up(data, tmp_path / "backups")
    before = bytes_of(data)
    for name in ("data/parking/parking.db", "manifest.json", "data/users/master.key"):
        path = Path(done.generation) / name
        held = bytearray(path.read_bytes())
        held[len(held) // 2] ^= 1
        good = path.read_bytes()
        path.write_bytes(held)
        for attempt in (lambda: restore.check(tmp_path / "backups", silent),
                        lambda: restore.restore(tmp_path / "backups", data, NOW, silent, force=True)):  # fmt: skip
            with pytest.raises(BadBackup, match="was changed after the backup"):
                attempt()
        path.write_bytes(good)
    assert bytes_of(data) == before


def test_an_interrupted_restore_is_noticed_by_the_next_start(data: Path, tmp_path: Path) -> None:
    (data / places.RESTORING).mkdir()
    with pytest.raises(OSError, match=r"a restore into .* was interrupted"):
        places.refuse_unfinished(data)
    started = subprocess.run([sys.executable, "-m", "siga", "up", "--data", str(data)], capture_output=True, text=True,
                             timeout=60, check=False)  # fmt: skip
    assert started.returncode == 1
    assert "siga restore" in started.stderr


def states(findings: Iterator[Finding]) -> dict[str, str]:
    return {one.about: one.state for one in findings}


def test_the_doctor_sees_open_secrets_lost_keys_a_wrong_clock_and_old_backups(data: Path, tmp_path: Path) -> None:
    assert states(doctor_machine.rights(data)) == {"folder": "ok"}
    assert states(doctor_machine.keys(data, None)) == {"signing keys": "ok"}
    assert states(doctor_machine.clock(data, utc_now())) == {"clock": "ok"}
    assert states(doctor_machine.last_backup(data, NOW)) == {"backup": "note"}
    backed_up(data, tmp_path / "backups")
    assert states(doctor_machine.last_backup(data, NOW + timedelta(hours=1))) == {"backup": "ok"}
    assert states(doctor_machine.last_backup(data, NOW + timedelta(days=3))) == {"backup": "note"}
    (data / "users" / "master.key").chmod(0o644)
    data.chmod(0o755)
    assert states(doctor_machine.rights(data)) == {"folder": "bad", "secrets": "bad"}
    (data / "users" / "master.key").unlink()
    assert states(doctor_machine.keys(data, None))["sealing keys"] == "bad"
    assert states(doctor_machine.clock(data, datetime(2026, 1, 1, tzinfo=UTC))) == {"clock": "bad"}


def test_the_doctor_sees_changed_photos_dead_events_and_stores_that_do_not_agree(data: Path, tmp_path: Path) -> None:
    old = shutil.copytree(data / "parking", tmp_path / "older")

    async def later() -> None:
        async with running(*SERVICES, data=data, clock=HandClock(NOW)) as system:
            street = Street(system, HandClock(NOW + timedelta(hours=1)))
            await street.open(1, name="Nuevo")
            await street.history_caught_up()

    run(later())
    assert {one.state for one in doctor_stores.look(data, full=False, at_rest=True)} == {"ok"}
    shutil.rmtree(data / "parking")
    shutil.copytree(old, data / "parking")
    (data / next(places.photos(data))).write_bytes(b"changed")
    found = {one.about: one for one in doctor_stores.look(data, full=False, at_rest=True)}
    assert found["journals"].state == found["photos"].state == "bad"
    assert "history has read parking up to" in found["journals"].says
    with pytest.raises(BadBackup, match="do not agree with each other"):
        backed_up(data, tmp_path / "backups")
    (data / "parking" / "parking.db").unlink()
    assert (
        "missing"
        in {one.about: one.says for one in doctor_stores.look(data, full=False, at_rest=True)}["store of parking"]
    )
    with pytest.raises(StoreDamaged):
        backed_up(data, tmp_path / "backups")


def test_stores_in_use_are_fixed_at_one_instant_in_which_nobody_is_ahead(tmp_path: Path) -> None:
    async def work() -> None:
        clock = HandClock(NOW)
        async with running(*SERVICES, data=tmp_path / "data", clock=clock) as system:
            street = Street(system, clock)
            await street.open(6)
            found = {name: service.database for name, service in system.system.services.items()}
            databases = {n: database for n, database in found.items() if isinstance(database, ThreadedDatabase)}

            async def load() -> None:
                for n in range(1, 100_000):
                    clock.forward(1)
                    await street.take(street.report(n % 6, n, n % 12 < 6))

            loading = asyncio.create_task(load())
            for _ in range(15):
                await asyncio.sleep(0.02)
                snapshots = await fixed(databases)
                assert snapshots["history"].cursors.get("parking", 0) <= snapshots["parking"].head
                for snapshot in snapshots.values():
                    snapshot.close()
            loading.cancel()
            await asyncio.gather(loading, return_exceptions=True)

    run(work())


def test_a_running_siga_is_backed_up_and_looked_at_by_its_owners_socket_alone(tmp_path: Path) -> None:
    async def work() -> None:
        data = tmp_path / "data"
        async with running(*SERVICES, data=data, clock=HandClock(NOW)) as system:
            keeper = Keeper(
                system.system, users_url="http://127.0.0.1:1", sensors_url="", extra={}, left_out=["the moon"]
            )
            door = Door(OwnersDoor({}, system.keys, None, keeper), uds=data / places.SOCKET)  # type: ignore[arg-type]
            await door.open()
            lines: list[str] = []
            ask = asyncio.to_thread
            state = await ask(ask_keeper, data, "state", {}, silent)
            assert state["not_ready"] == []
            done = await ask(ask_keeper, data, "backup", {"to": str(tmp_path / "b"), "keep": 1}, lines.append)
            assert any(line.startswith("store of parking") for line in lines)
            assert read_manifest(Path(done["generation"])).left_out == ["the moon"]
            found = await ask(ask_keeper, data, "doctor", {}, silent)
            assert {one["state"] for one in found} == {"ok"}
            with pytest.raises(OSError, match="lie within each other"):
                await ask(ask_keeper, data, "backup", {"to": str(data / "b")}, silent)
            await door.close()
        assert ask_keeper(data, "state", {}, silent) is None

    run(work())


def test_the_commands_tell_programs_in_json(data: Path, tmp_path: Path) -> None:
    def said(*command: str) -> tuple[int, dict[str, object]]:
        done = subprocess.run([sys.executable, "-m", "siga", *command, "--data", str(data), "--json"],
                              capture_output=True, text=True, timeout=60, check=False)  # fmt: skip
        return done.returncode, json.loads(done.stdout)

    code, made = said("backup", str(tmp_path / "backups"))
    assert (code, made["left_out"]) == (0, [])
    code, looked = said("doctor")
    assert (code, looked["ok"]) == (0, True)
