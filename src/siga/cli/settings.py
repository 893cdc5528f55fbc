"""Settings at start: `siga.toml`, overridden by `SIGA_*` variables, overridden by options."""

from __future__ import annotations

import argparse
import ipaddress
import os
import tomllib
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from siga.cli.secrets import take_contact, take_secrets

_KNOWN = {
    "host", "port", "sensors_port", "data", "public_url", "tls_cert", "tls_key", "trusted_proxy", "insecure_http",
    "sensors_on_users_door", "database_url", "images_url", "keys", "services", "public_metrics", "audit_export",
    "database_url_file", "security_contact", "security_expires",
    "smtp_host", "smtp_port", "smtp_tls", "smtp_user", "smtp_password_file", "smtp_from", "smtp_ca",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class StartSettings:
    """What one process starts with. `services` names where the services of other processes listen."""

    host: str = "127.0.0.1"
    port: int = 8080
    sensors_port: int = 8081
    data: Path = Path("data")
    public_url: str | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None
    trusted_proxy: tuple[str, ...] = ()
    insecure_http: bool = False
    sensors_on_users_door: bool = False
    public_metrics: bool = False
    database_url: str | None = None
    images_url: str | None = None
    keys: Path | None = None
    audit_export: Path | None = None
    services: dict[str, str] = field(default_factory=dict)
    security_contact: tuple[str, ...] = ()
    """Whom to tell about a weakness: `mailto:`, `https://` or `tel:` addresses; none = no security.txt."""
    security_expires: datetime | None = None
    smtp_host: str | None = None
    """The mail server; without one SIGA sends no mail, and people hand links over."""
    smtp_port: int | None = None
    smtp_tls: str = "starttls"
    smtp_user: str | None = None
    smtp_password_file: Path | None = None
    smtp_from: str | None = None
    smtp_ca: Path | None = None

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the doors."""
        return is_loopback(self.host)

    @property
    def tls(self) -> bool:
        """Whether the doors speak HTTPS."""
        return self.tls_cert is not None


def read_settings(args: argparse.Namespace, *, listening: bool = True) -> StartSettings:
    """The settings of a start; ValueError with what to do when they do not fit together.

    Without `listening` only what concerns the data matters, as for `siga backup`.
    """
    values: dict[str, Any] = _from_file(args.config)
    values |= _from_environment()
    values |= {k: v for k, v in vars(args).items() if k in _KNOWN and v not in (None, False)}
    take_secrets(values)
    take_contact(values)
    for name in ("data", "tls_cert", "tls_key", "keys", "audit_export", "smtp_password_file", "smtp_ca"):
        if values.get(name) is not None:
            values[name] = Path(values[name])
    for name in ("port", "sensors_port", "smtp_port"):
        if name in values:
            values[name] = int(values[name])
    values["trusted_proxy"] = tuple(values.get("trusted_proxy") or ())
    settings = StartSettings(**values)
    if not listening:
        return settings
    if (settings.tls_cert is None) != (settings.tls_key is None):
        raise ValueError("--tls-cert and --tls-key go together")
    _check_mail(settings)
    if not settings.loopback and not settings.tls and not settings.trusted_proxy and not settings.insecure_http:
        raise ValueError(
            f"listening on {settings.host} without TLS would send passwords in the clear: give --tls-cert and "
            "--tls-key, or --trusted-proxy with the address of the proxy that speaks HTTPS, or --insecure-http to do "
            "it all the same (staff sign-in stays refused then)"
        )
    return settings


SMTP_PORTS = {"starttls": 587, "tls": 465, "none": 25}


def _check_mail(settings: StartSettings) -> None:
    """ValueError when the mail server's settings cannot work, or would send passwords and links in the clear."""
    if settings.smtp_host is None:
        return
    if settings.smtp_tls not in SMTP_PORTS:
        raise ValueError(f"smtp_tls must be one of: {', '.join(SMTP_PORTS)}")
    if "@" not in (settings.smtp_from or ""):
        raise ValueError('smtp_from must say as whom SIGA writes, for example "SIGA <siga@town.example>"')
    if settings.smtp_tls == "none" and not is_loopback(settings.smtp_host):
        raise ValueError('smtp_tls = "none" is for a mail server on this machine: links would travel in the clear')
    if (settings.smtp_user is None) != (settings.smtp_password_file is None):
        raise ValueError("smtp_user and smtp_password_file go together")
    for path in (settings.smtp_password_file, settings.smtp_ca):
        if path is not None and not path.is_file():
            raise ValueError(f"{path}: there is no such file")
    if settings.public_url is None and not settings.loopback:
        raise ValueError("letters carry links to this server: say by public_url how people reach it")


def is_loopback(host: str) -> bool:
    """Whether that is this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _from_file(path: Path | None) -> dict[str, Any]:
    if path is None:
        path = Path("siga.toml")
        if not path.exists():
            return {}
    values = tomllib.loads(path.read_text())
    unknown = sorted(set(values) - _KNOWN)
    if unknown:
        raise ValueError(f"{path}: unknown settings: {', '.join(unknown)}")
    return values


def _from_environment() -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name in _KNOWN - {"services"}:
        text = os.environ.get(f"SIGA_{name.upper()}")
        if text is None:
            continue
        if name == "trusted_proxy":
            values[name] = [part.strip() for part in text.split(",") if part.strip()]
        elif name in ("insecure_http", "sensors_on_users_door", "public_metrics"):
            values[name] = text.lower() in ("1", "true", "yes", "on")
        else:
            values[name] = text
    return values
