"""A bay in a driver's words: state, ages, what it is like, its rule, how to get there; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from markupsafe import Markup

from siga.contract.parking import BayView
from siga.services.gateway.pages.i18n import Texts

_GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("free", ("free",)), ("unmonitored", ("unmonitored",)), ("others", ("occupied", "unknown", "closed")),
    ("doubtful", ("doubtful",)),
)  # fmt: skip
"""The list's parts in their order: free first, doubtful last (D1, D6)."""


@dataclass(frozen=True)
class Handover:
    """Links that hand the way to the navigation a person already has (apps.md §1.2)."""

    geo: str
    google: str
    apple: str
    waze: str


def handover(bay: BayView) -> Handover:
    """The links to a bay's position."""
    place = f"{bay.lat:.6f},{bay.lon:.6f}"
    label = quote(bay.address or bay.code)
    return Handover(
        geo=f"geo:{place}?q={place}({label})",
        google="https://www.google.com/maps/dir/?"
        + urlencode({"api": 1, "destination": place, "travelmode": "driving"}),
        apple="https://maps.apple.com/?" + urlencode({"daddr": place, "dirflg": "d"}),
        waze="https://waze.com/ul?" + urlencode({"ll": place, "navigate": "yes"}),
    )  # fmt: skip


@dataclass(frozen=True)
class BayWords:
    """One bay as its card says it."""

    bay: BayView
    number: int
    path: str
    """Its own page (D22)."""
    title: str
    state: str
    ages: Sequence[Markup]
    traits: Sequence[str]
    rule: Sequence[str]
    runs: str
    in_short: Sequence[str]
    """What matters most when choosing: width, kerb, slope; whether the rule runs, when, and for how long."""
    way: Handover
    say: str
    """The whole in one short sentence, for a screen reader when it changes."""


def bay_words(bay: BayView, t: Texts, slugs: Mapping[str, str], number: int = 0) -> BayWords:
    """The bay in words; `slugs` are the municipalities' short names by id."""
    title = bay.address or t("bay.code", code=bay.code)
    state = t(f"state.{bay.occupancy}")
    return BayWords(
        bay=bay, number=number, path=bay_path(slugs.get(bay.municipality_id, "-"), bay.code), title=title, state=state,
        ages=ages_of(bay, t), traits=traits_of(bay.attributes, t), rule=rule_of(bay, t),
        in_short=_in_short(bay, t), runs=t("rule.runs") if bay.in_force else t("rule.does_not_run"), way=handover(bay),
        say=f"{title}: {state}",
    )  # fmt: skip


def bay_path(slug: str, code: str) -> str:
    """The address on a bay's sign."""
    return f"/b/{quote(slug, safe='')}/{quote(code, safe='')}"


def ages_of(bay: BayView, t: Texts) -> list[Markup]:
    """Since when it is as it is, and when the sensor last spoke: two values, both shown (D5)."""
    found: list[Markup] = []
    if bay.occupancy in ("free", "occupied", "doubtful") and bay.changed_at is not None:
        found.append(t.html(f"since.{bay.occupancy}", age=t.age(bay.changed_at)))
    if bay.occupancy in ("unmonitored", "closed"):
        return found
    if bay.heard_at is None:
        return [*found, t.html("heard.never")]
    key = "heard.silent" if bay.occupancy == "unknown" else "heard.spoke"
    return [*found, t.html(key, age=t.age(bay.heard_at))]


_TEXT_TRAITS = ("kerb", "surface", "slope")


def traits_of(attributes: Mapping[str, object], t: Texts) -> list[str]:
    """What helps to choose a bay: width, length, slope, kerb, surface, as far as they are known."""
    found = []
    for name in ("width_m", "length_m", "slope_pct"):
        value = attributes.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            found.append(t(f"trait.{name}", value=t.number(value, 0 if float(value).is_integer() else 1)))
    for name in _TEXT_TRAITS:
        value = attributes.get(name)
        if isinstance(value, str) and value:
            known = f"trait.{name}.{value.lower()}"
            found.append(t(known) if t.has(known) else t(f"trait.{name}", value=value))
    return found


def rule_of(bay: BayView, t: Texts) -> list[str]:
    """The rule in plain words: the town's own text where it has one, else who, when and how long."""
    own = bay.rule_text.get(t.lang)
    found = [own] if own else [t(f"rule.who.{bay.category}")]
    if not own:
        found.append(hours_words(bay.hours, t))
    if bay.max_stay_min:
        found.append(t("rule.max_stay", time=t.minutes(bay.max_stay_min)))
    elif not own:
        found.append(t("rule.no_limit"))
    return found


def _in_short(bay: BayView, t: Texts) -> list[str]:
    chosen: dict[str, object] = {
        name: bay.attributes[name] for name in ("width_m", "kerb", "slope_pct") if name in bay.attributes
    }
    rule = [t("rule.short.runs") if bay.in_force else t("rule.short.does_not_run")]
    if bay.hours and bay.hours.strip() != "24/7":
        rule.append(hours_words(bay.hours, t).rstrip("."))
    if bay.max_stay_min:
        rule.append(t("rule.short.max", time=t.minutes(bay.max_stay_min)))
    return [" · ".join(one) for one in (traits_of(chosen, t), rule) if one]


_DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_SPAN = re.compile(r"(?P<days>(?:Mo|Tu|We|Th|Fr|Sa|Su|PH|[-, ])+)?\s*(?P<times>off|closed|[0-9:, -]+)", re.ASCII)


def hours_words(hours: str | None, t: Texts) -> str:
    """OSM `opening_hours` in plain words where they are simple, else as they are written."""
    if hours is None or hours.strip() == "24/7":
        return t("rule.always")
    parts = [_span_words(part.strip(), t) for part in hours.split(";") if part.strip()]
    if not parts or None in parts:
        return t("rule.hours_as_written", hours=hours)
    return t("rule.hours", hours="; ".join(part for part in parts if part))


def _span_words(span: str, t: Texts) -> str | None:
    match = _SPAN.fullmatch(span)
    if match is None:
        return None
    days = _days_words((match["days"] or "").strip(), t)
    if match["times"] in ("off", "closed"):
        return t("hours.not", days=days) if days else None
    times = [re.fullmatch(r"\s*(\d{1,2}:\d\d)\s*-\s*(\d{1,2}:\d\d)\s*", one) for one in match["times"].split(",")]
    if not all(times):
        return None
    words = t("hours.and").join(t("hours.from_to", start=one[1], end=one[2]) for one in times if one)
    return f"{days} {words}".strip()


def _days_words(days: str, t: Texts) -> str:
    words = []
    for part in (one.strip() for one in days.split(",")):
        first, _, last = part.partition("-")
        if first in _DAYS and last in _DAYS:
            words.append(t("hours.day_to_day", first=t(f"weekday.{first}"), last=t(f"weekday.{last}")))
        elif part in (*_DAYS, "PH"):
            words.append(t(f"weekday.{part}"))
    return ", ".join(words)


def grouped(cards: Iterable[BayWords]) -> list[tuple[str, list[BayWords]]]:
    """The cards in the list's parts, empty ones left out."""
    kept = list(cards)
    parts = [(name, [card for card in kept if card.bay.occupancy in states]) for name, states in _GROUPS]
    return [(name, part) for name, part in parts if part]
