"""A real SMTP server for tests, on this machine: with TLS of its own authority, that refuses, goes away and is back."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from siga.engines.smtp import Line, SmtpDoor, SmtpServer

USER, SECRET = "siga", "what the mail server knows"


def _signed(subject: str, key: Any, issuer: str, by: Any, *, ca: bool) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
    )
    if ca:
        usage = x509.KeyUsage(
            digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
            key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        builder = builder.add_extension(usage, critical=True)
    else:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(subject)]), critical=False)
    return builder.sign(by, SHA256())


def authority(folder: Path, host: str = "localhost") -> tuple[Path, ssl.SSLContext]:
    """A certificate authority's file, and a server's side of TLS with a certificate of it for `host`."""
    root, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_file, chain = folder / "ca.pem", folder / "server.pem"
    pem = serialization.Encoding.PEM
    ca_file.write_bytes(_signed("a town's authority", root, "a town's authority", root, ca=True).public_bytes(pem))
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    chain.write_bytes(private + _signed(host, key, "a town's authority", root, ca=False).public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    return ca_file, context


@dataclass
class MailServer:
    """The server: `letters` are those it took; `refuses` are recipients it has an answer for."""

    tls: ssl.SSLContext | None = None
    line: Line = "none"
    auth: bool = False
    letters: list[EmailMessage] = field(default_factory=list)
    refuses: dict[str, str] = field(default_factory=dict)
    envelopes: list[list[str]] = field(default_factory=list)
    port: int = 0
    _server: asyncio.Server | None = None

    async def handle_RCPT(self, server: Any, session: Session, envelope: Envelope, address: str,
                          options: list[str]) -> str:  # fmt: skip
        """Take a recipient or not."""
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:
        """Take a letter."""
        if self.line == "starttls":
            assert session.ssl is not None
        message = message_from_bytes(envelope.content, policy=default)  # type: ignore[arg-type]
        assert isinstance(message, EmailMessage)
        self.letters.append(message)
        self.envelopes.append(list(envelope.rcpt_tos))
        return "250 OK"

    def _allows(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (USER.encode(), SECRET.encode()))

    def _protocol(self) -> SMTP:
        starttls = self.tls if self.line == "starttls" else None
        return SMTP(
            self, hostname="mail.test", tls_context=starttls, require_starttls=starttls is not None,
            auth_required=self.auth, authenticator=self._allows if self.auth else None,
            auth_require_tls=self.line == "starttls", loop=asyncio.get_running_loop(),
        )  # fmt: skip

    async def start(self) -> None:
        """Listen, at the same port as before if there was one."""
        over_tls = self.tls if self.line == "tls" else None
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._protocol, "127.0.0.1", self.port or None, ssl=over_tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Go away."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def door(self, **values: Any) -> SmtpDoor:
        """SIGA's way to this server."""
        given = {"host": "localhost", "port": self.port, "sender": "SIGA <siga@town.example>", "line": self.line,
                 "timeout_s": 5.0}  # fmt: skip
        return SmtpDoor(SmtpServer(**{**given, **values}))

    def to(self, address: str) -> list[EmailMessage]:
        """The letters to an address."""
        return [one for one, to in zip(self.letters, self.envelopes, strict=True) if to == [address]]


@asynccontextmanager
async def mail_server(**values: Any) -> AsyncIterator[MailServer]:
    """A running mail server."""
    server = MailServer(**values)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


def code_in(letter: EmailMessage) -> str:
    """What stands behind the `#` of a letter's link."""
    return str(letter.get_content()).partition("#")[2].split()[0]
