"""Which stores a data folder has had: `stores.json`, so that one that is gone is missed and not made anew."""

from __future__ import annotations

import json
import os
from pathlib import Path

LEDGER = "stores.json"


class Ledger:
    """The stores of one data folder by the service they belong to, with the engine behind each."""

    def __init__(self, data: Path) -> None:
        self._data, self._path = data, data / LEDGER
        self.known: dict[str, str] = {}
        self._is_there = self._path.exists()
        if self._is_there:
            try:
                self.known = dict(json.loads(self._path.read_text()))
            except ValueError as fault:
                raise OSError(
                    f"{self._path} is damaged: it lists the stores of this folder. Remove it if all of them are there "
                    "(`siga doctor` tells), else restore a backup"
                ) from fault

    def expects(self, name: str) -> bool:
        """Whether a service's store was there before; a folder of the first release, which kept no list, tells by what
        lies beside the store, since a store was made before everything else."""
        if self._is_there:
            return name in self.known
        folder = self._data / name
        return folder.is_dir() and any(not file.name.startswith(f"{name}.db") for file in folder.iterdir())

    def note(self, name: str, engine: str) -> None:
        """A service's store is there; on disk when this returns."""
        if self.known.get(name) == engine:
            return
        self.known[name] = engine
        self._is_there = True
        draft = self._path.with_name(f".{LEDGER}")
        with draft.open("w") as file:
            file.write(json.dumps(self.known, indent=1))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)
