"""What pages say, in the visitor's language: texts, numbers, distances, times; and how the language is chosen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from string import Formatter
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup

from siga.kit.log import logger
from siga.services.gateway.pages import ages

LANGUAGES: tuple[str, ...] = ("es", "en")
Words = Mapping[str, str]
Catalogue = Mapping[str, Words]
"""Language → key → text."""

_log = logger("gateway")


def merged(catalogues: Iterable[Catalogue]) -> Catalogue:
    """One catalogue of several; ValueError when two say the same key."""
    whole: dict[str, dict[str, str]] = {lang: {} for lang in LANGUAGES}
    for catalogue in catalogues:
        for lang in LANGUAGES:
            twice = whole[lang].keys() & catalogue[lang].keys()
            if twice:
                raise ValueError(f"said twice in {lang}: {', '.join(sorted(twice))}")
            whole[lang] |= catalogue[lang]
    return whole


def chosen_language(asked: str | None, kept: str | None, own: str | None, accepted: str | None) -> str:
    """The language: asked for in the address, kept in the cookie, the person's own, the browser's, else Spanish."""
    for tag in (asked, kept, own, *_by_preference(accepted)):
        short = (tag or "").strip().lower().split("-")[0]
        if short in LANGUAGES:
            return short
    return LANGUAGES[0]


def _by_preference(accepted: str | None) -> list[str]:
    """The tags of an `Accept-Language` header, best first (RFC 9110 §12.5.4)."""
    found: list[tuple[float, str]] = []
    for part in (accepted or "")[:200].split(","):
        tag, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            weight = 0.0
        if tag and weight > 0:
            found.append((-weight, tag))
    return [tag for _, tag in sorted(found, key=lambda one: one[0])]


class Texts:
    """Everything that is said in one language, with local times of one zone. In templates it is `t`."""

    def __init__(self, lang: str, words: Words, now: datetime, zone: ZoneInfo) -> None:
        self.lang, self.now, self.zone = lang, now, zone
        self._words = words

    def __call__(self, key: str, **values: Any) -> str:
        """The text of `key` with its `{places}` filled; a key nobody wrote a text for is logged and shown as it is."""
        text = self._words.get(key)
        if text is None:
            _log.warning("text_missing", key=key, lang=self.lang)
            return key
        return text.format(**values) if values else text

    def has(self, key: str) -> bool:
        """Whether there is a text for `key`."""
        return key in self._words

    def either(self, key: str, fallback: str, **values: Any) -> str:
        """The text of `key`, else that of `fallback`: for words that services may add to."""
        return self(key if key in self._words else fallback, **values)

    def html(self, key: str, **values: Any) -> Markup:
        """As calling it, as markup: values are escaped unless they are markup themselves."""
        return Markup(self._words.get(key, key)).format(**values)  # noqa: S704 the texts are ours

    def n(self, key: str, number: int, **values: Any) -> str:
        """The text for a number of things: `key.one` or `key.other`, with the number as `{n}`."""
        return self(f"{key}.{'one' if number == 1 else 'other'}", n=self.number(number), **values)

    # --- numbers -------------------------------------------------------------------------------------------------

    def number(self, value: float, digits: int = 0) -> str:
        """A number as people write it: decimal comma and thin groups in Spanish, point and comma in English."""
        text = f"{value:,.{digits}f}"
        return text if self.lang == "en" else text.replace(",", "\u202f").replace(".", ",")

    def distance(self, metres: float) -> str:
        """A distance: to 1 m below 100 m, to 10 m below 1 km, then in km with one decimal."""
        if metres < 100:
            return f"{round(metres)}\u00a0m"
        if metres < 995:
            return f"{round(metres / 10) * 10}\u00a0m"
        return f"{self.number(metres / 1000, 1)}\u00a0km"

    def percent(self, share: float) -> str:
        """A share of 0 to 1 in per cent."""
        return f"{round(share * 100)}\u00a0%" if self.lang == "es" else f"{round(share * 100)}%"

    # --- times ---------------------------------------------------------------------------------------------------

    def lasted(self, seconds: float) -> str:
        """A length of time in words, e.g. `12 min`."""
        number, unit = ages.length(seconds)
        return f"{number}\u00a0{self(f'age.{unit}')}"

    def minutes(self, minutes: int) -> str:
        """Minutes to the minute as people say them: `90 min`, `2 h`, `2 h 30 min`."""
        hours, rest = divmod(minutes, 60)
        if hours < 2:
            return f"{minutes}\u00a0{self('age.min')}"
        return f"{hours}\u00a0{self('age.h')}" + (f" {rest}\u00a0{self('age.min')}" if rest else "")

    def age(self, at: datetime) -> Markup:
        """How long ago, ticking where there is JavaScript: `<time>` with the words of `lasted`."""
        words = self.lasted(ages.age_s(at, self.now))
        return Markup('<time datetime="{}" title="{}" data-age>{}</time>').format(_iso(at), self.moment(at), words)

    def at(self, at: datetime) -> Markup:
        """An instant as `<time>`: the clock today, else day and clock."""
        return Markup('<time datetime="{}">{}</time>').format(_iso(at), self.moment(at))

    def clock(self, at: datetime, *, seconds: bool = False) -> str:
        """The local time of day, 24 hours."""
        return f"{at.astimezone(self.zone):{'%H:%M:%S' if seconds else '%H:%M'}}"

    def moment(self, at: datetime) -> str:
        """Local day and time; without the day when it is today."""
        local = at.astimezone(self.zone)
        if local.date() == self.now.astimezone(self.zone).date():
            return f"{local:%H:%M}"
        return self("time.day_and_clock", day=self.day(local.date()), clock=f"{local:%H:%M}")

    def day(self, on: date) -> str:
        """A day with the month's name, e.g. `22 de noviembre de 2026`."""
        return self("time.day", day=on.day, month=self(f"month.{on.month}"), year=on.year)


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def places_in(text: str) -> set[str]:
    """The names of the places to be filled in a text; ValueError when its braces do not match."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}
