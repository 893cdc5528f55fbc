"""The OpenAPI document as rows a person can read, pure: operations by subject, fields with their types in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from siga.services.gateway.reference.merge import Document

_REF = "#/components/schemas/"
_METHODS = ("get", "post", "put", "patch", "delete")
_DEEP = 4


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter or a field: its name, where it stands or how deep, its type in words, whether it must be there."""

    name: str
    kind: str
    required: bool
    about: str
    where: str = ""
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that can be asked."""

    anchor: str
    method: str
    path: str
    summary: str
    paragraphs: list[str]
    who: str
    parameters: list[Field]
    body: list[Field]
    body_kind: str
    answer: list[Field]
    answer_kind: str


def pieces(text: str) -> list[tuple[bool, str]]:
    """Text in pieces of plain words and of code between backticks: (is code, piece)."""
    return [(bool(n % 2), piece) for n, piece in enumerate(text.split("`")) if piece]


def subjects(document: Document) -> list[tuple[str, list[Operation]]]:
    """The operations by tag, in the order of the paths."""
    found: dict[str, list[Operation]] = {}
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                tag = (item[method].get("tags") or ["other"])[0]
                found.setdefault(tag, []).append(_operation(document, method, path, item[method]))
    return sorted(found.items())


def _operation(document: Document, method: str, path: str, told: Document) -> Operation:
    body = told.get("requestBody", {}).get("content", {})
    answers = [one for status, one in told.get("responses", {}).items() if status.startswith("2")]
    answer = (answers[0] if answers else {}).get("content", {})
    body_schema, answer_schema = _schema(body), _schema(answer)
    parameters = [
        Field(one["name"], kind_of(one.get("schema", {})), bool(one.get("required")),
              one.get("description", "") or "", where=one["in"])
        for one in told.get("parameters", [])
    ]  # fmt: skip
    return Operation(
        anchor=told.get("operationId", f"{method}{path}"), method=method.upper(), path=path,
        summary=told.get("summary", ""),
        paragraphs=[part.replace("\n", " ") for part in (told.get("description") or "").split("\n\n") if part],
        who=_who(told.get("security", [])), parameters=parameters,
        body=_fields(document, body_schema), body_kind=kind_of(body_schema) if body else "",
        answer=_fields(document, answer_schema), answer_kind=kind_of(answer_schema) if answer else "",
    )  # fmt: skip


def kind_of(schema: Document) -> str:
    """A schema in a word or two: `text`, `BayView`, `list of Ack`, `time or nothing`."""
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix(_REF)
    for key in ("oneOf", "anyOf"):
        if key in schema:
            kinds = dict.fromkeys(kind_of(one) for one in schema[key])
            return " or ".join(sorted(kinds, key=lambda kind: kind == "nothing"))
    if "enum" in schema:
        return " | ".join("nothing" if one is None else str(one) for one in schema["enum"])
    if "const" in schema:
        return str(schema["const"])
    kind = schema.get("type")
    if isinstance(kind, list):
        return " or ".join(kind_of({**schema, "type": one}) for one in kind)
    if kind == "array":
        return f"list of {kind_of(schema.get('items', {}))}"
    if kind == "string":
        return {"date-time": "time", "date": "day", "binary": "bytes"}.get(schema.get("format", ""), "text")
    words = {
        "integer": "whole number",
        "number": "number",
        "boolean": "yes or no",
        "object": "object",
        "null": "nothing",
    }
    return words.get(str(kind), "anything")


def _schema(content: Document) -> Document:
    first: Document = next(iter(content.values()), {})
    return dict(first.get("schema", {}))


def _fields(document: Document, schema: Document, depth: int = 0, seen: frozenset[str] = frozenset()) -> list[Field]:
    """The fields of a schema and, indented, of what it holds; each named schema once on the way down."""
    name = _named(schema)
    if name:
        if name in seen or depth > _DEEP:
            return []
        seen |= {name}
        schema = document["components"]["schemas"].get(name, {})
    rows: list[Field] = []
    required = set(schema.get("required", []))
    for key, one in schema.get("properties", {}).items():
        rows.append(Field(key, kind_of(one), key in required, one.get("description", "") or "", depth=depth))
        rows += _fields(document, one, depth + 1, seen) if _named(one) else []
    return rows


def _named(schema: Document) -> str | None:
    """The one named schema a field leads to: directly, as list, or as one of several besides nothing."""
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix(_REF)
    if schema.get("type") == "array":
        return _named(schema.get("items", {}))
    names = [_named(one) for key in ("oneOf", "anyOf") for one in schema.get(key, [])]
    return next((name for name in names if name), None)


def _who(security: list[dict[str, Any]]) -> str:
    names = {name for one in security for name in one}
    if {} in security or not security:
        return "anyone"
    if "integration" in names:
        return "a network server, by its secret"
    return "a device, by signature" if "device" in names else "people who are signed in"
