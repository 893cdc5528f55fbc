"""A listening door: its port is its own, requests in flight are finished when it closes."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import Any

import httpx

from siga.engines.server import Door, Reservation
from support import run


async def slow_app(scope: Any, receive: Any, send: Any) -> None:
    """Answers `/slow` after a while."""
    await asyncio.sleep(0.5 if scope["path"] == "/slow" else 0)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


def test_a_port_that_is_held_gives_the_next_one_before_anybody_listens() -> None:
    first = Reservation("127.0.0.1", 38_200)
    second = Reservation("127.0.0.1", first.port)
    assert second.port != first.port
    first.release()
    third = Reservation("127.0.0.1", first.port)
    assert third.port == first.port
    second.release()
    third.release()


def test_a_request_in_flight_is_finished_when_the_door_closes() -> None:
    async def work() -> None:
        held = Reservation("127.0.0.1", 38_300)
        door = Door(slow_app, port=held.port)
        await door.open()
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{held.port}") as client:
            flying = asyncio.create_task(client.get("/slow"))
            await asyncio.sleep(0.1)
            await door.close()
            assert (await flying).text == "ok"
        held.release()

    run(work(), 20)


def test_the_owners_socket_is_the_owners_alone(tmp_path: Path) -> None:
    async def work() -> None:
        door = Door(slow_app, uds=tmp_path / "s.sock")
        await door.open()
        assert (tmp_path / "s.sock").stat().st_mode & 0o077 == 0
        transport = httpx.AsyncHTTPTransport(uds=str(tmp_path / "s.sock"))
        async with httpx.AsyncClient(transport=transport, base_url="http://siga") as client:
            assert (await client.get("/")).text == "ok"
        await door.close()
        assert not (tmp_path / "s.sock").exists()

    run(work(), 20)


def test_a_client_that_does_not_read_holds_up_little() -> None:
    accepted_bytes = 0

    async def endless(scope: Any, receive: Any, send: Any) -> None:
        nonlocal accepted_bytes
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while True:
            await send({"type": "http.response.body", "body": b"x" * 8_192, "more_body": True})
            accepted_bytes += 8_192

    async def work() -> None:
        held = Reservation("127.0.0.1", 38_400)
        door = Door(endless, port=held.port)
        await door.open()
        with socket.socket() as line:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            line.connect(("127.0.0.1", held.port))
            line.sendall(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n")
            await asyncio.sleep(0.5)
            assert 0 < accepted_bytes < 600_000, "without bounds the kernel alone takes 4 MB"
            await door.close(0.2)
        held.release()

    run(work(), 20)
