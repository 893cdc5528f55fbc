"""The demo's accounts: who they are, passwords made anew for every folder, and how each comes to be."""

from __future__ import annotations

import secrets

from siga.demo.model import Driver, Staff, Town
from siga.demo.records import Account

_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"  # none that are taken for another on paper
_TITLES = {"driver": "Driver", "police": "Police", "administrator": "Administration"}
_STARTS = {"police": "/police", "administrator": "/admin"}


def new_password() -> str:
    """Sixteen letters and digits in groups of four: about 80 bits."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


def account_of(person: Driver | Staff) -> Account:
    """An account for somebody of the town, with a new password."""
    role = person.role if isinstance(person, Staff) else "driver"
    return Account(
        title=_TITLES.get(role, role.capitalize()), role=role, name=person.name, email=person.email,
        password=new_password(), start=_STARTS.get(role, "/"),
    )  # fmt: skip


def visitors_own(town: Town) -> tuple[str, str, str]:
    """Keys of the three whom a visitor plays: a driver, an officer for the whole town, the administrator."""
    driver = next(driver for driver in town.drivers if driver.holder and driver.language == "es")
    officer = next(one for one in town.staff if one.role == "police" and not one.zones)
    chief = next(one for one in town.staff if one.role == "administrator")
    return driver.key, officer.key, chief.key
