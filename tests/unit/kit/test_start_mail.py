"""The mail server's settings at start, what is refused about them, and what the start console shows without one."""

from __future__ import annotations

import argparse
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from siga.cli.running import _mail, _recovery_lines
from siga.cli.settings import StartSettings, read_settings
from siga.system import System

GOOD = 'smtp_host = "mail.town.example"\nsmtp_from = "SIGA <siga@town.example>"\n'


def settings(folder: Path, toml: str) -> StartSettings:
    (folder / "siga.toml").write_text(toml)
    return read_settings(argparse.Namespace(config=folder / "siga.toml"))


@pytest.mark.parametrize(("more", "line", "port"), [
    ("", "starttls", 587), ('smtp_tls = "tls"', "tls", 465), ('smtp_port = "2525"', "starttls", 2525),
])  # fmt: skip
def test_a_host_and_a_sender_are_enough(tmp_path: Path, more: str, line: str, port: int) -> None:
    door = cast("Any", _mail(settings(tmp_path, GOOD + more)))
    assert (door._server.host, door._server.line, door._server.port) == ("mail.town.example", line, port)
    assert _mail(settings(tmp_path, "")) is None


def test_they_come_from_the_environment_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "password").write_text("x")
    for name, value in {
        "SMTP_HOST": "mail.town.example", "SMTP_FROM": "siga@town.example", "SMTP_USER": "siga",
        "SMTP_PASSWORD_FILE": str(tmp_path / "password"),
    }.items():  # fmt: skip
        monkeypatch.setenv(f"SIGA_{name}", value)
    assert settings(tmp_path, "").smtp_password_file == tmp_path / "password"


@pytest.mark.parametrize(("toml", "words"), [
    ('smtp_host = "mail.town.example"', "smtp_from must say"), (GOOD + 'smtp_tls = "ssl"', "must be one of"),
    (GOOD + 'smtp_tls = "none"', "in the clear"), (GOOD + 'smtp_user = "siga"', "go together"),
    (GOOD + 'smtp_user = "siga"\nsmtp_password_file = "/none/there"', "no such file"),
    (GOOD + 'smtp_ca = "/none/there"', "no such file"),
    (GOOD + 'host = "0.0.0.0"\ninsecure_http = true', "public_url"),
])  # fmt: skip
def test_what_cannot_work_or_is_open_to_listeners_is_refused_at_the_start(
    tmp_path: Path, toml: str, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        settings(tmp_path, toml)


def test_the_start_console_shows_the_links_that_only_it_may_show() -> None:
    users = SimpleNamespace(extra={"recovery_links": ["https://parking.example/reset#abc"]})
    told = _recovery_lines(cast("System", SimpleNamespace(services={"users": users})))
    assert told[-1].strip() == "https://parking.example/reset#abc"
    assert _recovery_lines(cast("System", SimpleNamespace(services={}))) == []
