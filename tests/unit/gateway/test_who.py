"""Cookies, guests and cached sessions."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pytest

from siga.contract.auth import Principal
from siga.contract.events import Event
from siga.contract.users import GrantsChanged, SessionEnded
from siga.services.gateway.cookies import read_cookie, set_cookie
from siga.services.gateway.guests import Guests
from siga.services.gateway.session_cache import SessionCache
from siga.services.gateway.sessions import csrf_ok

ANA = Principal(user_id="ana", session_id="s1", csrf="token-of-ana")


def test_over_https_the_cookie_has_the_host_prefix_and_all_attributes() -> None:
    name, value = set_cookie("session", "abc", https=True)
    assert name == b"set-cookie"
    assert value == b"__Host-siga=abc; Path=/; HttpOnly; SameSite=Lax; Secure"


def test_over_plain_http_it_goes_by_another_name_since_browsers_refuse_the_prefix_there() -> None:
    _, value = set_cookie("session", "abc", https=False)
    assert value == b"siga-plain=abc; Path=/; HttpOnly; SameSite=Lax"


def test_only_the_cookie_that_belongs_to_the_line_is_read() -> None:
    header = "siga-plain=injected; __Host-siga=real; x=y"
    assert read_cookie("session", header, https=True) == "real"
    assert read_cookie("session", header, https=False) == "injected"
    assert read_cookie("guest", header, https=True) is None


def test_a_guests_cookie_is_recognised_and_a_forged_one_is_not() -> None:
    guests = Guests(bytes(32))
    guest = guests.new()
    known = guests.from_cookie(guests.cookie_value(guest))
    assert known is not None
    assert (known.guest_id, known.csrf, known.known) == (guest.guest_id, guest.csrf, True)
    for forged in (None, "", "x", "x.y", guests.cookie_value(guest)[:-1], Guests(b"other" * 8).cookie_value(guest)):
        assert guests.from_cookie(forged) is None


def test_an_address_is_one_guest_for_a_day_and_cannot_be_told_from_the_id() -> None:
    guests = Guests(bytes(32))
    first = guests.from_address("203.0.113.9", date(2026, 11, 22))
    assert first == guests.from_address("203.0.113.9", date(2026, 11, 22))
    assert first.guest_id != guests.from_address("203.0.113.9", date(2026, 11, 23)).guest_id
    assert "203" not in first.guest_id


def test_the_guests_key_is_kept_between_starts_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    guest = Guests.open(tmp_path / "guest.key").new()
    value = Guests.open(tmp_path / "guest.key").cookie_value(guest)
    assert Guests.open(tmp_path / "guest.key").from_cookie(value)
    assert (tmp_path / "guest.key").stat().st_mode & 0o077 == 0


def test_a_csrf_token_is_good_for_its_own_caller_only() -> None:
    assert csrf_ok(ANA, "token-of-ana")
    for value in (None, "", "other"):
        assert not csrf_ok(ANA, value)
    assert not csrf_ok(Principal(user_id="app", session_id="s"), "")


class Asked:
    """Users, as the cache sees it."""

    def __init__(self) -> None:
        self.times, self.answer, self.now_s = 0, ANA, 0.0
        self.cache = SessionCache(self.ask, lambda: self.now_s, lambda: 1000.0 + self.now_s)

    async def ask(self, token: str) -> Principal | None:
        self.times += 1
        return self.answer if token == "good" else None

    def principal(self, token: str = "good") -> Principal | None:
        return asyncio.run(self.cache.principal(token))


def told(data: SessionEnded | GrantsChanged) -> Event:
    at = datetime.fromtimestamp(1000, UTC)
    return Event(
        event_id="e", kind=type(data).__name__, source="users", position=1, municipality_id="", subject_id="",
        occurred_at=at, recorded_at=at, data=msgspec.Raw(msgspec.json.encode(data)),
    )  # fmt: skip


def test_a_session_is_asked_for_once_a_minute() -> None:
    asked = Asked()
    assert asked.principal() == asked.principal() == ANA
    assert asked.times == 1
    asked.now_s = 60.0
    asked.principal()
    assert asked.times == 2


def test_an_ended_session_is_nobodys_at_once_even_if_users_were_slow_to_say_so() -> None:
    asked = Asked()
    asked.principal()
    asked.cache.hear(told(SessionEnded(session_id="s1", user_id="ana")))
    assert asked.principal() is None
    assert asked.cache.ended(ANA)


def test_changed_roles_are_asked_for_at_once_and_older_access_tokens_count_no_more() -> None:
    asked = Asked()
    asked.principal()
    asked.cache.hear(told(GrantsChanged(user_id="ana")))
    asked.principal()
    assert asked.times == 2
    assert asked.cache.outdated(ANA, issued_s=999)
    assert not asked.cache.outdated(ANA, issued_s=1000)


def test_an_answer_that_was_under_way_when_the_session_ended_is_not_kept() -> None:
    asked = Asked()

    async def slow(token: str) -> Principal | None:
        asked.cache.hear(told(GrantsChanged(user_id="ana")))
        return await asked.ask(token)

    asked.cache._ask = slow
    asked.principal()
    assert not asked.cache._known


@pytest.mark.parametrize("seconds", [9.0, 11.0])
def test_nobodys_token_is_remembered_for_ten_seconds(seconds: float) -> None:
    asked = Asked()
    asked.principal("bad")
    asked.now_s = seconds
    asked.principal("bad")
    assert asked.times == (1 if seconds < 10 else 2)
