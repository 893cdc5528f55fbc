"""How a service tells of acts: what a route does is said once, in a table; each act then is a fact in its journal.

An act that changes something is told in the transaction of its first event, so that neither is there without the
other. All else is told before the answer leaves: nobody sees personal data whose reading is not on disk. Refusals of
staff are told as well. A handler need do nothing; it may say more of the act at hand by `note`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace
from sqlalchemy import Connection

from siga.contract.audit import Acted, AuditOutcome
from siga.contract.audit_rules import AuditRule, rule_for
from siga.contract.auth import STAFF_ROLES, Claims
from siga.contract.events import Event
from siga.kit import tracing
from siga.kit.clock import Clock
from siga.kit.journal import Fact, Journal
from siga.kit.log import logger
from siga.kit.problem import Problem
from siga.kit.service import every
from siga.ports import Database

AGAIN = timedelta(minutes=5)
"""What a person looks at again within this time for the same purpose is counted, not told anew."""
_TELL_S = 60.0
_MOST_COUNTED = 10_000
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,79}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass
class Pending:
    """The act of the request at hand. `told`: it is on disk; `closing`: it is being written at the request's end."""

    rule: AuditRule
    who: str
    who_kind: Any
    desk: AuditDesk
    roles: Mapping[str, tuple[str, ...]]
    """Municipality → the roles held there."""
    thing_id: str = ""
    about: str = ""
    purpose: str = ""
    municipalities: tuple[str, ...] = ()
    named: bool = False
    told: bool = False
    closing: bool = False
    event_ids: set[str] = field(default_factory=set)


_current: ContextVar[Pending | None] = ContextVar("siga_act", default=None)


def note(*, thing_id: str | None = None, about: str | None = None, purpose: str | None = None,
         municipalities: Sequence[str] | None = None) -> None:  # fmt: skip
    """Say more of the act at hand, from anywhere within its request; nothing happens where none is told of."""
    act = _current.get()
    if act is None:
        return
    act.thing_id = act.thing_id if thing_id is None else thing_id
    act.about = act.about if about is None else about
    act.purpose = act.purpose if purpose is None else purpose
    act.municipalities = act.municipalities if municipalities is None else tuple(municipalities)


def named(who: str, municipalities: Sequence[str]) -> None:
    """Somebody who asked as a stranger is this person: the act at hand is theirs, if its rule leaves open whose."""
    act = _current.get()
    if act is not None and act.rule.noted:
        act.who, act.who_kind, act.named, act.municipalities = who, "person", True, tuple(municipalities)


def within(municipality_id: str) -> None:
    """The act at hand is one of this municipality, unless something says so more exactly."""
    act = _current.get()
    if act is not None and not act.municipalities:
        act.municipalities = (municipality_id,)


@contextmanager
def at_hand(act: Pending | None) -> Iterator[None]:
    """The act of a request while it is answered; a request within a request has its own."""
    before = _current.set(act)
    try:
        yield
    finally:
        _current.reset(before)


@dataclass
class _Count:
    act: Acted
    municipality_id: str
    subject_id: str
    first_at: datetime
    until: datetime
    count: int = 0


