"""A started demo of SIGA and Debian's Chromium, shared by all browser tests of a run."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--autoplay-policy=no-user-gesture-required",
]
_START_S = 90.0
BAYS = 90


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All browser tests run in one worker: they share one demo."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("browser"))


@dataclass
class Demo:
    """A demo as its own process: where it is, and the accounts it made for this run (role → e-mail, password)."""

    data: Path
    port: int
    sensors_port: int
    process: subprocess.Popen[str]
    log: Path
    accounts: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The users' door."""
        return f"http://127.0.0.1:{self.port}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_demo(data: Path, port: int, sensors_port: int) -> Demo:
    """Start `siga demo` and wait until it says what to try; fails with its last words otherwise."""
    log = data.with_suffix(".log")
    command = [
        sys.executable, "-m", "siga", "demo", "--bays", str(BAYS), "--data", str(data), "--port", str(port),
        "--sensors-port", str(sensors_port),
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=log.open("w"), stderr=subprocess.STDOUT, text=True)
    demo = Demo(data, port, sensors_port, process, log)
    until = time.monotonic() + _START_S
    while "Stop with Ctrl-C" not in (said := log.read_text()):
        if process.poll() is not None or time.monotonic() > until:
            stop_demo(demo)
            pytest.fail(f"the demo did not start: {said[-2000:]}")
        time.sleep(0.1)
    found = re.findall(r"^\s+(Driver|Police|Administration)\s+(\S+@\S+)\s+(\S+)$", said, re.MULTILINE)
    demo.accounts = {role: (email, password) for role, email, password in found}
    return demo


def stop_demo(demo: Demo) -> None:
    """End the demo as Ctrl-C would, by force when it does not."""
    if demo.process.poll() is None:
        demo.process.send_signal(signal.SIGINT)
        try:
            demo.process.wait(20)
        except subprocess.TimeoutExpired:
            demo.process.kill()
            demo.process.wait(5)


@pytest.fixture(scope="session")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A running demo."""
    demo = start_demo(tmp_path_factory.mktemp("demo") / "data", _free_port(), _free_port())
    yield demo
    stop_demo(demo)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium without a window; skipped by name where it is not installed.

    It ends with its module, since while it lives no other test of this process can start an event loop.
    """
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("chromium is missing in CI")
        pytest.skip("chromium is not installed (apt-get install chromium)")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=_ARGS)
        yield opened
        opened.close()


Opener = Callable[..., Page]


@pytest.fixture
def opened(browser: Browser, started: Demo) -> Iterator[Opener]:
    """Opens a page in a visitor's own browser: a Spanish phone unless told otherwise.

    What a page says on its console as an error, and what it raises, fails the test: `page.context.faults`.
    """
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def opener(
        path: str = "/", *, role: str | None = None, width: int = 412, height: int = 839, **options: Any
    ) -> Page:
        context = browser.new_context(
            base_url=started.url, viewport={"width": width, "height": height},
            **{"locale": "es-ES", "timezone_id": "Europe/Madrid", **options},
        )  # fmt: skip
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda told: faults.append(told.text) if _is_fault(told) else None)
        if role is not None:
            _sign_in(page, *started.accounts[role])
        page.goto(path)
        return page

    yield opener
    for context in contexts:
        context.close()
    assert not faults


def _is_fault(told: Any) -> bool:
    """A refused form (4xx) is shown by the browser as an error too and is none, nor is a network that a test cut."""
    return told.type == "error" and not re.search(
        r"status of 4(03|04|09|22|29)|INTERNET_DISCONNECTED|ERR_FAILED", told.text
    )


def _sign_in(page: Page, email: str, password: str) -> None:
    page.goto("/sign-in")
    page.locator("#email").fill(email)
    page.locator("#password").fill(password)
    page.locator("main button.button-primary").click()
    page.wait_for_url(lambda url: "/sign-in" not in url)
