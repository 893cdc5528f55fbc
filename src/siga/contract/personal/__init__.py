"""The one declaration of which personal data each table of each service holds; the public register is made from it."""

from __future__ import annotations

from siga.contract.personal.activities import ACTIVITIES, About
from siga.contract.personal.cases import ENFORCEMENT, IMAGES
from siga.contract.personal.drivers import DRIVERS
from siga.contract.personal.office import CONFIG, LOGS
from siga.contract.personal.street import HISTORY, PARKING
from siga.contract.personal.users import USERS
from siga.contract.personal.words import Activity, Declaration, Erasure, Held, Nature, Said

DECLARATIONS: tuple[Declaration, ...] = (USERS, PARKING, HISTORY, ENFORCEMENT, IMAGES, DRIVERS, LOGS, CONFIG)
"""Every service with a store; the gateway has none."""

__all__ = [
    "ACTIVITIES", "DECLARATIONS", "About", "Activity", "Declaration", "Erasure", "Held", "Nature", "Said",
]  # fmt: skip
