"""Who may in at the sensors' door: signature, freshness, and limits per device and per failing address."""

from __future__ import annotations

import asyncio
import secrets
import time
from base64 import b64decode
from typing import NamedTuple

from siga.contract.parking import DeviceKey
from siga.contract.settings import REPORTS_PER_DEVICE_MIN
from siga.kit import metrics
from siga.kit.clock import Clock, rfc3339
from siga.kit.live_settings import LiveSettings
from siga.kit.log import logger
from siga.kit.problem import Problem, TooMany
from siga.services.gateway.asgi import Scope, header, visit_of
from siga.services.gateway.buckets import Buckets
from siga.services.gateway.policies import rate_subject
from siga.services.gateway.sensors.keys import DeviceKeys
from siga.services.gateway.sensors.signature import Envelope, fits, is_fresh, parse_authorisation, signing_bytes

REFUSED_AFTER_S = 0.05
"""Every refused signature is answered no sooner: how long it took tells nothing about which devices exist."""
_log = logger("gateway")


class SignatureFailed(Problem):
    """The request is not signed by a device known here"""

    slug, status = "signature", 401


class Stale(Problem):
    """The request was signed too long ago, or the device's clock is wrong"""

    slug, status = "stale", 401


class Admitted(NamedTuple):
    """A request that may pass: whose it is, its envelope, and which of the device's keys had signed."""

    key: DeviceKey
    envelope: Envelope
    key_no: int


class Guard:
    """Lets signed requests pass and answers whose they are."""

    def __init__(self, keys: DeviceKeys, settings: LiveSettings, clock: Clock) -> None:
        self._keys, self._settings, self._clock = keys, settings, clock
        self._devices, self._failures = Buckets(), Buckets()
        self._nobody = secrets.token_bytes(32)

    async def admit(self, scope: Scope, body: bytes) -> Admitted:
        """The device that signed this request; SignatureFailed, Stale or TooMany."""
        began = time.monotonic()
        envelope = parse_authorisation(header(scope, b"authorization") or "")
        if envelope is None:
            self.check_failures(scope)
            await self._refuse(scope, began, "no readable signature", None)
            raise SignatureFailed(_HOW)
        key = await self._key_for(scope, envelope)
        key_no = self._signed_with(scope, envelope, key, body)
        if key is None or key_no is None:
            self.check_failures(scope)
            await self._refuse(scope, began, "unknown device" if key is None else "wrong signature", envelope.device_id)
            raise SignatureFailed(_HOW)
        self._check_device(key.device_id)
        if not is_fresh(envelope.created, self._clock().timestamp(), key.has_clock):
            metrics.DEVICE_REFUSALS.labels("stale").inc()
            _log.info("envelope_stale", device_id=key.device_id)
            raise Stale("Set the clock by `server_time` and sign again.", server_time=rfc3339(self._clock()))
        return Admitted(key, envelope, key_no)

    async def _key_for(self, scope: Scope, envelope: Envelope) -> DeviceKey | None:
        """The device's key. From an address from which too many refused requests came, only devices in memory are
        looked at: who guesses there costs nothing, and those who share the address with him go on."""
        if self._failures_wait_s(scope):
            key = self._keys.in_memory(envelope.device_id)
            if key is None:
                self.check_failures(scope)
            return key
        return await self._keys.get(envelope.device_id)

    def check_failures(self, scope: Scope) -> None:
        """TooMany for an address from which too many refused requests came."""
        wait_s = self._failures_wait_s(scope)
        if wait_s:
            metrics.DEVICE_REFUSALS.labels("address").inc()
            raise _too_many("Too many refused requests from your address", wait_s)

    def _failures_wait_s(self, scope: Scope) -> int:
        per_min = self._settings.int_of(REPORTS_PER_DEVICE_MIN)
        return self._failures.wait_s(_subject(scope), per_min, time.monotonic())

    def count_failure(self, scope: Scope) -> None:
        """One more refused request from this address."""
        per_min = self._settings.int_of(REPORTS_PER_DEVICE_MIN)
        self._failures.take(_subject(scope), per_min, time.monotonic())

    def _signed_with(self, scope: Scope, envelope: Envelope, key: DeviceKey | None, body: bytes) -> int | None:
        """The number of the device's key that signed, None when none of them did. Unknown devices cost the same work
        as known ones."""
        signed = signing_bytes(scope["method"], scope["raw_path"], scope["query_string"], envelope, body)
        if key is None:
            fits(envelope, "hmac", self._nobody, signed)
            return None
        newer = key.newer
        if (newer is None or self._clock() < newer.older_ends_at) and fits(
            envelope, key.key_kind, b64decode(key.key), signed
        ):
            return key.key_no
        if newer is not None and fits(envelope, newer.key_kind, b64decode(newer.key), signed):
            return newer.key_no
        return None

    def _check_device(self, device_id: str) -> None:
        per_min = self._settings.int_of(REPORTS_PER_DEVICE_MIN)
        wait_s = self._devices.take(device_id, per_min, time.monotonic())
        if wait_s:
            metrics.DEVICE_REFUSALS.labels("per_minute").inc()
            raise _too_many("Too many requests from this device", wait_s)

    async def _refuse(self, scope: Scope, began: float, reason: str, device_id: str | None) -> None:
        self.count_failure(scope)
        metrics.DEVICE_REFUSALS.labels("signature").inc()
        _log.warning("signature_refused", reason=reason, device_id=device_id, client=visit_of(scope).client)
        await asyncio.sleep(max(0.0, REFUSED_AFTER_S - (time.monotonic() - began)))


_HOW = "Check the device's id and key, and what is signed; see /api/docs."


def _subject(scope: Scope) -> str:
    return rate_subject(visit_of(scope).client)


def _too_many(why: str, wait_s: int) -> TooMany:
    return TooMany(f"{why}: wait {wait_s} s.", headers={"retry-after": str(wait_s)})
