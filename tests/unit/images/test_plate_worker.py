"""What pool and worker say to each other, and what the command prints, without any OCR."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from siga.services.images import command
from siga.services.images.model import PlateCandidate, Reading
from siga.services.images.pool import ReaderFailed, ReaderPool
from siga.services.images.worker import Answer, Question, answer, pack, unpack

BOX = (1, 2, 30, 8)
READING = Reading(
    plates=(
        PlateCandidate(plate="1234BCD", confidence=0.97, country="ES", box=BOX),
        PlateCandidate(plate="1234BCO", confidence=0.03, country=None, box=BOX),
        PlateCandidate(plate="5678FGH", confidence=0.9, country="ES", box=(200, 2, 30, 8)),
    )
)
ECHO = """
import msgspec, os, time
from siga.kit.child_side import serve
from siga.services.images.model import Reading
from siga.services.images.worker import Answer, unpack
def answer(frame):
    question, image = unpack(frame)
    if image == b"slow":
        time.sleep(60)
    if image == b"die":
        os._exit(3)
    return msgspec.json.encode(Answer(id=question.id, reading=Reading(reason="no_plate")))
serve(answer)
"""


class FakeReader:
    def read(self, image: bytes, site_country: str) -> Reading:
        assert (image, site_country) == (b"\xff\x00picture", "PT")
        return READING


def test_a_question_survives_the_way_to_the_worker() -> None:
    question = Question(id="7", site_country="PT")
    assert unpack(pack(question, b"\xff\x00picture")) == (question, b"\xff\x00picture")


def test_the_worker_answers_with_the_questions_id() -> None:
    frame = answer(cast("Any", FakeReader()), pack(Question(id="7", site_country="PT"), b"\xff\x00picture"))
    assert msgspec.json.decode(frame, type=Answer) == Answer(id="7", reading=READING)


def test_a_frame_without_sense_is_refused() -> None:
    with pytest.raises(msgspec.DecodeError):
        unpack(b"\0\0\0\x05hello")


def with_pool(*images: bytes, time_limit_s: float = 0.3) -> list[str]:
    """Read these pictures one after the other by a child that knows no OCR."""

    async def work() -> list[str]:
        pool = ReaderPool(1, time_limit_s, argv=(sys.executable, "-c", ECHO))
        assert not pool.warm
        await pool.start()
        said = []
        for image in images:
            try:
                said.append(str((await pool.read(image, "ES")).reason))
            except ReaderFailed as fault:
                said.append(fault.reason)
        assert pool.warm is (said[-1] == "no_plate")
        await pool.stop()
        assert pool.pids == ()
        with pytest.raises(ReaderFailed, match="reader_stopped"):
            await pool.read(b"late", "ES")
        return said

    return asyncio.run(asyncio.wait_for(work(), 20))


def test_a_slow_reader_is_killed_and_replaced() -> None:
    assert with_pool(b"a", b"slow", b"b") == ["no_plate", "reader_too_slow", "no_plate"]


def test_a_dead_reader_is_replaced() -> None:
    assert with_pool(b"die", b"a") == ["reader_died", "no_plate"]


def test_stopping_ends_who_waits() -> None:
    async def work() -> str:
        pool = ReaderPool(1, 10.0, argv=(sys.executable, "-c", "import time; time.sleep(60)"))
        await pool.start()
        waiting = asyncio.create_task(pool.read(b"a", "ES"))
        await asyncio.sleep(0.05)
        await pool.stop()
        with pytest.raises(ReaderFailed) as fault:
            await waiting
        return fault.value.reason

    assert asyncio.run(asyncio.wait_for(work(), 20)) == "reader_stopped"


class FakePool:
    def __init__(self, workers: int) -> None:
        self.workers = workers

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    async def read(self, image: bytes, site_country: str) -> Reading:
        if image == b"slow":
            raise ReaderFailed("reader_too_slow")
        return {b"car": READING, b"wall": Reading(reason="no_plate")}.get(image, Reading(reason="not_an_image"))


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(command, "ReaderPool", FakePool)
    monkeypatch.setattr(command, "configure", lambda **_: None)
    for name in ("car", "wall", "text", "slow"):
        (tmp_path / name).write_bytes(name.encode())
    return tmp_path


def test_one_json_line_per_picture(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = [str(files / name) for name in ("car", "wall")]
    assert command.run(paths, as_json=True, candidates=False) == 0
    car, wall = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert car["file"] == paths[0]
    assert car["plates"][0] == {"plate": "1234BCD", "confidence": 0.97, "country": "ES", "box": [1, 2, 30, 8]}
    assert (wall["plates"], wall["reason"]) == ([], "no_plate")


def test_the_bare_candidates_of_one_picture(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.run([str(files / "car")], as_json=False, candidates=True) == 0
    assert [each["plate"] for each in json.loads(capsys.readouterr().out)] == ["1234BCD", "1234BCO"]


def test_a_table_for_people(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.run([str(files / "car"), str(files / "wall")], as_json=False, candidates=False) == 0
    shown = capsys.readouterr().out
    assert "1234BCD" in shown
    assert "5678FGH" in shown
    assert "1234BCO" not in shown
    assert "no plate in view" in shown


@pytest.mark.parametrize(
    ("name", "reason"), [("absent", "file_not_read"), ("text", "not_an_image"), ("slow", "reader_too_slow")]
)
def test_what_cannot_be_read_is_told_by_exit_code_one(
    files: Path, capsys: pytest.CaptureFixture[str], name: str, reason: str
) -> None:
    assert command.run([str(files / name), str(files / "car")], as_json=True, candidates=False) == 1
    shown = capsys.readouterr()
    assert json.loads(shown.out.splitlines()[0])["reason"] == reason
    assert name in shown.err
