"""Street's stories: one per car, steps in their order, and the things to try that were seen."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from siga.kit.problem import NotFound
from siga.services.gateway.asgi import Visit
from siga.services.gateway.pages.demo.gate import host_of, is_ours, only_here, own_name
from siga.services.gateway.pages.demo.stage import Stage
from siga.services.gateway.pages.demo.stories import Happening

AT = datetime(2026, 11, 24, 8, tzinfo=UTC)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path / "seen.json", lambda: 20)


def _tell(
    stage: Stage, what: str, code: str = "CE-014", *, mine: bool = False, after_s: int = 0, **detail: Any
) -> None:
    at = AT + timedelta(seconds=after_s)
    stage.hear(Happening(at=at, code=code, what=what, command_id="c" if mine else None, detail=detail))


def _steps(stage: Stage, code: str = "CE-014") -> list[str]:
    story = stage.stories.late_at(code)
    assert story is not None
    return [f"{step.what}.{step.kind}".rstrip(".") for step in story.steps]


def test_a_car_without_a_card_is_told_from_its_coming_to_its_end(stage: Stage) -> None:
    _tell(stage, "came", mine=True, who="stranger")
    _tell(stage, "photo_wanted")
    _tell(stage, "case_opened", reason="unverified")
    _tell(stage, "photo_sent")
    _tell(stage, "plate_read", plate="1234RBC", check="unknown")
    _tell(stage, "left", mine=True, who="stranger")
    _tell(stage, "resolved", outcome="warned")
    assert _steps(stage) == [
        "came.stranger", "grace", "case_opened.unverified", "photo_wanted", "photo_sent", "plate_read.unknown",
        "left.stranger", "resolved.warned",
    ]  # fmt: skip
    assert {"taken", "suspect"} <= stage.seen
    assert len(stage.stories.told(mine=True, most=9)) == 1


def test_the_grace_time_told_is_the_one_in_force(stage: Stage) -> None:
    _tell(stage, "came", mine=True, who="card_not_read")
    story = stage.stories.open_at("CE-014")
    assert story is not None
    assert story.steps[-1].detail == {"seconds": 20}


def test_a_car_with_a_right_is_given_no_countdown(stage: Stage) -> None:
    _tell(stage, "came", mine=True, who="card")
    assert _steps(stage) == ["came.card"]


def test_the_next_car_has_a_story_of_its_own(stage: Stage) -> None:
    _tell(stage, "came", who="card")
    _tell(stage, "left")
    _tell(stage, "came", who="stranger")
    assert len(stage.stories.told(mine=False, most=9)) == 2


def test_the_towns_own_stories_are_kept_apart_from_the_visitors(stage: Stage) -> None:
    _tell(stage, "came", code="CE-001", who="card")
    _tell(stage, "came", code="CE-002", mine=True, who="stranger")
    assert [story.code for story in stage.stories.told(mine=False, most=9)] == ["CE-001"]
    assert [story.code for story in stage.stories.told(mine=True, most=9)] == ["CE-002"]


def test_a_muted_sensor_is_told_and_its_silence_noticed_once(stage: Stage) -> None:
    _tell(stage, "muted", mine=True)
    assert stage.muted == {"CE-014"}
    stage.silent("CE-014", AT)
    stage.silent("CE-014", AT)
    assert _steps(stage) == ["muted", "no_signal"]
    assert "silent" in stage.seen
    _tell(stage, "unmuted", mine=True)
    assert stage.muted == set()


def test_what_could_not_be_done_is_a_story_too(stage: Stage) -> None:
    _tell(stage, "came", who="card")
    _tell(stage, "refused", mine=True, reason="occupied")
    assert _steps(stage) == ["refused.occupied"]
    assert stage.stories.open_at("CE-014") is not None


def test_a_simulator_that_starts_again_says_what_is_muted(stage: Stage) -> None:
    _tell(stage, "muted", code="CE-001", mine=True)
    _tell(stage, "muted_now", code="", codes=["CE-007"])
    assert stage.muted == {"CE-007"}


def test_what_was_seen_is_remembered(stage: Stage, tmp_path: Path) -> None:
    stage.note("figures")
    assert Stage(tmp_path / "seen.json", lambda: 20).seen == {"figures"}


def test_commands_wait_for_the_simulator_and_wake_it(stage: Stage) -> None:
    async def play() -> None:
        stage.want("take", "CE-014", "revoked")
        first = await stage.commands(5)
        assert [(one.what, one.code, one.who) for one in first] == [("take", "CE-014", "revoked")]
        waiting = asyncio.create_task(stage.commands(5))
        await asyncio.sleep(0.01)
        assert stage.alive
        stage.want("leave", "CE-014")
        assert [one.what for one in await asyncio.wait_for(waiting, 1)] == ["leave"]
        assert await stage.commands(0.01) == []

    asyncio.run(play())


def test_a_stage_without_a_simulator_is_asleep(stage: Stage) -> None:
    assert not stage.alive


@pytest.mark.parametrize(
    ("host", "name", "port"),
    [
        ("127.0.0.1:8080", "127.0.0.1", ":8080"), ("Police.localhost:9", "police.localhost", ":9"),
        ("[::1]:8", "[::1]", ":8"), ("localhost", "localhost", ""), (None, "", ""),
    ],
)  # fmt: skip
def test_a_host_is_taken_apart(host: str | None, name: str, port: str) -> None:
    assert host_of(host) == (name, port)


@pytest.mark.parametrize("host", ["siga.example", "127.0.0.1.example", "evil-localhost", "192.168.1.7", ""])
def test_another_name_for_this_machine_is_not_ours(host: str) -> None:
    assert not is_ours(host)


def test_each_face_has_a_name_of_its_own_where_the_browser_knows_such_names() -> None:
    chromium = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36"
    safari = "Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15"
    names = {own_name(role, chromium) for role in ("driver", "police", "administrator")}
    assert len(names) == 3
    assert all(name is not None and is_ours(name) for name in names)
    assert own_name("police", safari) is None


@pytest.mark.parametrize(
    ("local", "host"), [(False, "127.0.0.1:8080"), (True, "siga.example"), (False, "siga.example")]
)
def test_the_demo_is_not_there_for_another_machine_or_under_another_name(local: bool, host: str) -> None:
    with pytest.raises(NotFound):
        only_here(_connection(local, host), None)  # type: ignore[arg-type]
    only_here(_connection(True, "127.0.0.1:8080"), None)  # type: ignore[arg-type]


def _connection(local: bool, host: str) -> Any:
    visit = Visit(client="127.0.0.1", https=False, local=local, safe=True, request_id="r")
    return SimpleNamespace(scope={"headers": [(b"host", host.encode())], "siga.visit": visit})
