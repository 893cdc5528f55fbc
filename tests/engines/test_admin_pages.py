"""The administration's pages through the users' door: sections and roles, municipalities, settings, logs, figures."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from admin_office import CODE, PASSWORD, Clerk, colleague, held, link, menu, office, with_bays
from siga.services.gateway.pages.admin.sections import SECTIONS
from support import run


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
    ("installer", {"start", "bays", "zones", "rules", "devices", "claims"}, "/admin/people"),
    ("operator", {"start", "bays", "zones", "rules", "devices", "integrations", "statistics", "alarms", "settings",
                  "queue", "logs"}, "/admin/accreditations"),
    ("auditor", {"start", "settings", "logs", "audit", "privacy"}, "/admin/bays"),
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


def test_another_municipalitys_things_are_not_there(tmp_path: Path) -> None:
    async def check() -> None:
        async with office(tmp_path) as (ana, system):
            bay = await with_bays(ana)
            soria = held(await ana.page("/admin/zones"), "municipality_id")
            await ana.page("/admin/towns")
            founded = await ana.send("/admin/towns", town="Ávila", admin_name="Eva", email="eva@avila.example")
            code = CODE.search(founded)
            assert code
            eva = Clerk(system)
            await eva.page("/invitation")
            await eva.send("/invitation", code=code[1], password=PASSWORD)
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
            code = CODE.search(founded)
            assert code
            await ana.page("/invitation")
            await ana.send("/invitation", code=code[1], password=PASSWORD)
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
