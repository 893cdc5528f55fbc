"""The shared doors: what services need from engines, as Protocols; `system.py` chooses the engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, TypeVar

from siga.contract.events import Event
from siga.contract.operations import LogRecord

if TYPE_CHECKING:
    from sqlalchemy import Connection

T = TypeVar("T")


class Database(Protocol):
    """One service's own store. Functions run in a thread with a SQLAlchemy Core connection.

    Raises `StoreFull` when the disk is full and `StoreFailed` when it cannot be used (siga.kit.problem).
    """

    dialect: str
    """`sqlite` or `postgresql`."""

    async def read(self, fn: Callable[[Connection], T]) -> T:
        """Run `fn` on the reader; it must not write."""
        ...

    async def write(self, fn: Callable[[Connection], T]) -> T:
        """Run `fn` in one transaction on the one writer; committed and on disk when this returns."""
        ...

    def on_append(self, tell: Callable[[Sequence[Event]], None]) -> None:
        """Call `tell` in the event loop after each commit that appended events to the journal, with those events."""
        ...

    async def scour(self) -> bool:
        """Take what was deleted before out of the store's files, as far as the engine can; False: not just now."""
        ...

    def beside(self, work: Callable[[Connection], None]) -> None:
        """Run `work` at the end of every writing transaction, inside it and in its caller's context."""
        ...

    async def close(self) -> None:
        """Finish what runs, then let go of the store."""
        ...


class EventFeed(Protocol):
    """Reads one service's journal by position, near or far."""

    source: str

    async def read(self, after: int, limit: int = 500, wait_s: float = 0.0) -> Sequence[Event]:
        """Events after a position, oldest first; waits up to `wait_s` for the first one. May be empty."""
        ...

    async def head(self) -> int:
        """The position of the newest readable event, 0 when there is none."""
        ...


class ImageStore(Protocol):
    """Keeps bytes under a name. A name is written once; writing it again with the same bytes is no fault."""

    async def put(self, name: str, data: bytes) -> None:
        """Keep `data`; on disk when this returns."""
        ...

    async def get(self, name: str) -> bytes | None:
        """The bytes, or None when there are none under that name."""
        ...

    async def delete(self, name: str) -> None:
        """Forget the bytes; no fault when there are none."""
        ...


class LogSink(Protocol):
    """Takes log records away without ever making a caller wait."""

    def offer(self, record: LogRecord) -> bool:
        """Take one record; False when it had to be dropped (and was counted)."""
        ...


class Letter(NamedTuple):
    """A mail to one person, plain text. `letter_id` makes its Message-ID, the same at every attempt to send it."""

    letter_id: str
    to: str
    subject: str
    text: str
    language: str


MailFate = Literal["taken", "refused", "later", "away"]
"""`taken`: the mail server has it; `refused`: it never will; `later`: not this one just now; `away`: none just now."""


class MailDoor(Protocol):
    """Hands letters to a mail server. Never raises for what the server or the way to it does, never logs an address."""

    async def send(self, letter: Letter) -> tuple[MailFate, str]:
        """What became of the letter, and why in a word or a number without anything personal in it."""
        ...
