"""How long sessions live, how long a guesser waits, what a refresh token is worth."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siga.contract.auth import Grant
from siga.services.users.model.accreditations import AccreditationRow, CredentialRow, holds_on, standing
from siga.services.users.model.people import DRIVER
from siga.services.users.model.sessions import Session, ends_at, is_over, judge_refresh, wants_touch
from siga.services.users.model.throttle import ACCOUNT_LIMIT, LONGEST_WAIT_S, WINDOW_S, recent, wait_s

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
POLICE, ADMIN = (Grant(role=r, municipality_id="m") for r in ("police", "administrator"))


def _session(kind: Any = "page", age_s: float = 0, unused_s: float = 0) -> Session:
    return Session(
        session_id="s", user_id="u", kind=kind, user_agent="", created_at=NOW - timedelta(seconds=age_s),
        seen_at=NOW - timedelta(seconds=unused_s),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("grants", "kind", "lives_s"),
    [
        ((POLICE,), "page", 15 * 60), ((ADMIN,), "page", 30 * 60), ((ADMIN, POLICE), "page", 15 * 60),
        ((DRIVER,), "page", 30 * 86400), ((), "page", 30 * 86400), ((DRIVER, ADMIN), "page", 30 * 60),
        ((POLICE,), "app", 10 * 3600), ((DRIVER,), "app", 30 * 86400),
    ],
)  # fmt: skip
def test_an_unused_session_lives_as_long_as_its_roles_allow(grants: tuple[Grant, ...], kind: str, lives_s: int) -> None:
    assert ends_at(_session(kind), grants) == NOW + timedelta(seconds=lives_s)
    assert is_over(_session(kind, lives_s, lives_s), grants, NOW)
    assert not is_over(_session(kind, lives_s - 1, lives_s - 1), grants, NOW)


def test_a_session_of_staff_ends_after_ten_hours_however_much_it_is_used() -> None:
    assert is_over(_session(age_s=36000), (POLICE,), NOW)
    assert not is_over(_session(age_s=35999), (POLICE,), NOW)
    assert not is_over(_session(age_s=36000), (DRIVER,), NOW)


def test_use_is_written_down_once_a_minute() -> None:
    assert [wants_touch(_session(unused_s=s), NOW) for s in (0, 59, 60, 600)] == [False, False, True, True]


def test_a_refresh_token_rotates_once_and_betrays_a_copy_at_any_age() -> None:
    fresh, old = _session("app"), _session("app", 31 * 86400, 31 * 86400)
    assert judge_refresh(fresh, (DRIVER,), None, NOW) == "rotate"
    assert judge_refresh(fresh, (DRIVER,), NOW, NOW) == "reused"
    assert judge_refresh(old, (DRIVER,), None, NOW) == "over"
    assert judge_refresh(old, (DRIVER,), NOW, NOW) == "reused"


def _failures(count: int, newest_s_ago: float = 0) -> tuple[datetime, ...]:
    return tuple(NOW - timedelta(seconds=newest_s_ago + n) for n in reversed(range(count)))


def test_the_wait_begins_at_the_limit_and_doubles_up_to_a_quarter_of_an_hour() -> None:
    waits = [wait_s(_failures(n), ACCOUNT_LIMIT, NOW) for n in range(13)]
    assert waits == [0, 0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900, 900]


def test_waiting_is_over_when_it_was_waited_and_failures_are_forgotten() -> None:
    assert wait_s(_failures(5, 29), ACCOUNT_LIMIT, NOW) == 1
    assert wait_s(_failures(5, 30), ACCOUNT_LIMIT, NOW) == 0
    assert wait_s(_failures(5, WINDOW_S), ACCOUNT_LIMIT, NOW) == 0
    assert recent(_failures(3, WINDOW_S), NOW) == ()


@given(st.lists(st.floats(-90000, 90000), max_size=60), st.integers(1, 30))
def test_no_clock_that_jumps_makes_anybody_wait_longer_than_the_longest(ages_s: list[float], limit: int) -> None:
    failures = [NOW - timedelta(seconds=age) for age in sorted(ages_s, reverse=True)]
    assert 0 <= wait_s(failures, limit, NOW) <= LONGEST_WAIT_S


def _row(**values: Any) -> AccreditationRow:
    plain: dict[str, Any] = {
        "accreditation_id": "a", "municipality_id": "m", "category": "disabled", "kind": "personal", "issuer": "M",
        "number_match": "n", "number_ends_with": "1", "holder_sealed": b"", "valid_from": date(2026, 1, 1),
        "valid_to": date(2026, 12, 31), "status": "valid", "status_reason": None, "claim_match": None,
        "claimed_by": None, "created_at": NOW, "version": 1,
    }  # fmt: skip
    return AccreditationRow(**{**plain, **values})


@pytest.mark.parametrize(
    ("on", "expected"),
    [("2025-12-31", "not_yet"), ("2026-01-01", "valid"), ("2026-12-31", "valid"), ("2027-01-01", "expired")],
)
def test_both_ends_of_a_validity_count_and_a_revocation_goes_before_them(on: str, expected: str) -> None:
    day = date.fromisoformat(on)
    assert standing(_row(), day) == expected
    assert standing(_row(status="suspended"), day) == "suspended"
    assert standing(_row(status="revoked"), day) == "revoked"


def test_a_card_is_free_for_another_when_it_or_its_accreditation_is_over() -> None:
    card = CredentialRow(
        credential_id="c", credential="h", kind="card", accreditation_id="a", municipality_id="m", value_sealed=b"",
        ends_with="", added_at=NOW, revoked_at=None, version=1,
    )  # fmt: skip
    day, after = date(2026, 6, 1), date(2027, 1, 1)
    assert holds_on(_row(), card, day)
    assert holds_on(_row(status="suspended"), card, after)
    assert not holds_on(_row(), card, after)
    assert not holds_on(_row(status="revoked"), card, day)
