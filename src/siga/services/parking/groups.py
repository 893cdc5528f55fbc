"""What many bays share: zone, category, rule and its hours; encoded once for all of them and made anew when it ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from siga.contract.base import Word
from siga.contract.parking import Bay, Category, Identify, Life, Rule, Zone
from siga.contract.users import Municipality
from siga.services.parking import rules

_HOME = Municipality(municipality_id="", name="", slug="")


class Sharing(NamedTuple):
    """By what bays belong to one group."""

    municipality_id: str
    zone_id: str
    category: Category
    life: Life
    identify: tuple[Identify, ...]
    plain: bool
    """The bay has neither address nor attributes of its own."""
    bay_id: str | None
    """Where a rule is for this one bay, it is a group by itself."""


class Shared(Word):
    """The part of a `BayView` that a group shares, in its order."""

    municipality_id: str
    zone_id: str
    zone_name: str
    category: Category
    life: Life
    identify: tuple[Identify, ...]
    hours: str | None
    max_stay_min: int | None
    rule_text: dict[str, str]
    in_force: bool


class Group:
    """One group as it is until `until_s` (unix seconds): the rule of its day, whether the hours run, the encoding."""

    __slots__ = ("in_force", "key", "municipality", "opens_at", "rule", "shared", "until_s", "wire", "zone")

    def __init__(self, key: Sharing) -> None:
        self.key = key
        self.until_s = -1.0
        self.rule: Rule | None = None
        self.zone: Zone | None = None
        self.municipality = _HOME
        self.in_force = True
        self.opens_at: datetime | None = None
        self.shared: Shared | None = None
        self.wire = b""


class Groups:
    """All groups by number; `zones`, `rules` and `municipalities` are the picture's own."""

    def __init__(self, zones: Mapping[str, Zone], by_rule: Mapping[str, Rule],
                 municipalities: Mapping[str, Municipality]) -> None:  # fmt: skip
        self._zones, self._rules, self._municipalities = zones, by_rule, municipalities
        self._numbers: dict[Sharing, int] = {}
        self._groups: list[Group] = []
        self.ruled_bays: set[str] = set()
        """Bays for which alone there is a rule."""

    def map_changed(self) -> None:
        """Zones, rules or municipalities changed: every group is made anew when next asked for."""
        self.ruled_bays = {rule.bay_id for rule in self._rules.values() if rule.bay_id is not None}
        for group in self._groups:
            group.until_s = -1.0

    def keys(self) -> list[Sharing]:
        """The groups' keys in the order of their numbers."""
        return [group.key for group in self._groups]

    def restore(self, keys: Sequence[Sharing]) -> None:
        """Number groups as a snapshot did."""
        for key in keys:
            self.number(key)

    def number(self, key: Sharing) -> int:
        """The number of the group with this key, a new one if there is none yet."""
        found = self._numbers.get(key)
        if found is None:
            found = self._numbers[key] = len(self._groups)
            self._groups.append(Group(key))
        return found

    def number_of(self, bay: Bay) -> int:
        """The number of the bay's group."""
        own = bay.bay_id if bay.bay_id in self.ruled_bays else None
        plain = not bay.address and not bay.attributes
        return self.number(Sharing(bay.municipality_id, bay.zone_id, bay.category, bay.life, bay.identify, plain, own))

    def key(self, number: int) -> Sharing:
        """The key of a group."""
        return self._groups[number].key

    def at(self, number: int, now: datetime, now_s: float) -> Group:
        """The group as it is now."""
        group = self._groups[number]
        if group.until_s <= now_s:
            self._make(group, now)
        return group

    def matching(self, wanted: Callable[[Sharing], bool]) -> list[int]:
        """The numbers of the groups whose key is wanted."""
        return [n for n, group in enumerate(self._groups) if wanted(group.key)]

    def _make(self, group: Group, now: datetime) -> None:
        key = group.key
        group.municipality = m = self._municipalities.get(key.municipality_id, _HOME)
        group.zone = self._zones.get(key.zone_id)
        sample = Bay(
            bay_id=key.bay_id or "", municipality_id=key.municipality_id, zone_id=key.zone_id, code="",
            category=key.category, lon=0.0, lat=0.0,
        )  # fmt: skip
        group.rule = rule = rules.rule_for(sample, self._rules.values(), now, m.time_zone)
        group.in_force = rules.in_force(rule, now, m.time_zone, m.country)
        group.opens_at = rules.opens_at(rule, now, m.time_zone, m.country)
        turns_at = rules.changes_at(rule, now, m.time_zone, m.country)
        midnight = _next_midnight(now, m.time_zone)
        group.until_s = min(midnight, turns_at or midnight).timestamp()
        group.shared = Shared(
            municipality_id=key.municipality_id, zone_id=key.zone_id, zone_name=group.zone.name if group.zone else "",
            category=key.category, life=key.life, identify=key.identify, hours=rule.hours if rule else None,
            max_stay_min=rule.max_stay_min if rule else None, rule_text=rule.text if rule else {},
            in_force=group.in_force,
        )  # fmt: skip
        group.wire = _wire(group.shared, key.plain)


def _wire(shared: Shared, plain: bool) -> bytes:
    """The shared members, to stand between a bay's own and the distance."""
    own: dict[str, Any] = {"address": "", "attributes": {}} if plain else {}
    start = msgspec.json.encode(own)[1:-1] + b"," if plain else b""
    return start + msgspec.json.encode(shared)[1:-1] + b',"distance_m":'


def _next_midnight(now: datetime, time_zone: str) -> datetime:
    local = now.astimezone(ZoneInfo(time_zone))
    return datetime.combine(local.date() + timedelta(days=1), time(), ZoneInfo(time_zone)).astimezone(now.tzinfo)
