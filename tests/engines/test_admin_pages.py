"""The administration's pages through the users' door, with every service behind them on a real store."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest

from siga.services.gateway.pages.admin.sections import SECTIONS
from siga.system import BUILD_ORDER, System
from support import run, running

_PASSWORD = "azul-marino-tostado-42"
_CODE = re.compile(r'class="big-code"[^>]*>([A-Z0-9-]+)<')


class Clerk:
    """A browser of a member of staff, as far as forms go: keeps cookies, sends back the token of the page."""

    def __init__(self, system: System) -> None:
        door = httpx.ASGITransport(system.services["gateway"].app, client=("127.0.0.1", 1))
        self.http = httpx.AsyncClient(transport=door, base_url="http://siga.test", follow_redirects=True, timeout=30)
        self._csrf = ""

    async def page(self, path: str, status: int = 200) -> str:
        """The words of a page."""
        return self._seen(await self.http.get(path), status)

    async def send(self, path: str, status: int = 200, upload: tuple[str, bytes] | None = None, **fields: Any) -> str:
        """Send a form as the last page would; the words of the page that follows."""
        values = {"csrf": self._csrf, **fields}
        files = {upload[0]: ("a file", upload[1])} if upload else None
        return self._seen(await self.http.post(path, data=values, files=files), status)

    def _seen(self, answer: httpx.Response, status: int) -> str:
        assert answer.status_code == status, answer.text[-3000:]
        found = re.search(r'name="csrf" value="([^"]+)"', answer.text)
        self._csrf = found[1] if found else self._csrf
        return unescape(answer.text)

    async def sign_in(self, email: str) -> None:
        """Open a session."""
        await self.page("/sign-in")
        await self.send("/sign-in", email=email, password=_PASSWORD)


@asynccontextmanager
async def office(data: Path) -> AsyncIterator[tuple[Clerk, System]]:
    """A fresh SIGA whose first account, Ana, administers Soria and the platform."""
    async with running(*BUILD_ORDER, data=data, loopback=True) as here:
        code = here.system.services["users"].extra["setup_code"]
        clerk = Clerk(here.system)
        body = {"code": code, "email": "ana@soria.example", "name": "Ana Ruiz", "password": _PASSWORD,
                "municipality": {"name": "Soria"}}  # fmt: skip
        assert (await clerk.http.post("/api/v1/auth/setup", json=body)).status_code == 201
        await clerk.sign_in("ana@soria.example")
        yield clerk, here.system
        await clerk.http.aclose()


async def colleague(boss: Clerk, system: System, role: str) -> Clerk:
    """Somebody with one role, invited by the boss, signed in."""
    await boss.page("/admin/people/invite")
    email = f"{role}@soria.example"
    invited = await boss.send("/admin/people/invite", name=role.title(), email=email, roles=role, language="es")
    found = _CODE.search(invited)
    assert found, "the code is shown, this once"
    clerk = Clerk(system)
    await clerk.page("/invitation")
    await clerk.send("/invitation", code=found[1], password=_PASSWORD)
    await clerk.sign_in(email)
    return clerk


def link(html: str, start: str, words: str = "") -> str:
    """The first link of a page that begins so, with these words in it."""
    found = re.search(rf'href="({re.escape(start)}[^"]*)"[^>]*>[^<]*{re.escape(words)}', html)
    assert found, f"no link to {start} with {words!r}"
    return found[1]


def menu(html: str) -> set[str]:
    """The sections that a page's menu offers."""
    paths = {one.path: one.name for one in SECTIONS}
    return {paths[href] for href in re.findall(r'<li><a href="(/admin[^"?]*)"', html) if href in paths}


BAYS = (
    "code;lat;lon;street;zone\n" + "".join(f"C-{n};41,76{n:02d};-2,46{n:02d};Calle Real {n};Centro\n" for n in range(5))
    + "C-9;0;0;Nada;Centro\n"
).encode()  # fmt: skip


async def with_bays(clerk: Clerk) -> str:
    """Import five bays; the page of the first."""
    await clerk.page("/admin/imports")
    preview = await clerk.send("/admin/imports/bays/import", upload=("bays_file", BAYS), category="disabled")
    assert "Importar 5 plazas" in preview
    assert "La posición es 0, 0" in preview
    done = await clerk.send("/admin/imports/bays/confirm", file=held(preview, "file"))
    assert "Importado" in done
    return link(await clerk.page("/admin/bays"), "/admin/bays/0")


