"""What each kind of accreditation must be: personal, provisional (at most a year), collective (bound to plates)."""

from __future__ import annotations

from datetime import date

from siga.contract.accreditations import AccreditationKind
from siga.kit.countries import COUNTRIES
from siga.kit.problem import Conflict, Invalid
from siga.services.users.model.accreditations import check_dates


class ProvisionalTooLong(Invalid):
    """A provisional accreditation ends within a year of its beginning"""

    slug, status = "provisional-too-long", 422


class CollectiveNeedsPlate(Invalid):
    """A collective accreditation is bound to at least one number plate"""

    slug, status = "collective-needs-plate", 422


class LastPlate(Conflict):
    """The last plate of a collective accreditation cannot be revoked"""

    slug, status = "last-plate", 409


class UnknownCountry(Invalid):
    """That is no country's code"""

    slug, status = "country-unknown", 422


def year_after(day: date) -> date:
    """The same day of the next year; 28 February for 29 February."""
    if day.year == date.max.year:
        return date.max
    leap = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year + 1, day=28 if leap else day.day)


def check_country(code: str) -> str:
    """The code itself; UnknownCountry unless ISO 3166-1 has it."""
    if code not in COUNTRIES:
        raise UnknownCountry("Give the two capital letters of ISO 3166-1, e.g. ES, PT or FR.")
    return code


def check_kind(kind: AccreditationKind, valid_from: date, valid_to: date, plates: int) -> None:
    """Raise BadDates, ProvisionalTooLong or CollectiveNeedsPlate unless kind, validity (both days count) and the
    number of plates that are not revoked go together.

    A provisional card is for humanitarian reasons and for a year at most (Real Decreto 1056/2014, disposición
    adicional primera); it can be renewed for another year by moving its first day. A collective one is given to
    whoever carries people, for the vehicle whose plate it names (article 3.2 there).
    """
    check_dates(valid_from, valid_to)
    if kind == "provisional" and valid_to > year_after(valid_from):
        raise ProvisionalTooLong(f"It must end by {year_after(valid_from)}: a year after its first day.")
    if kind == "collective" and plates < 1:
        raise CollectiveNeedsPlate("Add the number plate of the vehicle it is for.")
