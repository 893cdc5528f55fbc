"""What towns demand of their staff's second factors, by the live setting."""

from __future__ import annotations

from collections.abc import Iterable

from siga.contract.auth import Grant
from siga.contract.factors import FactorMode
from siga.contract.settings import STAFF_SECOND_FACTOR
from siga.kit.live_settings import LiveSettings
from siga.services.users.model.factors import staff_places, strictest


def mode_of(settings: LiveSettings, grants: Iterable[Grant]) -> FactorMode:
    """What is demanded of somebody with these roles; nothing of drivers."""
    return strictest(settings.text_of(STAFF_SECOND_FACTOR, place) for place in staff_places(grants))
