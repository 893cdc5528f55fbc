"""Files of accreditations (CSV, or JSON as a list of objects) read into drafts: pure, nothing is kept."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NamedTuple

import msgspec

from siga.contract.accreditation_lists import AccreditationDraft
from siga.contract.accreditations import AccreditationKind
from siga.contract.parking import CATEGORIES, Category
from siga.kit.bay_files import MAX_ROWS, BadBayFile, RefusedRow
from siga.kit.bay_files.tables import read_table
from siga.kit.bay_files.texts import decode, folded, header_words
from siga.kit.credentials import normalise_number, normalise_plate, normalise_uid
from siga.kit.problem import Invalid

_NAMES: dict[str, tuple[str, ...]] = {
    "number": ("number", "numero", "card_number", "numero_tarjeta", "n_tarjeta", "tarjeta_numero", "num", "expediente"),
    "holder": ("holder", "titular", "name", "nombre", "nombre_y_apellidos", "nombre_completo"),
    "category": ("category", "categoria", "reserved_for", "reservado_para"),
    "kind": ("kind", "type", "clase", "tipo"),
    "issuer": ("issuer", "issued_by", "emisor", "organismo", "ayuntamiento", "entidad"),
    "issuer_country": ("issuer_country", "country", "pais", "pais_emisor"),
    "valid_from": ("valid_from", "from", "desde", "valida_desde", "fecha_inicio", "fecha_emision", "inicio"),
    "valid_to": ("valid_to", "to", "until", "hasta", "valida_hasta", "fecha_fin", "caduca", "caducidad", "fin"),
    "language": ("language", "idioma", "lengua"),
    "plates": ("plates", "plate", "matricula", "matriculas"),
    "cards": ("cards", "card", "uid", "uids", "card_uid", "tarjeta_uid"),
}  # fmt: skip
_CATEGORIES: dict[str, Category] = {
    **{category: category for category in CATEGORIES}, "pmr": "disabled", "movilidad_reducida": "disabled",
    "discapacidad": "disabled", "persona_con_discapacidad": "disabled", "ambulancia": "ambulance",
    "autoridad": "authority", "oficial": "authority", "carga_y_descarga": "delivery", "reparto": "delivery",
    "autobus": "bus", "otro": "other", "otra": "other",
}  # fmt: skip
_KINDS: dict[str, AccreditationKind] = {
    "personal": "personal", "permanente": "personal", "permanent": "personal", "individual": "personal",
    "titular": "personal", "provisional": "provisional", "temporal": "provisional", "humanitaria": "provisional",
    "collective": "collective", "colectiva": "collective", "colectivo": "collective", "entidad": "collective",
}  # fmt: skip
_LANGUAGES = {"es": "es", "espanol": "es", "castellano": "es", "spanish": "es", "en": "en", "ingles": "en",
              "english": "en"}  # fmt: skip
_DAYS = ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y")


class AccreditationFile(NamedTuple):
    """What a file of accreditations gave, in the order of its rows."""

    drafts: list[AccreditationDraft]
    refused: list[RefusedRow]
    notes: list[str]


def read_accreditations(data: bytes, *, filename: str) -> AccreditationFile:
    """The accreditations of a CSV or JSON file (at most 64 MB and 200,000 rows), and every refused row.

    Several plates or cards in one cell are parted by `|` or `,`. Days are `2026-11-22` or `22/11/2026`. What a refused
    row shows of itself is the end of its number alone. Raises BadBayFile when the file as a whole cannot be used.
    """
    text, notes = decode(data, filename)
    if text.lstrip("\ufeff \t\r\n")[:1] in ("[", "{"):
        rows = _objects(text, filename)
    else:
        source = read_table(text, filename, notes, _understands)
        roles, notes = _roles(source.headers), source.notes
        if "number" not in roles:
            names = ", ".join(_NAMES["number"])
            raise BadBayFile("no_number", f"{filename} has no column with the numbers: call it one of {names}.")
        rows = [
            (one.row, one.refused or {role: one.cells.get(header, "") for role, header in roles.items()})
            for one in source.records
        ]
    reader = _Reader()
    for row, cells in rows:
        reader.take(row, cells)
    return AccreditationFile(reader.drafts, reader.refused, notes)


class _Bad(Exception):
    """A row that makes no accreditation."""

    def __init__(self, slug: str, reason: str) -> None:
        super().__init__(reason)
        self.slug, self.reason = slug, reason


class _Reader:
    """Turns rows into drafts; what stands twice in the file is refused the second time."""

    def __init__(self) -> None:
        self.drafts: list[AccreditationDraft] = []
        self.refused: list[RefusedRow] = []
        self._rows: dict[tuple[str, ...], int] = {}

    def take(self, row: int, cells: Any) -> None:
        """One row: its cells by role, an object of JSON, or the table's own refusal."""
        number = str(cells.get("number") or "") if isinstance(cells, dict) else ""
        try:
            if not isinstance(cells, dict):
                raise _Bad(getattr(cells, "slug", "malformed"), getattr(cells, "reason", "This is no entry."))
            draft = _draft(cells, row)
            self._once(draft)
            self.drafts.append(draft)
        except (_Bad, Invalid) as fault:
            reason = fault.reason if isinstance(fault, _Bad) else fault.detail
            excerpt = f"…{number[-3:]}" if len(number) > 5 else ""
            self.refused.append(RefusedRow(row=row, reason=reason, slug=fault.slug, excerpt=excerpt))

    def _once(self, draft: AccreditationDraft) -> None:
        keys: list[tuple[str, ...]] = [
            ("number", normalise_number(draft.number), draft.issuer or "", draft.issuer_country or "")
        ]
        keys += [("plate", normalise_plate(plate)) for plate in draft.plates or ()]
        keys += [("card", normalise_uid(uid)) for uid in draft.cards or ()]
        for key in dict.fromkeys(keys):
            other = self._rows.get(key)
            if other is not None:
                raise _Bad("twice", f"Its {key[0]} stands in row {other} too: leave one.")
        self._rows.update(dict.fromkeys(keys, draft.row))


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


