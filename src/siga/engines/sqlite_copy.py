"""One instant of a store that is in use, held open, asked and copied without making its writer wait.

`VACUUM INTO` does not do for this: what it writes lacks the page checksums. The online backup copies page by page, and
each page is checked as it is read.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw

from siga.engines import apsw_dbapi, checksums, guard
from siga.engines.guard import StoreDamaged
from siga.engines.sqlite import connected

_PAGES_AT_ONCE = 256
Progress = Callable[[int], None]


class Snapshot:
    """The store as it is when this is made, until `close`; meanwhile its log cannot be shortened."""

    def __init__(self, path: Path, *, at_rest: bool = False) -> None:
        """`at_rest`: nobody has the store open, and nothing is to be left beside it. StoreDamaged if it cannot be
        read."""
        self.path, self._at_rest = path, at_rest
        self._raw = self._asked(lambda: connected(path, read_only=True)).raw
        self._raw.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)  # a store at rest is left exactly as it is
        self._raw.execute("BEGIN")
        self._asked(lambda: self._raw.execute("SELECT count(*) FROM sqlite_schema").fetchall())

    def _asked(self, work: Callable[[], Any]) -> Any:
        try:
            return work()
        except (apsw.Error, apsw_dbapi.Error) as fault:
            raise StoreDamaged(self.path, str(fault).partition("\n")[0]) from fault

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What a query finds; empty where its table is not there."""
        try:
            return list(self._raw.execute(sql))
        except apsw.SQLError:
            return []
        except apsw.Error as fault:
            raise StoreDamaged(self.path, str(fault).partition("\n")[0]) from fault

    def each(self, sql: str) -> Iterator[tuple[Any, ...]]:
        """As `rows`, one after the other, for more than fits into memory."""
        try:
            yield from self._raw.execute(sql)
        except apsw.SQLError:
            return
        except UnicodeDecodeError as fault:
            raise StoreDamaged(self.path, "a text in it is no text") from fault
        except apsw.Error as fault:
            raise StoreDamaged(self.path, str(fault).partition("\n")[0]) from fault

    @property
    def revision(self) -> str | None:
        """The revision of its schema; None for a store of the first release, which kept no note."""
        found = self.rows("SELECT version_num FROM alembic_version")
        return str(found[0][0]) if found else None

    @property
    def head(self) -> int:
        """The newest position of its journal, 0 without one."""
        return int((self.rows("SELECT max(position) FROM events") or [(0,)])[0][0] or 0)

    @property
    def cursors(self) -> dict[str, int]:
        """How far it has followed others' journals."""
        return {str(source): int(position) for source, position in self.rows("SELECT source, position FROM cursors")}

    @property
    def checked_pages(self) -> bool:
        """Whether its pages carry checksums."""
        return int(self._raw.reserve_bytes()) == checksums.RESERVED_BYTES

    def faults(self, *, full: bool) -> list[str]:
        """What SQLite finds wrong with it, reading every page; `full` compares indexes with tables besides."""
        word = "integrity_check" if full else "quick_check"
        try:
            found = [str(row[0]) for row in self._raw.execute(f"PRAGMA {word}(20)")]
        except apsw.Error as fault:
            return [str(apsw_dbapi._translated(fault)).partition("\n")[0]]
        return [] if found == ["ok"] else found

    def copy(self, to: Path, rest: float, progress: Progress) -> None:
        """Copy it whole to a new file, on disk when this returns.

        After each step it pauses `rest` times as long as the step took. `progress` is given the bytes of each step.
        """
        to.touch(mode=0o600, exist_ok=False)
        target = apsw.Connection(str(to))
        try:
            for pragma in ("journal_mode=OFF", "synchronous=OFF"):
                target.execute(f"PRAGMA {pragma}")
            if self.checked_pages:
                # The file must say that its pages carry checksums before the first is written, else they get none.
                target.reserve_bytes(reserve=checksums.RESERVED_BYTES)
                target.execute("CREATE TABLE made_room (x)")
            self._asked(lambda: self._step_by_step(target, rest, progress))
        finally:
            target.close()
        with to.open("rb") as file:
            os.fsync(file.fileno())

    def _step_by_step(self, target: apsw.Connection, rest: float, progress: Progress) -> None:
        page_bytes = int(self._raw.execute("PRAGMA page_size").get)
        with target.backup("main", self._raw, "main") as copying:
            left = 0
            while not copying.done:
                began = time.perf_counter()
                copying.step(_PAGES_AT_ONCE)
                done = copying.page_count - copying.remaining
                progress((done - left) * page_bytes)
                left = done
                time.sleep(rest * (time.perf_counter() - began))

    def close(self) -> None:
        """Let go of the instant."""
        self._raw.close()
        if self._at_rest:
            log = guard.wal_of(self.path)
            if log.exists() and not log.stat().st_size:
                log.unlink()
            self.path.with_name(self.path.name + "-shm").unlink(missing_ok=True)
