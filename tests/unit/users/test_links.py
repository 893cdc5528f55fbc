"""Links and letters: when a link is good, who helps whom, and what a letter says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from siga.contract.auth import Grant
from siga.services.users.model.letters import PAGES, Waiting, link_to, written
from siga.services.users.model.links import Helper, Link, helper_of, is_good
from siga.services.users.service.mail import pause_s

NOW = datetime(2026, 11, 22, tzinfo=UTC)
HERE, THERE = "m1", "m2"


def link(**changed: Any) -> Link:
    good = {
        "link_id": "l", "kind": "reset", "user_id": "u", "group_id": "", "email_match": "", "token_hash": "",
        "asked_sealed": None, "by_hand": False, "created_at": NOW, "opened_at": NOW,
        "ends_at": NOW + timedelta(minutes=30),
    }  # fmt: skip
    return Link(**{**good, **changed})


@pytest.mark.parametrize(("changed", "good"), [
    ({}, True), ({"opened_at": None}, False), ({"used_at": NOW}, False), ({"ends_at": NOW}, False),
    ({"kind": "known"}, False),
])  # fmt: skip
def test_a_link_is_good_once_from_its_handing_over_to_its_end(changed: dict[str, Any], good: bool) -> None:
    assert is_good(link(**changed), NOW) is good


@pytest.mark.parametrize(("roles", "alone", "helper"), [
    ((("police", HERE),), False, Helper("administrator", HERE)),
    ((("police", HERE), ("installer", HERE)), False, Helper("administrator", HERE)),
    ((("administrator", HERE),), False, Helper("administrator", HERE)),
    ((("administrator", HERE),), True, Helper("platform")), ((("driver", ""),), False, Helper("platform")),
    ((("police", HERE), ("driver", "")), False, Helper("platform")),
    ((("police", HERE), ("police", THERE)), False, Helper("platform")), ((), False, Helper("platform")),
    ((("administrator", HERE), ("platform", "")), False, Helper("console")),
])  # fmt: skip
def test_no_administrator_opens_what_is_not_the_towns(
    roles: tuple[tuple[str, str], ...], alone: bool, helper: Helper
) -> None:
    grants = [Grant(role=role, municipality_id=town) for role, town in roles]  # type: ignore[arg-type]
    assert helper_of(grants, alone=alone) == helper


@pytest.mark.parametrize("language", ["es", "en", "en-GB", "fr"])
@pytest.mark.parametrize("kind", [
    "register", "known", "reset", "email_old", "email_new", "email_taken", "password_changed", "email_changed",
    "invitation",
])  # fmt: skip
def test_every_letter_is_whole_in_each_language(kind: Any, language: str) -> None:
    subject, text = written(
        Waiting(kind=kind, to="x@y.example", language=language, town="Villanueva"), "https://parking.example/", "abc123"
    )
    assert subject.isprintable()
    assert "{" not in text
    assert "https://parking.example//" not in text
    assert max(len(line) for line in text.splitlines()) < 900  # RFC 5321, 4.5.3.1.6
    assert ("#abc123" in text) is (kind in PAGES)
    assert ("Do not answer" in text) is language.startswith("en")


def test_a_links_code_stands_behind_the_hash_where_no_server_sees_it() -> None:
    assert link_to("https://parking.example/", "reset", "c0de").split("#") == ["https://parking.example/reset", "c0de"]


def test_pauses_between_attempts_grow_to_a_quarter_of_an_hour() -> None:
    assert [pause_s(n) for n in (0, 1, 2, 6, 7, 8, 100)] == [5, 10, 20, 320, 640, 900, 900]
