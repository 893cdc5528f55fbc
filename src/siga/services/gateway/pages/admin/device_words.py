"""A device in words: what it watches, whether it speaks, what it wants from a person; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from siga.contract.parking import Device, StaffBayView
from siga.services.gateway.pages.ages import age_s
from siga.services.gateway.pages.i18n import Texts

WANTS = ("resolution", "enrol", "battery", "bay")
LOW_BATTERY_PCT = 20
"""From here on a battery is worth a walk."""


@dataclass(frozen=True)
class DeviceWords:
    """A device as a row or a page says it. `want` and `wants` are what a person has to do, empty when
    nothing."""

    device: Device
    name: str
    bays: list[StaffBayView]
    more_bays: int
    state: str
    want: str
    wants: str


def device_words(device: Device, t: Texts, bays: Mapping[str, StaffBayView]) -> DeviceWords:
    """The device in words; `bays` are those known by id."""
    known = [bays[bay_id] for bay_id in device.bay_ids if bay_id in bays]
    want = want_of(device)
    return DeviceWords(
        device=device, name=device.label or t("admin.device.nameless", id=device.device_id[-6:]), bays=known,
        more_bays=len(device.bay_ids) - len(known), state=t(f"admin.device.state.{state_of(device, t)}"),
        want=want, wants=t(f"admin.device.wants.{want}") if want else "",
    )  # fmt: skip


def state_of(device: Device, t: Texts) -> str:
    """`revoked`, `waiting` (for its enrolment), `off`, `silent` (a sensor past twice and a half its period) or `on`."""
    if device.revoked:
        return "revoked"
    if not device.enrolled:
        return "waiting"
    if not device.enabled:
        return "off"
    silent = device.heard_at is not None and age_s(device.heard_at, t.now) > 2.5 * device.period_s
    return "silent" if device.kind == "bay_sensor" and silent else "on"


def want_of(device: Device) -> str:
    """What a person has to do about it: `resolution`, `enrol`, `battery`, `bay`; empty when nothing."""
    if device.revoked:
        return ""
    if device.kind == "camera" and not (device.resolution_id and device.custody_body):
        return "resolution"
    if not device.enrolled:
        return "enrol"
    if device.battery_pct is not None and device.battery_pct < LOW_BATTERY_PCT:
        return "battery"
    return "" if device.bay_ids else "bay"
