"""Page checksums under SQLite: every page of a store carries eight bytes that tell whether it is as it was written.

SQLite's own checksum VFS, which APSW's wheels carry as a loadable extension, reckons and checks them in C. Where an
installation lacks it, stores are made without, and `siga doctor` says so. It must be loaded before any other VFS is
laid over the default one, hence at import.
"""

from __future__ import annotations

import apsw
from apsw import sqlite_extra

RESERVED_BYTES = 8
"""What the checksum takes at the end of each page; the store's header tells it (byte 20 of the file format)."""
_EXTENSION, _VFS = "cksumvfs", "cksmvfs"


def _loaded() -> bool:
    if _VFS in apsw.vfs_names():
        return True
    if sqlite_extra.has(_EXTENSION) != "extension":
        return False
    try:
        sqlite_extra.load(apsw.Connection(":memory:"), _EXTENSION)
    except (apsw.Error, sqlite_extra.NotAvailable):
        return False
    return _VFS in apsw.vfs_names()


AVAILABLE = _loaded()
"""Whether pages are checked on this machine."""
