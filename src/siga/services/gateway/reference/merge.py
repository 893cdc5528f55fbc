"""The services' OpenAPI documents become one, pure: public paths only, one set of schemas, one way to be refused."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

Document = dict[str, Any]

_REF = "#/components/schemas/"
_METHODS = ("get", "put", "post", "delete", "patch", "head", "options")
_PUBLIC = ("/api/", "/sensors/")
PROBLEM = {"$ref": "#/components/responses/Problem"}

SECURITY_SCHEMES: Document = {
    "accessToken": {
        "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
        "description": "For apps: the access token of POST /api/v1/auth/token, at most five minutes old.",
    },
    "session": {
        "type": "apiKey", "in": "cookie", "name": "__Host-siga",
        "description": "For pages: the cookie of POST /api/v1/auth/session. Changes also need the header X-CSRF-Token "
        "with the `csrf` value of GET /api/v1/auth/session, and come from our own origin.",
    },
    "device": {
        "type": "apiKey", "in": "header", "name": "Authorization",
        "description": 'For devices: `SIGA-HMAC device="…", created="…", nonce="…", signature="…"` or `SIGA-ED25519`. '
        "Signed are the UTF-8 bytes, joined by line feeds without one at the end, of: SIGA1, the method, the raw path, "
        "the raw query without `?`, the device's id, created (unix seconds), nonce (growing, unsigned 64 bit), the "
        "lower-case hex SHA-256 of the body.",
    },
    "integration": {
        "type": "http", "scheme": "bearer",
        "description": "For LoRaWAN network servers: the integration's secret, also taken as the password of Basic "
        "authentication or in the header `X-Siga-Secret`.",
    },
}  # fmt: skip


def merged(documents: Mapping[str, Document], own: Document, open_to_all: Iterable[str]) -> Document:
    """One document of the gateway's `own` and the services' (by name). `open_to_all`: operations
    (`METHOD /path`) that need no sign-in. Schemas of one name and two meanings get their service's name in front."""
    paths: Document = {}
    schemas: Document = dict(own["components"]["schemas"])
    for service, document in documents.items():
        public = {path: item for path, item in document.get("paths", {}).items() if path.startswith(_PUBLIC)}
        wanted = _reachable(public, document.get("components", {}).get("schemas", {}))
        names = _names(service, wanted, schemas)
        schemas |= {names[name]: _renamed(schema, names) for name, schema in wanted.items()}
        for path, item in _renamed(public, names).items():
            paths.setdefault(path, {}).update(_tidied(service, path, item, frozenset(open_to_all)))
    for path, item in own["paths"].items():
        paths.setdefault(path, {}).update(item)
    return {
        **own, "paths": dict(sorted(paths.items())),
        "components": {**own["components"], "schemas": dict(sorted(schemas.items()))},
    }  # fmt: skip


def _reachable(paths: Document, schemas: Document) -> Document:
    """The schemas that the paths need, themselves or through others."""
    found: Document = {}
    waiting = _refs(paths)
    while waiting:
        name = waiting.pop()
        if name in found or name not in schemas:
            continue
        found[name] = schemas[name]
        waiting |= _refs(schemas[name])
    return found


def _refs(value: Any) -> set[str]:
    return set(re.findall(rf'"{_REF}([^"]+)"', json.dumps(value)))


def _names(service: str, wanted: Document, taken: Document) -> dict[str, str]:
    return {
        name: name if name not in taken or _alike(taken[name], schema) else f"{service.capitalize()}{name}"
        for name, schema in wanted.items()
    }


def _alike(one: Document, other: Document) -> bool:
    """Whether two schemas of one name are the same struct, perhaps described by two makers in two ways."""
    return one == other or (
        bool(one.get("properties")) and one["properties"].keys() == other.get("properties", {}).keys()
    )


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {
            # A whole number is an integer and a number: `oneOf`, as the framework says of unions, would refuse it.
            "anyOf" if key == "oneOf" else key: f"{_REF}{names.get(one.removeprefix(_REF), one.removeprefix(_REF))}"
            if key == "$ref" and isinstance(one, str) and one.startswith(_REF)
            else _renamed(one, names)
            for key, one in value.items()
        }
    return [_renamed(one, names) for one in value] if isinstance(value, list) else value


def _tidied(service: str, path: str, item: Document, open_to_all: frozenset[str]) -> Document:
    """A path's operations as we tell them: tagged by prefix, refusals as problems, who may ask."""
    prefix = path.split("/")[3] if path.count("/") >= 3 else service
    told: Document = {}
    for method, operation in item.items():
        if method not in _METHODS:
            told[method] = operation
            continue
        responses = {status: one for status, one in operation.get("responses", {}).items() if int(status) < 400}
        security: list[Document] = [{"accessToken": []}, {"session": []}]
        if f"{method.upper()} {path}" in open_to_all:
            security.insert(0, {})
        told[method] = {
            **operation, "tags": [prefix], "responses": {**responses, "default": PROBLEM}, "security": security,
            "x-siga-service": service,
        }  # fmt: skip
    return told
