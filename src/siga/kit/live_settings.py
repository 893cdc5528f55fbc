"""A service's own snapshot of the live settings: swapped whole at a new revision, read without a lock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from siga.contract.settings import Setting

Values = Mapping[str, Mapping[str, Any]]
"""Municipality id ("" = system-wide) → key → value that differs from the default."""


class LiveSettings:
    """`settings.int_of(GRACE_S, municipality_id)` is what is in force now, in this (process, service)."""

    def __init__(self, values: Values | None = None, revision: int = 0) -> None:
        self._snapshot: tuple[int, Values] = (revision, values or {})

    @property
    def revision(self) -> int:
        """The revision that is in force here."""
        return self._snapshot[0]

    def swap(self, revision: int, values: Values) -> None:
        """Put a whole new snapshot in force at once."""
        self._snapshot = (revision, values)

    def value(self, setting: Setting, municipality_id: str = "") -> Any:
        """The municipality's value, else the system's, else the declared default."""
        values = self._snapshot[1]
        for scope in (municipality_id, ""):
            found = values.get(scope, {}).get(setting.key)
            if found is not None and setting.fault(found) is None:
                return found
        return setting.default

    def int_of(self, setting: Setting, municipality_id: str = "") -> int:
        """As `value`, for a setting of kind int."""
        return cast("int", self.value(setting, municipality_id))

    def float_of(self, setting: Setting, municipality_id: str = "") -> float:
        """As `value`, for a setting of kind float."""
        return float(self.value(setting, municipality_id))

    def text_of(self, setting: Setting, municipality_id: str = "") -> str:
        """As `value`, for a setting of kind text."""
        return str(self.value(setting, municipality_id))