def _objects(text: str, filename: str) -> list[tuple[int, Any]]:
    try:
        document = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as fault:
        raise BadBayFile("not_json", f"{filename} is not valid JSON ({fault}): export it again, whole.") from fault
    rows = document.get("accreditations") if isinstance(document, dict) else document
    if not isinstance(rows, list) or not rows:
        raise BadBayFile("no_rows", f"{filename} holds no list: write [{{…}}, …] or {{“accreditations”: […]}}.")
    if len(rows) > MAX_ROWS:
        raise BadBayFile("too_many_rows", f"{filename} has more than {MAX_ROWS:,} accreditations: split it.")
    return list(enumerate(rows, start=1))


def _draft(cells: dict[str, Any], row: int) -> AccreditationDraft:
    told = {role: _text(cells[role]) for role in _NAMES if role in cells and _text(cells[role])}
    if not told.get("number"):
        raise _Bad("number_missing", "The row has no number: fill it in.")
    values: dict[str, Any] = {**told}
    values |= {name: _day(told[name]) for name in ("valid_from", "valid_to") if name in told}
    values |= {name: _list(told[name]) for name in ("plates", "cards") if name in told}
    for name, known in (("category", _CATEGORIES), ("kind", _KINDS), ("language", _LANGUAGES)):
        if name in told:
            values[name] = _one_of(name, told[name], known)
    if "issuer_country" in told:
        values["issuer_country"] = told["issuer_country"].upper()
    try:
        return msgspec.convert({**values, "row": row}, AccreditationDraft)
    except msgspec.ValidationError as fault:
        raise _Bad("malformed", f"A value is too long or of the wrong form ({fault}).") from fault


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "|".join(str(one) for one in value)
    return "" if value is None else str(value).strip()


def _list(text: str) -> tuple[str, ...]:
    return tuple(part for part in (piece.strip() for piece in text.replace(",", "|").split("|")) if part)


def _day(text: str) -> date:
    for form in _DAYS:
        try:
            return datetime.strptime(text[:10], form).date()
        except ValueError:
            continue
    raise _Bad("day_unreadable", "A day cannot be read: write it as 2026-11-22 or 22/11/2026.")


def _one_of(name: str, text: str, known: dict[str, Any]) -> Any:
    value = known.get(folded(text))
    if value is None:
        raise _Bad(f"{name}_unknown", f"That {name} is not known: write one of {', '.join(known)}.")
    return value
