"""structlog for every service: JSON records with request id and traceparent, never blocking, scrubbed of secrets."""

from __future__ import annotations

import itertools
import logging
import re
import secrets
import sys
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any, cast

import msgspec
import structlog

from siga.contract.operations import LEVELS, Level, LogRecord
from siga.kit import tracing
from siga.ports import LogSink

_SECRET_NAME = re.compile(
    r"pass|secret|token|cookie|authorization|plate|uid|credential|(^|_)name$|email|mail|holder|csrf|code$|phone|key",
    re.I,
)
_BEARER = re.compile(r"(Bearer\s+|eyJ)[A-Za-z0-9._-]{16,}")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_MAX_TEXT = 2000
_MAX_INT = 2**63


class _Where:
    """Where records of this process go; set once by `configure`."""

    sink: LogSink | None = None
    process: str = ""
    numbers = itertools.count(1)
    stderr_level: int = LEVELS.index("warning")


def configure(*, process: str, sink: LogSink | None, stderr_level: Level = "warning") -> None:
    """Send this process's records to `sink` and, from `stderr_level` on, to stderr as JSON lines.

    Records are numbered from 1 at each call; `process` gets a random end, so that no two boots share numbers.
    """
    _Where.sink, _Where.stderr_level = sink, LEVELS.index(stderr_level)
    _Where.process, _Where.numbers = f"{process}.{secrets.token_hex(4)}", itertools.count(1)
    structlog.configure(
        processors=[structlog.processors.format_exc_info, cast("Any", _deliver)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
        logger_factory=structlog.ReturnLoggerFactory(),
        cache_logger_on_first_use=False,
    )


def logger(service: str) -> Any:
    """The logger of one service: `logger("parking").info("bay_changed", bay_id=…)`."""
    return structlog.get_logger(service=service)  # lazy: also heeds a `configure` that comes later


def unquoted(text: str) -> str:
    """A sentence about a request without what it quotes: that is the client's word, and may be a plate or a name."""
    return _QUOTED.sub("…", text)


def scrub(fields: MutableMapping[str, Any]) -> dict[str, Any]:
    """Fields without what must never be in a log: values under telling names, bearer tokens, very long text."""
    named = ((str(key), value) for key, value in fields.items())
    return {key: "[removed]" if _SECRET_NAME.search(key) else _scrub_value(value) for key, value in named}


def _scrub_value(value: Any) -> Any:
    """The value as something that every sink and store can take: JSON's own kinds, all else as text."""
    if isinstance(value, str):
        return _clean(_BEARER.sub("[removed]", value)[:_MAX_TEXT])
    if isinstance(value, dict):
        return scrub(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [_scrub_value(v) for v in value]
    if value is None or isinstance(value, bool | float) or (isinstance(value, int) and abs(value) < _MAX_INT):
        return value
    return _scrub_value(str(value))


def _clean(text: str) -> str:
    """Without NUL, which PostgreSQL refuses, and without half characters, which no JSON can carry."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def _deliver(_: Any, method: str, event: MutableMapping[str, Any]) -> str:
    level = cast("Level", {"warn": "warning", "exception": "error"}.get(method, method))
    service = str(event.pop("service", "siga"))
    if "exception" in event:  # what went wrong stands at the end of a traceback
        event["exception"] = str(event["exception"])[-_MAX_TEXT:]
    record = LogRecord(
        at=datetime.now(UTC), service=service, level=level, event=_scrub_value(str(event.pop("event", ""))),
        process=_Where.process, request_id=tracing.request_id.get(), traceparent=tracing.traceparent.get(),
        fields=scrub(event), sequence=next(_Where.numbers),
    )  # fmt: skip
    if _Where.sink is not None:
        _Where.sink.offer(record)
    if LEVELS.index(level) >= _Where.stderr_level:
        sys.stderr.write(msgspec.json.encode(record, enc_hook=str).decode() + "\n")
    return ""
