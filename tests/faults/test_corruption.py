"""Bits flip and files are cut: SIGA says so or answers as before, and never starts empty without a word (R6)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import Connection

from parking_street import Street
from siga.engines import checksums
from siga.engines.guard import StoreDamaged
from siga.engines.images import open_images
from siga.engines.sqlite import open_sqlite
from siga.kit import problem
from siga.kit.clock import HandClock
from siga.kit.sealing import Sealer
from siga.services.images.evidence import EvidenceStore, Kept, Photo
from siga.services.parking.tables import metadata
from support import MUNICIPALITY, run, running

LONG = bool(os.environ.get("SIGA_LONG"))
TRIALS = 5_000 if LONG else 200
START = datetime(2026, 11, 24, 11, tzinfo=UTC)
MIGRATIONS = "siga.services.parking.migrations"
Rows = dict[str, frozenset[Any]]


@pytest.fixture(scope="module")
def memory() -> Iterator[Path]:
    """A folder in memory where there is one: hundreds of stores are written and thrown away."""
    here = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=here if here.is_dir() else None) as name:
        yield Path(name)


async def made(folder: Path) -> None:
    """Two images of one Parking: `killed`, with a log that holds commits, and `stopped`; photos beside both."""
    clock, rng = HandClock(START), Random(6)
    async with running("parking", data=folder / "data", clock=clock) as system:
        street = Street(system, clock)
        await street.open(16)
        sequences = [0] * 16
        for _ in range(110):
            clock.forward(20)
            bay = rng.randrange(16)
            reports = []
            for _ in range(rng.choice([1, 2, 6])):
                sequences[bay] += 1
                reports.append(street.report(bay, sequences[bay], rng.random() < 0.5))
            await street.take(*reports)
        shutil.copytree(folder / "data" / "parking", folder / "killed")
    shutil.copytree(folder / "data" / "parking", folder / "stopped")
    assert (folder / "killed" / "parking.db-wal").stat().st_size > 4096
    assert not (folder / "stopped" / "parking.db-wal").exists()


def everything(conn: Connection) -> Rows:
    """All rows of all tables, also as each index has them."""
    tables = [table.name for table in metadata.sorted_tables]
    found: Rows = {table: frozenset(conn.exec_driver_sql(f"SELECT * FROM {table}").all()) for table in tables}
    for table in tables:
        for (index,) in conn.exec_driver_sql(f"SELECT name FROM pragma_index_list('{table}') WHERE NOT partial").all():
            rows = conn.exec_driver_sql(f'SELECT * FROM {table} INDEXED BY "{index}" ORDER BY 1').all()
            found[f"{table}/{index}"] = frozenset(rows)
    return found


async def read(folder: Path) -> Rows:
    """What the product reads, or that it refuses."""
    database = open_sqlite(folder / "parking.db", metadata, migrations=MIGRATIONS, expected=True)
    try:
        return await database.read(everything)
    finally:
        await database.close()


def harmed(path: Path, rng: Random) -> str:
    """Flip a bit of a file or cut it short."""
    data = bytearray(path.read_bytes())
    at = rng.randrange(len(data))
    if rng.random() < 0.25:
        path.write_bytes(data[:at])
        return f"{path.name} cut to {at} bytes"
    data[at] ^= 1 << rng.randrange(8)
    path.write_bytes(data)
    return f"{path.name} changed at {at}"


async def judged(image: Path, folder: Path, file: str, rng: Random, before: Rows) -> tuple[str, str]:
    """One trial on a copy of an image: (`detected`, `harmless` or `wrong`, what was done)."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(image, folder, ignore=shutil.ignore_patterns("*-shm"))
    what = harmed(folder / file, rng)
    try:
        rows = await read(folder)
    except (StoreDamaged, problem.StoreDamaged):
        return "detected", what
    except Exception as fault:
        return f"detected otherwise ({fault!r})", what
    return "harmless" if rows == before else "wrong", what


@pytest.fixture(scope="module")
def base(memory: Path) -> Path:
    """The two images of one Parking."""
    run(made(memory / "base"), 100)
    return memory / "base"


@pytest.fixture(scope="module")
def town(memory: Path) -> Path:
    """The data folder of a SIGA that has run."""

    async def once() -> None:
        async with running("config", "logs", "users", "parking", data=memory / "town"):
            pass

    run(once())
    return memory / "town"


def test_harm_to_a_store_or_its_log_is_seen_or_changes_no_answer(memory: Path, base: Path) -> None:
    async def work() -> None:
        before = await read(shutil.copytree(base / "stopped", memory / "whole"))
        assert await read(shutil.copytree(base / "killed", memory / "left")) == before
        rng, found = Random(66), Counter[str]()
        for n in range(TRIALS):
            image, file = [("stopped", "parking.db"), ("killed", "parking.db-wal"), ("killed", "parking.db")][n % 3]
            verdict, what = await judged(base / image, memory / "trial", file, rng, before)
            found[verdict] += 1
            assert verdict in ("detected", "harmless"), f"{image}: {what}: {verdict}"
        print(f"\n{TRIALS} bits flipped and files cut: {dict(found)}, 0 wrong answers")
        assert found["detected"] > TRIALS // 2

    run(work(), 3600 if LONG else 100)


