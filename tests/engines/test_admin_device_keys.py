"""The administration's pages about devices' keys: how old one is, changing it, revoking it."""

from __future__ import annotations

from pathlib import Path

import httpx

from admin_office import CODE, link, office
from support import run


def test_a_clerk_sees_a_keys_age_changes_it_and_revokes_it(tmp_path: Path) -> None:
    async def check() -> None:
        async with office(tmp_path) as (ana, system):
            door = httpx.ASGITransport(system.services["gateway"].extra["sensors"])
            async with httpx.AsyncClient(transport=door, base_url="http://sensors") as sensors:

                async def enrol(page: str) -> None:
                    found = CODE.search(page)
                    assert found
                    assert (await sensors.post("/sensors/v1/enrol", json={"code": found[1]})).status_code == 200

                await ana.page("/admin/devices/new")
                fields = {"kind": "bay_sensor", "label": "Poste", "bays": "", "period_s": "600", "has_clock": "1"}
                made = await ana.send("/admin/devices/new", **fields)
                device = link(made, "/admin/devices/0")
                fresh = await ana.page(device)
                assert "Edad de la clave" not in fresh
                assert "Código nuevo" in fresh
                await enrol(made)
                page = await ana.page(device)
                assert "Edad de la clave" in page
                assert "Clave más nueva" not in page
                assert "Cambiar la clave" in page
                assert "¿Cambiar la clave de este dispositivo?" in await ana.page(f"{device}/code")
                await enrol(await ana.send(f"{device}/code"))
                assert "entregada y aún sin usar" in await ana.page(device)
                assert "¿Revocar este dispositivo?" in await ana.page(f"{device}/revoke")
                assert "Dispositivo revocado" in await ana.send(f"{device}/revoke")
                revoked = await ana.page(device)
                assert "Edad de la clave" not in revoked
                assert "Clave más nueva" not in revoked

    run(check())
