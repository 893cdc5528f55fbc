"""A yardstick's process: started, waited for, ended with the run."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from siga.bench.measuring import Missing

YARDSTICKS = Path(__file__).parents[4] / "yardsticks"
_WAIT_S = 60.0


def script(name: str) -> str:
    """The path of a program of the folder `yardsticks`; Missing where only the package is installed."""
    path = YARDSTICKS / name
    if not path.is_file():
        raise Missing(f"{name} is not here: run the benchmark from a checkout of SIGA")
    return str(path)


@asynccontextmanager
async def child(command: Sequence[str], ready: Callable[[], Awaitable[bool]], *, log: Path, user: str | None = None
                ) -> AsyncIterator[asyncio.subprocess.Process]:  # fmt: skip
    """A process of its own group until the block ends; ValueError with its log when it does not become ready."""
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            *command, stdout=out, stderr=out, stdin=asyncio.subprocess.DEVNULL, start_new_session=True, user=user,
            group=user, extra_groups=None if user is None else [],
        )  # fmt: skip
    try:
        until = time.monotonic() + _WAIT_S
        while not await ready():
            if process.returncode is not None or time.monotonic() > until:
                raise ValueError(f"{command[0]} did not start:\n{_end_of(log)}")
            await asyncio.sleep(0.05)
        yield process
    finally:
        await end(process)


def _end_of(log: Path) -> str:
    return log.read_text(errors="replace")[-2000:]


def folder_of_its_own(folder: Path) -> Path:
    """The folder, made if it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder


async def end(process: asyncio.subprocess.Process) -> None:
    """End a process and its group, kindly, then not."""
    for kind, wait_s in ((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0)):
        if process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, kind)
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), wait_s)


async def listens(port: int) -> bool:
    """Whether somebody takes connections at this port here."""
    return await _opens(asyncio.open_connection("127.0.0.1", port))


async def listens_at(path: Path) -> bool:
    """Whether somebody takes connections at this socket."""
    return await _opens(asyncio.open_unix_connection(str(path)))


async def _opens(opening: Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]) -> bool:
    try:
        _, writer = await opening
    except OSError:
        return False
    writer.close()
    return True


def children_of(pid: int) -> list[int]:
    """The processes that a process has started."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(word) for word in listed.split()]