def test_the_test_can_fail_without_checksums_there_are_wrong_answers(
    memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work() -> None:
        monkeypatch.setattr(checksums, "AVAILABLE", False)
        base = memory / "bare"
        await made(base)
        before = await read(shutil.copytree(base / "stopped", memory / "bare-whole"))
        rng = Random(67)
        found = Counter([(await judged(base / "stopped", memory / "trial", "parking.db", rng, before))[0]
                         for _ in range(60)])  # fmt: skip
        print(f"\nnegative control without checksums: {found['wrong']} wrong answers in 60 trials")
        assert found["wrong"] > 0

    run(work(), 100)


def test_a_photo_that_was_changed_is_not_shown(memory: Path) -> None:
    async def work() -> None:
        rng, found, trials = Random(68), Counter[str](), TRIALS // 4
        store = EvidenceStore(open_images(memory / "photos"), Sealer(bytes(32)))
        original = rng.randbytes(60_000)
        kept = await store.keep("p-1", MUNICIPALITY, original)
        photo = _photo(kept)
        sealed = (memory / "photos" / kept.name).read_bytes()
        for _ in range(trials):
            harmed(memory / "photos" / kept.name, rng)
            try:
                found["harmless" if await store.original(photo) == original else "wrong"] += 1
            except problem.Problem:
                found["detected"] += 1
            (memory / "photos" / kept.name).write_bytes(sealed)
        print(f"\n{trials} photos changed or cut: {dict(found)}")
        assert found == {"detected": trials}

    run(work(), 300)


def _photo(kept: Kept) -> Photo:
    return Photo(
        photo_id="p-1", case_id="c-1", bay_id="b-1", municipality_id=MUNICIPALITY, kind="scene", site_country="ES",
        sha256="", bytes=60_000, stored_at=START, name=kept.name, wrapped_key=kept.wrapped_key,
    )  # fmt: skip


def siga(command: str, data: Path, *more: str) -> subprocess.CompletedProcess[str]:
    called = [sys.executable, "-m", "siga", command, "--data", str(data), *more]
    return subprocess.run(called, capture_output=True, text=True, timeout=60)


def _zeroed(path: Path) -> None:
    path.write_bytes(b"")


def _flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[5000] ^= 1
    path.write_bytes(data)


def test_a_start_on_a_harmed_folder_is_refused_by_name_with_what_to_do(memory: Path, town: Path) -> None:
    for harm in (Path.unlink, _flipped):
        data = shutil.copytree(town, memory / "harmed")
        harm(data / "parking" / "parking.db")
        refused = siga("up", data)
        assert refused.returncode == 1
        for word in (str(data / "parking" / "parking.db"), "siga doctor", "siga restore", "Nothing was changed"):
            assert word in refused.stderr, harm
        assert "Traceback" not in refused.stderr
        shutil.rmtree(data)


def test_the_doctor_finds_it_and_names_the_way_back(memory: Path, town: Path) -> None:
    data = shutil.copytree(town, memory / "ill")
    _flipped(data / "parking" / "parking.db")
    (data / "users" / "master.key").unlink()
    looked = siga("doctor", data)
    assert looked.returncode == 1
    assert "BAD ] store of parking" in looked.stdout
    assert "siga restore DIR" in looked.stdout
    assert "users/master.key is missing" in looked.stdout


def test_an_empty_file_and_a_lost_key_are_refused_and_none_is_made_anew(memory: Path, town: Path) -> None:
    async def start(data: Path) -> None:
        async with running("config", "logs", "users", "parking", data=data):
            raise AssertionError("it started")

    empty = shutil.copytree(town, memory / "empty")
    _zeroed(empty / "users" / "users.db")
    with pytest.raises(StoreDamaged, match="it was in use and is now empty"):
        run(start(empty))
    keyless = shutil.copytree(town, memory / "keyless")
    (keyless / "parking" / "devices.key").unlink()
    with pytest.raises(OSError, match=r"devices\.key is missing"):
        run(start(keyless))
    assert not (keyless / "parking" / "devices.key").exists()


def test_damage_that_is_met_later_is_told_and_never_answered_from(memory: Path, base: Path) -> None:
    async def work() -> None:
        folder = shutil.copytree(base / "stopped", memory / "later")
        database = open_sqlite(folder / "parking.db", metadata, migrations=MIGRATIONS, expected=True)
        data = bytearray((folder / "parking.db").read_bytes())
        for page in range(2, len(data) // 4096):
            data[page * 4096 + 100] ^= 1
        (folder / "parking.db").write_bytes(data)
        with pytest.raises(problem.StoreDamaged) as met:
            await database.read(everything)
        assert met.value.status == 503
        assert "parking.db" not in met.value.detail, "where it lies is not for everybody"
        assert database.damage is not None
        await database.close()

    run(work())
