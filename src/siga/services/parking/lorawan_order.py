"""In which session, and so at which place of the order of reports, a LoRaWAN frame stands. Pure.

A device's frame counter grows within a session and begins again with the next one: after a join, and on devices with
fixed addresses after a restart. Parking orders reports by (assignment, epoch, sequence): the sequence is the counter,
the epoch is made of the instant at which the session was first heard (milliseconds since 1970), so that a session
whose frames all come late still stands before those that followed it. Instants are the network's, not the device's.

The same frame may come many times: from several gateways, repeated by a server, or from two servers that both hear
the device. What makes it the same is its session and counter, never how soon it comes again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from siga.contract.base import Word

SIMULATED = "simulated"
"""The server of frames that somebody made up: they have sessions of their own."""

RESTARTED_AFTER = timedelta(seconds=10)
"""A lower counter heard this much later than the highest one is no late frame: the counter began again. Receptions of
one network are not further apart from the order in which it was sent."""
SENT_AGAIN_WITHIN = timedelta(minutes=10)
"""A confirmed frame may be sent again unchanged for some minutes until the network's answer arrives."""
TWIN_WITHIN = timedelta(minutes=2)
"""Two servers that both hear one transmission note it at instants that differ by less."""
STRANGER_WITHIN = timedelta(seconds=30)
"""The same where they name different network addresses: then it may as well be another session, soon after a join."""
_JOIN_SKEW = timedelta(seconds=2)


class Session(Word):
    """One session as one server names it."""

    server: str
    session: str
    epoch: int
    dev_addr: str
    began_at: datetime
    top_f_cnt: int | None = None
    top_at: datetime | None = None


class Heard(Word):
    """One frame, as far as its place goes."""

    server: str
    session: str
    dev_addr: str
    f_cnt: int
    at: datetime
    fingerprint: str


class Kept(Word):
    """A frame that was taken before, in some epoch."""

    server: str
    epoch: int
    fingerprint: str
    at: datetime


def session_of(known: Sequence[Session], frame: Heard, kept: Sequence[Kept]) -> Session:
    """The session the frame belongs to: one of those `known` of the device, or a new one.

    `kept` are all frames of the device with the same counter that were taken before.
    """
    mine = [one for one in known if (one.server, one.session) == (frame.server, frame.session)]
    same = _same(known, frame, kept)
    if same is not None:
        return _in_epoch(mine, frame, same.epoch, known)
    session = _by_time(mine, frame.at)
    if session is None:
        shared = _by_time(_shared(known, frame), frame.at)
        return _in_epoch(mine, frame, shared.epoch, known) if shared is not None else _new(known, frame)
    if _restarted(known, session, frame, kept) or _back_again(known, session, frame):
        return _new(known, frame)
    return session


def joined(known: Sequence[Session], server: str, session: str, dev_addr: str, at: datetime) -> Session | None:
    """The session that begins with a join; None when it is known already, by this join or by its frames."""
    mine = [one for one in known if (one.server, one.session) == (server, session)]
    if any(one.began_at >= at - _JOIN_SKEW or (one.top_at is not None and one.top_at >= at) for one in mine):
        return None
    return _new(known, Heard(server=server, session=session, dev_addr=dev_addr, f_cnt=0, at=at, fingerprint=""))


def follows(known: Sequence[Session], epoch: int, f_cnt: int) -> bool:
    """Whether the counter is the next one after all that was heard of the epoch: nothing is missing then."""
    top = _top(known, epoch)
    return top is not None and f_cnt == top[0] + 1


def topped(session: Session, f_cnt: int, at: datetime) -> Session:
    """The session after one more of its frames."""
    if session.top_f_cnt is not None and session.top_f_cnt >= f_cnt:
        return session
    return msgspec.structs.replace(session, top_f_cnt=f_cnt, top_at=at)


def _by_time(mine: Sequence[Session], at: datetime) -> Session | None:
    """Of several sessions of one name the one that had begun at that instant; the first if none had."""
    in_order = sorted(mine, key=lambda one: one.epoch)
    begun = [one for one in in_order if one.began_at - _JOIN_SKEW <= at]
    return begun[-1] if begun else next(iter(in_order), None)


def _same(known: Sequence[Session], frame: Heard, kept: Sequence[Kept]) -> Kept | None:
    """This very transmission as it was taken before: from this server in a session of the same name, or from another
    server at about the same instant."""
    mine = {one.epoch for one in known if (one.server, one.session) == (frame.server, frame.session)}
    near = {one.epoch for one in known if frame.dev_addr and one.dev_addr == frame.dev_addr}
    for one in sorted(kept, key=lambda one: -one.epoch):
        if one.server == frame.server:
            fits, within = one.epoch in mine, SENT_AGAIN_WITHIN
        else:
            fits = SIMULATED not in (one.server, frame.server)
            within = TWIN_WITHIN if one.epoch in near else STRANGER_WITHIN
        if fits and one.fingerprint == frame.fingerprint and abs(one.at - frame.at) <= within:
            return one
    return None


def _shared(known: Sequence[Session], frame: Heard) -> list[Session]:
    """Sessions of the same network address that other servers tell, and this one under no other name: one device can
    only have one session of an address at a time, so they are this one."""
    if not frame.dev_addr or frame.server == SIMULATED:
        return []
    told = {one.epoch for one in known if one.server == frame.server}
    return [
        one for one in known
        if one.server != SIMULATED and one.dev_addr == frame.dev_addr and one.epoch not in told
    ]  # fmt: skip


def _in_epoch(mine: Sequence[Session], frame: Heard, epoch: int, known: Sequence[Session]) -> Session:
    """The frame's session under an epoch that is there already."""
    found = next((one for one in mine if one.epoch == epoch), None)
    if found is not None:
        return found
    began_at = min((one.began_at for one in known if one.epoch == epoch), default=frame.at)
    return Session(
        server=frame.server, session=frame.session, epoch=epoch, dev_addr=frame.dev_addr, began_at=began_at
    )  # fmt: skip


def _restarted(known: Sequence[Session], session: Session, frame: Heard, kept: Sequence[Kept]) -> bool:
    """Whether the counter began again within a session of the same name."""
    if any(one.epoch == session.epoch for one in kept):
        return True  # one counter is never used for two contents, nor for the same one at another time
    top = _top(known, session.epoch)
    return top is not None and frame.f_cnt < top[0] and frame.at > top[1] + RESTARTED_AFTER


def _back_again(known: Sequence[Session], session: Session, frame: Heard) -> bool:
    """Whether the frame was heard after all that a newer session told: that one is over, this one goes on."""
    for epoch in {one.epoch for one in known if one.epoch > session.epoch}:
        made_up = SIMULATED in {one.server for one in known if one.epoch in (epoch, session.epoch)}
        top = _top(known, epoch)
        if top is not None and frame.at > top[1] + (timedelta(0) if made_up else RESTARTED_AFTER):
            return True
    return False


def _top(known: Sequence[Session], epoch: int) -> tuple[int, datetime] | None:
    """(counter, instant) of the frame with the highest counter in an epoch."""
    tops = [
        (one.top_f_cnt, one.top_at)
        for one in known
        if one.epoch == epoch and one.top_f_cnt is not None and one.top_at is not None
    ]
    return max(tops, default=None)


def _new(known: Sequence[Session], frame: Heard) -> Session:
    taken = {one.epoch for one in known}
    epoch = int(frame.at.timestamp() * 1000)
    while epoch in taken:
        epoch += 1
    return Session(
        server=frame.server, session=frame.session, epoch=epoch, dev_addr=frame.dev_addr, began_at=frame.at
    )  # fmt: skip
