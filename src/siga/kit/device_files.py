"""Files of devices (CSV, or JSON as a list of objects) read into drafts: pure, nothing is kept."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from siga.contract.base import Ask
from siga.contract.parking import DeviceKind
from siga.kit.bay_files import MAX_ROWS, BadBayFile, RefusedRow
from siga.kit.bay_files.tables import read_table
from siga.kit.bay_files.texts import decode, folded, header_words, shortened

_NAMES: dict[str, tuple[str, ...]] = {
    "external_id": (
        "external_id", "id", "device_id", "device", "dispositivo", "sensor", "serial", "numero_serie", "dev_eui",
    ),
    "kind": ("kind", "type", "tipo", "clase"),
    "label": ("label", "name", "nombre", "etiqueta", "descripcion", "description"),
    "bay_codes": ("bay", "bays", "bay_code", "bay_codes", "plaza", "plazas", "codigo_plaza", "code", "codigo"),
    "bay_external_ids": ("bay_external_id", "bay_external_ids", "bay_id", "id_plaza", "plaza_id"),
    "period_s": ("period_s", "period", "periodo_s", "periodo"),
    "has_clock": ("has_clock", "clock", "reloj"),
    "listed_under": ("listed_under", "gateway", "pasarela", "concentrador"),
    "resolution_id": ("resolution_id", "resolution", "resolucion"),
    "custody_body": ("custody_body", "custody", "custodia"),
}  # fmt: skip
_KINDS: dict[str, DeviceKind] = {
    "bay_sensor": "bay_sensor", "sensor": "bay_sensor", "sensor_de_plaza": "bay_sensor", "gateway": "bay_sensor",
    "pasarela": "bay_sensor", "card_reader": "card_reader", "reader": "card_reader", "lector": "card_reader",
    "camera": "camera", "camara": "camera",
}  # fmt: skip
_YES, _NO = frozenset({"yes", "true", "1", "si", "y", "x"}), frozenset({"no", "false", "0", "n"})
_LISTS = ("bay_codes", "bay_external_ids")


class DeviceDraft(Ask):
    """One device as a file describes it. What is None is not said: it stays, or takes what a new device has."""

    external_id: str
    """What the town's inventory calls it; the same one again is the same device."""
    kind: DeviceKind | None = None
    label: str | None = None
    bay_codes: tuple[str, ...] | None = None
    """Codes of the bays it watches."""
    bay_external_ids: tuple[str, ...] | None = None
    """The bays by the ids they were imported under; together with those by code."""
    period_s: int | None = None
    """How often it speaks at least, seconds."""
    has_clock: bool | None = None
    listed_under: str | None = None
    """The external id, or the id, of the device whose key reports for it."""
    resolution_id: str | None = None
    custody_body: str | None = None
    row: int = 0
    """Where it stands in the file."""


class DeviceFile(NamedTuple):
    """What a file of devices gave, in the order of its rows."""

    drafts: list[DeviceDraft]
    refused: list[RefusedRow]
    notes: list[str]


def read_devices(data: bytes, *, filename: str) -> DeviceFile:
    """The devices of a CSV or JSON file (at most 64 MB and 200,000 rows), and every refused row.

    Several bays in one cell are parted by `|`. A gateway is a device without bays under which others are listed.
    Raises BadBayFile when the file as a whole cannot be used.
    """
    text, notes = decode(data, filename)
    if text.lstrip("\ufeff \t\r\n")[:1] in ("[", "{"):
        return _from_json(text, filename, notes)
    source = read_table(text, filename, notes, _understands)
    roles = _roles(source.headers)
    if "external_id" not in roles:
        names = ", ".join(_NAMES["external_id"])
        raise BadBayFile("no_id", f"{filename} has no column that names each device: call it one of {names}.")
    drafts: list[DeviceDraft] = []
    refused: list[RefusedRow] = []
    for record in source.records:
        try:
            if record.refused is not None:
                raise _Bad(record.refused.slug, record.refused.reason)
            cells = {role: record.cells[header] for role, header in roles.items() if header in record.cells}
            drafts.append(_draft(cells, record.row))
        except _Bad as fault:
            excerpt = shortened(" | ".join(record.cells.values()), 120)
            refused.append(RefusedRow(row=record.row, reason=fault.reason, slug=fault.slug, excerpt=excerpt))
    return DeviceFile(drafts, refused, source.notes)


class _Bad(Exception):
    """A row that makes no device."""

    def __init__(self, slug: str, reason: str) -> None:
        super().__init__(reason)
        self.slug, self.reason = slug, reason


def _understands(cells: list[str]) -> bool:
    return len(_roles(cells)) > 1


def _roles(headers: list[str]) -> dict[str, str]:
    """Which column plays which role: the best name of each."""
    found: dict[str, str] = {}
    words = {header_words(header): header for header in reversed(headers)}
    for role, names in _NAMES.items():
        header = next((words[name] for name in names if name in words), None)
        if header is not None and header not in found.values():
            found[role] = header
    return found


def _draft(cells: dict[str, str], row: int) -> DeviceDraft:
    told: dict[str, Any] = {role: text for role, text in cells.items() if text}
    if not told.get("external_id"):
        raise _Bad("id_missing", "The row does not name its device: fill in the id.")
    if "kind" in told:
        told["kind"] = _kind(told["kind"])
    if "period_s" in told:
        told["period_s"] = _whole(told["period_s"])
    if "has_clock" in told:
        told["has_clock"] = _yes_or_no(told["has_clock"])
    for role in _LISTS:
        if role in told:
            told[role] = tuple(part.strip() for part in told[role].split("|") if part.strip())
    return DeviceDraft(**told, row=row)


def _kind(text: str) -> DeviceKind:
    kind = _KINDS.get(folded(text))
    if kind is None:
        known = ", ".join(_KINDS)
        raise _Bad("kind_unknown", f"“{shortened(text, 60)}” is no kind of device: write one of {known}.")
    return kind


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 8):
        raise _Bad("period_unreadable", f"“{shortened(text, 60)}” is no whole number of seconds.")
    return int(text)


def _yes_or_no(text: str) -> bool:
    word = folded(text)
    if word not in _YES | _NO:
        raise _Bad("yes_or_no", f"“{shortened(text, 60)}” is neither yes nor no.")
    return word in _YES


def _from_json(text: str, filename: str, notes: list[str]) -> DeviceFile:
    try:
        document = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as fault:
        raise BadBayFile("not_json", f"{filename} is not valid JSON ({fault}): export it again, whole.") from fault
    rows = document.get("devices") if isinstance(document, dict) else document
    if not isinstance(rows, list) or not rows:
        raise BadBayFile("no_rows", f"{filename} holds no list of devices: write [{{…}}, …] or {{“devices”: […]}}.")
    if len(rows) > MAX_ROWS:
        raise BadBayFile("too_many_rows", f"{filename} has more than {MAX_ROWS:,} devices: split it.")
    drafts: list[DeviceDraft] = []
    refused: list[RefusedRow] = []
    for row, item in enumerate(rows, start=1):
        try:
            told = {**item, "row": row} if isinstance(item, dict) else item
            draft = msgspec.convert(told, DeviceDraft)
            if not draft.external_id:
                raise _Bad("id_missing", "The entry does not name its device: fill in external_id.")
            drafts.append(draft)
        except (msgspec.ValidationError, _Bad) as fault:
            slug = fault.slug if isinstance(fault, _Bad) else "malformed"
            refused.append(RefusedRow(row=row, reason=str(fault), slug=slug, excerpt=shortened(repr(item), 120)))
    return DeviceFile(drafts, refused, notes)
