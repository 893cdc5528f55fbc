"""The administration's pages of LoRaWAN: a server let in, its sensor put on a bay, its health seen."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import httpx

from admin_office import link, office, with_bays
from lorawan_street import EUI, chirpstack_up
from support import run

_SECRET = re.compile(r'id="the-code">([^<]+)<')


def test_a_server_is_let_in_and_a_sensor_it_hears_is_put_on_a_bay(tmp_path: Path) -> None:
    async def check() -> None:
        async with office(tmp_path) as (ana, system):
            await with_bays(ana)
            assert "Todavía no hay ningún servidor LoRaWAN" in await ana.page("/admin/integrations")
            assert "Ponga un nombre" in await ana.send("/admin/integrations", 422, name="", kind="chirpstack")
            shown = await ana.send("/admin/integrations", name="Antena", kind="chirpstack")
            found = _SECRET.search(shown)
            assert found
            assert "/sensors/v1/lns/chirpstack" in shown
            secret = found[1]
            listed = await ana.page("/admin/integrations")
            assert secret not in listed
            server = link(listed, "/admin/integrations/", "Antena")

            transport = httpx.ASGITransport(system.services["gateway"].extra["sensors"], client=("127.0.0.1", 1))
            async with httpx.AsyncClient(transport=transport, base_url="http://siga.test") as door:

                async def up(f_cnt: int, payload: str, port: int = 1, status: int = 200) -> None:
                    body = chirpstack_up(f_cnt, payload, datetime.now(UTC), port=port)
                    answer = await door.post(
                        "/sensors/v1/lns/chirpstack?event=up", json=body,
                        headers={"authorization": f"Bearer {secret}"},
                    )  # fmt: skip
                    assert answer.status_code == status, answer.text

                assert "No se oye ningún sensor sin plaza" in await ana.page("/admin/claims")
                await up(1, "95")
                assert "1 sensor LoRaWAN sin plaza" in await ana.page("/admin")
                queue = await ana.page("/admin/claims")
                assert "Nwave NPS-4.5 (2.4.9)" in queue
                claim = link(queue, "/admin/claims/0", EUI)
                form = await ana.page(claim)
                assert "Leído como Nwave NPS-4.5 (2.4.9): plaza ocupada" in form
                assert '<option value="nwave-nps405-2.4.9" selected>' in form
                assert 'href="#bay"' in await ana.send(claim, 422, bay="nowhere", codec="nwave-nps405-2.4.9")
                assert 'href="#codec"' in await ana.send(claim, 422, bay="D-C1", codec="")
                assert "Descartado" in await ana.send(f"{claim}/dismiss")
                assert EUI in await ana.page("/admin/claims?queue=dismissed")
                await ana.page(claim)
                assert "Otra vez en la lista" in await ana.send(f"{claim}/restore")
                await ana.page(claim)
                done = await ana.send(claim, bay="d-c1", codec="nwave-nps405-2.4.9", label="Sensor de la farmacia")
                assert "Puesto en la plaza" in done

                await up(3, "00d3d8", port=2)
                await up(4, "0203010200", port=3)
                await up(5, "00", port=99)
                device = link(await ana.page("/admin/devices"), "/admin/devices/0", "Sensor de la farmacia")
                page = await ana.page(device)
                for words in ("3,34 V", "10 °C", "-60 dBm", EUI, "unknown fPort 99", "Dice tener otra versión"):
                    assert words in page, words
                assert "Código nuevo" not in page
                assert "Desde ahora se lee así" in await ana.send(f"{device}/codec", codec="nwave-nps310-1.13")

                await ana.page(server)
                assert "no entra" in await ana.send(f"{server}/switch", enabled="0")
                await ana.page(f"{server}/rotate")
                again = _SECRET.search(await ana.send(f"{server}/rotate"))
                assert again
                assert again[1] != secret
                await ana.page(server)
                assert "Guardado" in await ana.send(server, name="Antena nueva")

    run(check())


def test_every_page_of_lorawan_stands_in_english_too(tmp_path: Path) -> None:
    async def check() -> None:
        async with office(tmp_path) as (ana, _):
            assert "There is no LoRaWAN network server yet" in await ana.page("/admin/integrations?lang=en")
            assert "What to type into the server" in await ana.send("/admin/integrations", name="TTN", kind="ttn")
            assert "No sensor without a bay is heard" in await ana.page("/admin/claims")
            assert "None is dismissed" in await ana.page("/admin/claims?queue=dismissed")

    run(check())
