"""Which stores and sealing keys a data folder has had: `stores.json`, so that what is gone is missed, not made anew."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

LEDGER = "stores.json"


class Entry(msgspec.Struct):
    """One service: the engine behind its store, and the keys beside it."""

    engine: str
    keys: list[str] = []


class Ledger:
    """The stores of one data folder, by the service they belong to."""

    def __init__(self, data: Path) -> None:
        """OSError when the list is damaged."""
        self._data, self._path = data, data / LEDGER
        self.known: dict[str, Entry] = {}
        self._is_there = self._path.exists()
        if self._is_there:
            try:
                self.known = msgspec.json.decode(self._path.read_bytes(), type=dict[str, Entry])
            except msgspec.MsgspecError as fault:
                raise OSError(
                    f"{self._path} is damaged: it lists the stores of this folder. Remove it if all of them are there "
                    "(`siga doctor` tells), else restore a backup"
                ) from fault

    def expects(self, name: str) -> bool:
        """Whether a service's store was there before.

        A folder of the first release, which kept no list, tells by what lies beside the store: it was made first.
        """
        if self._is_there:
            return name in self.known
        folder = self._data / name
        return folder.is_dir() and any(not file.name.startswith(f"{name}.db") for file in folder.iterdir())

    def missing_keys(self, name: str) -> list[str]:
        """Keys of a service that were there and are not any more."""
        entry = self.known.get(name)
        return [key for key in entry.keys if not (self._data / name / key).exists()] if entry else []

    def note(self, name: str, engine: str) -> None:
        """A service's store is there; on disk when this returns."""
        entry = self.known.get(name)
        if entry is None or entry.engine != engine:
            self.known[name] = Entry(engine, entry.keys if entry else [])
            self._write()

    def note_keys(self, name: str) -> None:
        """The keys beside a service's store are those that belong there from now on."""
        entry, found = self.known.get(name), sorted(path.name for path in (self._data / name).glob("*.key"))
        if entry is not None and entry.keys != found:
            entry.keys = found
            self._write()

    def _write(self) -> None:
        self._is_there = True
        draft = self._path.with_name(f".{LEDGER}")
        with draft.open("wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(self.known), indent=1))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)
