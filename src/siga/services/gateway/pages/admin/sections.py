"""The parts of the administration: where each is, which action opens it, and under which heading it stands; pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from siga.contract.auth import STAFF_ROLES

CONSOLE_ROLES: frozenset[str] = STAFF_ROLES - {"police"}
"""Who has something to do here. The police have pages of their own, with the evidence that never comes here (D19)."""


class Section(NamedTuple):
    """One part. `local`: it shows one municipality's things, so the role must hold there; else anywhere."""

    name: str
    path: str
    action: str
    group: str
    local: bool = True


SECTIONS: tuple[Section, ...] = (
    Section("start", "/admin", "", "", local=False),
    Section("bays", "/admin/bays", "map.read_all", "street"),
    Section("zones", "/admin/zones", "map.read_all", "street"),
    Section("rules", "/admin/rules", "map.read_all", "street"),
    Section("imports", "/admin/imports", "map.manage", "street"),
    Section("devices", "/admin/devices", "devices.read", "street"),
    Section("claims", "/admin/claims", "devices.claim", "street"),
    Section("integrations", "/admin/integrations", "integrations.read", "street"),
    Section("accreditations", "/admin/accreditations", "accreditations.manage", "people"),
    Section("reports", "/admin/reports", "reports.answer", "people"),
    Section("staff", "/admin/people", "people.manage", "people"),
    Section("privacy", "/admin/privacy", "privacy.read", "people"),
    Section("statistics", "/admin/statistics", "history.read", "people"),
    Section("alarms", "/admin/alarms", "alarms.read", "system", local=False),
    Section("settings", "/admin/settings", "settings.read", "system", local=False),
    Section("queue", "/admin/queue", "images.queue", "system"),
    Section("logs", "/admin/logs", "logs.read", "system", local=False),
    Section("audit", "/admin/audit", "audit.read", "system", local=False),
    Section("town", "/admin/town", "municipalities.manage", "system"),
    Section("towns", "/admin/towns", "municipalities.create", "system", local=False),
)
GROUPS: tuple[str, ...] = ("street", "people", "system")


def section_of(name: str) -> Section:
    """The section of that name; KeyError when there is none."""
    return {section.name: section for section in SECTIONS}[name]


def open_sections(may: Callable[[Section], bool]) -> list[tuple[str, list[Section]]]:
    """The headings with those of their sections that the caller may open; empty headings are left out."""
    groups = [(group, [one for one in SECTIONS if one.group == group and may(one)]) for group in GROUPS]
    return [(group, sections) for group, sections in groups if sections]
