"""PostGIS as a yardstick of search: the nearest free bays by its KNN index, asked by pgbench, statements prepared."""

from __future__ import annotations

import asyncio
import os
import pwd
import re
import subprocess
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from siga.bench.measuring import INSTALL, Missing, program
from siga.bench.rivals.child import child, folder_of_its_own, listens_at

_CONNECTIONS = 32
_PORT = 5432  # only the name of the socket: nothing listens on the network
_CONF = """
listen_addresses = ''
shared_buffers = 1GB
max_connections = 100
fsync = off
jit = off
logging_collector = off
"""
_SCHEMA = """
CREATE EXTENSION postgis;
CREATE TABLE bays (bay_id text, code text, category text, lon float8, lat float8, free boolean,
                   geom geometry(Point, 4326));
CREATE TABLE points (n integer, lon float8, lat float8, geom geometry(Point, 4326));
"""
_INDEXES = """
UPDATE points SET geom = ST_SetSRID(ST_MakePoint(lon, lat), 4326);
ALTER TABLE points ADD PRIMARY KEY (n);
UPDATE bays SET geom = ST_SetSRID(ST_MakePoint(lon, lat), 4326);
CREATE INDEX bays_free ON bays USING gist (geom) WHERE free;
VACUUM FULL ANALYZE bays;
VACUUM FULL ANALYZE points;
"""
_SCRIPT = r"""\set n random(1, {points})
SELECT b.bay_id, b.code, b.category, b.lon, b.lat, ST_DistanceSphere(b.geom, p.geom)
FROM points p CROSS JOIN LATERAL (SELECT * FROM bays WHERE free ORDER BY bays.geom <-> p.geom LIMIT {limit}) b
WHERE p.n = :n;
"""


class Bay(NamedTuple):
    """A bay as the table holds it."""

    bay_id: str
    code: str
    category: str
    lon: float
    lat: float
    free: bool


class PostGis:
    """A started PostgreSQL with the table in it."""

    def __init__(self, bins: Path, folder: Path) -> None:
        self._bins, self._folder = bins, folder
        self._script = folder / "nearest.sql"
        self._where = ("-h", str(folder), "-p", str(_PORT), "-U", "bench")

    async def fill(self, bays: Iterable[Bay], points: Sequence[tuple[float, float]], limit: int) -> None:
        """Keep the bays and the places to ask from, with their index."""
        await self._sql(_SCHEMA)
        rows = "".join(
            f"{b.bay_id}\t{b.code}\t{b.category}\t{b.lon}\t{b.lat}\t{'t' if b.free else 'f'}\n" for b in bays
        )
        await self._sql(f"COPY bays (bay_id, code, category, lon, lat, free) FROM stdin;\n{rows}\\.\n")
        rows = "".join(f"{n}\t{lon}\t{lat}\n" for n, (lon, lat) in enumerate(points, start=1))
        await self._sql(f"COPY points (n, lon, lat) FROM stdin;\n{rows}\\.\n{_INDEXES}")
        self._script.write_text(_SCRIPT.format(points=len(points), limit=limit))

    async def run(self, seconds: float) -> float:
        """Searches a second over so many seconds."""
        command = (str(self._bins / "pgbench"), *self._where, "-n", "-M", "prepared", "-c", str(_CONNECTIONS), "-j",
                   "1", "-T", str(max(1, round(seconds))), "-f", str(self._script), "postgres")  # fmt: skip
        found = re.search(r"tps = ([\d.]+)", await _output(command))
        if found is None:
            raise ValueError("pgbench said nothing")
        return float(found[1])

    async def _sql(self, text: str) -> None:
        command = (str(self._bins / "psql"), *self._where, "-q", "-v", "ON_ERROR_STOP=1", "postgres")
        await _output(command, text.encode())


async def _output(command: Sequence[str], given: bytes = b"") -> str:
    process = await asyncio.create_subprocess_exec(
        *command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, wrong = await process.communicate(given)
    if process.returncode:
        raise ValueError(f"{Path(command[0]).name} failed: {wrong.decode()[-1000:]}")
    return out.decode()


def _bins() -> Path:
    """The folder of PostgreSQL's own programs, of the newest version that has PostGIS."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))[::-1]:
        extension = Path("/usr/share/postgresql") / folder.parent.name / "extension" / "postgis.control"
        if all((folder / name).is_file() for name in ("initdb", "postgres", "pgbench", "psql")) and extension.is_file():
            return folder
    folder = Path(program("postgres")).resolve().parent
    if not all((folder / name).is_file() for name in ("initdb", "pgbench", "psql")):
        raise Missing(f"PostgreSQL with PostGIS is not installed: {INSTALL}")
    return folder


def _user() -> str | None:
    """PostgreSQL does not run as root: then as the user it has for that, or as nobody; None: as who we are."""
    if os.geteuid():
        return None
    names = {one.pw_name for one in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _give(folder: Path, user: str | None) -> None:
    """Let that user have the folder, and reach it: the temporary folder around it is ours alone otherwise."""
    if user is None:
        return
    owner = pwd.getpwnam(user)
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    folder.parent.chmod(folder.parent.stat().st_mode | 0o011)


@asynccontextmanager
async def postgis(folder: Path) -> AsyncIterator[PostGis]:
    """A PostgreSQL of its own in the folder, until the block ends; Missing when it or PostGIS is not installed."""
    bins, user = _bins(), _user()
    _give(folder_of_its_own(folder), user)
    cluster = folder / "cluster"
    making = (str(bins / "initdb"), "-D", str(cluster), "-U", "bench", "-A", "trust", "-N", "-E", "UTF8")
    done = await asyncio.to_thread(
        subprocess.run, making, capture_output=True, text=True, check=False, user=user, group=user
    )
    if done.returncode:
        raise ValueError(f"initdb failed: {done.stderr[-1000:]}")
    await asyncio.to_thread((cluster / "postgresql.auto.conf").write_text, _CONF)
    words = (str(bins / "postgres"), "-D", str(cluster), "-k", str(folder), "-p", str(_PORT))
    socket = folder / f".s.PGSQL.{_PORT}"
    async with child(words, lambda: listens_at(socket), log=folder / "postgres.log", user=user):
        yield PostGis(bins, folder)
