"""Data folders as earlier releases left them, and larger ones made from them."""

from __future__ import annotations

import zipfile
from pathlib import Path

import apsw

from siga.engines import checksums

FIRST = "0.1.0"
PASSWORD = "a pass phrase that outlives its release"
_FOLDER = Path(__file__).parent / "released"
assert checksums.AVAILABLE, "tests run where pages carry checksums"


def unpacked(release: str, folder: Path) -> Path:
    """The data folder of a release, as it left it."""
    with zipfile.ZipFile(_FOLDER / f"{release}.zip") as archive:
        archive.extractall(folder)
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o700 if path.is_dir() else 0o600)
    return folder


def grown(parking: Path, rows: int) -> None:
    """Give a first release's Parking so many rows: half reports, two fifths events, the rest bays."""
    raw = apsw.Connection(str(parking))
    bays, events, reports = rows // 10, rows * 4 // 10, rows // 2
    count = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {}) "
    raw.execute("BEGIN")
    raw.execute(
        count.format(bays) + "INSERT INTO bays SELECT printf('bay-%07d', n), municipality_id, zone_id, 'N-' || n, NULL,"
        " replace(replace(bay, bay_id, printf('bay-%07d', n)), '\"code\":\"c-0\"', '\"code\":\"N-' || n || '\"'),"
        " replace(state, bay_id, printf('bay-%07d', n)) FROM n, (SELECT * FROM bays WHERE code = 'c-0')"
    )
    raw.execute(
        count.format(events) + "INSERT INTO events SELECT position + n, printf('event-%07d', n), kind, version,"
        " municipality_id, subject_id, sequence, occurred_at, recorded_at, traceparent, data"
        " FROM n, (SELECT * FROM events ORDER BY position DESC LIMIT 1)"
    )
    raw.execute(
        count.format(reports) + "INSERT INTO reports SELECT device_id, epoch, sequence + n, bay_id, assignment,"
        " occupied, observed_at + n, received_at + n, credential, status"
        " FROM n, (SELECT * FROM reports ORDER BY sequence DESC LIMIT 1)"
    )
    raw.execute("COMMIT")
    raw.close()


def counted(path: Path) -> dict[str, int]:
    """How many rows each table of a store at rest has, but for Alembic's own."""
    raw = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    names = [row[0] for row in raw.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
    found = {name: int(raw.execute(f"SELECT count(*) FROM {name}").get) for name in names if name != "alembic_version"}
    raw.close()
    return found
