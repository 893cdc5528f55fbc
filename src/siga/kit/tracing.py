"""The request at hand, carried through tasks and threads: its id and W3C `traceparent`."""

from __future__ import annotations

import itertools
import random
import re
import secrets
from contextvars import ContextVar

request_id: ContextVar[str | None] = ContextVar("siga_request_id", default=None)
traceparent: ContextVar[str | None] = ContextVar("siga_traceparent", default=None)

_TRACEPARENT = re.compile(r"^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$")
_REQUEST_ID = re.compile(r"^[A-Za-z0-9._-]{8,64}$")


# Ids must differ, not be secret: asking the kernel for randomness at every request would cost more than the answer.
_PROCESS = secrets.token_hex(5)
_random = random.Random(secrets.randbits(64)).getrandbits  # noqa: S311
_COUNT = itertools.count(secrets.randbelow(1 << 16))


def current_traceparent() -> str | None:
    """The traceparent of the request at hand, if any."""
    return traceparent.get()


def new_traceparent() -> str:
    """A fresh `traceparent` (W3C Trace Context level 1), sampled."""
    return f"00-{_random(128) or 1:032x}-{_random(64) or 1:016x}-01"


def accept_traceparent(header: str | None) -> str:
    """The caller's traceparent if it is well formed, else a new one."""
    if header and _TRACEPARENT.match(header) and header[3:35] != "0" * 32:
        return header
    return new_traceparent()


def accept_request_id(header: str | None) -> str:
    """The caller's request id if it is harmless text of 8 to 64 characters, else a new one."""
    return header if header and _REQUEST_ID.match(header) else f"{_PROCESS}{next(_COUNT):06x}"
