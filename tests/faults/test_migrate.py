"""An upgrade from the release before loses nothing, also when it is killed half-way; a second one does nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import apsw
from sqlalchemy import MetaData

from releases import FIRST, PASSWORD, counted, grown, unpacked
from siga.bench.started import started
from siga.engines.sqlite import open_sqlite
from siga.operate.folder import store_of, stores
from siga.services.parking.store import load_bays
from support import run

LONG = bool(os.environ.get("SIGA_LONG"))
ROWS, KILLS, MOST_S = (1_000_000, 20, 60.0) if LONG else (10_000, 1, 30.0)


def migrate(data: Path, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "siga", "migrate", "--data", str(data), *more]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


async def _told(path: Path) -> dict[str, bool | None]:
    """What the sensor of each bay said last, as this release reads it."""
    database = open_sqlite(path, MetaData())
    try:
        bays = await database.read(lambda conn: load_bays(conn, -1, 10))
    finally:
        await database.close()
    return {one.bay.code: one.state.told for one in bays}


def test_a_folder_of_the_first_release_is_upgraded_by_a_start_and_goes_on(tmp_path: Path) -> None:
    data = unpacked(FIRST, tmp_path / "data")

    async def use() -> None:
        async with started(data, password=PASSWORD) as town:
            bays = (await town.ask("GET", "/api/v1/bays?bbox=-4,40,-3,41"))["bays"]
            shown = {bay["code"]: bay["occupancy"] for bay in bays}
            # Its sensors have been silent since the folder was made; the bay without one is known to have none.
            assert shown == {"c-0": "unknown", "c-1": "unknown", "c-2": "unknown", "c-3": "unmonitored"}
            near = await town.ask("GET", "/api/v1/addresses?q=alcala")
            assert near["addresses"], "addresses of bays can be searched"
            devices = (await town.ask("GET", f"/api/v1/devices?municipality_id={town.municipality_id}"))["devices"]
            assert len(devices) == 5

    run(use(), 60)
    told = run(_told(store_of(data, "parking")))
    assert told == {"c-0": False, "c-1": True, "c-2": True, "c-3": None}
    again = migrate(data)
    said, _ = again.communicate(timeout=60)
    assert (again.returncode, said.splitlines()[-1]) == (0, "Nothing to do.")


def test_an_upgrade_that_is_killed_anywhere_is_done_by_the_next_one(tmp_path: Path) -> None:
    data, rng = unpacked(FIRST, tmp_path / "data"), Random(10)
    grown(store_of(data, "parking"), ROWS)
    rows = {service: counted(store_of(data, service)) for service in stores()}
    undisturbed = shutil.copytree(data, tmp_path / "undisturbed")
    began = time.perf_counter()
    assert migrate(undisturbed).wait(300) == 0
    took_s = time.perf_counter() - began
    for _ in range(KILLS):
        upgrade = migrate(data)
        time.sleep(rng.uniform(0.3, took_s))
        upgrade.kill()
        upgrade.communicate()
    left = migrate(data, "--check").wait(60)
    last = migrate(data)
    _, faults = last.communicate(timeout=300)
    assert last.returncode == 0, faults
    for service, before in rows.items():
        after = counted(store_of(data, service))
        assert {name: after[name] for name in before} == before
    assert migrate(data, "--check").wait(60) == 0
    print(
        f"\n{ROWS} rows upgraded in {took_s:.1f} s; {KILLS} kills -9 in that upgrade, after which "
        f"{'something' if left else 'nothing'} was left to do; 0 rows lost"
    )
    assert took_s <= MOST_S


def test_a_newer_schema_is_refused_by_a_start_with_what_to_do(tmp_path: Path) -> None:
    data = unpacked(FIRST, tmp_path / "data")
    assert migrate(data).wait(60) == 0
    raw = apsw.Connection(str(store_of(data, "users")))
    raw.execute("UPDATE alembic_version SET version_num = '0999'")
    raw.close()
    done = subprocess.run(
        [sys.executable, "-m", "siga", "up", "--data", str(data)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert "the store of users has schema 0999" in done.stderr
    assert "a newer SIGA wrote it" in done.stderr
