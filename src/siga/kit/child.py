"""A supervised child process for work that takes the CPU: asked by frames over pipes, killed when it is too slow.

A frame is 4 bytes of length, big-endian, and that many bytes. The child's side is `siga.kit.child_side`.
"""

from __future__ import annotations

import asyncio
import contextlib
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence

from siga.kit.child_side import MAX_FRAME_BYTES, framed


class ChildFailed(Exception):
    """The child ended, or said what is no frame; the next question starts a new one."""


class ChildTooSlow(ChildFailed):
    """The child did not answer within the limit and was killed; the next question starts a new one."""


class Child:
    """One child process, started at the first question, asked one thing at a time.

    `argv` starts a program that calls `child_side.serve`; it must say that it is ready within `ready_timeout_s`.
    """

    def __init__(self, argv: Sequence[str], ready_timeout_s: float) -> None:
        self._argv, self._ready_timeout_s = tuple(argv), ready_timeout_s
        self._process: Process | None = None
        self._turn = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        """The process id while a child runs."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    async def start(self) -> None:
        """Have the child ready before the first question; no fault when it already is."""
        async with self._turn:
            await self._running()

    async def ask(self, frame: bytes, limit_s: float) -> bytes:
        """The child's answer to one frame. The limit counts from this question's turn, a start not included.

        ChildTooSlow past the limit, ChildFailed when the child ends; either way it is gone and the next one is new.
        """
        async with self._turn:
            process = await self._running()
            try:
                async with asyncio.timeout(limit_s):
                    return await _exchange(process, frame)
            except TimeoutError as late:
                await self._kill()
                raise ChildTooSlow(f"The child did not answer within {limit_s:g} s and was ended.") from late
            except (OSError, EOFError) as gone:
                await self._kill()
                raise ChildFailed("The child ended while it worked.") from gone
            except BaseException:  # cancelled half-way: its answer would be taken for the next question's
                await self._kill()
                raise

    async def close(self) -> None:
        """End the child: at once, whatever it does."""
        await self._kill()

    async def _running(self) -> Process:
        if self._process is not None and self._process.returncode is None:
            return self._process
        process = self._process = await self._spawned()
        try:
            async with asyncio.timeout(self._ready_timeout_s):
                await _read(process)
        except TimeoutError as late:
            await self._kill()
            raise ChildTooSlow(f"The child was not ready within {self._ready_timeout_s:g} s.") from late
        except (OSError, EOFError) as gone:
            await self._kill()
            raise ChildFailed("The child ended before it was ready.") from gone
        except BaseException:
            await self._kill()
            raise
        return process

    async def _spawned(self) -> Process:
        try:
            return await asyncio.create_subprocess_exec(
                *self._argv,
                stdin=PIPE,
                stdout=PIPE,
                start_new_session=True,  # Ctrl-C in a terminal is for us; the child ends with its input
            )
        except OSError as fault:
            raise ChildFailed("The child cannot be started.") from fault

    async def _kill(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        if process.stdin is not None:
            process.stdin.close()
        await asyncio.shield(process.wait())


async def _exchange(process: Process, frame: bytes) -> bytes:
    assert process.stdin is not None
    process.stdin.write(framed(frame))
    await process.stdin.drain()
    return await _read(process)


async def _read(process: Process) -> bytes:
    assert process.stdout is not None
    length = int.from_bytes(await process.stdout.readexactly(4), "big")
    if length > MAX_FRAME_BYTES:
        raise EOFError("a frame without sense")
    return await process.stdout.readexactly(length)
