"""What the demo keeps between starts, in files that only their owner can read: accounts, devices' keys, the street."""

from __future__ import annotations

import contextlib
import os
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from siga.demo.visitors import Visitor

T = TypeVar("T")


class Start(Struct, frozen=True, kw_only=True):
    """What `siga demo` hands over on stdin. `token` opens `/demo/api`; `setup_code` while nobody has an account."""

    users_url: str
    sensors_url: str
    bays: int
    speed: float
    token: str
    state: str
    device_state: str
    setup_code: str | None = None

    @property
    def accounts_file(self) -> Path:
        """demo.json: the accounts and what the town was made from."""
        return Path(self.state)

    @property
    def devices_file(self) -> Path:
        """What devices keep."""
        return Path(self.device_state)

    @property
    def street_file(self) -> Path:
        """Where the street is remembered."""
        return self.devices_file.with_name("demo-street.json")


class Account(Struct, frozen=True, kw_only=True):
    """Somebody who can sign in; `start` is where their face begins."""

    title: str
    role: str
    name: str
    email: str
    password: str
    start: str = "/"


class Demo(Struct, frozen=True, kw_only=True):
    """demo.json. `accounts` are the three that a visitor uses, `people` all others by their key in the town.

    Until `complete` the town is only half made.
    """

    seed: int
    bays: int
    seeded_at: datetime
    complete: bool = False
    municipality_id: str = ""
    slug: str = ""
    accounts: list[Account] = []
    people: dict[str, Account] = {}
    bay_ids: dict[str, str] = {}


class DeviceKey(Struct, frozen=True, kw_only=True):
    """What a device keeps after its enrolment; `key` is base64 of 32 bytes, `period_s` how often it shall speak."""

    device_id: str
    key: str
    period_s: int = 60


class Parked(Struct, frozen=True, kw_only=True):
    """A car in a bay: who, since when, until when; `held`: put there by the visitor of the demo."""

    visitor: Visitor
    since: datetime
    leaves_at: datetime
    held: bool = False


class StreetMemory(Struct, frozen=True, kw_only=True):
    """By bay code: who is parked, since when it is as it is; which sensors were muted, the highest nonce used."""

    parked: dict[str, Parked] = {}
    since: dict[str, datetime] = {}
    muted: list[str] = []
    nonce: int = 0


def load(path: Path, kind: type[T]) -> T | None:
    """What a file holds; None when there is none or it cannot be read as that."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def save(path: Path, value: Any) -> None:
    """Write it so that it is there whole or not at all, and only its owner can read it."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:  # mkstemp makes it 0600
            file.write(msgspec.json.encode(value))
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            Path(name).unlink()
        raise
