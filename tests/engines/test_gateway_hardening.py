"""Hardening at the users' door: whom to tell about a weakness, and answers that run nothing when opened."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway_world import world
from siga.kit.clock import HandClock
from support import run

PATH = "/.well-known/security.txt"
EXPIRES = datetime(2027, 6, 30, 23, 59, 59, tzinfo=UTC)
SAID = {
    "security_contact": ("mailto:sec@soria.es", "tel:+34975000000"), "security_expires": EXPIRES,
    "public_url": "https://parking.soria.es",
}  # fmt: skip


def test_security_txt_says_what_the_start_settings_say(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path, clock=HandClock(EXPIRES - timedelta(days=30)), **SAID) as here:
            answer = await here.users_door.get(PATH)
            assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; charset=utf-8")
            assert answer.text.splitlines() == [
                "Contact: mailto:sec@soria.es", "Contact: tel:+34975000000", "Expires: 2027-06-30T23:59:59Z",
                "Preferred-Languages: es, en", f"Canonical: https://parking.soria.es{PATH}",
            ]  # fmt: skip
            assert (await here.users_door.post(PATH)).status_code in (403, 404, 405)

    run(check())


def test_an_expired_contact_is_not_told_and_none_is_invented(tmp_path: Path) -> None:
    async def check() -> None:
        clock = HandClock(EXPIRES - timedelta(seconds=1))
        async with world(tmp_path / "a", clock=clock, **SAID) as here:
            assert (await here.users_door.get(PATH)).status_code == 200
            clock.forward(1)
            assert (await here.users_door.get(PATH)).status_code == 404
        async with world(tmp_path / "b") as here:
            silent = await here.users_door.get(PATH)
            assert silent.status_code == 404
            assert "Contact:" not in silent.text

    run(check())


def test_whatever_is_no_page_is_sandboxed_and_never_guessed_at(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path) as here:
            for path in ("/api/v1/bays?bbox=-1,39,0,40", "/api/v1/nothing", "/healthz"):
                headers = (await here.users_door.get(path)).headers
                policy = [part.strip() for part in headers["content-security-policy"].split(";")]
                assert "sandbox" in policy, path
                assert "default-src 'none'" in policy
                assert headers["x-content-type-options"] == "nosniff"

    run(check())
