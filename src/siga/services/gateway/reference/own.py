"""The gateway's own part of the OpenAPI document: sessions, the live stream, health, and the sensors' door."""

from __future__ import annotations

from typing import Any

import msgspec

from siga.contract.accounts import SignInAsk
from siga.contract.enforcement import PhotoTasks
from siga.contract.factors import FactorProof, SecondStep
from siga.contract.lorawan import UplinkAck
from siga.contract.parking import Ack, BayView, Report
from siga.kit.problem import MEDIA_TYPE, ProblemBody
from siga.services.gateway.reference.merge import PROBLEM, SECURITY_SCHEMES, Document
from siga.services.gateway.session_routes import SessionShown

_ABOUT = """Reserved parking in public space.

Times are UTC (RFC 3339 with `Z`), positions WGS84 with the longitude first. Refusals are RFC 9457 problems whose `type`
can be opened. Lists take `limit` and `cursor` and answer `next`. Every answer carries `X-Request-ID`. Answers may gain
fields; unknown fields in requests are refused."""

_STRUCTS = (SessionShown, SignInAsk, SecondStep, FactorProof, Report, Ack, UplinkAck, PhotoTasks, BayView, ProblemBody)
_REF = "#/components/schemas/{name}"
_DEVICE: list[Document] = [{"device": []}]
_SENSORS: list[Document] = [
    {"url": "http://{host}:{port}", "description": "the sensors' door",
     "variables": {"host": {"default": "localhost"}, "port": {"default": "8081"}}},
]  # fmt: skip


def own_document() -> Document:
    """What the gateway itself answers, with the schemas and refusals everything else refers to."""
    _, schemas = msgspec.json.schema_components(_STRUCTS, ref_template=_REF)
    return {
        "openapi": "3.1.0",
        "info": {"title": "SIGA", "version": "1", "description": _ABOUT, "license": {"name": "Apache-2.0",
                 "identifier": "Apache-2.0"}},
        "servers": [{"url": "/"}],
        "paths": {**_session_paths(), **_live_path(), **_sensor_paths(), **_server_paths()},
        "components": {
            "schemas": schemas, "securitySchemes": SECURITY_SCHEMES,
            "responses": {"Problem": {
                "description": "It was refused; the body says why and what to do.",
                "content": {MEDIA_TYPE: {"schema": {"$ref": _REF.format(name="ProblemBody")}}},
            }},
        },
    }  # fmt: skip


def _session_paths() -> Document:
    shown = _json("SessionShown", "Who the caller is.")
    step = _json("SecondStep", "A second factor is to be shown at `/api/v1/auth/session/second`, with this ticket.")
    return {"/api/v1/auth/session/second": {
        "post": _operation("auth", "showSecondFactor", "Show the second factor",
                           "With the ticket of signing in: a code of the app, a recovery code, or a passkey's answer.",
                           {"201": shown}, security=[{}], body="FactorProof"),
    }, "/api/v1/auth/session/passkey": {
        "post": _operation("auth", "beginPasskey", "Sign in by a passkey alone",
                           "What to ask the browser for; its answer goes to `/api/v1/auth/session/second`.",
                           {"200": step}, security=[{}]),
    }, "/api/v1/auth/session": {
        "get": _operation("auth", "whoAmI", "Who am I", "The caller as the gateway knows them, a guest too.",
                          {"200": shown}, security=[{}, {"session": []}, {"accessToken": []}]),
        "post": _operation("auth", "signIn", "Sign in with a cookie",
                           "For pages and apps in a browser. Staff only over HTTPS or on the very machine.",
                           {"201": shown, "200": step}, security=[{}], body="SignInAsk"),
        "delete": _operation("auth", "signOut", "Sign out", "Ends the session and takes the cookie away.",
                             {"204": {"description": "Signed out."}}, security=[{}, {"session": []}]),
    }}  # fmt: skip


