"""Requests made from the OpenAPI document: paths, queries and bodies that name a town's real things."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from permission_world import Town, picture

Document = dict[str, Any]
METHODS = ("get", "post", "put", "patch", "delete")
_REF = "#/components/schemas/"

_VALUES: dict[str, Any] = {
    "email": "somebody@else.example", "category": "disabled", "language": "es", "name": "Nombre", "kind": "chirpstack",
    "bbox": "-180,-90,180,90", "q": "a", "issuer": "Alba", "number": "N-1", "holder": "Alguien",
    "uid": "04A1B2C3D4E5F7",
    "valid_from": "2026-01-01", "valid_to": "2031-12-31", "plate": "1111BBB", "version": 1, "label": "Casa",
    "password": "a long enough pass phrase 7", "model": "nps405", "firmware": "2.4.9", "outcome": "gone",
    "status": "resolved", "text": "hecho", "on": True, "expires_on": "2031-01-01", "card_number": "C-1", "limit": 5,
    "value": 240, "slug": "cenizo", "role": "operator", "filename": "bays.csv", "purpose": "a test",
    "municipality_ids": [], "issuer_country": "ES",
}  # fmt: skip
"""Values by name, where the schema alone does not say enough."""

_NAMED = frozenset({"municipality_id", "bay_ids"})
"""Optional fields that are given all the same, since they say which town is meant."""

_BODIES: dict[str, dict[str, Any]] = {
    "PATCH /api/v1/bays/{bay_id}": {"version": 1, "address": "Calle Mayor 1"},
    "PATCH /api/v1/zones/{zone_id}": {"address": "Centro"},
    "PATCH /api/v1/devices/{device_id}": {"label": "otra"},
    "POST /api/v1/devices": {"kind": "bay_sensor"},
    "POST /api/v1/cases/lookups": {"kind": "plate", "value": "1111BBB", "purpose": "windscreen"},
    "POST /api/v1/reports": {"kind": "misuse"},
    "PUT /api/v1/config/settings/{key}": {"value": 240},
    "POST /api/v1/devices/{device_id}/codec": {"model": "nps405", "firmware": "2.4.9"},
}  # fmt: skip
_RAW: dict[str, tuple[str, bytes]] = {
    "POST /api/v1/bays/import": ("text/csv", b"code,lon,lat,category\nX1,-3.7,40.4,disabled\n"),
    "POST /api/v1/history/import": ("application/x-ndjson", b""),
    "POST /api/v1/cases/{case_id}/photos": ("image/jpeg", picture(90)),
    "PUT /api/v1/reports/{report_id}/photo": ("image/jpeg", picture(91)),
}  # fmt: skip


@dataclass(frozen=True)
class Ask:
    """One request, and the operation it is one of."""

    operation: str
    method: str
    path: str
    query: dict[str, Any]
    body: Any
    content: bytes = b""
    media: str = ""

    def options(self) -> dict[str, Any]:
        """As `Door.ask` takes it."""
        headers = {"content-type": self.media} if self.media else {}
        return {"query": self.query, "body": self.body, "content": self.content, "headers": headers}


def operations(document: Document) -> dict[str, Document]:
    """`METHOD /path` → operation, of everything under `/api/v1/` and `/sensors/`."""
    return {
        f"{method.upper()} {path}": operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    }


def things_of(town: Town, zone: int = 0) -> dict[str, Any]:
    """What names stand for in that town, and in that zone of it."""
    return {**_VALUES, **town.things, **town.by_zone[zone], "bay_ids": [town.by_zone[zone]["bay_id"]],
            "zone_ids": [], "personal_accreditation_id": None}  # fmt: skip


def ask_for(document: Document, operation: str, things: Mapping[str, Any]) -> Ask:
    """A request of that operation about these things."""
    method, template = operation.split(" ", 1)
    told = operations(document)[operation]
    path, query = template, {}
    for one in told.get("parameters", []):
        name = one["name"]
        if one["in"] == "path":
            path = path.replace("{" + name + "}", str(things.get(name, "0190c0de-0000-7000-8000-00000000ffff")))
        elif one["in"] == "query" and (one.get("required") or name in _NAMED):
            query[name] = things[name] if name in things else made(document, one["schema"], name, things)
    if operation in _RAW:
        media, content = _RAW[operation]
        return Ask(operation, method, path, query, None, content, media)
    content_of = told.get("requestBody", {}).get("content", {})
    schema = content_of.get("application/json", {}).get("schema")
    body = made(document, schema, "", things) if schema else None
    if isinstance(body, dict):
        body |= _BODIES.get(operation, {})
    return Ask(operation, method, path, query, body)


def made(document: Document, schema: Document, name: str, things: Mapping[str, Any]) -> Any:
    """A value of that schema: what `things` say of the name, else the least the schema asks for."""
    if "$ref" in schema:
        return made(document, document["components"]["schemas"][schema["$ref"].removeprefix(_REF)], name, things)
    choices = schema.get("anyOf") or schema.get("oneOf")
    plain = schema.get("type") != "object" and not choices
    if plain and name in things and ("enum" not in schema or things[name] in schema["enum"]):
        return things[name]
    if choices:
        real = [one for one in choices if one.get("type") != "null"]
        return made(document, real[0], name, things)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type", "object" if "properties" in schema else "string")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        needed = set(schema.get("required", ()))
        fields = schema.get("properties", {})
        return {key: made(document, one, key, things) for key, one in fields.items() if key in needed or key in _NAMED}
    if kind == "array":
        return [made(document, schema["items"], "", things)] if schema.get("minItems") else []
    if kind in ("integer", "number"):
        return schema.get("minimum", 1)
    if kind == "boolean":
        return False
    return {"date": "2030-01-01", "date-time": "2030-01-01T10:00:00Z"}.get(str(schema.get("format")), "texto")
