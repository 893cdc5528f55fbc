"""A child process that is asked over pipes: killed when it is too slow, replaced when it is gone, never left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from siga.kit.child import Child, ChildFailed, ChildTooSlow
from siga.kit.problem import TooMany
from siga.services.users.hashing import MAX_WAITING, Hasher
from siga.services.users.model.hashes import DUMMY_HASH
from support import run

CHILD = """
import os, sys, time
from siga.kit.child_side import serve

def answer(frame):
    if frame == b"sleep": time.sleep(60)
    if frame == b"die": os._exit(3)
    if frame == b"pid": return str(os.getpid()).encode()
    if frame == b"nice": return str(os.nice(0)).encode()
    print("a library talks")
    return frame[::-1]

serve(answer)
"""
ARGV = [sys.executable, "-c", CHILD]


def _alive(pid: int) -> bool:
    """Whether a process runs; one that ended and was not waited for yet does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


async def _gone(pid: int) -> bool:
    for _ in range(200):
        if not _alive(pid):
            return True
        await asyncio.sleep(0.01)
    return False


def test_a_child_answers_frames_of_any_size_and_is_nice() -> None:
    async def walk() -> None:
        child = Child(ARGV, 10)
        for frame in (b"", b"abc", bytes(range(256)) * 8192):
            assert await child.ask(frame, 5) == frame[::-1]
        assert int(await child.ask(b"nice", 5)) == min(19, os.nice(0) + 10)
        pid = int(await child.ask(b"pid", 5))
        assert child.pid == pid
        await child.close()
        assert await _gone(pid)

    run(walk())


def test_many_who_ask_at_once_are_answered_in_turn() -> None:
    async def walk() -> None:
        child = Child(ARGV, 10)
        words = [f"word {n}".encode() for n in range(50)]
        assert await asyncio.gather(*(child.ask(word, 5) for word in words)) == [word[::-1] for word in words]
        await child.close()

    run(walk())


def test_a_child_past_its_limit_is_killed_and_the_next_question_starts_another() -> None:
    async def walk() -> None:
        child = Child(ARGV, 10)
        first = int(await child.ask(b"pid", 5))
        began = time.monotonic()
        with pytest.raises(ChildTooSlow):
            await child.ask(b"sleep", 0.2)
        assert time.monotonic() - began < 2
        assert child.pid is None
        assert await _gone(first)
        assert int(await child.ask(b"pid", 5)) != first
        await child.close()

    run(walk())


def test_a_child_that_dies_is_told_of_and_replaced() -> None:
    async def walk() -> None:
        child = Child(ARGV, 10)
        with pytest.raises(ChildFailed):
            await child.ask(b"die", 5)
        assert await child.ask(b"ab", 5) == b"ba"
        assert child.pid is not None
        os.kill(child.pid, signal.SIGKILL)
        await asyncio.sleep(0.1)
        assert await child.ask(b"cd", 5) == b"dc"
        await child.close()

    run(walk())


def test_a_question_given_up_half_way_does_not_answer_the_next_one() -> None:
    async def walk() -> None:
        child = Child(ARGV, 10)
        await child.start()
        asking = asyncio.create_task(child.ask(b"sleep", 30))
        await asyncio.sleep(0.1)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert await child.ask(b"ef", 5) == b"fe"
        await child.close()

    run(walk())


def test_a_program_that_never_gets_ready_is_ended() -> None:
    async def walk() -> None:
        with pytest.raises(ChildTooSlow):
            await Child([sys.executable, "-c", "import time; time.sleep(60)"], 0.5).ask(b"x", 5)
        with pytest.raises(ChildFailed):
            await Child([sys.executable, "-c", "raise SystemExit(1)"], 5).ask(b"x", 5)
        with pytest.raises(ChildFailed):
            await Child(["/no/such/program"], 5).ask(b"x", 5)

    run(walk())


def test_a_child_ends_with_a_parent_that_is_killed() -> None:
    parent = """
import asyncio, sys, time
from siga.kit.child import Child

async def main():
    child = Child([sys.executable, "-c", sys.argv[1]], 10)
    await child.start()
    print(child.pid, flush=True)
    await child.ask(b"sleep", 60)

asyncio.run(main())
"""

    async def walk() -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", parent, CHILD, stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        child = int(await process.stdout.readline())
        assert _alive(child)
        process.kill()
        await process.wait()
        assert await _gone(child)

    run(walk())


def test_passwords_are_hashed_by_the_child_and_only_the_right_one_fits() -> None:
    async def walk() -> None:
        hasher = Hasher()
        known = await hasher.hash("three unrelated words")
        assert known.startswith("$argon2id$v=19$m=65536,t=3,p=1$")
        assert (await hasher.verify("three unrelated words", known)).fits
        assert not (await hasher.verify("three other words", known)).fits
        assert not (await hasher.verify("three unrelated words", "damaged")).fits
        assert not (await hasher.verify("anything", None)).fits
        assert not (await hasher.verify("anything", DUMMY_HASH)).fits
        await hasher.close()

    run(walk())


def test_when_more_than_eight_wait_the_next_is_asked_to_come_again() -> None:
    async def walk() -> None:
        hasher = Hasher(Child(ARGV, 10))
        waiting = [asyncio.create_task(hasher.hash("x")) for _ in range(MAX_WAITING + 1)]
        await asyncio.sleep(0)
        with pytest.raises(TooMany) as refused:
            await hasher.hash("one too many")
        assert int(refused.value.headers["Retry-After"]) >= 1
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        await hasher.close()

    run(walk())
