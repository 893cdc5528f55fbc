"""Which rule applies to a bay, and whether its hours run: pure (D3)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from opening_hours import OpeningHours, ParserError  # type: ignore[attr-defined]

from siga.contract.parking import Bay, Rule


def rule_for(bay: Bay, rules: Iterable[Rule], at: datetime, time_zone: str) -> Rule | None:
    """The most specific rule valid on the local day of `at`: the bay's own, else its zone's, else its category's.

    Among equals the one that began last wins, then the one made last. None: anyone of the category, always.
    """
    today = at.astimezone(ZoneInfo(time_zone)).date()
    fitting = [
        (weight, rule.valid_from or today.min, rule.rule_id, rule)
        for rule in rules
        if (weight := _weight(bay, rule))
        and (rule.valid_from is None or rule.valid_from <= today)
        and (rule.valid_to is None or today <= rule.valid_to)
    ]
    return max(fitting, key=lambda found: found[:3])[3] if fitting else None


def _weight(bay: Bay, rule: Rule) -> int:
    """3 for the bay itself, 2 for its zone, 1 for its category or the whole town; 0 when the rule is for others."""
    if rule.municipality_id != bay.municipality_id or (rule.category is not None and rule.category != bay.category):
        return 0
    if rule.bay_id is not None:
        return 3 if rule.bay_id == bay.bay_id else 0
    if rule.zone_id is not None:
        return 2 if rule.zone_id == bay.zone_id else 0
    return 1


@lru_cache(maxsize=4096)
def _hours(expression: str, time_zone: str, country: str) -> Any:
    return OpeningHours(expression, timezone=ZoneInfo(time_zone), country=country)


def hours_fault(expression: str) -> str | None:
    """Why an OSM `opening_hours` expression cannot be read; None when it can."""
    try:
        OpeningHours(expression)
    except ParserError as fault:
        return str(fault)
    return None


def in_force(rule: Rule | None, at: datetime, time_zone: str, country: str = "ES") -> bool:
    """Whether the rule's hours run at `at` (public holidays of the country count); without hours always."""
    if rule is None or rule.hours is None:
        return True
    return bool(_hours(rule.hours, time_zone, country).is_open(at.astimezone(ZoneInfo(time_zone))))


def opens_at(rule: Rule | None, at: datetime, time_zone: str, country: str = "ES") -> datetime | None:
    """When the hours next begin; None when they run now, or never begin again."""
    if rule is None or rule.hours is None or in_force(rule, at, time_zone, country):
        return None
    change: datetime | None = _hours(rule.hours, time_zone, country).next_change(at.astimezone(ZoneInfo(time_zone)))
    return None if change is None else change.astimezone(at.tzinfo)


def changes_at(rule: Rule | None, at: datetime, time_zone: str, country: str = "ES") -> datetime | None:
    """When the hours next begin or end; None when they never do."""
    if rule is None or rule.hours is None:
        return None
    change: datetime | None = _hours(rule.hours, time_zone, country).next_change(at.astimezone(ZoneInfo(time_zone)))
    return None if change is None else change.astimezone(at.tzinfo)