def _live_path() -> Document:
    parameters = [
        _query("bbox", "`minlon,minlat,maxlon,maxlat`: watch the bays in this box"),
        _query("bay_id", "watch this bay besides; may stand up to 50 times"),
        _query("staff", "`1`: also `case` and `alarm` for your municipality"),
        {"name": "Last-Event-ID", "in": "header", "required": False, "schema": {"type": "string"},
         "description": "where to go on after a break; browsers send it themselves"},
    ]  # fmt: skip
    description = (
        "Server-sent events. First `snapshot` (`{position, bays}`), or what was missed since `Last-Event-ID`; then "
        "`bay` (a whole BayView) for each bay that changed, `heard` (`{bay_id, observed_at, heard_at}`) when its "
        "sensor spoke without news, and `gone` (`{bay_id}`) for one that is no longer shown: each bay's newest only, "
        "at most four times a second. `id` is Parking's position. A `snapshot` may come again; it replaces all that "
        "was told before. Who reads nothing for 10 s is dropped: `resync` is the stream's last event, come back by "
        "`Last-Event-ID`. Staff streams add `case` and `alarm` (fetch the queue anew after each connect, and at "
        "`resync`). A comment comes every 15 s."
    )
    answer = {"description": "The stream.", "content": {"text/event-stream": {"schema": {"type": "string"}}}}
    return {"/api/v1/live": {"get": _operation(
        "live", "live", "Live stream", description, {"200": answer}, parameters=parameters,
        security=[{}, {"session": []}, {"accessToken": []}],
    )}}  # fmt: skip


def _sensor_paths() -> Document:
    ack, photo = {"$ref": _REF.format(name="Ack")}, {"application/octet-stream": {"schema": {"type": "string"}}}
    report = {"$ref": _REF.format(name="Report")}
    reports = {"oneOf": [report, {"type": "array", "maxItems": 1000, "items": report}]}
    acks = _of({"oneOf": [ack, {"type": "array", "items": ack}]}, "What became of each report, told after the commit.")
    wait = _query("wait_s", "how long to wait for a task, 0 to 25 seconds")
    return {
        "/sensors/v1/enrol": _sensor("post", "enrol", "Enrol", "A one-time code becomes an id and a key.",
                                     {"200": _of(_ENROLLED, "Keep these; the key is told this once.")}, _ENROL, [{}]),
        "/sensors/v1/hello": _sensor("post", "hello", "Start", "Grants the next boot epoch; tells time and settings.",
                                     {"200": _of(_HELLO, "Use this epoch until the next start.")}, {"type": "object"}),
        "/sensors/v1/rotate": _sensor(
            "post", "rotate", "A new key", "Signed with the key in use, which opens beside the new one until that was "
            "first used, or until `old_ends_at`. Who hears no answer asks again: the key not used yet is replaced.",
            {"200": _of(_ROTATED, "Sign with the new key from now on.")}, _ROTATE),
        "/sensors/v1/reports": _sensor(
            "post", "report", "Report", "One report or up to 1,000. A bad one is `rejected` in its place and harms no "
            "other. A retry takes a new nonce and is answered `repeated`.", {"200": acks}, reports),
        "/sensors/v1/tasks": _sensor("get", "tasks", "Photos wanted", "Waits for the first one.",
                                     {"200": _json("PhotoTasks", "What to photograph.")}, parameters=[wait]),
        "/sensors/v1/photos/{case_id}": _sensor(
            "put", "photo", "Photo", "The photo of a case that asked for one: JPEG, PNG or WebP, at most 8 MiB.",
            {"200": _of({"type": "object"}, "It is kept.")}, parameters=[_path("case_id")], raw=photo),
    }  # fmt: skip


def _server_paths() -> Document:
    """The webhooks of LoRaWAN network servers."""
    event = _query("event", "which event it is: `up`, `join`, `status`; others are answered and passed")
    ack = {"200": _json("UplinkAck", "What became of the message, told after the commit.")}
    return {
        f"/sensors/v1/lns/{kind}": _sensor(
            "post", kind, name, f"{words} A frame counts once, whatever gateways and servers bring it.", ack,
            {"type": "object"}, [{"integration": []}], parameters=[event] if kind == "chirpstack" else None,
        )
        for kind, name, words in (
            ("chirpstack", "ChirpStack v4", "The JSON of its HTTP integration."),
            ("ttn", "The Things Stack v3", "The JSON of its webhooks, whichever message it is."),
        )
    }  # fmt: skip


