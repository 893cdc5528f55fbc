"""Secrets of a start come from files and systemd credentials; samples and nobody's addresses are refused."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

import pytest

from siga.cli.settings import StartSettings, read_settings

URL = "postgresql://siga:9f-tq2-xx7@db/siga"


def settings(folder: Path, toml: str = "") -> StartSettings:
    """The settings of a start with this `siga.toml`."""
    (folder / "siga.toml").write_text(toml)
    return read_settings(argparse.Namespace(config=folder / "siga.toml"))


def test_the_stores_address_with_its_password_may_stand_in_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "url").write_text(f"{URL}\n")
    assert settings(tmp_path, f'database_url_file = "{tmp_path}/url"').database_url == URL
    monkeypatch.setenv("SIGA_DATABASE_URL_FILE", str(tmp_path / "url"))
    assert settings(tmp_path).database_url == URL


def test_systemd_credentials_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = tmp_path / "credentials"
    given.mkdir()
    (given / "database_url").write_text(URL)
    (given / "smtp_password").write_text("the mail server's")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(given))
    found = settings(tmp_path)
    assert (found.database_url, found.smtp_password_file) == (URL, given / "smtp_password")


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ('database_url_file = "{at}/none"', "cannot be read"),
        ('database_url_file = "{at}/empty"', "is empty"),
        ('database_url_file = "{at}/url"\ndatabase_url = "postgresql://db/siga"', "give one of them"),
        ('database_url = "postgresql://siga:changeme@db/siga"', "sample"),
        ('database_url = "postgresql://postgres:postgres@db/siga"', "sample"),
        ('database_url = "postgresql://siga:@db/siga"', "sample"),
        ('security_contact = "mailto:sec@soria.es"', "go together"),
        ("security_expires = 2027-06-30", "go together"),
        ('security_contact = "sec@soria.es"\nsecurity_expires = 2027-06-30', "must begin with mailto:"),
        ('security_contact = "mailto:security@example.org"\nsecurity_expires = 2027-06-30', "reaches nobody"),
        ('security_contact = "https://soria.example/report"\nsecurity_expires = 2027-06-30', "reaches nobody"),
        ('security_contact = "mailto:sec@soria.es"\nsecurity_expires = "soon"', "no day"),
        ('security_contact = "mailto:sec@soria.es"\nsecurity_expires = 5', "must be a day"),
        ('security_contact = "mailto:a@soria.es\\nExpires: 2099"\nsecurity_expires = 2027-06-30', "must begin"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_with_what_to_do(tmp_path: Path, toml: str, words: str) -> None:
    (tmp_path / "url").write_text(URL)
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(ValueError, match=words) as told:
        settings(tmp_path, toml.format(at=tmp_path))
    assert "9f-tq2" not in str(told.value)


@pytest.mark.parametrize("day", ["2027-06-30", '"2027-06-30"'])
def test_a_contact_counts_to_the_end_of_its_day(tmp_path: Path, day: str) -> None:
    contacts = '["mailto:sec@soria.es", "tel:+34975000000"]'
    found = settings(tmp_path, f"security_contact = {contacts}\nsecurity_expires = {day}")
    assert found.security_contact == ("mailto:sec@soria.es", "tel:+34975000000")
    assert found.security_expires == datetime(2027, 6, 30, 23, 59, 59, tzinfo=UTC)
    assert settings(tmp_path).security_contact == ()
