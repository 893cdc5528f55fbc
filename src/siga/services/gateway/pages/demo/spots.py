"""The bays as Street shows them: those nearest to the town's middle, with what staff know of them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from siga.contract.parking import BayView, StaffBayView
from siga.contract.users import Municipality
from siga.kit.geo import distance_m
from siga.services.gateway.pages.demo.backstage import Backstage
from siga.services.gateway.pages.demo.stories import Story
from siga.services.gateway.pages.driver.views import BayWords, bay_words
from siga.services.gateway.pages.i18n import Texts

STATES = ("", "free", "occupied", "unknown")
KITS = ("", "card", "camera")
_PAGE, _MOST = 24, 60
_PLACES_KEPT_S = 20.0
_ALL = 1_000


class _Bays(msgspec.Struct, frozen=True, kw_only=True):
    bays: list[StaffBayView]
    next: str | None = None


@dataclass(frozen=True)
class Choice:
    """Which bays are shown, as the address of the page says it."""

    state: str = ""
    kit: str = ""
    q: str = ""
    limit: int = _PAGE

    @property
    def query(self) -> dict[str, str]:
        """What differs from the plain page, as query parameters."""
        limit = "" if self.limit == _PAGE else self.limit
        found = {"occupancy": self.state, "kit": self.kit, "q": self.q, "limit": limit}
        return {name: str(value) for name, value in found.items() if value}

    def holds(self, bay: StaffBayView) -> bool:
        """Whether the bay is wanted, whatever its state is now."""
        if bay.occupancy == "unmonitored" or bay.life != "in_service" or bay.personal:
            return False  # a personal bay is nobody's to look at, not even here (D7)
        if self.kit and (bay.category != "disabled" or "card" not in bay.identify):
            return False
        if self.kit == "camera" and not bay.camera_ids:
            return False
        words = f"{bay.code} {bay.address}".casefold()
        return all(word in words for word in self.q.casefold().split())


def read_choice(state: str, kit: str, q: str, limit: str) -> Choice:
    """The choice in an address; what makes no sense there is as if it were not there."""
    many = int(limit) if limit.isascii() and limit.isdigit() else _PAGE
    return Choice(
        state=state if state in STATES else "", kit=kit if kit in KITS else "", q=q.strip()[:60],
        limit=min(max(many, 1), _MOST),
    )  # fmt: skip


@dataclass(frozen=True)
class Spot:
    """One bay with its words. `who`: how its car came, where that is known; `held`: the visitor put it there."""

    card: BayWords
    bay: StaffBayView
    muted: bool
    who: str
    held: bool

    @property
    def camera(self) -> bool:
        """Whether a camera sees it."""
        return bool(self.bay.camera_ids)

    @property
    def car(self) -> bool:
        """Whether a car stands there, as far as the street knows."""
        return self.bay.occupancy == "occupied" or bool(self.who)


class Spots:
    """Reads bays as the demo's officer: their places now and then, their states each time."""

    def __init__(self, backstage: Backstage) -> None:
        self._backstage = backstage
        self._all: list[StaffBayView] = []
        self._at_s = 0.0

    async def of(self, choice: Choice, town: Municipality, t: Texts) -> tuple[list[Spot], bool]:
        """The bays of a choice, nearest to the middle first, numbered; and whether there are more."""
        nearest = [bay for bay in await self._near(town) if choice.holds(bay)]
        wanted = nearest[: choice.limit if not choice.state else _MOST]
        fresh = await self._fresh(wanted)
        told = [fresh[bay.bay_id] for bay in wanted if bay.bay_id in fresh]
        shown = [bay for bay in told if choice.state in ("", bay.occupancy)][: choice.limit]
        slugs = {town.municipality_id: town.slug}
        spots = [self._spot(bay, bay_words(bay, t, slugs, number)) for number, bay in enumerate(shown, 1)]
        return spots, len(nearest) > len(wanted) or len(shown) == choice.limit < len(told)

    def _spot(self, bay: StaffBayView, card: BayWords) -> Spot:
        stage = self._backstage.stage
        story: Story | None = stage.stories.open_at(bay.code)
        here = story is not None and story.knows("came")
        return Spot(
            card=card, bay=bay, muted=bay.code in stage.muted, who=story.came_as() if story and here else "",
            held=bool(story and here and story.mine),
        )  # fmt: skip

    async def _near(self, town: Municipality) -> list[StaffBayView]:
        if time.monotonic() - self._at_s > _PLACES_KEPT_S:
            bays = await self._read({"municipality_id": town.municipality_id})
            self._all = sorted((_at_distance(bay, town) for bay in bays), key=lambda bay: bay.distance_m or 0.0)
            self._at_s = time.monotonic()
        return self._all

    async def _fresh(self, bays: Sequence[StaffBayView]) -> Mapping[str, StaffBayView]:
        if not bays:
            return {}
        lons, lats = [bay.lon for bay in bays], [bay.lat for bay in bays]
        box = f"{min(lons) - 1e-6:.7f},{min(lats) - 1e-6:.7f},{max(lons) + 1e-6:.7f},{max(lats) + 1e-6:.7f}"
        far = {bay.bay_id: bay.distance_m for bay in bays}
        found = await self._read({"bbox": box})
        return {
            bay.bay_id: msgspec.structs.replace(bay, distance_m=far[bay.bay_id]) for bay in found if bay.bay_id in far
        }  # fmt: skip

    async def _read(self, params: Mapping[str, str]) -> list[StaffBayView]:
        found: list[StaffBayView] = []
        cursor: str | None = None
        while True:
            page = await self._backstage.ask(
                "police", "parking", "GET", "/api/v1/bays", _Bays, params={**params, "limit": _ALL, "cursor": cursor}
            )
            found += page.bays
            cursor = page.next
            if cursor is None:
                return found


def _at_distance(bay: StaffBayView, town: Municipality) -> StaffBayView:
    if town.lon is None or town.lat is None:
        return bay
    far_m = round(distance_m(town.lon, town.lat, bay.lon, bay.lat), 1)
    return msgspec.structs.replace(bay, distance_m=far_m)


def silenced_without_signal(spots: Iterable[Spot]) -> list[BayView]:
    """Bays whose sensor was silenced and which are shown without signal by now."""
    return [spot.bay for spot in spots if spot.muted and spot.bay.occupancy == "unknown"]