_TEXT, _WHOLE, _TIME = {"type": "string"}, {"type": "integer"}, {"type": "string", "format": "date-time"}
_PUBLIC_KEY: Document = {"type": "string", "description": "Ed25519 only: 32 bytes in base64"}


def _proof(subject: str) -> Document:
    words = (
        f"Ed25519 only, 64 bytes in base64: the key's signature over `SIGA1-KEY`, {subject} and `public_key` as sent"
    )
    return {"type": "string", "description": f"{words}, joined by line feeds"}


_ENROL: Document = {
    "type": "object", "required": ["code"],
    "properties": {"code": _TEXT, "key_kind": {"enum": ["hmac", "ed25519"], "default": "hmac"},
                   "public_key": _PUBLIC_KEY, "proof": _proof("the code")},
}  # fmt: skip
_ROTATE: Document = {
    "type": "object",
    "properties": {"key_kind": {"enum": ["hmac", "ed25519"], "default": "hmac"}, "public_key": _PUBLIC_KEY,
                   "proof": _proof("the device's id")},
}  # fmt: skip
_ROTATED: Document = {
    "type": "object",
    "properties": {
        "device_id": _TEXT, "key_kind": _TEXT, "old_ends_at": _TIME,
        "sealed_key": {"type": "string", "description": "HMAC only, 32 bytes in base64: the key XOR HMAC-SHA-256(the "
                       "key that signed, `SIGA1-KEY`, the device's id and this request's nonce, joined by line feeds)"},
    },
}  # fmt: skip
_ENROLLED: Document = {
    "type": "object",
    "properties": {"device_id": _TEXT, "key_kind": _TEXT, "period_s": _WHOLE,
                   "key": {"type": "string", "description": "HMAC only: 32 bytes in base64"}},
}  # fmt: skip
_HELLO: Document = {
    "type": "object",
    "properties": {"epoch": _WHOLE, "server_time": _TIME, "period_s": _WHOLE,
                   "bay_ids": {"type": "array", "items": _TEXT}},
}  # fmt: skip


def _sensor(method: str, name: str, summary: str, description: str, responses: Document, body: Document | None = None,
            security: list[Document] | None = None, *, parameters: list[Document] | None = None,
            raw: Document | None = None) -> Document:  # fmt: skip
    operation = _operation("sensors", f"sensor_{name}", summary, description, responses, parameters=parameters,
                           security=security or _DEVICE)  # fmt: skip
    content = raw or ({"application/json": {"schema": body}} if body is not None else None)
    if content:
        operation["requestBody"] = {"required": True, "content": content}
    return {"servers": _SENSORS, method: operation}


def _operation(
    tag: str,
    name: str,
    summary: str,
    description: str,
    responses: Document,
    *,
    security: list[Document],
    parameters: list[Document] | None = None,
    body: str | None = None,
) -> Document:
    told: dict[str, Any] = {
        "tags": [tag], "operationId": name, "summary": summary, "description": description, "security": security,
        "parameters": parameters or [], "responses": {**responses, "default": PROBLEM}, "x-siga-service": "gateway",
    }  # fmt: skip
    if body:
        schema = {"$ref": _REF.format(name=body)}
        told["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return told


def _json(name: str, description: str) -> Document:
    return _of({"$ref": _REF.format(name=name)}, description)


def _of(schema: Document, description: str) -> Document:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _query(name: str, description: str) -> Document:
    return {"name": name, "in": "query", "required": False, "schema": _TEXT, "description": description}


def _path(name: str) -> Document:
    return {"name": name, "in": "path", "required": True, "schema": _TEXT}
