"""The routes of the sensors' door: enrol, hello, rotate, reports, tasks, photos, network servers."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs, quote

import msgspec

from siga.contract.parking import Ack, DeviceKey, PhotoTask, ReportBatch
from siga.kit import metrics
from siga.kit.clock import Clock
from siga.kit.log import logger
from siga.kit.peers import Peers
from siga.kit.problem import Broken, Malformed, MethodNotAllowed, NotFound, Problem
from siga.kit.service import Lane
from siga.services.gateway.asgi import Receive, Scope, Send, read_body, send_bytes
from siga.services.gateway.policies import sensors_body_limit_bytes
from siga.services.gateway.sensors.guard import Admitted, Guard
from siga.services.gateway.sensors.keys import DeviceKeys, Municipalities
from siga.services.gateway.sensors.lns.intake import LnsDoor
from siga.services.gateway.sensors.quotas import Quotas
from siga.services.gateway.sensors.reports import (
    Sorted,
    needs_match_key,
    on_our_clock,
    read_items,
    read_plain,
    sort_items,
    split_items,
)

Handler = Callable[[Scope, bytes], Awaitable[bytes]]
_JSON = "application/json"
_PHOTOS = "/sensors/v1/photos/"
_LONGEST_WAIT_S = 25.0
_ENDED = "key-ended"
_COUNTED = frozenset({_ENDED, "replayed"})
_QUOTED = re.compile(r"`[^`]*`")
_log = logger("gateway")


class SensorsDoor:
    """The ASGI app behind the sensors' door. Bodies are limited by the door around it."""

    def __init__(
        self, peers: Peers, guard: Guard, keys: DeviceKeys, municipalities: Municipalities, clock: Clock,
        lns: LnsDoor, quotas: Quotas, lane: Lane | None = None,
    ) -> None:  # fmt: skip
        self._quotas = quotas
        self._peers, self._guard, self._keys = peers, guard, keys
        self._municipalities, self._clock, self._lane = municipalities, clock, lane
        self._routes: dict[str, tuple[str, Handler]] = {
            "/sensors/v1/enrol": ("POST", self._enrol),
            "/sensors/v1/hello": ("POST", self._hello),
            "/sensors/v1/rotate": ("POST", self._rotate),
            "/sensors/v1/reports": ("POST", self._reports),
            "/sensors/v1/tasks": ("GET", self._tasks),
            **lns.routes(),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Route, read the body, answer with JSON."""
        method, handler = self._route(scope["path"])
        scope["siga.route"] = _PHOTOS if scope["path"].startswith(_PHOTOS) else scope["path"]
        if scope["method"] != method:
            raise MethodNotAllowed(f"Use {method} here.", headers={"allow": method})
        body = await read_body(receive, sensors_body_limit_bytes(method, scope["path"]))
        await send_bytes(send, await handler(scope, body), _JSON)

    def _route(self, path: str) -> tuple[str, Handler]:
        if path.startswith(_PHOTOS):
            return "PUT", self._photo
        found = self._routes.get(path)
        if found is None:
            raise NotFound("There is nothing at this address; see /api/docs.")
        return found

    async def _enrol(self, scope: Scope, body: bytes) -> bytes:
        """A one-time code becomes an id and a key."""
        self._guard.check_failures(scope)
        try:
            answer = await self._peers["parking"].request("POST", "/internal/v1/enrol", content=body)
        except Problem as problem:
            if problem.status < 500:
                self._guard.count_failure(scope)
            raise
        enrolled = msgspec.json.decode(answer.content, type=dict[str, object])
        self._keys.drop(str(enrolled.get("device_id", "")))
        return answer.content

    async def _hello(self, scope: Scope, body: bytes) -> bytes:
        """The next boot epoch, the time, the device's settings."""
        admitted = await self._guard.admit(scope, body)
        return await self._told("/internal/v1/hello", _spent(admitted), admitted)

    async def _rotate(self, scope: Scope, body: bytes) -> bytes:
        """A new key beside the old one, until it was first used."""
        admitted = await self._guard.admit(scope, body)
        try:
            ask = msgspec.json.decode(body or b"{}", type=dict[str, object])
        except (msgspec.MsgspecError, UnicodeDecodeError) as fault:
            raise Malformed(f"The body is no JSON object: {fault}") from fault
        answer = await self._told("/internal/v1/rotate", {**_spent(admitted), "ask": ask}, admitted)
        self._keys.drop(admitted.key.device_id)
        return answer

    async def _told(self, path: str, ask: dict[str, object], admitted: Admitted) -> bytes:
        """Ask Parking something that spends the nonce."""
        try:
            return (await self._peers["parking"].request("POST", path, content=msgspec.json.encode(ask))).content
        except Problem as problem:
            self._not_taken(admitted.key, problem)
            raise

    def _not_taken(self, key: DeviceKey, problem: Problem) -> None:
        """Parking knows better than our memory which key counts."""
        if problem.slug in _COUNTED:
            metrics.DEVICE_REFUSALS.labels(problem.slug.replace("-", "_")).inc()
            _log.warning("envelope_refused", device_id=key.device_id, reason=problem.slug)
        if problem.slug == _ENDED:
            self._keys.drop(key.device_id)

    async def _reports(self, scope: Scope, body: bytes) -> bytes:
        """One report or an array; each answered in its place, after the commit."""
        received_at = self._clock()
        admitted = await self._guard.admit(scope, body)
        key, envelope, key_no = admitted
        work = read_plain(body, self._keys.allowed(key)) or await self._one_by_one(key, body)
        for ack in work.rejected.values():
            metrics.REPORTS.labels("rejected").inc()
            _log.warning("report_rejected", device_id=key.device_id, reason=_QUOTED.sub("…", ack.detail or ""))
        acks: list[Ack] = []
        with self._quotas.reports(key, len(work.good) + len(work.rejected)):
            if work.good:
                batch = ReportBatch(
                    device_id=key.device_id,
                    nonce=envelope.nonce,
                    received_at=received_at,
                    reports=on_our_clock(work.good, envelope.created, received_at),
                    key_no=key_no,
                )
                acks = await self._taken(batch, key)
                if len(acks) != len(work.good):
                    raise Broken("Parking answered another number of reports.")
            else:
                await self._spend(admitted)
        merged = work.merged(acks)
        return msgspec.json.encode(merged[0] if work.one else merged)

    async def _one_by_one(self, key: DeviceKey, body: bytes) -> Sorted:
        """Each report by itself, those with cards matched: one that cannot be taken harms no other."""
        items, one = split_items(body)
        read = read_items(items, self._keys.allowed(key))
        match_key = await self._municipalities.match_key(key.municipality_id) if needs_match_key(read) else b""
        return sort_items(read, one, match_key)

    async def _taken(self, batch: ReportBatch, key: DeviceKey) -> list[Ack]:
        """By Parking's express lane where it runs in this process."""
        try:
            if self._lane is not None:
                return await self._lane.take(batch)
            return await self._peers["parking"].post("/internal/v1/reports", batch, list[Ack])
        except Problem as problem:
            self._not_taken(key, problem)
            raise

    async def _tasks(self, scope: Scope, body: bytes) -> bytes:
        """Photos wanted of this camera, waiting for the first one up to `wait_s` seconds."""
        admitted = await self._guard.admit(scope, body)
        wait_s = _wait_s(scope["query_string"])
        await self._spend(admitted)
        params = {"device_id": admitted.key.device_id, "wait_s": wait_s}
        answer = await self._peers["enforcement"].request(
            "GET", "/internal/v1/tasks", params=params, timeout_s=wait_s + 10
        )
        return answer.content

    async def _photo(self, scope: Scope, body: bytes) -> bytes:
        """The photo of a case that asked this camera for one."""
        admitted = await self._guard.admit(scope, body)
        key = admitted.key
        await self._spend(admitted)
        case_id = quote(scope["path"].removeprefix(_PHOTOS), safe="")
        task = await self._peers["enforcement"].get(
            f"/internal/v1/tasks/{case_id}", PhotoTask, params={"device_id": key.device_id}
        )
        params = {
            "case_id": task.case_id, "bay_id": task.bay_id, "municipality_id": key.municipality_id,
            "site_country": await self._municipalities.country(key.municipality_id),
        }  # fmt: skip
        answer = await self._peers["images"].request(
            "POST", "/internal/v1/photos", params=params, content=body, content_type="image/jpeg", timeout_s=30.0
        )
        return answer.content

    async def _spend(self, admitted: Admitted) -> None:
        await self._told("/internal/v1/nonces", _spent(admitted), admitted)


def _spent(admitted: Admitted) -> dict[str, object]:
    """What Parking must know of a signed request to take it once."""
    return {"device_id": admitted.key.device_id, "nonce": admitted.envelope.nonce, "key_no": admitted.key_no}


def _wait_s(raw_query: bytes) -> float:
    text = parse_qs(raw_query.decode("latin-1")).get("wait_s", ["0"])[0]
    try:
        wait_s = float(text)
    except ValueError:
        raise Malformed("wait_s is a number of seconds.") from None
    if not 0 <= wait_s <= _LONGEST_WAIT_S:
        raise Malformed(f"wait_s is between 0 and {_LONGEST_WAIT_S:.0f} seconds.")
    return wait_s
