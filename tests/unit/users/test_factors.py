"""Codes of an app, modes, and what looks like what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from siga.contract.auth import FRESH_S, Claims, Grant, fresh
from siga.services.users.model.factors import (
    DRIFT_STEPS,
    STEP_S,
    fitting_step,
    looks_like_totp,
    otpauth_uri,
    staff_places,
    step_of,
    strictest,
)

NOW = datetime(2026, 11, 22, 9, 0, 10, tzinfo=UTC)
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def _code(step: int) -> str:
    return pyotp.TOTP(SECRET).generate_otp(step)


@pytest.mark.parametrize("drift", range(-DRIFT_STEPS - 1, DRIFT_STEPS + 2))
def test_a_code_is_good_one_step_around_now_and_no_further(drift: int) -> None:
    here = step_of(NOW)
    found = fitting_step(SECRET, _code(here + drift), -1, NOW)
    assert found == (here + drift if abs(drift) <= DRIFT_STEPS else None)


def test_a_step_and_all_before_it_are_spent_by_its_use() -> None:
    here = step_of(NOW)
    assert fitting_step(SECRET, _code(here), here, NOW) is None
    assert fitting_step(SECRET, _code(here - 1), here, NOW) is None
    assert fitting_step(SECRET, _code(here + 1), here, NOW) == here + 1


def test_codes_may_be_typed_with_blanks() -> None:
    code = _code(step_of(NOW))
    assert fitting_step(SECRET, f"{code[:3]} {code[3:]}", -1, NOW) == step_of(NOW)
    assert looks_like_totp(f" {code[:3]} {code[3:]} ")
    assert not looks_like_totp("K7QF-2MXN-84TD")
    assert fitting_step(SECRET, "", -1, NOW) is None


def test_the_published_vector_of_rfc_6238_fits() -> None:
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert fitting_step(secret, "287082", -1, datetime.fromtimestamp(59, UTC)) == 59 // STEP_S


def test_the_uri_names_the_issuer_and_the_account() -> None:
    uri = otpauth_uri(SECRET, "ana@town.example")
    assert uri.startswith("otpauth://totp/SIGA:ana%40town.example?secret=")
    assert "issuer=SIGA" in uri


def test_the_strictest_town_decides_and_drivers_are_asked_for_nothing() -> None:
    assert strictest(["asked", "required", "off"]) == "required"
    assert strictest([]) == "off"
    grants = (Grant(role="driver"), Grant(role="police", municipality_id="m"), Grant(role="platform"))
    assert staff_places(grants) == {"m", ""}
    assert staff_places(grants[:1]) == set()


def test_a_confirmation_is_fresh_for_five_minutes() -> None:
    def claims(at: datetime | None) -> Claims:
        return Claims(iss="gateway", aud="users", sub="p", kind="person", exp=0, iat=0, confirmed_at=at)

    assert fresh(claims(NOW - timedelta(seconds=FRESH_S)), NOW)
    assert not fresh(claims(NOW - timedelta(seconds=FRESH_S + 1)), NOW)
    assert not fresh(claims(None), NOW)
