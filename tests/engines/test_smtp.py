"""The SMTP engine against a real server: TLS it can trust, signing in, refusals, servers that are away or slow."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from mail_server import SECRET, USER, authority, mail_server
from siga.engines.smtp import Line
from siga.ports import Letter
from support import run

LETTER = Letter("0190c0de-1", "eva@mail.example", "Contraseña nueva", "Abra el enlace:\n\nhttps://x/reset#abc\n", "es")


@pytest.mark.parametrize("line", ["starttls", "tls"])
def test_a_letter_goes_over_tls_signed_in_and_whole(line: Line, tmp_path: Path) -> None:
    async def walk() -> None:
        ca, context = authority(tmp_path)
        (tmp_path / "password").write_text(f"{SECRET}\n")
        async with mail_server(tls=context, line=line, auth=line == "starttls") as server:
            signed_in = {"user": USER, "password_file": tmp_path / "password"} if server.auth else {}
            assert await server.door(ca=ca, **signed_in).send(LETTER) == ("taken", "250")
            found = server.to("eva@mail.example")[0]
            assert found["Subject"] == "Contraseña nueva"
            assert found["From"] == "SIGA <siga@town.example>"
            assert found["Message-ID"] == "<0190c0de-1@town.example>"
            assert found["Auto-Submitted"] == "auto-generated"
            assert str(found.get_content()).replace("\r\n", "\n") == LETTER.text

    run(walk())


@pytest.mark.parametrize("line", ["starttls", "tls"])
def test_a_server_whose_certificate_cannot_be_trusted_gets_nothing(line: Line, tmp_path: Path) -> None:
    async def walk() -> None:
        for host, trusted in (("localhost", False), ("another.example", True)):
            folder = tmp_path / host
            folder.mkdir()
            ca, context = authority(folder, host)
            async with mail_server(tls=context, line=line) as server:
                fate, _ = await server.door(ca=ca if trusted else None).send(LETTER)
                assert (fate, server.letters) == ("away", [])

    run(walk())


def test_a_server_without_tls_gets_nothing_where_tls_is_wanted(tmp_path: Path) -> None:
    async def walk() -> None:
        async with mail_server() as server:
            assert (await server.door(line="starttls").send(LETTER))[0] == "away"
            assert server.letters == []

    run(walk())


def test_a_wrong_password_for_the_mail_server_loses_no_letter(tmp_path: Path) -> None:
    async def walk() -> None:
        ca, context = authority(tmp_path)
        (tmp_path / "password").write_text("not that")
        async with mail_server(tls=context, line="starttls", auth=True) as server:
            door = server.door(ca=ca, user=USER, password_file=tmp_path / "password", timeout_s=1.0)
            assert (await door.send(LETTER))[0] == "away"
            assert server.letters == []

    run(walk())


@pytest.mark.parametrize(("answer", "fate"), [
    ("550 5.1.1 no such mailbox", ("refused", "550")), ("451 4.7.1 greylisted, try again", ("later", "451")),
])  # fmt: skip
def test_a_recipient_may_be_refused_for_ever_or_for_now(answer: str, fate: tuple[str, str]) -> None:
    async def walk() -> None:
        async with mail_server(refuses={"eva@mail.example": answer}) as server:
            assert await server.door().send(LETTER) == fate

    run(walk())


def test_a_server_that_is_away_or_never_answers_is_told_within_the_time_limit() -> None:
    async def walk() -> None:
        async with mail_server() as server:
            door = server.door()
            await server.stop()
            assert (await door.send(LETTER))[0] == "away"
        silent = await asyncio.start_server(lambda reader, writer: asyncio.sleep(30), "127.0.0.1", 0)
        port = silent.sockets[0].getsockname()[1]
        began = asyncio.get_running_loop().time()
        assert (await server.door(port=port, timeout_s=0.3).send(LETTER))[0] == "away"
        assert asyncio.get_running_loop().time() - began < 3
        silent.close()

    run(walk())


def test_no_header_can_be_slipped_in_by_an_address_or_a_subject() -> None:
    async def walk() -> None:
        async with mail_server() as server:
            for change in ({"to": "a@b.example\r\nBcc: x@y.example"}, {"subject": "a\nBcc: x@y"}):
                assert await server.door().send(LETTER._replace(**change)) == ("refused", "form")
            assert server.letters == []

    run(walk())
