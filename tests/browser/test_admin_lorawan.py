"""LoRaWAN in the administration in a real browser: a server let in, and a sensor it hears."""

from __future__ import annotations

import json
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from looks import check
from playwright.sync_api import Page, expect

from conftest import Demo

Opener = Callable[..., Page]
_EUI = "70b3d57e0516ab01"


def _heard(port: int, secret: str) -> None:
    """ChirpStack posts an uplink."""
    body = {
        "deviceInfo": {"devEui": _EUI, "deviceName": "Calle Mayor", "deviceProfileName": "nwave-nps405"},
        "devAddr": "00189440", "fCnt": 3, "fPort": 1, "data": "lQ==", "rxInfo": [{"rssi": -97, "snr": 4.5}],
    }  # fmt: skip
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/sensors/v1/lns/chirpstack?event=up", json.dumps(body).encode(),
        {"authorization": f"Bearer {secret}", "content-type": "application/json"},
    )  # fmt: skip
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert json.load(answer)["outcome"] in ("held", "repeated")


@pytest.mark.parametrize(("width", "colours"), [(412, "light"), (1440, "dark")])
def test_a_server_is_let_in_by_a_secret_that_can_be_copied_and_its_sensor_is_listed(
    opened: Opener, started: Demo, width: int, colours: str
) -> None:
    page = opened("/admin/integrations", role="Administration", color_scheme=colours, width=width)
    page.get_by_label("Nombre").fill(f"ChirpStack {width}")
    page.get_by_role("button", name="Añadir y ver su secreto").click()
    secret = page.locator("#the-code").inner_text()
    expect(page.get_by_text("/sensors/v1/lns/chirpstack")).to_be_visible()
    check(page)
    _heard(started.sensors_port, secret)
    page.goto("/admin/integrations")
    check(page)
    page.get_by_role("link", name=f"ChirpStack {width}").click()
    check(page)
    page.goto("/admin/claims")
    check(page)
    page.get_by_role("link", name=_EUI).click()
    expect(page.get_by_label("Modelo y versión")).to_have_value("nwave-nps405-2.4.9")
    check(page)
    page.get_by_role("button", name="Ponerlo en la plaza").click()
    page.get_by_label("Código de la plaza").fill("nowhere")
    page.get_by_role("button", name="Ponerlo en la plaza").click()
    expect(page.get_by_role("alert")).to_contain_text("No hay ninguna plaza con ese código")
    check(page)
