"""Secrets of a start, and whom to tell about weaknesses: from files and systemd credentials, never a sample."""

from __future__ import annotations

import os
import re
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

_SAMPLES = frozenset({
    "", "admin", "changeme", "change-me", "default", "example", "password", "postgres", "root", "sample", "secret",
    "siga", "test",
})  # fmt: skip
_CREDENTIALS = {"database_url": "database_url_file", "smtp_password": "smtp_password_file"}
"""systemd credentials (`LoadCredential=`, systemd.exec(5)) and the settings they stand for."""
_CONTACT = re.compile(r"(mailto:[^@\s]+@|https://|tel:\+)\S+")
_NOBODYS = re.compile(r"[@./](example\.(com|org|net)|[\w-]+\.(example|invalid|test))(/|$)", re.I)


def take_secrets(values: dict[str, Any]) -> None:
    """Put what stands in files into the settings' values; ValueError when a secret is missing, double or a sample."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    for credential, setting in _CREDENTIALS.items():
        path = Path(folder) / credential if folder else None
        if path is not None and path.is_file():
            values.setdefault(setting, path)
    path = values.pop("database_url_file", None)
    if path is not None:
        if values.get("database_url"):
            raise ValueError("database_url and database_url_file both say where the stores are: give one of them")
        values["database_url"] = _text_in(Path(path))
    _refuse_sample(values.get("database_url"))


def take_contact(values: dict[str, Any]) -> None:
    """Check `security_contact` and `security_expires`; ValueError when one is missing, malformed or nobody's."""
    told, expires = values.get("security_contact"), values.get("security_expires")
    if told is None and expires is None:
        return
    if told is None or expires is None:
        raise ValueError("security_contact and security_expires go together: RFC 9116 wants both in security.txt")
    contacts = tuple(one.strip() for one in (told.split(",") if isinstance(told, str) else told) if one.strip())
    for contact in contacts:
        if not _CONTACT.fullmatch(contact):
            raise ValueError(f"security_contact: '{contact}' must begin with mailto:, https:// or tel:+ (RFC 9116)")
        if _NOBODYS.search(contact):
            raise ValueError(f"security_contact: '{contact}' reaches nobody; give an address somebody reads")
    values["security_contact"] = contacts
    values["security_expires"] = _instant(expires)


def _text_in(path: Path) -> str:
    try:
        text = path.read_text().strip()
    except OSError as fault:
        raise ValueError(f"{path}: the secret cannot be read: {fault.strerror}") from fault
    if not text:
        raise ValueError(f"{path}: the secret is empty")
    return text


def _refuse_sample(url: Any) -> None:
    if not isinstance(url, str):
        return
    parts = urlsplit(url)
    if parts.password is not None and parts.password.lower() in _SAMPLES:
        raise ValueError("the password in database_url is a sample that anybody tries first: give the role another one")


def _instant(told: Any) -> datetime:
    """From TOML's own dates or from text: a day counts to its end."""
    try:
        if isinstance(told, str):
            told = datetime.fromisoformat(told) if "T" in told else date.fromisoformat(told)
    except ValueError:
        raise ValueError(f"security_expires: '{told}' is no day like 2027-06-30") from None
    if isinstance(told, datetime):
        return told if told.tzinfo else told.replace(tzinfo=UTC)
    if isinstance(told, date):
        return datetime.combine(told, time(23, 59, 59), UTC)
    raise ValueError("security_expires must be a day like 2027-06-30")
