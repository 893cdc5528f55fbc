"""What of the map a caller sees beyond what anyone may: bays of their zones, personal ones by role."""

from __future__ import annotations

from typing import Any

import numpy as np

from siga.contract.auth import Claims, may, municipalities_of
from siga.contract.parking import Bay
from siga.services.parking.groups import Sharing
from siga.services.parking.kinds import HIDDEN
from siga.services.parking.picture import Picture

_READ, _READ_PERSONAL = "map.read_all", "map.read_personal"


class Sight:
    """One caller's view of the map; `staff` = they see more than the public somewhere."""

    def __init__(self, caller: Claims) -> None:
        self._caller = caller
        self.staff = bool(municipalities_of(caller, _READ))

    def bay(self, bay: Bay) -> bool:
        """Whether they see this bay as staff do. When a holder's own bay is taken tells when they are at home."""
        return may(self._caller, _READ_PERSONAL if bay.personal else _READ, bay.municipality_id, bay.zone_id)

    def place(self, key: Sharing) -> bool:
        """Whether they see bays of this municipality and zone as staff do, personal ones aside."""
        return may(self._caller, _READ, key.municipality_id, key.zone_id)

    def without_personal(self, picture: Picture, places: Any) -> Any:
        """Of the places found by `place`, those whose bays they may see."""
        hidden = np.flatnonzero(np.frombuffer(picture.columns.kinds, dtype=np.uint8)[places] >= HIDDEN)
        unseen = [n for n in hidden if not self.bay(picture.bay_at(int(places[n])))]
        return np.delete(places, unseen)
