"""Rules about municipalities: the short name on signs, time zones, the first steps."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from siga.contract.accounts import SetupStep
from siga.contract.users import Municipality
from siga.kit.problem import FieldFault, Invalid

_SLUG_MAX = 40


def slug_of(name: str) -> str:
    """A short name for addresses made of a name, e.g. `alcala-de-henares`; `town` when nothing is left of it."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain)[:_SLUG_MAX].strip("-") or "town"


def check_municipality(municipality: Municipality) -> Municipality:
    """The municipality itself; Invalid for an unknown time zone or half a position."""
    try:
        ZoneInfo(municipality.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as fault:
        wrong = FieldFault("/time_zone", "is not a name such as Europe/Madrid")
        raise Invalid("The time zone is not known.", errors=[wrong]) from fault
    if (municipality.lon is None) != (municipality.lat is None):
        wrong = FieldFault("/lon", "must be given with lat, or both left out")
        raise Invalid("A position has two numbers.", errors=[wrong])
    return municipality


def day_at(at: datetime, time_zone: str) -> date:
    """The calendar day of an instant where the municipality is."""
    return at.astimezone(ZoneInfo(time_zone)).date()


def setup_steps(municipality: Municipality, roles: set[str]) -> list[SetupStep]:
    """The first steps that Users knows of, done or not; `roles` are those somebody has there."""

    def step(name: str, done: bool, es: str, en: str) -> SetupStep:
        hint = {} if done else {"es": es, "en": en}
        return SetupStep(step=name, done=done, hint=hint)  # type: ignore[arg-type]

    return [
        step("municipality", True, "", ""),
        step("contact", bool(municipality.contact.strip()), "Falta un contacto para la ciudadanía.",
             "A contact for citizens is missing."),
        step("position", municipality.lon is not None, "Falta el centro del mapa.", "The map's centre is missing."),
        step("staff", "police" in roles, "Invite al menos a una persona de la policía.",
             "Invite at least one police officer."),
    ]  # fmt: skip
