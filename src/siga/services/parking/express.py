"""The hot requests as bare ASGI in front of the framework: nearest, one bay, bays in a box, and reports.

It answers exactly as the documented handlers do (a test compares them) and leaves to them whatever is not plain: odd
parameters, faults of a request, staff who see more.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, cast
from urllib.parse import unquote_to_bytes

import msgspec

from siga.contract.auth import Claims, municipalities_of
from siga.contract.parking import CATEGORIES, Ack, PublicOccupancy, ReportBatch
from siga.kit.auth import Keyring
from siga.kit.geo import parse_box
from siga.kit.http import refuse
from siga.kit.problem import Problem
from siga.kit.service import ASGI
from siga.services.parking.kinds import WORDS
from siga.services.parking.reads import Reads, Tagged, is_same
from siga.services.parking.service import Parking

_BAYS, _NEAREST = "/api/v1/bays", "/api/v1/bays/nearest"
_REPORTS = "/internal/v1/reports"
_OWN_ROUTES = frozenset({"nearest", "by-code", "batch", "import"})
_CATEGORIES = frozenset(CATEGORIES)
_WORDS = {word: (word,) for word in WORDS}
_DECIMAL, _WHOLE = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?"), re.compile(r"[1-9][0-9]{0,4}")
_decode_batch = msgspec.json.Decoder(ReportBatch).decode
_encode_acks = msgspec.json.Encoder().encode

Header = tuple[bytes, bytes]


class Answer(NamedTuple):
    """What is to be sent."""

    status: int
    headers: list[Header]
    body: bytes


class Express:
    """The lane: `answer` for whoever stands in the same process before it, ASGI for everybody else."""

    def __init__(self, reads: Reads, parking: Parking, keys: Keyring, framework: ASGI) -> None:
        self._reads, self._parking, self._keys, self.framework = reads, parking, keys, framework
        self._by_path: dict[str, Callable[[bytes], Tagged | None]] = {_NEAREST: self._nearest, _BAYS: self._in_box}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer if it is a plain request, else let the framework do it."""
        if scope["type"] == "http":
            if scope["method"] == "GET":
                answer = self._read(scope)
                if answer is not None:
                    await _sent(send, answer)
                    return
            elif scope["path"] == _REPORTS and scope["method"] == "POST" and self._is_gateway(scope):
                await self._reports(scope, receive, send)
                return
        await self.framework(scope, receive, send)

    def _read(self, scope: Any) -> Answer | None:
        path = scope["path"]
        if not path.startswith(_BAYS) or not self._parking.loaded:
            return None
        headers = dict(scope["headers"])
        claims = self._claims(headers.get(b"authorization"))
        if claims is None or municipalities_of(claims, "map.read_all"):
            return None
        return self.answer(path, scope["query_string"], headers.get(b"accept"), headers.get(b"if-none-match"))

    def answer(self, path: str, query: bytes, accept: bytes | None, if_none_match: bytes | None) -> Answer | None:
        """The answer to a plain GET of somebody who sees what anyone sees; None: ask the framework."""
        if accept is not None and b"geo+json" in accept:
            return None
        read = self._by_path.get(path)
        found = read(query) if read is not None else self._one(path)
        if found is None:
            return None
        headers: list[Header] = [(b"etag", found.tag.encode()), (b"cache-control", b"no-cache")]
        if path != _NEAREST:
            headers.append((b"vary", b"Accept, Authorization, Cookie"))
        # How long a 304's body would have been may be left out (RFC 9110 §8.6).
        if if_none_match is not None and is_same(found.tag, if_none_match.decode("latin-1")):
            return Answer(304, headers, b"")
        length = b"content-length", b"%d" % len(found.body)
        return Answer(200, [(b"content-type", b"application/json"), length, *headers], found.body)

    def _claims(self, authorisation: bytes | None) -> Claims | None:
        if authorisation is None or not authorisation.startswith(b"Bearer "):
            return None
        try:
            return self._keys.verify(authorisation[7:].decode("latin-1"), "parking")
        except Problem:
            return None

    def _is_gateway(self, scope: Any) -> bool:
        claims = self._claims(dict(scope["headers"]).get(b"authorization"))
        return claims is not None and claims.kind == "service" and claims.sub == "gateway"

    # --- reads ---------------------------------------------------------------------------------------------------

    def _nearest(self, query: bytes) -> Tagged | None:
        given = _plain_query(query)
        if given is None or not given.keys() <= {"lon", "lat", "category", "limit", "max_distance_m", "occupancy"}:
            return None
        lon, lat, limit = _number(given.get("lon")), _number(given.get("lat")), _whole(given.get("limit", "10"))
        most = _number(given["max_distance_m"]) if "max_distance_m" in given else None
        category = given.get("category")
        if lon is None or lat is None or limit is None or not 1 <= limit <= 100:
            return None
        if (most is None and "max_distance_m" in given) or (category is not None and category not in _CATEGORIES):
            return None
        try:
            return self._reads.nearest(lon, lat, category, limit, most,
                                       given.get("occupancy", "free"))  # fmt: skip
        except Problem:
            return None

    def _in_box(self, query: bytes) -> Tagged | None:
        given = _plain_query(query)
        if given is None or not given.keys() <= {"bbox", "category", "occupancy", "limit", "cursor"}:
            return None
        box, limit = parse_box(given.get("bbox", "-180,-90,180,90")), _whole(given.get("limit", "200"))
        category, occupancy = given.get("category"), given.get("occupancy", "any")
        words = None if occupancy == "any" else _WORDS.get(cast("PublicOccupancy", occupancy))
        if box is None or limit is None or not 1 <= limit <= 1000:
            return None
        if (category is not None and category not in _CATEGORIES) or (words is None and occupancy != "any"):
            return None
        try:
            return self._reads.page(box, words, category, limit, given.get("cursor"))
        except Problem:
            return None

    def _one(self, path: str) -> Tagged | None:
        bay_id = path[len(_BAYS) + 1 :]
        if not path.startswith(_BAYS + "/") or "/" in bay_id or bay_id in _OWN_ROUTES:
            return None
        return self._reads.one(bay_id)

    # --- reports -------------------------------------------------------------------------------------------------

    async def _reports(self, scope: Any, receive: Any, send: Any) -> None:
        body = await _body(receive)
        if body is None:
            return
        try:
            acks = await self.take(_decode_batch(body))
        except Problem as problem:
            await refuse("parking", scope, send, problem)
            return
        except (msgspec.MsgspecError, UnicodeDecodeError):
            await self.framework(scope, _again(body), send)  # it words what is wrong with the body
            return
        told = _encode_acks(acks)
        head = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(told))]
        await _sent(send, Answer(200, head, told))

    async def take(self, batch: ReportBatch) -> list[Ack]:
        """Reports of one envelope, answered after the commit; for the gateway in the same process."""
        return await self._parking.take_reports(batch)

    def keys_version(self) -> int:
        """As long as it is the same, every device's key is; for the gateway in the same process."""
        return self._parking.picture.keys_version


