"""The administration's pages of bays, zones, rules, devices and imports, with every service behind them."""

from __future__ import annotations

import re
from pathlib import Path

from admin_office import CODE, held, link, office, with_bays
from support import run, shared


def test_bays_from_a_file_are_changed_found_and_retired(tmp_path: Path) -> None:
    async def check() -> None:
        async with office(tmp_path) as (ana, _):
            bay = await with_bays(ana)
            assert "Importar plazas" not in await ana.page("/admin")
            form = await ana.page(f"{bay}/edit")
            fields = {name: held(form, name) for name in ("code", "lat", "lon", "address")}
            zone = re.search(r'<option value="([^"]+)" selected', form)
            assert zone
            fields |= {"zone_id": zone[1], "category": "taxi", "life": "in_service", "identify": "card",
                       "personal": "no", "version": held(form, "version")}  # fmt: skip
            refused = await ana.send(f"{bay}/edit", 422, **{**fields, "lat": "95"})
            assert '<a href="#lat">' in refused
            taken = await ana.send(f"{bay}/edit", 422, **{**fields, "code": "d-c3"})
            assert "Ya hay una plaza con ese código" in taken
            saved = await ana.send(
                f"{bay}/edit", **fields, closed_from="2030-01-01T08:00", closed_to="2030-01-02T08:00"
            )
            assert "Guardado." in saved
            assert "tarjeta en un lector" in saved
            assert "1 de enero de 2030, 08:00" in saved
            stale = await ana.send(f"{bay}/edit", 422, **{**fields, "address": "Otra"})
            assert "Alguien lo ha cambiado mientras tanto" in stale
            found = await ana.page("/admin/bays?q=calle+REAL+3")
            assert "D-C3" in found
            assert "D-C1" not in found
            assert "¿Retirar la plaza" in await ana.page(f"{bay}/retire")
            assert "Plaza retirada" in await ana.send(f"{bay}/retire")
            retired = await ana.page("/admin/bays?life=retired")
            assert bay in retired
            assert "Ninguna plaza es así" in await ana.page("/admin/bays?life=planned")

    run(check())


def test_a_file_that_cannot_be_used_says_why_and_one_that_is_gone_is_asked_for_again(tmp_path: Path) -> None:
    async def check() -> None:
        async with office(tmp_path) as (ana, _):
            await ana.page("/admin/imports")
            bad = await ana.send("/admin/imports/bays/import", 422, upload=("bays_file", b"<kml/>"), category="")
            assert "Es XML o una página web" in bad
            assert "Elija un archivo" in await ana.send("/admin/imports/addresses/import", 422, category="")
            gone = await ana.send("/admin/imports/bays/confirm", 422, file="nothing")
            assert "El archivo ya no está guardado" in gone
            table = b"street;number;lat;lon\nCalle Mayor;1;41,7601;-2,4601\n;;0;0\n"
            await ana.page("/admin/imports")
            preview = await ana.send("/admin/imports/addresses/import", upload=("addresses_file", table))
            assert "Importar 1 dirección" in preview
            done = await ana.send("/admin/imports/addresses/confirm", file=held(preview, "file"))
            assert re.search(r"<strong>1</strong> direcciones nuevas", done)
            assert "Importar direcciones" not in await ana.page("/admin")

    run(check())


def test_zones_and_rules_are_made_changed_and_removed(tmp_path: Path) -> None:
    async def check() -> None:
        async with office(tmp_path) as (ana, _):
            await ana.page("/admin/zones")
            assert "Zona creada" in await ana.send("/admin/zones", name="Ensanche", mode="observe_only")
            assert "Ya hay una zona con ese nombre" in await ana.send("/admin/zones", 422, name="Ensanche")
            zone = link(await ana.page("/admin/zones"), "/admin/zones/", "Ensanche")
            await ana.page(zone)
            assert "Vigila" in await ana.send(zone, name="Ensanche", mode="enforcing")
            await ana.page("/admin/rules/new")
            fields = {"zone_id": zone.rsplit("/", 1)[-1], "category": "taxi", "hours": "nonsense", "look": "1"}
            assert "El horario no se puede leer" in await ana.send("/admin/rules/new", 422, **fields)
            fields |= {"hours": "Mo-Fr 08:00-20:00", "max_stay_min": "90", "text_es": "Solo taxis de aquí."}
            rules = await ana.send("/admin/rules/new", **fields)
            for words in ("Zona Ensanche · Taxis", "lunes a viernes", "Solo taxis de aquí."):
                assert words in rules
            rule = link(rules, "/admin/rules/0")
            assert "Solo la plaza" in await ana.page(rule)
            assert "No hay ninguna plaza con ese código" in await ana.send(rule, 422, **{**fields, "bay": "X"})
            await ana.page(f"{rule}/remove")
            assert "Todavía no hay normas" in await ana.send(f"{rule}/remove")

    run(check())


