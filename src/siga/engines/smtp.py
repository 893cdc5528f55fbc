"""Hands letters to a mail server by SMTP: TLS with a verified certificate, a time limit, nothing personal in logs."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Literal

import aiosmtplib
from aiosmtplib import SMTP

from siga.ports import Letter, MailFate

Line = Literal["starttls", "tls", "none"]
TIMEOUT_S = 15.0


@dataclass(frozen=True, kw_only=True)
class SmtpServer:
    """Where the mail server is and as whom SIGA writes. `ca` is a certificate authority of one's own, PEM."""

    host: str
    port: int
    sender: str
    """`From:`, as `name@example.org` or `SIGA <name@example.org>`."""
    line: Line = "starttls"
    user: str | None = None
    password_file: Path | None = None
    ca: Path | None = None
    timeout_s: float = TIMEOUT_S


class SmtpDoor:
    """A `MailDoor`. One connection a letter: letters are few, and a server that was restarted is no special case."""

    def __init__(self, server: SmtpServer) -> None:
        self._server = server
        self._address = parseaddr(server.sender)[1]
        self._tls = None if server.line == "none" else ssl.create_default_context(cafile=server.ca)

    async def send(self, letter: Letter) -> tuple[MailFate, str]:
        """What became of the letter. 5xx about the recipient or the text is `refused`; all else may pass one day."""
        try:
            message = self._message(letter)
        except ValueError:
            return "refused", "form"
        try:
            async with self._connected() as connection:
                await connection.send_message(message, sender=self._address, recipients=[letter.to])
        except aiosmtplib.SMTPRecipientsRefused as fault:
            return _fate(max((one.code for one in fault.recipients), default=0))
        except aiosmtplib.SMTPDataError as fault:
            return _fate(fault.code)
        except aiosmtplib.SMTPNotSupported:
            return "refused", "address"
        except aiosmtplib.SMTPResponseException as fault:  # the greeting, STARTTLS, signing in, our own address
            return "away", str(fault.code)
        except (aiosmtplib.SMTPException, OSError, ValueError) as fault:  # TimeoutError is an OSError
            return "away", type(fault).__name__
        return "taken", "250"

    def _connected(self) -> SMTP:
        server = self._server
        password = server.password_file.read_text("utf-8").strip() if server.password_file else None
        return SMTP(
            hostname=server.host, port=server.port, use_tls=server.line == "tls", start_tls=server.line == "starttls",
            tls_context=self._tls, timeout=server.timeout_s, username=server.user, password=password,
        )  # fmt: skip

    def _message(self, letter: Letter) -> EmailMessage:
        """The letter in the form of RFC 5322; ValueError when a header cannot be written."""
        message = EmailMessage(policy=SMTP_POLICY)
        message["From"], message["To"], message["Subject"] = self._server.sender, letter.to, letter.subject
        message["Date"] = format_datetime(datetime.now(UTC))
        message["Message-ID"] = f"<{letter.letter_id}@{self._address.rpartition('@')[2]}>"
        message["Content-Language"] = letter.language
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
        message.set_content(letter.text)
        return message


def _fate(code: int) -> tuple[MailFate, str]:
    return ("refused" if 500 <= code < 600 else "later"), str(code)
