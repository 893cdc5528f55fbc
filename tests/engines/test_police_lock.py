"""The police's screen left alone: what it hides, what stays, and how one comes back."""

from __future__ import annotations

from pathlib import Path

from admin_office import PASSWORD, colleague, held, office
from support import run


def test_a_locked_screen_shows_counts_only_until_the_password_opens_it(tmp_path: Path) -> None:
    async def walk() -> None:
        async with office(tmp_path) as (ana, system):
            pol = await colleague(ana, system, "police")
            assert 'data-lock="5"' in await pol.page("/police")
            locked = await pol.send("/police/lock")
            assert "Pantalla bloqueada" in locked
            assert "0 casos abiertos" in locked
            assert "Pantalla bloqueada" in await pol.page("/police"), "the queue leads back to the lock"
            assert (await pol.http.get("/api/v1/cases")).status_code == 403
            assert (await pol.http.get("/api/v1/cases/counts")).status_code == 200
            assert "0 casos" in await pol.page("/police/locked?part=count")
            ticket = held(locked, "ticket")
            assert "Escriba una contraseña" in await pol.send("/police/unlock", 422, ticket=ticket)
            assert "no es esa" in await pol.send("/police/unlock", 422, ticket=ticket, password="not this one")
            assert "Bloquear la pantalla" in await pol.send("/police/unlock", ticket=ticket, password=PASSWORD)
            assert (await pol.http.get("/api/v1/cases")).status_code == 200

    run(walk())
