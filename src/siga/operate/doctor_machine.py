"""The doctor looks at the machine and the folder: versions, room, rights, keys, clock, the last backup."""

from __future__ import annotations

import os
import platform
import shutil
import stat
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path

import msgspec

from siga import __version__
from siga.contract.auth import SERVICES
from siga.engines import apsw_dbapi, checksums
from siga.kit.auth import Keyring
from siga.operate import folder as places
from siga.operate.findings import Finding, bad, note, ok

_LIBRARIES = ("sqlalchemy", "granian", "litestar", "msgspec", "cryptography", "onnxruntime")
_SQLITE_SOUND = (3, 51, 3)
"""Before this one two connections could harm a WAL store (the WAL-reset fault)."""
_MIB = 1 << 20
_LITTLE_ROOM, _NO_ROOM = 1024 * _MIB, 256 * _MIB
_BACKUP_OLD = timedelta(hours=26)
_FIRST_COMMIT = datetime(2026, 11, 1, tzinfo=UTC)
_KEY_BYTES = 32
_SEALING_KEYS = {
    "users/master.key", "parking/devices.key", "images/photos.key", "enforcement/plates.key", "drivers/drivers.key",
}  # fmt: skip


def versions() -> Iterator[Finding]:
    """Python, SIGA, SQLite and the libraries that matter most."""
    found = ", ".join(f"{name} {metadata.version(name)}" for name in _LIBRARIES)
    yield ok("versions", f"SIGA {__version__}, Python {platform.python_version()} on {sys.platform}; {found}")
    sqlite = apsw_dbapi.sqlite_version
    if apsw_dbapi.sqlite_version_info < _SQLITE_SOUND:
        yield bad(
            "SQLite", f"{sqlite} has a fault that can harm a store", "install apsw >= 3.54: pip install -U apsw"
        )  # fmt: skip
    else:
        yield ok("SQLite", f"{sqlite}, without the WAL-reset fault")
    if not checksums.AVAILABLE:
        yield note(
            "page checksums", "this APSW lacks the checksum VFS: a bit flipped on the disk may go unseen",
            "install apsw from its wheel on PyPI",
        )  # fmt: skip


def clock(data: Path, now: datetime) -> Iterator[Finding]:
    """Whether the clock can be right: it is not before this release, nor before what was written."""
    newest = max((p.stat().st_mtime for p in data.glob("*/*.db*")), default=0.0)
    written = datetime.fromtimestamp(newest, UTC)
    do = "set the clock (timedatectl set-ntp true); SIGA signs and judges by it"
    if now < _FIRST_COMMIT:
        yield bad("clock", f"it says {now:%Y-%m-%d %H:%M} UTC, before this SIGA was made", do)
    elif written - now > timedelta(minutes=1):
        yield bad("clock", f"it says {now:%Y-%m-%d %H:%M} UTC, and a store was written at {written:%Y-%m-%d %H:%M}", do)
    else:
        yield ok("clock", f"{now:%Y-%m-%d %H:%M:%S} UTC")


def room(data: Path) -> Iterator[Finding]:
    """Free disk where the data lies."""
    usage = shutil.disk_usage(data)
    says = f"{usage.free / _MIB:,.0f} MiB free of {usage.total / _MIB:,.0f}"
    if usage.free < _NO_ROOM:
        yield bad("disk", says, "free some space: SIGA refuses photos first, then reports, and resumes by itself")
    elif usage.free < max(_LITTLE_ROOM, usage.total // 20):
        yield note("disk", says, "free some space soon; photos are refused below images.free_space_reserve_mib")
    else:
        yield ok("disk", says)


def rights(data: Path) -> Iterator[Finding]:
    """The folder and every secret in it are their owner's alone."""
    info = data.stat()
    if info.st_uid != os.geteuid():
        yield note("folder", f"{data} belongs to user {info.st_uid}, and you are {os.geteuid()}")
    if stat.S_IMODE(info.st_mode) & 0o077:
        yield bad("folder", f"others can look into {data}", f"chmod 700 {data}")
    elif not os.access(data, os.W_OK):
        yield bad("folder", f"{data} cannot be written", "run this as the user that runs SIGA")
    else:
        yield ok("folder", f"{data.resolve()}, its owner's alone")
    open_files = [path for path in places.small_files(data) if _is_secret(path) and _open(data / path)]
    for path in open_files:
        yield bad("secrets", f"others can read {path}", f"chmod 600 {data / path}")
    for path in data.rglob("*.corrupt*"):
        yield note("folder", f"{path.relative_to(data)} was set aside as corrupt", "keep it until the cause is known")
    if (data / places.RESTORING).exists():
        yield bad("folder", "a restore was interrupted", "run `siga restore … --force` again")


def _is_secret(path: Path) -> bool:
    return path.suffix == ".key" or "private" in path.parts


def _open(path: Path) -> bool:
    return bool(stat.S_IMODE(path.stat().st_mode) & 0o077)


def keys(data: Path, own: Path | None) -> Iterator[Finding]:
    """The signing keys can be read, and the sealing keys are there and whole."""
    folder = own or data / "keys"
    names = [name for name in SERVICES if (folder / "private" / f"{name}.json").exists()]
    try:
        Keyring.open(folder, names if own else SERVICES)
        yield ok("signing keys", f"{len(names)} in {folder}")
    except (OSError, ValueError, KeyError) as fault:
        yield bad("signing keys", f"{folder}: {fault}", "bring them back from a backup")  # fmt: skip
    for name in sorted(_SEALING_KEYS):
        path = data / name
        if not places.store_of(data, path.parent.name).exists():
            continue
        if path.exists() and path.stat().st_size == _KEY_BYTES:
            continue
        lost = "cut short" if path.exists() else "missing"
        yield bad("sealing keys", f"{name} is {lost}: what it sealed cannot be read",
                  "bring it back from a backup: no other one is made")  # fmt: skip


def last_backup(data: Path, now: datetime) -> Iterator[Finding]:
    """How old the last backup is."""
    do = "siga backup DIR, best daily by deploy/siga-backup.timer"
    try:
        told = msgspec.json.decode((data / places.LAST_BACKUP).read_bytes(), type=dict[str, str])
        at, where = datetime.fromisoformat(told["at"]), told["folder"]
    except (OSError, KeyError, ValueError, msgspec.MsgspecError):
        yield note("backup", "none was made of this folder", do)
        return
    says = f"{_age(now - at)} old, in {where}"
    if not Path(where).exists():
        yield note("backup", f"the last one ({where}) is not there any more", do)
    elif now - at > _BACKUP_OLD:
        yield note("backup", says, do)
    else:
        yield ok("backup", says)


def _age(age: timedelta) -> str:
    hours = age.total_seconds() / 3600
    return f"{hours * 60:.0f} min" if hours < 1 else f"{hours:.0f} h" if hours < 48 else f"{hours / 24:.0f} days"
