"""When people come and how long they stay: tables by surroundings, category, weekday and hour."""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct

from siga.demo.model import Category, Surroundings

MARKET_WEEKDAY = 3  # Thursday

# Share of the day's arrivals by local hour 0…23 (made to sum 1), for disabled bays by what lies around them.
_HOURS: dict[Surroundings, tuple[int, ...]] = {
    "centre": (1, 0, 0, 0, 0, 1, 2, 5, 10, 13, 14, 13, 11, 8, 4, 4, 6, 8, 8, 7, 6, 4, 3, 2),
    "shops": (1, 0, 0, 0, 0, 0, 1, 3, 6, 11, 14, 14, 12, 7, 3, 3, 6, 11, 13, 12, 8, 4, 2, 1),
    "market": (0, 0, 0, 0, 0, 1, 3, 7, 13, 16, 16, 13, 10, 6, 3, 2, 3, 4, 4, 3, 2, 1, 1, 1),
    "health": (1, 1, 1, 1, 1, 1, 3, 10, 14, 14, 13, 11, 8, 5, 4, 6, 8, 8, 6, 4, 3, 2, 2, 1),
    "station": (1, 1, 1, 1, 2, 5, 9, 11, 9, 7, 6, 6, 7, 9, 8, 6, 7, 9, 10, 8, 6, 4, 3, 2),
    "residential": (2, 1, 1, 0, 0, 1, 2, 4, 5, 5, 6, 7, 8, 10, 9, 6, 7, 9, 11, 12, 11, 8, 5, 3),
    "leisure": (2, 1, 0, 0, 0, 0, 1, 2, 4, 7, 10, 12, 11, 7, 5, 6, 9, 12, 13, 12, 10, 8, 5, 3),
}
# The same for the other categories, whose users do not depend on the surroundings; 0 outside a rule's hours.
_CATEGORY_HOURS: dict[Category, tuple[int, ...]] = {
    "ambulance": (2, 2, 2, 2, 2, 2, 3, 5, 8, 9, 9, 9, 8, 7, 6, 6, 7, 7, 6, 5, 4, 4, 3, 2),
    "authority": (0, 0, 0, 0, 0, 0, 0, 8, 14, 14, 13, 12, 11, 8, 4, 5, 6, 5, 3, 1, 0, 0, 0, 0),
    "delivery": (0, 0, 0, 0, 0, 0, 0, 1, 14, 16, 15, 13, 10, 6, 0, 0, 7, 9, 8, 3, 0, 0, 0, 0),
    "taxi": (4, 3, 2, 1, 1, 3, 6, 9, 10, 9, 8, 8, 8, 8, 7, 6, 7, 8, 9, 9, 8, 7, 6, 5),
}
# Factor on a day's arrivals, Monday … Sunday.
_DAYS: dict[Surroundings, tuple[float, ...]] = {
    "centre": (1.0, 1.0, 1.0, 1.05, 1.1, 0.75, 0.4),
    "shops": (0.95, 0.9, 0.95, 1.05, 1.15, 1.35, 0.3),
    "market": (0.9, 0.85, 0.9, 1.0, 1.05, 1.25, 0.25),
    "health": (1.15, 1.1, 1.05, 1.05, 1.0, 0.5, 0.45),
    "station": (1.05, 0.9, 0.9, 0.95, 1.3, 0.95, 1.05),
    "residential": (0.95, 0.95, 0.95, 1.0, 1.05, 1.1, 1.0),
    "leisure": (0.7, 0.75, 0.8, 0.85, 1.1, 1.6, 1.5),
}
_CATEGORY_DAYS: dict[Category, tuple[float, ...]] = {
    "ambulance": (1.05, 1.0, 1.0, 1.0, 1.0, 0.9, 0.85),
    "authority": (1.0, 1.05, 1.0, 1.0, 0.95, 0.0, 0.0),
    "delivery": (1.0, 1.05, 1.05, 1.15, 1.2, 0.55, 0.0),
    "taxi": (0.95, 0.9, 0.95, 1.0, 1.2, 1.15, 0.9),
}
# Drivers who would come on an ordinary day to a bay of demand 1, were it always free.
_ARRIVALS_PER_DAY: dict[Category, float] = {
    "disabled": 11.5,
    "delivery": 25.0,
    "taxi": 58.0,
    "authority": 11.0,
    "ambulance": 7.0,
}
_MARKET_FACTOR = 2.4
_MARKET_HOURS = range(7, 15)


class Stay(Struct, frozen=True, kw_only=True):
    """A log-normal length of stay: its median in seconds and the spread of its logarithm."""

    median_s: float
    spread: float


_STAYS: dict[Surroundings, Stay] = {
    "centre": Stay(median_s=3600, spread=0.75),
    "shops": Stay(median_s=3000, spread=0.7),
    "market": Stay(median_s=2400, spread=0.65),
    "health": Stay(median_s=4500, spread=0.65),
    "station": Stay(median_s=2700, spread=0.9),
    "residential": Stay(median_s=5400, spread=0.85),
    "leisure": Stay(median_s=5700, spread=0.7),
}
_CATEGORY_STAYS: dict[Category, Stay] = {
    "ambulance": Stay(median_s=1500, spread=0.6),
    "authority": Stay(median_s=4200, spread=0.7),
    "delivery": Stay(median_s=780, spread=0.55),
    "taxi": Stay(median_s=540, spread=0.65),
}
_NIGHT_HOURS = frozenset((20, 21, 22, 23, 0, 1))
_NIGHT_FACTOR = 4.0  # who comes home in the evening stays
WITHOUT_RIGHT = Stay(median_s=960, spread=0.7)  # "only a minute"


def is_market(weekday: int, hour: int) -> bool:
    """Whether the weekly market stands at this local weekday (0 is Monday) and hour."""
    return weekday == MARKET_WEEKDAY and hour in _MARKET_HOURS


@lru_cache(maxsize=64)
def week_rates_per_h(category: Category, surroundings: Surroundings) -> tuple[float, ...]:
    """Arrivals per hour at a free bay of demand 1 for the week's 168 local hours, from Monday 00:00."""
    hours = _HOURS[surroundings] if category == "disabled" else _CATEGORY_HOURS[category]
    days = _DAYS[surroundings] if category == "disabled" else _CATEGORY_DAYS[category]
    total = sum(hours)
    return tuple(
        _ARRIVALS_PER_DAY[category] * days[weekday] * share / total
        * (_MARKET_FACTOR if surroundings == "market" and category != "authority" and is_market(weekday, hour) else 1.0)
        for weekday in range(7)
        for hour, share in enumerate(hours)
    )  # fmt: skip


def stay_law(category: Category, surroundings: Surroundings, hour: int) -> Stay:
    """How long those who may park here stay when they come at this local hour (0…23)."""
    if category != "disabled":
        return _CATEGORY_STAYS[category]
    law = _STAYS[surroundings]
    if surroundings == "residential" and hour in _NIGHT_HOURS:
        return Stay(median_s=law.median_s * _NIGHT_FACTOR, spread=law.spread * 0.6)
    return law