def held(html: str, name: str) -> str:
    """What a field holds."""
    found = re.search(rf'name="{name}"[^>]* value="([^"]*)"', html)
    assert found, name
    return found[1]


def test_an_empty_town_is_told_its_first_steps_and_every_page_stands(tmp_path: Path) -> None:
    async def check() -> None:
        async with office(tmp_path) as (ana, _):
            start = await ana.page("/admin")
            for step in ("Poner un contacto", "Invitar a la policía", "Importar plazas", "Importar direcciones"):
                assert step in start
            assert menu(start) == {one.name for one in SECTIONS}
            for section in SECTIONS:
                html = await ana.page(f"{section.path}?lang=en")
                assert html.count("<h1") == 1, section
                assert "text_missing" not in html
                assert 'lang="en"' in html

    run(check())


@pytest.mark.parametrize(("role", "sees", "not_for_them"), [
    ("installer", {"start", "bays", "zones", "rules", "devices"}, "/admin/people"),
    ("operator", {"start", "bays", "zones", "rules", "devices", "statistics", "alarms", "settings", "queue", "logs"},
     "/admin/accreditations"),
    ("auditor", {"start", "settings", "logs"}, "/admin/bays"),
])  # fmt: skip
def test_a_role_sees_its_sections_and_is_refused_the_others(
    tmp_path: Path, role: str, sees: set[str], not_for_them: str
) -> None:
    async def check() -> None:
        async with office(tmp_path) as (ana, system):
            other = await colleague(ana, system, role)
            assert menu(await other.page("/admin")) == sees
            for section in SECTIONS:
                if section.name in sees:
                    await other.page(section.path)
            refused = await other.page(not_for_them, 403)
            assert "Su papel no incluye esta parte" in refused
            await other.page("/admin/people/invite", 403)
            await other.send("/admin/town", 403, name="Mía")

    run(check())


def test_whoever_is_no_staff_is_told_so_and_guests_sign_in_first(tmp_path: Path) -> None:
    async def check() -> None:
        async with office(tmp_path) as (ana, system):
            officer = await colleague(ana, system, "police")
            assert "Esta parte es del personal del ayuntamiento" in await officer.page("/admin", 403)
            guest = Clerk(system)
            asked = await guest.http.get("/admin/devices", follow_redirects=False)
            assert (asked.status_code, asked.headers["location"]) == (303, "/sign-in?next=/admin/devices")

    run(check())


def test_a_form_without_the_visitors_token_changes_nothing(tmp_path: Path) -> None:
    async def check() -> None:
        async with office(tmp_path) as (ana, _):
            await ana.page("/admin/zones")
            await ana.send("/admin/zones", 403, csrf="wrong", name="Centro", mode="enforcing")
            assert "Todavía no hay zonas" in await ana.page("/admin/zones")

    run(check())


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
            assert _CODE.search(made)
            assert "La cámara está apagada" in made
            device = link(made, "/admin/devices/0")
            assert not _CODE.search(await ana.page(device))
            assert "1 cámara sin resolución" in await ana.page("/admin")
            assert "Torre" in await ana.page("/admin/devices?wants=resolution")
            assert "No se ha encendido" in await ana.send(f"{device}/switch", enabled="1")
            lawful = {**fields, "resolution_id": "R-2026/7", "custody_body": "Policía Local"}
            await ana.send(device, **lawful)
            assert "No se ha encendido" not in await ana.send(f"{device}/switch", enabled="1")
            assert _CODE.search(await ana.send(f"{device}/code"))
            assert "Dispositivo revocado" in await ana.send(f"{device}/revoke")

    run(check())


