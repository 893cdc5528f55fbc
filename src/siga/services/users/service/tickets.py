"""Tickets: what a half-done act is carried on by, for some minutes and once."""

from __future__ import annotations

import os
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection

from siga.kit.ids import new_secret
from siga.services.users.model.factors import TICKET_LIVES, Challenge, Purpose, Ticket
from siga.services.users.model.problems import TicketOver
from siga.services.users.service.means import Means, sha256
from siga.services.users.store import factors as store

_CHALLENGE_BYTES = 32


def _place(token_hash: str) -> str:
    return f"tickets.sealed:{token_hash}"


def new_challenge(origin: str) -> Challenge:
    """Fresh random bytes for a passkey to sign, at this origin."""
    return Challenge(challenge=os.urandom(_CHALLENGE_BYTES), origin=origin)


class Tickets:
    """Gives, finds and uses up tickets."""

    def __init__(self, means: Means) -> None:
        self._means = means

    async def give(self, purpose: Purpose, content: bytes, *, user_id: str | None = None, session_id: str | None = None,
                   lives: timedelta = TICKET_LIVES) -> tuple[str, datetime]:  # fmt: skip
        """A new ticket: its token, told this once, and when it ends."""
        token, ends_at = new_secret(), self._means.clock() + lives
        token_hash = sha256(token)
        ticket = Ticket(
            token_hash=token_hash, purpose=purpose, user_id=user_id, session_id=session_id, ends_at=ends_at,
            sealed=self._means.vault.seal(content, _place(token_hash)),
        )  # fmt: skip
        await self._means.db.write(lambda conn: store.add_ticket(conn, ticket))
        return token, ends_at

    async def find(self, token: str, *purposes: Purpose, session: tuple[str, str | None] | None = None) -> Ticket:
        """The ticket of a token; TicketOver when it has ended, is for something else or another (person, session)."""
        now = self._means.clock()
        found = await self._means.db.read(lambda conn: store.ticket(conn, sha256(token), now))
        if found is None or found.purpose not in purposes:
            raise TicketOver("It took too long or was done already. Begin again.")
        if session is not None and (found.user_id, found.session_id) != session:
            raise TicketOver("It was begun in another session. Begin again.")
        return found

    def content(self, ticket: Ticket) -> bytes:
        """What was put into the ticket."""
        return self._means.vault.open(ticket.sealed, _place(ticket.token_hash))

    def challenge(self, ticket: Ticket) -> Challenge:
        """As `content`, where it is a passkey's challenge."""
        return msgspec.msgpack.decode(self.content(ticket), type=Challenge)

    @staticmethod
    def spend(conn: Connection, ticket: Ticket) -> None:
        """Use the ticket up in the caller's transaction; TicketOver when somebody else just did."""
        if not store.spend_ticket(conn, ticket.token_hash):
            raise TicketOver("It was done already. Begin again.")

    async def sweep(self) -> int:
        """Forget tickets whose time is over."""
        now = self._means.clock()
        return await self._means.db.write(lambda conn: store.forget_tickets(conn, now))
