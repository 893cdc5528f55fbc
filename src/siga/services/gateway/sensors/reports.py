"""Reports as they arrive at the sensors' door, pure: each decoded by itself, cards matched, answers put in place."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from siga.contract.parking import Ack, MatchedReport, Report
from siga.kit.credentials import match
from siga.kit.problem import Malformed, Problem, TooLarge

MOST_REPORTS = 1000
_MOST_NUMBER = 2**53 - 1
"""The largest whole number that every JSON reader keeps exactly (RFC 8259 §6)."""
_MOST_TEXT = 64
_SAME_CLOCK_S = 1.0
_LEAP_SECOND = re.compile(rb'("observed_at"\s*:\s*"[^"]{16}):60')
"""RFC 3339 §5.6 has it, our clocks do not: it counts as the second before."""


class TooManyReports(TooLarge):
    """There are too many reports in one request"""

    slug = "too-many-reports"


class BadItem(Exception):
    """One item of an array cannot be taken; the text says why."""


_decode_one, _decode_many = msgspec.json.Decoder(Report).decode, msgspec.json.Decoder(list[Report]).decode


@dataclass(frozen=True, slots=True)
class Sorted:
    """The items of one request: `good` are to be handed on, `rejected` stand at their places in the answer."""

    good: list[MatchedReport]
    rejected: dict[int, Ack]
    one: bool
    """The body was a single object, and so is the answer."""

    def merged(self, acks: Sequence[Ack]) -> list[Ack]:
        """Parking's answers for the good ones with the rejected ones between them, in the order of the request."""
        given = iter(acks)
        count = len(self.good) + len(self.rejected)
        return [self.rejected[place] if place in self.rejected else next(given) for place in range(count)]


def split_items(body: bytes) -> tuple[list[msgspec.Raw], bool]:
    """The items of the body, undecoded, and whether it was a single object. Malformed when it is not JSON of that
    form, TooManyReports beyond 1,000."""
    one = body.lstrip()[:1] == b"{"
    try:
        items = (
            [msgspec.json.decode(body, type=msgspec.Raw)] if one else msgspec.json.decode(body, type=list[msgspec.Raw])
        )
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise Malformed(f"The body is no report and no array of reports: {fault}") from fault
    if not items:
        raise Malformed("The array holds no report.")
    if len(items) > MOST_REPORTS:
        raise TooManyReports(f"At most {MOST_REPORTS} reports can be sent at once; these are {len(items)}.")
    return items, one


def decode_item(raw: msgspec.Raw, allowed: Collection[str]) -> Report:
    """One report; BadItem with the reason when it cannot be taken. `allowed`: the devices this key may report for."""
    try:
        report = _report(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise BadItem(str(fault)) from fault
    reason = fault_of(report, allowed)
    if reason is not None:
        raise BadItem(reason)
    return report


def fault_of(report: Report, allowed: Collection[str]) -> str | None:
    """Why a report that could be decoded cannot be taken, None when it can."""
    if report.device_id not in allowed:
        return "this key may not report for that device"
    if not 0 <= report.epoch <= _MOST_NUMBER:
        return "epoch must be between 0 and 2^53 - 1"
    if not 0 <= report.sequence <= _MOST_NUMBER:
        return "sequence must be between 0 and 2^53 - 1"
    if report.observed_at is not None and report.observed_at.tzinfo is None:
        return "observed_at must say its zone, e.g. 2026-11-22T09:00:00Z"
    if report.battery_pct is not None and not 0 <= report.battery_pct <= 100:
        return "battery_pct must be between 0 and 100"
    if report.temperature_c is not None and not (
        math.isfinite(report.temperature_c) and abs(report.temperature_c) < 200
    ):
        return "temperature_c must be between -200 and 200"
    if report.bay_id is not None and len(report.bay_id) > _MOST_TEXT:
        return f"bay_id may have at most {_MOST_TEXT} characters"
    return None


def read_plain(body: bytes, allowed: Collection[str]) -> Sorted | None:
    """All reports at once, where each can be taken as it is and none carries a card; None: read them one by one."""
    one = body[:1] == b"{"
    try:
        reports = [_decode_one(body)] if one else _decode_many(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    if not 0 < len(reports) <= MOST_REPORTS:
        return None
    if any(report.credential_uid is not None or fault_of(report, allowed) is not None for report in reports):
        return None
    return Sorted([_without_card(report) for report in reports], {}, one)


def on_our_clock(reports: list[MatchedReport], created: int, received_at: datetime) -> list[MatchedReport]:
    """Reports with their instants by our clock.

    The envelope's `created` (unix seconds, whole; 0 = no clock) is the device's clock as it sent them: when that is
    more than a second off, so was what it says of the moments before. A request that was under way for long looks the
    same; devices give one up within seconds, and clocks are wrong by minutes.
    """
    off_s = received_at.timestamp() - (created + 0.5)
    if created == 0 or abs(off_s) <= _SAME_CLOCK_S:
        return reports
    off = timedelta(seconds=off_s)
    return [
        report if report.observed_at is None else msgspec.structs.replace(report, observed_at=report.observed_at + off)
        for report in reports
    ]


def _report(raw: msgspec.Raw) -> Report:
    try:
        return msgspec.json.decode(raw, type=Report)
    except msgspec.DecodeError:
        if not _LEAP_SECOND.search(bytes(raw)):
            raise
        return msgspec.json.decode(_LEAP_SECOND.sub(rb"\1:59", bytes(raw)), type=Report)


def read_items(items: Sequence[msgspec.Raw], allowed: Collection[str]) -> list[Report | str]:
    """Every item by itself: the report, or why it cannot be taken. A bad one harms no other."""
    read: list[Report | str] = []
    for raw in items:
        try:
            read.append(decode_item(raw, allowed))
        except BadItem as reason:
            read.append(str(reason))
    return read


def needs_match_key(read: Sequence[Report | str]) -> bool:
    """Whether any report carries a card."""
    return any(isinstance(item, Report) and item.credential_uid is not None for item in read)


def sort_items(read: Sequence[Report | str], one: bool, key: bytes) -> Sorted:
    """Cards replaced by their matches under `key`; what cannot be taken is rejected in its place."""
    good: list[MatchedReport] = []
    rejected: dict[int, Ack] = {}
    for place, item in enumerate(read):
        try:
            if isinstance(item, str):
                raise BadItem(item)
            good.append(_matched(item, key))
        except BadItem as reason:
            rejected[place] = Ack(status="rejected", detail=str(reason))
    return Sorted(good, rejected, one)


def _without_card(report: Report, credential: str | None = None) -> MatchedReport:
    return MatchedReport(
        device_id=report.device_id, epoch=report.epoch, sequence=report.sequence, occupied=report.occupied,
        observed_at=report.observed_at, bay_id=report.bay_id, credential=credential, battery_pct=report.battery_pct,
        temperature_c=report.temperature_c, previous_duration_s=report.previous_duration_s,
    )  # fmt: skip


def _matched(report: Report, key: bytes) -> MatchedReport:
    """The report without its card's UID; BadItem for what is no UID."""
    credential = None
    if report.credential_uid is not None:
        try:
            credential = match(key, "card", report.credential_uid)
        except Problem as problem:
            raise BadItem(f"credential_uid: {problem.detail}") from None
    return _without_card(report, credential)