def test_a_device_shows_its_code_once_and_a_camera_waits_for_its_resolution(tmp_path: Path) -> None:
    async def check() -> None:
        async with office(tmp_path) as (ana, _):
            await with_bays(ana)
            await ana.page("/admin/devices/new")
            fields = {"kind": "camera", "label": "Torre", "bays": "D-C1, d-c2", "period_s": "60", "has_clock": "1"}
            assert "con el código NADA" in await ana.send("/admin/devices/new", 422, **{**fields, "bays": "NADA"})
            made = await ana.send("/admin/devices/new", **fields)
            assert CODE.search(made)
            assert "La cámara está apagada" in made
            device = link(made, "/admin/devices/0")
            assert not CODE.search(await ana.page(device))
            assert "1 cámara sin resolución" in await ana.page("/admin")
            assert "Torre" in await ana.page("/admin/devices?wants=resolution")
            assert "No se ha encendido" in await ana.send(f"{device}/switch", enabled="1")
            lawful = {**fields, "resolution_id": "R-2026/7", "custody_body": "Policía Local"}
            await ana.send(device, **lawful)
            assert "No se ha encendido" not in await ana.send(f"{device}/switch", enabled="1")
            assert CODE.search(await ana.send(f"{device}/code"))
            assert "Dispositivo revocado" in await ana.send(f"{device}/revoke")

    run(check())


def test_a_bay_is_given_to_one_accreditation_and_leaves_the_public_pages(tmp_path: Path) -> None:
    async def check() -> None:
        async with office(tmp_path) as (ana, _):
            bay = await with_bays(ana)
            await ana.page("/admin/accreditations/new")
            await ana.send(
                "/admin/accreditations/new", holder="Luisa Gil", issuer="Soria", number="SO 1", category="disabled",
                kind="personal", valid_from="2026-01-01", valid_to="2036-01-01",
            )  # fmt: skip
            form = await ana.page(f"{bay}/edit")
            zone = re.search(r'<option value="([^"]+)" selected', form)
            assert zone
            fields = {name: held(form, name) for name in ("code", "lat", "lon", "address", "version")}
            fields |= {"zone_id": zone[1], "category": "disabled", "life": "in_service", "personal": "yes"}
            assert '<a href="#number">' in await ana.send(f"{bay}/edit", 422, **fields)
            assert '<a href="#number">' in await ana.send(f"{bay}/edit", 422, **fields, number="SO 2")
            assert "no tiene página pública" in await ana.send(f"{bay}/edit", **fields, number="so-1")
            assert (await ana.http.get(f"/b/soria/{fields['code']}")).status_code == 404

    run(check())


def test_a_real_file_is_looked_at_and_taken_once(tmp_path: Path) -> None:
    valencia = shared("data", "valencia-disabled-bays", "valencia_pmr.csv").read_bytes()

    async def check() -> None:
        async with office(tmp_path) as (ana, _):
            await ana.page("/admin/imports")
            upload = ("bays_file", valencia)
            preview = await ana.send("/admin/imports/bays/import", upload=upload, category="disabled")
            assert "plazas nuevas" in preview
            await ana.send("/admin/imports/bays/confirm", file=held(preview, "file"))
            await ana.page("/admin/imports")
            again = await ana.send("/admin/imports/bays/import", upload=upload, category="disabled")
            assert "No hay nada que importar" in again

    run(check())
