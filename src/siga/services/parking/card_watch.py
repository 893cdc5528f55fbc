"""One card in two places: what a copied or lent card looks like from the street, told to a person and no more (D12).

Kept in memory alone, for a day at most: after a restart the first move of a card is not judged.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from siga.contract.parking import Bay, CardSuspected
from siga.contract.settings import CARD_SPEED_KMH
from siga.kit.geo import distance_m
from siga.kit.live_settings import LiveSettings
from siga.services.parking.model import BayState, Stay

if TYPE_CHECKING:
    from siga.services.parking.overlay import Overlay

SLACK_S = 120.0
"""So late or early a sensor may see a car come or go."""
_KEPT = timedelta(days=1)
_MOST_KEPT = 50_000
_MOST_TOLD = 10_000


class Left(NamedTuple):
    """Where and when a card's last stay ended."""

    bay_id: str
    lon: float
    lat: float
    at: datetime


class CardMemory:
    """What Parking remembers of cards beside the present stays. Changed only after a commit."""

    def __init__(self, settings: LiveSettings) -> None:
        self.settings = settings
        self.left: dict[str, Left] = {}
        self.told: set[frozenset[str]] = set()
        """Pairs of stays that were told."""

    def keep(self, notes: CardNotes, now: datetime) -> None:
        """Take over what a transaction noted, and forget what is a day old."""
        for card, left in notes.left.items():
            self.left.pop(card, None)
            self.left[card] = left
        while self.left and (len(self.left) > _MOST_KEPT or next(iter(self.left.values())).at < now - _KEPT):
            self.left.pop(next(iter(self.left)))
        if len(self.told) > _MOST_TOLD:
            self.told.clear()
        self.told |= notes.told


class CardNotes:
    """What one transaction notes of cards."""

    def __init__(self) -> None:
        self.left: dict[str, Left] = {}
        self.standing: dict[str, set[str]] = {}
        self.told: set[frozenset[str]] = set()


def card_of(state: BayState) -> str | None:
    """The card by which the present stay goes."""
    return None if state.stay is None else state.stay.credential or state.card


def watch(overlay: Overlay, bay: Bay, before: BayState, after: BayState) -> None:
    """Look whether the card of a bay's new state can be there, and note where a card's stay ended."""
    was, stay = card_of(before), after.stay
    new_stay = before.stay is None or stay is None or stay.stay_id != before.stay.stay_id
    if was is not None and new_stay:
        overlay.cards.left[was] = Left(bay.bay_id, bay.lon, bay.lat, after.changed_at or overlay.now)
    card = card_of(after)
    if stay is None or card is None or after.simulated:
        return
    overlay.cards.standing.setdefault(card, set()).add(bay.bay_id)
    row = overlay.credential(card)
    if row is None or row.kind == "plate":
        return
    for other_id in {*overlay.picture.bays_with(card), *overlay.cards.standing[card]} - {bay.bay_id}:
        _look_at_pair(overlay, card, bay, after, stay, other_id)
    if new_stay or card != was:
        _look_at_travel(overlay, card, bay, stay)


def _look_at_pair(overlay: Overlay, card: str, bay: Bay, state: BayState, stay: Stay, other_id: str) -> None:
    other, there = overlay.bay(other_id), overlay.state(other_id)
    if other is None or there.stay is None or card_of(there) != card or there.simulated:
        return
    pair = frozenset((stay.stay_id, there.stay.stay_id))
    if pair in overlay.cards.told or pair in overlay.picture.cards.told:
        return
    first, later = sorted(((state, stay), (there, there.stay)), key=lambda one: one[1].started_at)
    last_word = first[0].observed_at
    if last_word is None:
        return
    metres = distance_m(bay.lon, bay.lat, other.lon, other.lat)
    gap_s = (later[1].started_at - last_word).total_seconds()
    if gap_s <= -SLACK_S or metres > _reach_m(overlay, bay, max(0.0, gap_s)):
        overlay.cards.told.add(pair)
        _tell(overlay, "two_bays", card, bay, other_id, later[1].started_at, metres, max(0.0, gap_s))


def _look_at_travel(overlay: Overlay, card: str, bay: Bay, stay: Stay) -> None:
    left = overlay.cards.left.get(card) or overlay.picture.cards.left.get(card)
    if left is None or left.bay_id == bay.bay_id:
        return
    metres = distance_m(bay.lon, bay.lat, left.lon, left.lat)
    gap_s = max(0.0, (stay.started_at - left.at).total_seconds())
    if metres > _reach_m(overlay, bay, gap_s):
        _tell(overlay, "travel", card, bay, left.bay_id, stay.started_at, metres, gap_s)


def _reach_m(overlay: Overlay, bay: Bay, gap_s: float) -> float:
    """How far a car gets, as the crow flies, at the speed that the municipality's setting allows."""
    speed_ms = overlay.picture.cards.settings.int_of(CARD_SPEED_KMH, bay.municipality_id) / 3.6
    return speed_ms * (gap_s + SLACK_S)


def _tell(overlay: Overlay, reason: str, card: str, bay: Bay, other_id: str, at: datetime, metres: float,
          gap_s: float) -> None:  # fmt: skip
    data = CardSuspected(
        credential=card, reason="travel" if reason == "travel" else "two_bays", bay_id=bay.bay_id,
        other_bay_id=other_id, at=at, metres=round(metres), seconds=round(gap_s),
    )  # fmt: skip
    overlay.tell(data, bay.municipality_id, bay.bay_id)
