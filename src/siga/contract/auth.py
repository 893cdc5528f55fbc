"""Who is asking: claims of the internal token, roles, and the one table of what a role may do."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from siga.contract.base import Word

Role = Literal["driver", "police", "administrator", "installer", "operator", "auditor", "platform"]
ROLES: tuple[Role, ...] = ("driver", "police", "administrator", "installer", "operator", "auditor", "platform")
STAFF_ROLES: frozenset[str] = frozenset(ROLES) - {"driver"}

CallerKind = Literal["person", "guest", "service", "device"]

SERVICES: tuple[str, ...] = (
    "parking", "users", "history", "images", "enforcement", "drivers", "config", "logs", "gateway",
)  # fmt: skip


class Grant(Word):
    """One role in one municipality (empty for `platform`), narrowed to zones unless `zone_ids` is empty (D19)."""

    role: Role
    municipality_id: str = ""
    zone_ids: tuple[str, ...] = ()


class Claims(Word):
    """What an internal token says. `iss` signed it, `aud` alone may accept it; `exp`, `iat` in unix seconds."""

    iss: str
    aud: str
    sub: str
    kind: CallerKind
    exp: int
    iat: int
    grants: tuple[Grant, ...] = ()
    session_id: str | None = None
    confirmed_at: datetime | None = None
    """When the person last showed who they are, in this session; None = cannot be told."""
    locked: bool = False
    """Whether the person's screen was left alone: who and what is in the cases stays hidden until they are back."""


FRESH_S = 300
"""For so long after a person showed who they are, sensitive acts need no new confirmation."""


def fresh(claims: Claims, now: datetime) -> bool:
    """Whether the person who asks has shown who they are within the last 5 minutes (ASVS 5.0 V7.5.1)."""
    confirmed_at = claims.confirmed_at
    return confirmed_at is not None and (now - confirmed_at).total_seconds() <= FRESH_S


ACTIONS: dict[str, frozenset[str]] = {
    # Parking
    "map.read_all": frozenset({"police", "administrator", "installer", "operator"}),
    "map.read_personal": frozenset({"police", "administrator", "installer"}),
    "map.manage": frozenset({"administrator"}),
    "bays.install": frozenset({"administrator", "installer"}),
    "devices.manage": frozenset({"administrator", "installer"}),
    "devices.read": frozenset({"administrator", "installer", "operator"}),
    "devices.claim": frozenset({"administrator", "installer"}),
    "integrations.read": frozenset({"administrator", "operator"}),
    "integrations.manage": frozenset({"administrator"}),
    # Users
    "municipalities.create": frozenset({"platform"}),
    "municipalities.manage": frozenset({"administrator"}),
    "people.manage": frozenset({"administrator"}),
    "people.help": frozenset({"platform"}),
    "tokens.rotate": frozenset({"platform"}),
    "accreditations.manage": frozenset({"administrator"}),
    "privacy.read": frozenset({"administrator", "auditor", "platform"}),
    # History
    "history.read": frozenset({"police", "administrator", "operator"}),
    "history.read_personal": frozenset({"police", "administrator"}),
    "history.import": frozenset({"administrator"}),
    # Enforcement: the administrator sees no evidence (D19)
    "cases.work": frozenset({"police"}),
    "cases.count": frozenset({"police", "administrator", "operator"}),
    "images.queue": frozenset({"operator", "administrator", "police"}),
    # Drivers
    "reports.answer": frozenset({"administrator"}),
    "driver.act": frozenset({"driver"}),
    # Config and logs
    "settings.read": frozenset({"administrator", "operator", "auditor", "platform"}),
    "settings.change": frozenset({"administrator"}),
    "settings.change_system": frozenset({"platform", "operator"}),
    "logs.read": frozenset({"operator", "auditor", "platform"}),
    "audit.read": frozenset({"auditor", "platform"}),
    "audit.read_system": frozenset({"platform"}),
    "alarms.read": frozenset({"operator", "administrator", "platform"}),
    "alarms.acknowledge": frozenset({"operator", "administrator", "platform"}),
}
"""Action → roles that may do it; what is not here is refused (deny by default)."""


NOT_WHILE_LOCKED = frozenset({"cases.work", "history.read_personal"})
"""Actions that a locked session does not allow; counts stay."""


def may(claims: Claims, action: str, municipality_id: str | None = None, zone_id: str | None = None) -> bool:
    """Whether the caller may do `action`, in that municipality and zone if one is given.

    `platform` grants carry no municipality and so never match one. A grant narrowed to zones allows an action on a
    zone only if it lists it; where no zone is named (a list, say) the service shows only what lies in those zones.
    """
    roles = _roles(claims, action)
    for grant in claims.grants:
        if grant.role not in roles:
            continue
        if municipality_id is not None and grant.municipality_id != municipality_id:
            continue
        if zone_id is not None and grant.zone_ids and zone_id not in grant.zone_ids:
            continue
        return True
    return False


def municipalities_of(claims: Claims, action: str) -> tuple[str, ...]:
    """The municipalities in which the caller may do `action`, in the order of the grants, each once."""
    roles = _roles(claims, action)
    found = (g.municipality_id for g in claims.grants if g.role in roles and g.municipality_id)
    return tuple(dict.fromkeys(found))


def _roles(claims: Claims, action: str) -> frozenset[str]:
    if claims.locked and action in NOT_WHILE_LOCKED:
        return frozenset()
    return ACTIONS.get(action, frozenset())


class Principal(Word):
    """What Users answers to the gateway for a session or an access token: the person's part of `Claims`."""

    user_id: str
    session_id: str
    grants: tuple[Grant, ...] = ()
    display_name: str = ""
    language: str = "es"
    csrf: str = ""
    confirmed_at: datetime | None = None
    """As in `Claims`."""
    locked: bool = False
    """As in `Claims`."""
    second_factor: bool = False
    """Whether the person has one."""
    must_enrol: bool = False
    """The town demands a second factor of staff and there is none: until then the roles are not in `grants`."""
