"""`/.well-known/security.txt` (RFC 9116): whom to tell about a weakness, as the start settings say; never invented."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from siga.kit.clock import Clock, rfc3339
from siga.kit.log import logger
from siga.kit.problem import NotFound
from siga.services.gateway.asgi import App, Receive, Scope, Send, send_bytes

PATH = "/.well-known/security.txt"
_TYPE = "text/plain; charset=utf-8"
_log = logger("gateway")


def security_txt(options: Mapping[str, Any], clock: Clock) -> dict[str, App]:
    """The route, by its path; none where no contact is set. After its expiry the file is not served: RFC 9116 §2.5.5
    has such a file be disregarded."""
    contacts: tuple[str, ...] = options.get("security_contact") or ()
    expires_at: datetime | None = options.get("security_expires")
    if not contacts or expires_at is None:
        return {}
    if clock() >= expires_at:
        _log.warning("security_txt_expired", expired_at=rfc3339(expires_at))
    text = written(contacts, expires_at, str(options.get("public_url") or "")).encode()

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD") or clock() >= expires_at:
            raise NotFound("Whom to tell about a weakness is not said here just now.")
        await send_bytes(send, text, _TYPE)

    return {PATH: answer}


def written(contacts: tuple[str, ...], expires_at: datetime, public_url: str) -> str:
    """The file. `Canonical` only where it is served by HTTPS under a known address."""
    lines = [*(f"Contact: {contact}" for contact in contacts), f"Expires: {rfc3339(expires_at)}"]
    lines.append("Preferred-Languages: es, en")
    if public_url.startswith("https://"):
        lines.append(f"Canonical: {public_url.rstrip('/')}{PATH}")
    return "".join(f"{line}\n" for line in lines)
