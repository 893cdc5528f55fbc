"""Every live setting, declared once: its form, its check and its reference page are made from this."""

from __future__ import annotations

from typing import Literal

import msgspec

SettingKind = Literal["int", "float", "bool", "text"]
Scope = Literal["municipality", "system"]
Value = int | float | bool | str

DECLARED: dict[str, Setting] = {}


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """A value that can change while SIGA runs. `low` and `high` are inclusive; `summary` says what it does."""

    key: str
    kind: SettingKind
    default: Value
    summary: dict[str, str]
    unit: str = ""
    low: float | None = None
    high: float | None = None
    scope: Scope = "municipality"
    choices: tuple[str, ...] = ()
    """The only texts that are taken, where there are few."""

    def fault(self, value: object) -> str | None:
        """Why `value` cannot be taken, as a sentence; None when it can."""
        if self.kind == "bool":
            return None if isinstance(value, bool) else "must be true or false"
        if self.kind == "text":
            if self.choices and value not in self.choices:
                return f"must be one of: {', '.join(self.choices)}"
            good = isinstance(value, str) and len(value) <= 500
            return None if good else "must be text of at most 500 characters"
        if isinstance(value, bool) or not isinstance(value, int | float):
            return "must be a number"
        if self.kind == "int" and not isinstance(value, int):
            return "must be a whole number"
        if self.low is not None and value < self.low:
            return f"must be at least {self.low:g} {self.unit}".rstrip()
        if self.high is not None and value > self.high:
            return f"must be at most {self.high:g} {self.unit}".rstrip()
        return None


def _declare(key: str, kind: SettingKind, default: Value, es: str, en: str, *, unit: str = "",
             low: float | None = None, high: float | None = None, scope: Scope = "municipality",
             choices: tuple[str, ...] = ()) -> Setting:  # fmt: skip
    setting = Setting(
        key=key, kind=kind, default=default, summary={"es": es, "en": en}, unit=unit, low=low, high=high, scope=scope,
        choices=choices,
    )  # fmt: skip
    DECLARED[key] = setting
    return setting


