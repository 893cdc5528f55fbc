"""How a device is: what it told of itself, how well it is heard, and by which codec a LoRaWAN sensor is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar import post
from markupsafe import Markup

from siga.contract.lorawan import CODECS, DeviceHealth
from siga.services.gateway.pages.admin.claims import codec_options
from siga.services.gateway.pages.admin.desk import Desk, seg
from siga.services.gateway.pages.admin.lookups import Options
from siga.services.gateway.pages.i18n import Texts
from siga.services.gateway.pages.web import Page


@dataclass(frozen=True)
class HealthWords:
    """A device's health as its page says it. `notices` are (title, words) of what wants a person."""

    facts: list[tuple[str, str | Markup]]
    notices: list[tuple[str, str]]
    lorawan: bool
    codec_id: str
    codecs: Options


async def health_of(desk: Desk, device_id: str) -> HealthWords:
    """The device's health in words."""
    health = await desk.visitor.get("parking", f"/api/v1/devices/{seg(device_id)}/health", DeviceHealth)
    return health_words(health, desk.t)


def health_words(health: DeviceHealth, t: Texts) -> HealthWords:
    """A device's health in words; pure."""
    lorawan = health.lorawan
    codec = CODECS.get(lorawan.codec_id) if lorawan else None
    facts: list[tuple[str, str | Markup]] = [
        (t("admin.health.voltage"), _volts(t, health.battery_mv)),
        (t("admin.health.temperature"), _celsius(t, health.temperature_c)),
        (t("admin.health.signal"), signal_words(t, health.rssi_dbm, health.snr_db)),
        (t("admin.health.gaps"), t.number(health.gaps) if health.gaps else ""),
        (t("admin.health.firmware"), health.firmware or ""),
        (t("admin.health.faults"), t.number(health.faults) if health.faults else ""),
        (t("admin.health.last_fault"), health.last_fault or ""),
    ]
    if lorawan is not None:
        facts += [
            (t("admin.health.codec"), codec.name if codec else lorawan.codec_id),
            (t("admin.claim.eui"), lorawan.dev_eui),
            (t("admin.health.f_cnt"), "" if lorawan.f_cnt is None else t.number(lorawan.f_cnt)),
        ]
    return HealthWords(
        facts=[fact for fact in facts if fact[1]], notices=_notices(health, codec.firmware if codec else "", t),
        lorawan=lorawan is not None, codec_id=lorawan.codec_id if lorawan else "", codecs=codec_options(),
    )  # fmt: skip


def signal_words(t: Texts, rssi_dbm: float | None, snr_db: float | None) -> str:
    """How strong a sensor is heard; empty when that is not known."""
    if rssi_dbm is None or snr_db is None:
        return ""
    return t("admin.health.signal_words", rssi=t.number(rssi_dbm), snr=t.number(snr_db, 1))


def _notices(health: DeviceHealth, pinned: str, t: Texts) -> list[tuple[str, str]]:
    found = []
    if health.battery_low:
        found.append((t("admin.health.battery_low"), t("admin.health.battery_low_words")))
    if health.signal_weak:
        found.append((t("admin.health.signal_weak"), t("admin.health.signal_weak_words")))
    if pinned and health.firmware and not f"{health.firmware}.".startswith(f"{pinned}."):
        words = t("admin.health.other_firmware_words", told=health.firmware, pinned=pinned)
        found.append((t("admin.health.other_firmware"), words))
    return found


def _volts(t: Texts, battery_mv: int | None) -> str:
    return "" if battery_mv is None else t("admin.health.volts", n=t.number(battery_mv / 1000, 2))


def _celsius(t: Texts, temperature_c: float | None) -> str:
    return "" if temperature_c is None else t("admin.health.celsius", n=t.number(temperature_c))


@post("/admin/devices/{device_id:str}/codec")
async def pin(desk: Desk, device_id: str) -> Page:
    """Read the sensor by another codec from now on."""
    form = await desk.visitor.form()
    path, codec = f"/admin/devices/{seg(device_id)}", CODECS.get(form.text("codec"))
    if codec is None:
        return desk.done(path)
    body = {"model": codec.model, "firmware": codec.firmware}
    await desk.visitor.post("parking", f"/api/v1/devices/{seg(device_id)}/codec", body, dict[str, Any])
    return desk.done(path, "pinned")


HANDLERS = (pin,)