def test_an_accreditation_has_its_letter_cards_in_both_orders_and_an_end(tmp_path: Path) -> None:
    async def check() -> None:
        async with office(tmp_path) as (ana, _):
            today = datetime.now(UTC).date()
            await ana.page("/admin/accreditations/new")
            fields = {"holder": "Luisa Gil", "issuer": "Soria", "number": "SO 123456", "category": "disabled",
                      "kind": "personal", "valid_from": str(today), "plate": "1234 BCD",
                      "valid_to": str(today + timedelta(days=20))}  # fmt: skip
            late = {**fields, "valid_to": str(today - timedelta(days=1))}
            assert '<a href="#valid_to">' in await ana.send("/admin/accreditations/new", 422, **late)
            letter = await ana.send("/admin/accreditations/new", **fields)
            assert "Luisa Gil" in letter
            assert _CODE.search(letter)
            one = link(letter, "/admin/accreditations/0")
            assert "Ya hay una acreditación con ese número" in await ana.send(
                "/admin/accreditations/new", 422, **fields
            )
            assert "1 acreditación caduca en 30 días" in await ana.page("/admin")
            assert "…456" in await ana.page("/admin/accreditations?ending=1")
            uid = f"{2850617917:08X}"
            checked = await ana.send(f"{one}/card", uid="2850617917", form="", kind="card")
            assert uid in checked
            assert bytes.fromhex(uid)[::-1].hex().upper() in checked
            assert '<a href="#uid">' in await ana.send(f"{one}/card", 422, uid="zz", form="hex", kind="card")
            assert f"…{bytes.fromhex(uid)[::-1].hex().upper()[-4:]}" in await ana.send(
                f"{one}/cards", uid=uid, order="reversed", kind="card"
            )
            await ana.page("/admin/accreditations")
            for what, value in (("card", "2850617917"), ("plate", "1234-bcd"), ("number", "so123456")):
                found = await ana.send("/admin/accreditations/search", what=what, value=value)
                assert "1 acreditación encontrada" in found, what
            assert '<a href="#value">' in await ana.send("/admin/accreditations/search", 422, what="card", value="zz")
            assert "suspendida" in await ana.send(f"{one}/suspend", reason="lost")
            assert "válida" in await ana.send(f"{one}/resume")
            assert "renovada" in await ana.send(f"{one}/renew", valid_to=str(today + timedelta(days=900)))
            assert "caduca en 30 días" not in await ana.page("/admin")
            assert _CODE.search(await ana.send(f"{one}/claim-code"))
            await ana.page(f"{one}/revoke")
            assert "Acreditación revocada" in await ana.send(f"{one}/revoke", reason="moved")
            assert "ya no cambia" in await ana.send(f"{one}/resume", 422)

    run(check())


def test_a_setting_is_in_force_everywhere_and_can_go_back(tmp_path: Path) -> None:
    async def check() -> None:
        async with office(tmp_path) as (ana, _):
            path = "/admin/settings/parking.grace_s"
            town = held(await ana.page(path), "municipality_id")
            fields: Mapping[str, str] = {"municipality_id": town, "revision": "0", "reason": "Prueba"}
            for value in ("mucho", "99999"):
                assert '<a href="#value">' in await ana.send(path, 422, value=value, **fields)
            saved = await ana.send(path, value="20", **fields)
            assert re.search(r"En vigor en (\d+) de \1\b", saved)
            assert "20\xa0s" in saved
            stale = await ana.send(path, 422, value="30", **fields)
            assert "Alguien lo ha cambiado mientras tanto" in stale
            await ana.send(path, value="30", **{**fields, "revision": "1"})
            revisions = await ana.page("/admin/settings/revisions")
            assert "Ana Ruiz" in revisions
            assert "Prueba" in revisions
            back = link(revisions, "/admin/settings/revisions/1/roll-back")
            assert "¿Volver a la revisión 1?" in await ana.page(back)
            assert "Valores repuestos" in await ana.send(back)
            assert "Los valores ya están como" in await ana.send(back)
            general = await ana.send(f"{path}/reset", municipality_id=town)
            assert "de fábrica" in general
            assert "Nivel de los registros" in await ana.page("/admin/settings?scope=system")
            assert held(await ana.page("/admin/settings/logs.level?scope=system"), "municipality_id") == ""

    run(check())


def test_a_report_is_answered_and_its_reporter_reads_it(tmp_path: Path) -> None:
    async def check() -> None:
        async with office(tmp_path) as (ana, system):
            bay_id = (await with_bays(ana)).rsplit("/", 1)[-1]
            driver = Clerk(system)
            body = {"bay_id": bay_id, "kind": "problem", "problem": "paint", "note": "Casi no se ve."}
            for _ in range(50):
                sent = await driver.http.post("/api/v1/reports", json=body)
                if sent.status_code == 201:
                    break
            report = sent.json()
            assert "1 aviso sin contestar" in await ana.page("/admin")
            assert "Casi no se ve." in await ana.page("/admin/reports")
            answer = f"/admin/reports/{report['report_id']}/answer"
            assert f'<a href="#text-{report["report_id"]}">' in await ana.send(answer, 422, text="")
            assert "Respuesta enviada" in await ana.send(answer, text="Se pinta mañana.")
            seen = await driver.http.get(
                f"/api/v1/reports/{report['report_id']}", headers={"x-follow-code": report["follow_code"]}
            )
            assert seen.json()["answer"] == "Se pinta mañana."

    run(check())


