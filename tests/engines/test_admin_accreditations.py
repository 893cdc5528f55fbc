"""The administration's pages of accreditations in full: kinds, replaced cards, lists, letters, cards in doubt."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from admin_office import CODE, Clerk, held, link, office
from siga.contract.accreditation_lists import CardAlarm
from siga.kit.ids import new_id
from siga.services.users.store import card_alarms
from siga.system import System
from support import run

_LIST = """numero;titular;categoria;clase;desde;hasta;matricula
SO-0001;Ana Gil Robles;disabled;personal;2026-01-01;2030-12-31;1111 BBB
SO-0002;John Smith;disabled;personal;2026-01-01;2030-12-31;
SO-0003;Transportes SL;taxi;colectiva;2026-01-01;2030-12-31;
"""


async def _give(ana: Clerk, **more: str) -> str:
    """A new accreditation; the words of its letter."""
    today = datetime.now(UTC).date()
    await ana.page("/admin/accreditations/new")
    fields = {"holder": "Luisa Gil", "issuer": "Soria", "issuer_country": "ES", "language": "es", "kind": "personal",
              "number": "SO 123456", "category": "disabled", "valid_from": str(today), "plate": "",
              "valid_to": str(today + timedelta(days=200)), **more}  # fmt: skip
    return await ana.send("/admin/accreditations/new", **fields)


def test_the_letter_is_in_the_holders_language_and_its_code_stands_in_no_address(tmp_path: Path) -> None:
    async def check() -> None:
        async with office(tmp_path) as (ana, _):
            letter = await _give(ana, holder="John Smith", language="en", issuer="Lisboa", issuer_country="PT")
            assert "Your parking accreditation" in letter
            assert '<article class="letter" lang="en"' in letter
            found = CODE.search(letter)
            assert found
            assert not re.search(rf'(href|action|src)="[^"]*{found[1]}', letter)
            page = await ana.page(link(letter, "/admin/accreditations/0"))
            assert "Lisboa (Portugal)" in page
            assert "inglés" in page
            assert found[1] not in page

    run(check())


def test_kinds_say_what_they_want_where_it_is_filled_in(tmp_path: Path) -> None:
    async def check() -> None:
        async with office(tmp_path) as (ana, _):
            today = datetime.now(UTC).date()
            await ana.page("/admin/accreditations/new")
            fields = {"holder": "Taxi SL", "issuer": "Soria", "issuer_country": "ES", "language": "es",
                      "number": "C-10001", "category": "taxi", "valid_from": str(today), "plate": "",
                      "valid_to": str(today + timedelta(days=400))}  # fmt: skip
            short = await ana.send("/admin/accreditations/new", 422, **fields, kind="provisional")
            assert '<a href="#valid_to">Una provisional termina en un año' in short
            bare = await ana.send("/admin/accreditations/new", 422, **fields, kind="collective")
            assert '<a href="#plate">Una colectiva va unida' in bare
            letter = await ana.send("/admin/accreditations/new", **{**fields, "plate": "1234BCD"}, kind="collective")
            one = link(letter, "/admin/accreditations/0")
            plate = link(await ana.page(one), f"{one}/plates/")
            await ana.page(plate)
            assert "Es la última matrícula" in await ana.send(plate, 422)

    run(check())


def test_a_lost_card_is_replaced_and_a_lost_document_gets_another_number(tmp_path: Path) -> None:
    async def check() -> None:
        async with office(tmp_path) as (ana, _):
            one = link(await _give(ana), "/admin/accreditations/0")
            await ana.page(one)
            await ana.send(f"{one}/card", uid="04A2B3C4", form="hex", kind="card")
            page = await ana.send(f"{one}/cards", uid="04A2B3C4", order="same", kind="card")
            assert "…B3C4" in page
            replace = link(page, f"{one}/cards/", "Sustituir")
            old = replace.split("/")[-2]
            await ana.page(replace)
            wrong = await ana.send(f"{one}/card", 422, uid="zz", form="hex", kind="card", instead_of=old, reason="lost")
            assert "Sustituir la tarjeta …B3C4" in wrong
            seen = await ana.send(
                f"{one}/card", uid="04D1D2D3", form="hex", kind="card", instead_of=old, reason="stolen"
            )
            assert "Guardarla en lugar de la anterior" in seen
            assert (held(seen, "instead_of"), held(seen, "reason")) == (old, "stolen")
            kept = await ana.send(
                f"{one}/cards", uid="04D1D2D3", order="same", kind="card", instead_of=old, reason="stolen"
            )
            assert "Tarjeta sustituida" in kept
            assert "revocada: robada" in kept
            assert "…D2D3" in kept
            revoke = link(kept, f"{one}/cards/", "Revocar")
            await ana.page(revoke)
            assert "revocada: estropeada" in await ana.send(revoke, reason="damaged")
            await ana.page(f"{one}/replace")
            assert '<a href="#number">' in await ana.send(f"{one}/replace", 422, number="")
            letter = await ana.send(f"{one}/replace", number="SO 999888", reason="lost")
            assert CODE.search(letter)
            assert "Acreditación …888" in await ana.page(one)

    run(check())


def test_a_list_is_seen_before_it_is_imported_and_its_letters_are_printed_together(tmp_path: Path) -> None:
    async def check() -> None:
        async with office(tmp_path) as (ana, _):
            await ana.page("/admin/accreditations/import")
            assert "Elija un archivo" in await ana.send("/admin/accreditations/import", 422)
            broken = await ana.send("/admin/accreditations/import", 422, upload=("file", b"titular;categoria\nAna;x\n"))
            assert '<a href="#file">' in broken
            preview = await ana.send("/admin/accreditations/import", upload=("file", _LIST.encode()))
            assert "Importar 2 acreditaciones" in preview
            assert "Una colectiva necesita la matrícula" in preview
            assert "Ana Gil" not in preview
            assert "No hay ninguna" in await ana.page("/admin/accreditations")
            done = await ana.send("/admin/accreditations/import/confirm", file=held(preview, "file"))
            assert "Faltan 2 cartas por imprimir" in done
            again = await ana.send("/admin/accreditations/import", upload=("file", _LIST.encode()))
            assert "Todo lo que se puede importar está ya así" in again
            assert "2 cartas por imprimir" in await ana.page("/admin")
            await ana.page("/admin/accreditations/letters")
            letters = await ana.send("/admin/accreditations/letters")
            assert len(set(CODE.findall(letters))) == 2
            assert "Ana Gil Robles" in letters
            assert "No falta ninguna carta" in await ana.page("/admin/accreditations/letters")
            for what, value, found in (("holder", "robles ana", 1), ("end", "002", 1), ("holder", "rob", 0)):
                page = await ana.send("/admin/accreditations/search", what=what, value=value)
                assert ("1 acreditación encontrada" if found else "0 acreditaciones") in page, (what, value)

    run(check())


async def _suspected(system: System, accreditation_id: str, municipality_id: str) -> None:
    """An alarm as Users keeps one."""
    database = system.services["users"].database
    assert database is not None
    alarm = CardAlarm(
        alarm_id=new_id(), municipality_id=municipality_id, accreditation_id=accreditation_id, credential_id="c",
        ends_with="B3C4", reason="travel", bay_id="b-1", other_bay_id="b-2", at=datetime.now(UTC), metres=37000,
        seconds=300,
    )  # fmt: skip
    await database.write(lambda conn: card_alarms.add(conn, alarm))


def test_a_card_in_doubt_is_told_today_and_on_its_page_until_somebody_looked(tmp_path: Path) -> None:
    async def check() -> None:
        async with office(tmp_path) as (ana, system):
            one = link(await _give(ana), "/admin/accreditations/0")
            towns = (await ana.http.get("/api/v1/municipalities")).json()["municipalities"]
            await _suspected(system, one.rsplit("/", 1)[-1], towns[0]["municipality_id"])
            assert "1 tarjeta vista en dos sitios" in await ana.page("/admin")
            assert "Esta tarjeta se vio en dos sitios" in await ana.page(one)
            table = await ana.page("/admin/accreditations/card-alarms")
            assert "en dos plazas a 37,0\u00a0km, con 5\u00a0min" in table
            seen = re.search(r'action="(/admin/accreditations/card-alarms/[^"]+/acknowledge)"', table)
            assert seen
            assert "Anotado como visto" in await ana.send(seen[1])
            assert "vista en dos sitios" not in await ana.page("/admin")
            assert "se vio en dos sitios" not in await ana.page(one)
            assert "Ana Ruiz" in await ana.page("/admin/accreditations/card-alarms?show=acknowledged")

    run(check())


def test_the_days_of_warning_are_the_towns_own(tmp_path: Path) -> None:
    async def check() -> None:
        async with office(tmp_path) as (ana, _):
            await _give(ana)
            assert "caduca en" not in await ana.page("/admin")
            setting = "/admin/settings/users.renewal_warning_days"
            form = await ana.page(setting)
            await ana.send(setting, value="250", reason="a test", revision=held(form, "revision"))
            for _ in range(100):
                if "1 acreditación caduca en 250 días" in (page := await ana.page("/admin")):
                    break
                await asyncio.sleep(0.05)
            assert "1 acreditación caduca en 250 días" in page
            assert "En 250 días" in await ana.page("/admin/accreditations?ending=1")

    run(check())
