"""The administration's pages of accreditations, reports and staff, with every service behind them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from admin_office import CODE, Clerk, colleague, link, office, with_bays
from support import run


def test_an_accreditation_has_its_letter_cards_in_both_orders_and_an_end(tmp_path: Path) -> None:
    async def check() -> None:
        async with office(tmp_path) as (ana, _):
            today = datetime.now(UTC).date()
            await ana.page("/admin/accreditations/new")
            fields = {"holder": "Luisa Gil", "issuer": "Soria", "number": "SO 123456", "category": "disabled",
                      "kind": "personal", "valid_from": str(today), "plate": "1234 BCD", "issuer_country": "ES",
                      "valid_to": str(today + timedelta(days=20))}  # fmt: skip
            late = {**fields, "valid_to": str(today - timedelta(days=1))}
            assert '<a href="#valid_to">' in await ana.send("/admin/accreditations/new", 422, **late)
            letter = await ana.send("/admin/accreditations/new", **fields)
            assert "Luisa Gil" in letter
            assert CODE.search(letter)
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
            assert CODE.search(await ana.send(f"{one}/claim-code"))
            await ana.page(f"{one}/revoke")
            assert "Acreditación revocada" in await ana.send(f"{one}/revoke", reason="moved")
            assert "ya no cambia" in await ana.send(f"{one}/resume", 422)

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
                await asyncio.sleep(0.02)  # Drivers hears of the new bay soon
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
