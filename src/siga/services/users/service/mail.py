"""Letters on their way: kept in the transaction that causes them, handed to the mail server until it has them."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection

from siga.kit.ids import new_id
from siga.kit.log import logger
from siga.ports import Letter, MailDoor
from siga.services.users.model.letters import Waiting, link_to, written
from siga.services.users.model.links import LIVES, Link, LinkKind
from siga.services.users.model.people import Account
from siga.services.users.service.means import Means, sha256
from siga.services.users.store import mail as store
from siga.services.users.store.mail import LetterRow

log = logger("users")
FIRST_PAUSE_S, LONGEST_PAUSE_S = 5, 900
_LOOK_S = 5.0
_AT_ONCE = 20
_NOTICE_WAITS = timedelta(days=3)


class Mail:
    """The outgoing mail of Users. Without a mail server it keeps no letters; links are then handed over by people.

    A letter may be sent twice when the process ends between the server's word and ours; its Message-ID is the same.
    """

    def __init__(self, means: Means, door: MailDoor | None, public_url: str) -> None:
        self._means, self._door, self._public_url = means, door, public_url
        self._news = asyncio.Event()

    @property
    def works(self) -> bool:
        """Whether there is a mail server."""
        return self._door is not None

    # --- in a use case's transaction -----------------------------------------------------------------------------

    def post(self, conn: Connection, letter: Waiting, user_id: str, now: datetime,
             lives: timedelta = _NOTICE_WAITS) -> None:  # fmt: skip
        """Keep a letter to be sent, if there is a mail server; call `hurry` after the commit."""
        if not self.works:
            return
        letter_id = new_id()
        sealed = self._means.vault.seal(msgspec.json.encode(letter), _place(letter_id))
        store.put_letter(conn, letter_id, user_id, sealed, now, now + lives)

    def new_link(self, kind: LinkKind, user_id: str, email: str, now: datetime, waits: timedelta, *,
                 group_id: str = "", asked: bytes | None = None) -> Link:  # fmt: skip
        """A link that is not good yet. Its token is 256 bits of a keyed hash of its random id: kept nowhere."""
        link_id = new_id()
        return Link(
            link_id=link_id, kind=kind, user_id=user_id, group_id=group_id, email_match=self.match_of(email),
            token_hash=sha256(self.token_of(link_id)),
            asked_sealed=None if asked is None else self._means.vault.seal(asked, f"account_links:{link_id}"),
            by_hand=not self.works, created_at=now, ends_at=now + waits,
        )  # fmt: skip

    def asked(self, link: Link) -> bytes:
        """What was kept with a link."""
        return self._means.vault.open(link.asked_sealed or b"", f"account_links:{link.link_id}")

    def match_of(self, email: str) -> str:
        """How the links of an address are counted."""
        return self._means.vault.blind("link-address", email)

    def token_of(self, link_id: str) -> str:
        """The token of a link, 64 hexadecimal characters."""
        return self._means.vault.blind("account-link", link_id)

    def opened(self, conn: Connection, link: Link, now: datetime) -> str | None:
        """Make a link good from now on; its address, None when it was opened before."""
        if not store.open_link(conn, link.link_id, now, now + LIVES[link.kind]):
            return None
        return link_to(self._public_url, link.kind, self.token_of(link.link_id))

    # --- sending -------------------------------------------------------------------------------------------------

    def hurry(self) -> None:
        """There may be a new letter."""
        self._news.set()

    async def run(self) -> None:
        """Send letters for ever; cancel to stop. What is not sent is kept for the next start."""
        while self._door is not None:
            self._news.clear()
            if await self.send_due(self._door) < _AT_ONCE:
                try:
                    async with asyncio.timeout(_LOOK_S):
                        await self._news.wait()
                except TimeoutError:
                    pass

    async def send_due(self, door: MailDoor) -> int:
        """Try the letters whose turn it is; how many there were. Stops at the first that finds the server away."""
        now = self._means.clock()
        rows = await self._means.db.read(lambda conn: store.due_letters(conn, now, _AT_ONCE))
        for row in rows:
            if not await self._send(door, row):
                return 0
        return len(rows)

    async def _send(self, door: MailDoor, row: LetterRow) -> bool:
        """Whether to go on with the next one."""
        waiting = msgspec.json.decode(self._means.vault.open(row.letter_sealed, _place(row.letter_id)), type=Waiting)
        now = self._means.clock()
        code = await self._means.db.write(lambda conn: self._code(conn, waiting, now))
        if code is None or now >= row.ends_at:
            await self._means.db.write(lambda conn: store.drop_letter(conn, row.letter_id))
            log.info("letter_dropped", letter_id=row.letter_id, kind=waiting.kind)
            return True
        subject, text = written(waiting, self._public_url, code)
        fate, why = await door.send(Letter(row.letter_id, waiting.to, subject, text, waiting.language))
        if fate in ("taken", "refused"):
            await self._means.db.write(lambda conn: store.drop_letter(conn, row.letter_id))
        else:
            next_at = self._means.clock() + timedelta(seconds=pause_s(row.attempts))
            await self._means.db.write(
                lambda conn: store.put_off_letter(conn, row.letter_id, row.attempts + 1, next_at)
            )
        tell = log.info if fate == "taken" else log.warning
        tell(f"letter_{fate}", letter_id=row.letter_id, kind=waiting.kind, why=why, attempts=row.attempts + 1)
        return fate != "away"

    def _code(self, conn: Connection, waiting: Waiting, now: datetime) -> str | None:
        """The code the letter carries (empty: none), None when its link is gone. A link's time begins anew here."""
        if not waiting.link_id:
            return waiting.code
        link = store.link_by_id(conn, waiting.link_id)
        if link is None or link.used_at is not None:
            return None
        store.extend_link(conn, link.link_id, now, now + LIVES[link.kind])
        return self.token_of(link.link_id)


def _place(letter_id: str) -> str:
    return f"letters:{letter_id}"


def pause_s(attempts: int) -> int:
    """Seconds until the next attempt after so many before: 5, 10, 20 … up to 15 minutes."""
    return int(min(FIRST_PAUSE_S * 2 ** min(attempts, 10), LONGEST_PAUSE_S))


def password_changed(conn: Connection, mail: Mail, account: Account, now: datetime) -> None:
    """Void what other links would open, and tell the person; call `mail.hurry` after the commit."""
    store.drop_links_of(conn, account.user_id, ("reset", "email_old", "email_new"))
    mail.post(conn, Waiting(kind="password_changed", to=account.email, language=account.language), account.user_id, now)