def _plain_query(query: bytes) -> dict[str, str] | None:
    """The parameters, each once and not empty; None when there is anything odd about them."""
    if not query:
        return {}
    found: dict[str, str] = {}
    if b"+" in query or b";" in query:
        return None
    for part in query.split(b"&"):
        name, _, value = part.partition(b"=")
        if b"%" in value:
            value = unquote_to_bytes(value)
        try:
            key, text = name.decode("ascii"), value.decode("ascii")
        except UnicodeDecodeError:
            return None
        if not text or key in found:
            return None
        found[key] = text
    return found


def _number(text: str | None) -> float | None:
    """A plain decimal number; anything else (exponents, blanks, words) is for the framework to judge."""
    return float(text) if text is not None and _DECIMAL.fullmatch(text) else None


def _whole(text: str) -> int | None:
    return int(text) if _WHOLE.fullmatch(text) else None


async def _body(receive: Any) -> bytes | None:
    """The whole body; None when the other side went away."""
    message = await receive()
    if message["type"] != "http.request":
        return None
    if not message.get("more_body", False):
        return bytes(message.get("body", b""))
    parts = [message.get("body", b"")]
    while message.get("more_body", False):
        message = await receive()
        if message["type"] != "http.request":
            return None
        parts.append(message.get("body", b""))
    return b"".join(parts)


def _again(body: bytes) -> Callable[[], Awaitable[dict[str, Any]]]:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def _sent(send: Any, answer: Answer) -> None:
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
    await send({"type": "http.response.body", "body": answer.body, "more_body": False})
