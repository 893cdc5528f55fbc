"""The words of the synthetic town: frozen structs, keyed by what is painted or printed on the thing."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Category = Literal["disabled", "ambulance", "authority", "delivery", "taxi"]
Life = Literal["planned", "commissioning", "in_service", "closed", "retired"]
Kerb = Literal["lowered", "raised", "flush"]
Surface = Literal["asphalt", "paving_stones", "concrete", "sett"]
Layout = Literal["parallel", "perpendicular"]
Identification = Literal["card", "camera", "check_in"]
Surroundings = Literal["centre", "shops", "market", "health", "station", "residential", "leisure"]
Mode = Literal["enforcing", "observe_only"]
AreaKind = Literal["river", "park", "square"]
DeviceKind = Literal["bay_sensor", "camera"]
Standing = Literal["valid", "expired", "revoked"]
Role = Literal["administrator", "police", "installer", "operator", "auditor"]


class Point(Struct, frozen=True, kw_only=True):
    """A place in WGS84 degrees, longitude first."""

    lon: float
    lat: float


class Street(Struct, frozen=True, kw_only=True):
    """A street as the line of its middle; `width_m` from façade to façade."""

    name: str
    width_m: float
    line: tuple[Point, ...]


class Area(Struct, frozen=True, kw_only=True):
    """Water or green: a closed ring, its first point not repeated."""

    kind: AreaKind
    name: str
    outline: tuple[Point, ...]


class Landmark(Struct, frozen=True, kw_only=True):
    """A place everybody knows, which draws visitors of one sort."""

    name: str
    surroundings: Surroundings
    lon: float
    lat: float


class Address(Struct, frozen=True, kw_only=True):
    """A door: street and house number, on the façade's line."""

    street: str
    number: int
    zone: str
    lon: float
    lat: float


class Zone(Struct, frozen=True, kw_only=True):
    """Bays that belong together; `outline` is a closed ring, its first point not repeated."""

    code: str
    name: str
    district: str
    mode: Mode
    centre: Point
    outline: tuple[Point, ...]


class Rule(Struct, frozen=True, kw_only=True):
    """Who may park when: a category in the whole town, in `zone`, or at the one `bay`; a stay of None has no limit."""

    category: Category
    zone: str | None = None
    bay: str | None = None
    hours: str
    max_stay_s: int | None
    grace_s: int


class Closure(Struct, frozen=True, kw_only=True):
    """Why and when a bay is closed, in whole days from the day the town is seeded (negative: before)."""

    reason: str
    from_offset_d: int
    until_offset_d: int


class Bay(Struct, frozen=True, kw_only=True):
    """One reserved space; `demand` is relative (1: an ordinary bay), `bearing_deg` the kerb's, clockwise from north."""

    code: str
    zone: str
    category: Category
    life: Life
    lon: float
    lat: float
    bearing_deg: float
    street: str
    number: int
    layout: Layout
    width_m: float
    length_m: float
    kerb: Kerb
    surface: Surface
    slope_pct: float
    identify: tuple[Identification, ...]
    sensor: str | None
    camera: str | None
    holder: str | None
    surroundings: Surroundings
    demand: float
    closure: Closure | None = None

    @property
    def address(self) -> str:
        """Street and number as people write them in Spain."""
        return f"{self.street}, {self.number}"


class Device(Struct, frozen=True, kw_only=True):
    """A bay sensor (one bay) or a camera (several); only cameras have, and need, the last two fields."""

    serial: str
    kind: DeviceKind
    model: str
    bays: tuple[str, ...]
    lon: float
    lat: float
    period_s: int
    reads_cards: bool = False
    battery_pct: int | None = None
    resolution: str | None = None
    custody: str | None = None


class Holder(Struct, frozen=True, kw_only=True):
    """Who has an accreditation; days count from the day of seeding (negative: before), `card_uid` is upper-case hex."""

    key: str
    name: str
    category: Category
    collective: bool
    issuer: str
    number: str
    standing: Standing
    valid_from_offset_d: int
    valid_until_offset_d: int
    revoked_offset_d: int | None
    card_uid: str
    plates: tuple[str, ...]
    zone: str


class Guest(Struct, frozen=True, kw_only=True):
    """A visitor with another town's card, who declares it at a check-in."""

    key: str
    issuer: str
    number: str
    valid_until_offset_d: int
    plate: str


class Driver(Struct, frozen=True, kw_only=True):
    """A driver with an account; `holder` when the accreditation is claimed."""

    key: str
    name: str
    email: str
    language: Literal["es", "en"]
    holder: str | None
    favourites: tuple[str, ...]
    minimum_width_m: float | None


class Staff(Struct, frozen=True, kw_only=True):
    """Somebody who works for the town; empty `zones` means all of it."""

    key: str
    name: str
    email: str
    language: Literal["es", "en"]
    role: Role
    zones: tuple[str, ...]
    badge: str | None = None


class Town(Struct, frozen=True, kw_only=True):
    """All of it. `strangers` are the plates of cars that have no accreditation at all."""

    seed: int
    name: str
    slug: str
    time_zone: str
    languages: tuple[str, ...]
    centre: Point
    market_weekday: int
    districts: tuple[str, ...]
    zones: tuple[Zone, ...]
    streets: tuple[Street, ...]
    areas: tuple[Area, ...]
    landmarks: tuple[Landmark, ...]
    addresses: tuple[Address, ...]
    rules: tuple[Rule, ...]
    bays: tuple[Bay, ...]
    devices: tuple[Device, ...]
    holders: tuple[Holder, ...]
    guests: tuple[Guest, ...]
    strangers: tuple[str, ...]
    drivers: tuple[Driver, ...]
    staff: tuple[Staff, ...]
