"""A service of another process stands where its own app would: bodies and streams pass through as they are."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from granian.server.embed import Server

from siga.engines.remote_app import RemoteApp
from siga.kit.problem import TooLarge, Unavailable
from support import run


class Far:
    """The app in the other process."""

    def __init__(self) -> None:
        self.scopes: list[Any] = []
        self.left = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        self.scopes.append(scope)
        if scope["path"] == "/stream":
            await self._stream(receive, send)
        elif scope["path"] == "/breaks":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"half", "more_body": True})
            raise RuntimeError("the other process died")
        else:
            size, more = 0, True
            while more:
                message = await receive()
                size += len(message.get("body", b""))
                more = message.get("more_body", False)
            headers = [(b"x-size", str(size).encode()), (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")]
            await send({"type": "http.response.start", "status": 207, "headers": headers})
            await send({"type": "http.response.body", "body": b"seen"})

    async def _stream(self, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
        leaving = asyncio.create_task(_message(receive))
        n = 0
        while not leaving.done():
            await send({"type": "http.response.body", "body": f"data: {n}\n\n".encode(), "more_body": True})
            n += 1
            await asyncio.sleep(0.02)
        self.left.set()


async def _message(receive: Any) -> Any:
    return await receive()


@asynccontextmanager
async def far() -> AsyncIterator[tuple[Far, RemoteApp]]:
    """A server on a free port and its stand-in here."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    app = Far()
    server = Server(app, address="127.0.0.1", port=port, interface="asgi", log_enabled=False)
    serving = asyncio.create_task(server.serve())
    await asyncio.sleep(0.3)
    remote = RemoteApp(f"http://127.0.0.1:{port}")
    try:
        yield app, remote
    finally:
        await remote.close()
        server.stop()
        await asyncio.wait_for(serving, 5)


def test_method_path_query_headers_and_body_pass_as_they_are() -> None:
    async def check() -> None:
        async with far() as (app, remote):
            client = httpx.AsyncClient(transport=httpx.ASGITransport(remote), base_url="http://siga.test")

            async def parts() -> AsyncIterator[bytes]:
                for _ in range(30):
                    yield b"x" * 100_000

            for content in (b"", b"small", parts()):
                answer = await client.put("/a%20b/c?x=1&y=%2F", content=content, headers={"x-mine": "1"})
                assert (answer.status_code, answer.text) == (207, "seen")
            assert answer.headers["x-size"] == "3000000"
            assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]
            scope = app.scopes[-1]
            assert (scope["method"], scope["raw_path"], scope["query_string"]) == ("PUT", b"/a%20b/c", b"x=1&y=%2F")
            assert (b"x-mine", b"1") in scope["headers"]

    run(check())


class Client:
    """Drives an ASGI app by hand, so that streams can be watched and left."""

    def __init__(self, path: str) -> None:
        self.scope = {
            "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"",
            "headers": [],
        }  # fmt: skip
        self.leave = asyncio.Event()
        self.parts: list[bytes] = []
        self.got = asyncio.Event()
        self._asked = False

    async def receive(self) -> dict[str, Any]:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.leave.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if message.get("body"):
            self.parts.append(message["body"])
            if len(self.parts) >= 3:
                self.got.set()


def test_a_stream_arrives_piece_by_piece_and_leaving_it_is_told_to_the_other_side() -> None:
    async def check() -> None:
        async with far() as (app, remote):
            client = Client("/stream")
            reading = asyncio.create_task(remote(client.scope, client.receive, client.send))
            await asyncio.wait_for(client.got.wait(), 3)
            assert client.parts[0].startswith(b"data: 0")
            client.leave.set()
            await asyncio.wait_for(reading, 3)
            await asyncio.wait_for(app.left.wait(), 3)

    run(check())


def test_an_answer_that_breaks_off_is_not_taken_for_whole() -> None:
    async def check() -> None:
        async with far() as (_, remote):
            client = Client("/breaks")
            with pytest.raises(httpx.HTTPError):
                await remote(client.scope, client.receive, client.send)

    run(check())


def test_a_body_refused_on_the_way_is_refused_with_that_reason() -> None:
    async def check() -> None:
        async with far() as (_, remote):
            client = Client("/x")
            asked = 0

            async def receive() -> dict[str, Any]:
                nonlocal asked
                asked += 1
                if asked > 3:
                    raise TooLarge("Enough.")
                return {"type": "http.request", "body": b"x" * 1000, "more_body": True}

            with pytest.raises(TooLarge):
                await remote(client.scope, receive, client.send)

    run(check())


def test_a_service_that_does_not_listen_is_unavailable() -> None:
    async def check() -> None:
        client = Client("/x")
        with pytest.raises(Unavailable):
            await RemoteApp("http://127.0.0.1:9")(client.scope, client.receive, client.send)

    run(check())