class AuditDesk:
    """Tells the acts of one service in its own journal."""

    def __init__(self, service: str, journal: Journal, database: Database, clock: Clock) -> None:
        self._service, self._journal, self._database, self._clock = service, journal, database, clock
        self._counts: dict[tuple[Any, ...], _Count] = {}
        database.beside(self._beside)
        database.on_append(self._on_append)

    def tells(self, method: str, template: str) -> bool:
        """Whether a route is an act at all."""
        return rule_for(self._service, method, template) is not None

    def begin(self, method: str, template: str, path_params: Mapping[str, Any], query: Mapping[str, str],
              caller: Claims) -> Pending | None:  # fmt: skip
        """The act that a request is, None for one that is not told of."""
        rule = rule_for(self._service, method, template)
        if rule is None or caller.kind == "device" or (rule.staff and not _staff(caller)):
            return None
        roles: dict[str, tuple[str, ...]] = {}
        for grant in caller.grants:
            roles[grant.municipality_id] = (*roles.get(grant.municipality_id, ()), grant.role)
        act = Pending(
            rule=rule, who=caller.sub if caller.kind != "guest" else "", who_kind=caller.kind, roles=roles,
            purpose=rule.purpose, desk=self,
        )  # fmt: skip
        given = path_params.get(rule.param) if rule.param else None
        if given is not None and _ID.fullmatch(str(given)):
            act.thing_id = str(given)
        case_id = str(path_params.get("case_id", ""))
        if rule.param != "case_id" and _ID.fullmatch(case_id):
            act.about = case_id
        asked = query.get("municipality_id", "")
        if _UUID.fullmatch(asked) and asked in roles:
            act.municipalities = (asked,)
        return act

    async def finish(self, act: Pending, status: int) -> None:
        """Tell the act unless it was; before the answer of this status leaves."""
        outcome: AuditOutcome = "done" if status < 400 else "failed" if status >= 500 else "refused"
        if (act.told and outcome == "done") or (act.rule.noted and not act.named):
            return
        if outcome == "refused" and not act.roles:  # strangers and services: the logs tell of these
            return
        if outcome != "done":  # what somebody typed into an address may be anything
            act.thing_id = act.thing_id if _UUID.fullmatch(act.thing_id) else ""
            act.about = act.about if _UUID.fullmatch(act.about) else ""
        now, often = self._clock(), act.rule.often
        facts = [fact for fact in self._facts(act, outcome, ()) if not (often and self._counted_again(fact, now))]
        if facts:
            act.closing = True
            await self._database.write(lambda conn: self._journal.append(conn, facts, now))
        if often:
            for fact in facts:
                self._remember(fact, now)
        act.told = True

    def _facts(self, act: Pending, outcome: AuditOutcome, told: Sequence[Event]) -> list[Fact]:
        """One fact for each municipality it concerns; `told` are the events of the act itself."""
        homes = act.municipalities or tuple(dict.fromkeys(e.municipality_id for e in told if e.municipality_id))
        if not homes:  # nothing tells: it concerns all those of the person, or none
            homes = tuple(home for home in act.roles if home) or ("",)
        thing_id = act.thing_id or (told[0].subject_id if told and _ID.fullmatch(told[0].subject_id) else "")
        now, rule = self._clock(), act.rule
        return [
            Fact(
                data=Acted(
                    action=rule.action, who=act.who, who_kind=act.who_kind, roles=act.roles.get(home, ()),
                    thing=rule.thing, thing_id=thing_id, about=act.about, purpose=act.purpose, reads=rule.reads,
                    outcome=outcome, request_id=tracing.request_id.get(),
                ),
                municipality_id=home, subject_id=thing_id or act.who or rule.action, occurred_at=now,
            )
            for home in homes
        ]  # fmt: skip

    def _beside(self, conn: Connection) -> None:
        """Within a transaction of the request at hand: its act goes with the first events it tells."""
        act = _current.get()
        if act is None or act.desk is not self or act.told or act.closing or act.rule.reads:
            return
        if act.rule.noted and not act.named:
            return
        told = [event for event in conn.info.get("appended", ()) if event.kind != Acted.__name__]
        if told or act.named:
            made = self._journal.append(conn, self._facts(act, "done", told), self._clock())
            act.event_ids.update(event.event_id for event in made)

    def _on_append(self, events: Sequence[Event]) -> None:
        act = _current.get()
        if act is not None and act.desk is self and act.event_ids and not act.told:
            act.told = any(event.event_id in act.event_ids for event in events)

    def _counted_again(self, fact: Fact, now: datetime) -> bool:
        """Whether the same was told a short while ago, so that it is only counted."""
        known = self._counts.get(_key(fact))
        if known is None or now >= known.until:
            return False
        known.count += 1
        return True

    def _remember(self, fact: Fact, now: datetime) -> None:
        """The fact is on disk: what is the same in the next minutes is counted."""
        key, act = _key(fact), fact.data
        assert isinstance(act, Acted)
        known = self._counts.get(key)
        if known is not None and known.count:  # not written yet: it goes on as a count of its own
            self._counts[(*key, known.first_at)] = known
        if known is not None or len(self._counts) < _MOST_COUNTED:
            self._counts[key] = _Count(act, fact.municipality_id, fact.subject_id, now, now + AGAIN)

    def count(self, action: str, thing: str, thing_id: str, municipalities: Sequence[str] = ("",), *,
              purpose: str = "", outcome: AuditOutcome = "refused") -> None:  # fmt: skip
        """Count something that may happen often, such as a wrong password; told once a minute with its number.

        Beyond 10,000 things within that minute they are counted without saying which.
        """
        now = self._clock()
        for home in municipalities:
            known = ("counted", action, thing_id, outcome, home) in self._counts
            which = thing_id if known or len(self._counts) < _MOST_COUNTED else ""
            key = ("counted", action, which, outcome, home)
            if key not in self._counts:
                act = Acted(action=action, who="", who_kind="guest", thing=thing, thing_id=which, purpose=purpose,
                            outcome=outcome)  # fmt: skip
                self._counts[key] = _Count(act, home, which or action, now, now)
            self._counts[key].count += 1

    async def run(self) -> None:
        """Write what was counted once a minute and at the end, for ever; cancel to stop."""
        log = logger(self._service)
        try:
            await every(_TELL_S, self.tell_counts, lambda fault: log.error("acts_not_told", exc_info=fault))
        except asyncio.CancelledError:
            try:
                await self.tell_counts()
            except Problem as fault:  # what was counted in the last minute is lost
                log.warning("acts_not_told", why=fault.slug)
            raise

    async def tell_counts(self) -> None:
        """Write what was counted; to be run once a minute and at the end."""
        now = self._clock()
        due = {key: one.count for key, one in self._counts.items() if one.count}
        facts = [self._counted(self._counts[key]) for key in due]
        if facts:
            await self._database.write(lambda conn: self._journal.append(conn, facts, now))
        for key, count in due.items():
            self._counts[key].count -= count
        self._counts = {key: one for key, one in self._counts.items() if one.count or now < one.until}

    @staticmethod
    def _counted(one: _Count) -> Fact:
        return Fact(
            data=replace(one.act, count=one.count), municipality_id=one.municipality_id, subject_id=one.subject_id,
            occurred_at=one.first_at,
        )  # fmt: skip


def _key(fact: Fact) -> tuple[Any, ...]:
    """What makes a look the same look again."""
    act = fact.data
    assert isinstance(act, Acted)
    return act.action, act.who, act.thing_id, act.about, act.purpose, act.outcome, fact.municipality_id


def _staff(caller: Claims) -> bool:
    return any(grant.role in STAFF_ROLES for grant in caller.grants)