def test_staff_get_roles_by_code_and_the_last_administrator_stays(tmp_path: Path) -> None:
    async def check() -> None:
        async with office(tmp_path) as (ana, system):
            await colleague(ana, system, "installer")
            people = await ana.page("/admin/people")
            installer, boss = link(people, "/admin/people/0", "Installer"), link(people, "/admin/people/0", "Ana Ruiz")
            await ana.page(installer)
            assert "Papel dado" in await ana.send(f"{installer}/roles", role="operator")
            assert "¿Quitar a Installer" in await ana.page(f"{installer}/take/operator")
            assert "Papel quitado" in await ana.send(f"{installer}/take/operator")
            await ana.page(f"{boss}/take/administrator")
            last = await ana.send(f"{boss}/take/administrator", 422)
            assert "la última persona que administra" in last

    run(check())


def test_another_municipalitys_things_are_not_there(tmp_path: Path) -> None:
    async def check() -> None:
        async with office(tmp_path) as (ana, system):
            bay = await with_bays(ana)
            soria = held(await ana.page("/admin/zones"), "municipality_id")
            await ana.page("/admin/towns")
            founded = await ana.send("/admin/towns", town="Ávila", admin_name="Eva", email="eva@avila.example")
            code = _CODE.search(founded)
            assert code
            eva = Clerk(system)
            await eva.page("/invitation")
            await eva.send("/invitation", code=code[1], password=_PASSWORD)
            await eva.sign_in("eva@avila.example")
            await eva.page("/admin/zones")
            for path in (bay, f"{bay}/edit", "/admin/zones/none", "/admin/rules/none", "/admin/devices/none"):
                await eva.page(path, 404)
            await eva.send("/admin/zones", 403, name="Mía", mode="enforcing", municipality_id=soria)
            assert "Ávila" in await eva.page("/admin")

    run(check())


def test_who_administers_two_municipalities_switches_between_them(tmp_path: Path) -> None:
    async def check() -> None:
        async with office(tmp_path) as (ana, _):
            await ana.page("/admin/towns")
            founded = await ana.send("/admin/towns", town="Ávila", admin_name="Ana Ruiz", email="ana@soria.example")
            code = _CODE.search(founded)
            assert code
            await ana.page("/invitation")
            await ana.send("/invitation", code=code[1], password=_PASSWORD)
            for _ in range(50):
                both = await ana.page("/admin/zones")
                if 'name="town"' in both:
                    break
            soria = await ana.send("/admin/choose", town="soria", next="/admin/zones")
            assert re.search(r'value="soria" selected', soria)
            await ana.send("/admin/zones", name="Centro", mode="observe_only")
            avila = await ana.send("/admin/choose", town="avila", next="/admin/zones")
            assert "Todavía no hay zonas" in avila

    run(check())


def test_logs_are_searched_by_level_text_and_trace(tmp_path: Path) -> None:
    async def check() -> None:
        async with office(tmp_path) as (ana, _):
            refused = await ana.http.get("/admin/bays/none", headers={"x-request-id": "a-request-of-ours"})
            assert refused.status_code == 404
            for _ in range(100):
                found = await ana.page("/admin/logs?text=page_refused&request=a-request-of-ours")
                if "page_refused" in found and "/admin/logs?trace=" in found:
                    break
            trace = link(found, "/admin/logs?trace=")
            assert "a-request-of-ours" in await ana.page(trace)
            assert '<a href="#trace">' in await ana.page("/admin/logs?trace=xyz", 422)
            assert '<a href="#to_at">' in await ana.page("/admin/logs?to_at=never", 422)
            assert "Los últimos registros" in await ana.page("/admin/logs/tail")

    run(check())


def test_statistics_are_a_table_a_sentence_and_a_file(tmp_path: Path) -> None:
    async def check() -> None:
        async with office(tmp_path) as (ana, _):
            assert "Todavía no hay estancias que contar" in await ana.page("/admin/statistics?by=hour")
            file = await ana.http.get("/admin/statistics/file?by=zone")
            assert file.headers["content-type"].startswith("text/csv")
            assert "siga-zone.csv" in file.headers["content-disposition"]

    run(check())
