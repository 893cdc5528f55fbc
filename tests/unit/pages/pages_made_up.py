"""Made-up bays and cases, and the words of our own rooms, for the tests of the pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from siga.contract.cases import CasePlate, CaseStep, CaseView, Certainty
from siga.contract.parking import BayView
from siga.services.gateway.pages import app
from siga.services.gateway.pages.i18n import Texts, merged

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
MADRID = ZoneInfo("Europe/Madrid")
OURS = (app.COMMON, app.DRIVER, app.POLICE, app.ACCOUNT, app.MAIL)
CATALOGUE = merged(room.texts for room in OURS)


def texts(lang: str = "es") -> Texts:
    """All that is said in a language, at a fixed instant."""
    return Texts(lang, CATALOGUE[lang], NOW, MADRID)


def bay(**values: Any) -> BayView:
    """A bay as anyone may see it."""
    known: dict[str, Any] = {
        "bay_id": "bay-1", "code": "AB-12", "municipality_id": "m-1", "zone_id": "z-1", "zone_name": "Centro",
        "category": "disabled", "lon": -3.7, "lat": 40.4, "occupancy": "free", "address": "Calle Mayor, 4",
        "changed_at": NOW - timedelta(minutes=12), "heard_at": NOW - timedelta(seconds=40), "distance_m": 240.0,
        "identify": ("card", "check_in"), "attributes": {"width_m": 2.2, "kerb": "lowered", "slope_pct": 3},
        "max_stay_min": 120,
    }  # fmt: skip
    return BayView(**{**known, **values})


def case(**values: Any) -> CaseView:
    """A case nobody holds yet: somebody stands there and nothing identified them."""
    known: dict[str, Any] = {
        "case_id": "case-1", "municipality_id": "m-1", "bay_id": "bay-1", "code": "AB-12", "address": "Calle Mayor, 4",
        "lon": -3.7, "lat": 40.4, "category": "disabled", "zone_id": "z-1", "reason": "unverified",
        "reasons": ["unverified"], "state": "new", "outcome": None, "occupied_since": NOW - timedelta(minutes=9),
        "opened_at": NOW - timedelta(minutes=4), "still_there": True, "gone_at": None,
        "certainty": [
            Certainty(evidence="sensor", known=True, says="vehicle_there"),
            Certainty(evidence="card", known=False, says="card_not_read"),
        ],
        "plate": CasePlate(plate="1234BCD", confidence=0.93, check="unknown"), "photo_ids": ["photo-1"],
        "photo_state": "arrived", "photo_until": None, "complete": True, "reports": 2, "holder_id": None,
        "undo_until": None, "listed_until": None, "closed_at": None, "version": 1, "changed_at": NOW,
        "steps": [CaseStep(number=1, at=NOW, who="siga", what="opened")],
    }  # fmt: skip
    return CaseView(**{**known, **values})
