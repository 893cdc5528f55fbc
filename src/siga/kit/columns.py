"""Column types that keep the same meaning on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Dialect, Integer, String, Text
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(instant: datetime) -> int:
    """An aware instant as microseconds since 1970."""
    return (instant - _EPOCH) // _MICROSECOND


class Instant(TypeDecorator[datetime]):
    """An aware instant as microseconds since 1970: exact, sortable, the same number on every engine."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """To microseconds."""
        return None if value is None else micros(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """Back to an aware UTC instant."""
        return None if value is None else _EPOCH + timedelta(microseconds=value)


class Day(TypeDecorator[date]):
    """A calendar day as `YYYY-MM-DD` text."""

    impl = String(10)
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Dialect) -> str | None:
        """To ISO text."""
        return None if value is None else value.isoformat()

    def process_result_value(self, value: Any | None, dialect: Dialect) -> date | None:
        """Back to a day."""
        return None if value is None else date.fromisoformat(value)


class Json(TypeDecorator[Any]):
    """A value as JSON text, by msgspec; give it a type to get that struct back."""

    impl = Text
    cache_ok = True

    def __init__(self, struct: Any = Any) -> None:
        super().__init__()
        self.struct = struct

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """To JSON text."""
        return None if value is None else msgspec.json.encode(value).decode()

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Any:
        """Back to the struct."""
        return None if value is None else msgspec.json.decode(value, type=self.struct)


Position = BigInteger().with_variant(Integer, "sqlite")
"""A journal's position: 64 bit on both engines (SQLite's rowid alias must be spelt INTEGER)."""