GRACE_S = _declare(
    "parking.grace_s", "int", 300, unit="s", low=0, high=7200,
    es="Tiempo de cortesía tras ocuparse una plaza antes de que se sospeche de la estancia, si la norma no dice otro.",
    en="Grace time after a bay is taken before the stay is suspected, unless its rule says another.",
)  # fmt: skip
DOUBTS_FOR_ALARM = _declare(
    "parking.doubts_for_alarm", "int", 3, low=2, high=50,
    es="Cuántas dudas de personas distintas en 24 h sobre una plaza avisan de un sensor que falla.",
    en="How many doubts by different people in 24 h about a bay raise an alarm about its sensor.",
)  # fmt: skip
DOUBT_LASTS_S = _declare(
    "parking.doubt_lasts_s", "int", 3600, unit="s", low=60, high=86400,
    es="Cuánto dura una duda si el sensor no vuelve a hablar.",
    en="How long a doubt lasts if the sensor does not speak again.",
)  # fmt: skip
SILENCE_FACTOR = _declare(
    "parking.silence_factor", "float", 2.5, low=1.1, high=20,
    es="Cuántos periodos del sensor sin noticias hacen que la plaza pase a «sin señal».",
    en="How many of the sensor's own periods without a word make the bay “no signal”.",
)  # fmt: skip
BATTERY_LOW_PCT = _declare(
    "parking.battery_low_pct", "int", 20, unit="%", low=1, high=90,
    es="Por debajo de qué carga se avisa de que un sensor necesita pila.",
    en="Below which charge a sensor's battery is reported as low.",
)  # fmt: skip
BATTERY_LOW_MV = _declare(
    "parking.battery_low_mv", "int", 3000, unit="mV", low=1000, high=5000,
    es="Por debajo de qué tensión se avisa de que un sensor LoRaWAN necesita pila.",
    en="Below which voltage a LoRaWAN sensor's battery is reported as low.",
)  # fmt: skip
WEAK_RSSI_DBM = _declare(
    "parking.weak_rssi_dbm", "int", -120, unit="dBm", low=-150, high=-60,
    es="Por debajo de qué intensidad media se avisa de que un sensor LoRaWAN se oye mal.",
    en="Below which mean strength a LoRaWAN sensor is reported as heard badly.",
)  # fmt: skip
WEAK_SNR_DB = _declare(
    "parking.weak_snr_db", "int", -17, unit="dB", low=-30, high=10,
    es="Por debajo de qué relación media entre señal y ruido se avisa de que un sensor LoRaWAN se oye mal.",
    en="Below which mean signal-to-noise ratio a LoRaWAN sensor is reported as heard badly.",
)  # fmt: skip
KEY_OVERLAP_H = _declare(
    "parking.key_overlap_h", "int", 168, unit="h", low=1, high=720,
    es="Cuántas horas sigue valiendo la clave anterior de un dispositivo si no usa antes la nueva.",
    en="For how many hours a device's old key goes on opening, unless it uses the new one sooner.",
)  # fmt: skip
LISTED_MOST = _declare(
    "parking.listed_devices_max", "int", 1000, low=1, high=100_000,
    es="Cuántos dispositivos pueden avisar con la clave de otro.",
    en="How many devices may report by the key of another one.",
)  # fmt: skip
CARD_SPEED_KMH = _declare(
    "parking.card_speed_kmh", "int", 120, unit="km/h", low=20, high=1000,
    es="A partir de qué velocidad en línea recta entre dos plazas se avisa de que una tarjeta puede estar copiada.",
    en="Above which straight-line speed between two bays a card is reported as possibly copied.",
)  # fmt: skip
RENEWAL_WARNING_DAYS = _declare(
    "users.renewal_warning_days", "int", 30, unit="days", low=1, high=365,
    es="Con cuántos días de antelación se avisa de que una acreditación caduca.",
    en="How many days before its end an accreditation is shown as to be renewed.",
)  # fmt: skip
SUBJECT_KEPT_H = _declare(
    "history.subject_kept_h", "int", 72, unit="h", low=1, high=720,
    es="Cuántas horas tras la estancia se borra el seudónimo de quien aparcó.",
    en="How many hours after a stay the pseudonym of who had parked is erased.",
)  # fmt: skip
MONTH_KEY_KEPT_DAYS = _declare(
    "history.month_key_kept_days", "int", 31, unit="days", low=1, high=62, scope="system",
    es="Cuántos días después de un mes se destruye su clave de seudónimos a más tardar, aunque algo la use todavía.",
    en="How many days after a month its key of pseudonyms is destroyed at the latest, even if something still uses it.",
)  # fmt: skip
PHOTO_WAIT_S = _declare(
    "enforcement.photo_wait_s", "int", 120, unit="s", low=5, high=3600,
    es="Cuánto se espera la foto de la cámara antes de seguir sin ella.",
    en="How long the camera's photo is awaited before the case goes on without it.",
)  # fmt: skip
UNDO_S = _declare(
    "enforcement.undo_s", "int", 300, unit="s", low=0, high=3600,
    es="Durante cuánto se puede deshacer el cierre de un caso.",
    en="For how long closing a case can be undone.",
)  # fmt: skip
WITHDRAWN_LISTED_H = _declare(
    "enforcement.withdrawn_listed_h", "int", 24, unit="h", low=1, high=168,
    es="Cuántas horas siguen a la vista los casos retirados automáticamente.",
    en="How many hours cases withdrawn automatically stay listed.",
)  # fmt: skip
LOOKUPS_PER_HOUR = _declare(
    "enforcement.lookups_per_hour", "int", 40, low=1, high=1000,
    es="Cuántas comprobaciones de tarjeta o matrícula a pie de calle puede hacer un agente por hora.",
    en="How many checks of a card or plate at the kerb one officer may make in an hour.",
)  # fmt: skip
PHOTO_KEPT_DAYS = _declare(
    "images.photo_kept_days", "int", 7, unit="days", low=1, high=30,
    es="Cuántos días se guarda una foto sin caso abierto.",
    en="How many days a photo without an open case is kept.",
)  # fmt: skip
PHOTO_ROOM_MIB = _declare(
    "images.free_space_reserve_mib", "int", 512, unit="MiB", low=0, high=1_000_000, scope="system",
    es="Espacio libre en disco por debajo del cual no se aceptan más fotos: queda para los avisos de los sensores.",
    en="Free disk space below which no more photos are taken: it is left for the sensors' reports.",
)  # fmt: skip
DOUBTS_PER_HOUR = _declare(
    "drivers.doubts_per_hour", "int", 6, low=1, high=100,
    es="Cuántas dudas puede enviar una persona por hora.",
    en="How many doubts one person may send in an hour.",
)  # fmt: skip
REPORTS_PER_HOUR = _declare(
    "drivers.reports_per_hour", "int", 10, low=1, high=100,
    es="Cuántos avisos puede enviar una persona por hora.",
    en="How many reports one person may send in an hour.",
)  # fmt: skip
STAFF_SECOND_FACTOR = _declare(
    "users.staff_second_factor", "text", "asked", choices=("off", "asked", "required"),
    es="Si el personal debe entrar con un segundo factor: off (no), asked (se le pide que lo ponga) o required (sin "
    "él, tras una primera entrada de gracia, solo puede ponerlo).",
    en="Whether staff must sign in with a second factor: off (no), asked (they are urged to set one up) or required "
    "(without one, after a first sign-in of grace, all they can do is set it up).",
)  # fmt: skip
POLICE_IDLE_MIN = _declare(
    "users.police_idle_min", "int", 5, unit="min", low=1, high=15,
    es="Tras cuántos minutos sin tocarla se bloquea la pantalla de la policía: quedan los números, se esconden fotos y "
    "matrículas.",
    en="After how many minutes untouched the police's screen locks: the counts stay, photos and plates are hidden.",
)  # fmt: skip
LOG_LEVEL = _declare(
    "logs.level", "text", "info", scope="system", choices=("debug", "info", "warning", "error"),
    es="Nivel mínimo de los registros que se guardan: debug, info, warning o error.",
    en="Lowest level of log records that are kept: debug, info, warning or error.",
)  # fmt: skip
LOG_KEPT_DAYS = _declare(
    "logs.kept_days", "int", 30, unit="days", low=1, high=365, scope="system",
    es="Cuántos días se guardan los registros.",
    en="How many days log records are kept.",
)  # fmt: skip
REPORTS_PER_DEVICE_MIN = _declare(
    "gateway.device_requests_per_min", "int", 600, low=1, high=100000, scope="system",
    es="Peticiones por minuto que se aceptan de un dispositivo.",
    en="Requests per minute accepted from one device.",
)  # fmt: skip
REPORTS_PER_DEVICE_DAY = _declare(
    "gateway.device_reports_per_day", "int", 100_000, low=100, high=1_000_000_000, scope="system",
    es="Avisos al día que se aceptan de un dispositivo, y otros tantos por cada uno que avisa con su clave.",
    en="Reports a day accepted from one device, and as many again for each one that reports by its key.",
)  # fmt: skip
INTEGRATION_MESSAGES_PER_MIN = _declare(
    "gateway.integration_messages_per_min", "int", 6000, low=1, high=1000000, scope="system",
    es="Mensajes por minuto que se aceptan de un servidor LoRaWAN.",
    en="Messages per minute accepted from one LoRaWAN network server.",
)  # fmt: skip
REQUESTS_PER_IP_MIN = _declare(
    "gateway.requests_per_ip_min", "int", 1200, low=10, high=1000000, scope="system",
    es="Peticiones por minuto que se aceptan de una dirección en la puerta de usuarios.",
    en="Requests per minute accepted from one address at the users' door.",
)  # fmt: skip
LIVE_CLIENTS = _declare(
    "gateway.live_clients", "int", 5000, low=1, high=8000, scope="system",
    es="Cuántas pantallas abiertas pueden seguir a la vez las noticias en directo.",
    en="How many open apps may follow the live stream at once.",
)  # fmt: skip
LIVE_PER_ADDRESS = _declare(
    "gateway.live_per_address", "int", 100, low=1, high=8000, scope="system",
    es="Cuántas de ellas pueden venir de una misma dirección.",
    en="How many of them may come from one address.",
)  # fmt: skip
