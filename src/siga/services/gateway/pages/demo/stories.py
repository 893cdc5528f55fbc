"""What happened to one car in one bay, step by step, as Street tells it; pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from siga.contract.base import Ask

_MOST = 60
_CASE = ("case_opened", "photo_wanted", "photo_sent", "plate_read")
_STEPS = 16
WITHOUT_RIGHT = frozenset({"stranger", "card_not_read", "lapsed", "foreign"})
"""Ways to come after which the grace time runs out."""


class Happening(Ask):
    """One thing that happened at a bay (by its code), told by the simulator; `command_id`: the visitor wanted it."""

    at: datetime
    code: str
    what: str
    command_id: str | None = None
    detail: dict[str, Any] = {}


@dataclass(frozen=True)
class Step:
    """One step of a story; `kind` chooses among the words for `what`."""

    at: datetime
    what: str
    kind: str = ""
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass
class Story:
    """All steps about one car, or about a sensor that was silenced. `mine`: the visitor began it."""

    code: str
    at: datetime
    mine: bool
    steps: list[Step] = field(default_factory=list)
    over: bool = False

    def knows(self, what: str) -> bool:
        """Whether that step was told."""
        return any(step.what == what for step in self.steps)

    def came_as(self) -> str:
        """How the car came, empty when the story does not tell."""
        return next((step.kind for step in self.steps if step.what == "came"), "")


class Stories:
    """The latest stories, newest first."""

    def __init__(self) -> None:
        self._stories: deque[Story] = deque(maxlen=_MOST)

    def add(self, news: Happening) -> Story:
        """One more step: of the bay's open story, or the first of a new one."""
        story = self.open_at(news.code)
        if story is None or news.what == "refused" or (news.what == "came" and story.knows("came")):
            story = Story(code=news.code, at=news.at, mine=False)
            self._stories.appendleft(story)
        self.extend(story, news)
        return story

    @staticmethod
    def extend(story: Story, news: Happening) -> None:
        """Add a step to a story, once; a car that left, or a sensor that speaks again, ends it."""
        if len(story.steps) < _STEPS and not story.knows(news.what):
            place, rank = len(story.steps), _rank(news.what)
            while place and rank and _rank(story.steps[place - 1].what) > rank:
                place -= 1
            story.steps.insert(place, Step(news.at, news.what, _kind(news), news.detail))
        story.mine = story.mine or news.command_id is not None
        without_car = news.what == "unmuted" and not story.knows("came")
        story.over = story.over or news.what in ("left", "refused") or without_car

    def open_at(self, code: str) -> Story | None:
        """The story at a bay that is not over."""
        return next((story for story in self._stories if story.code == code and not story.over), None)

    def late_at(self, code: str) -> Story | None:
        """The newest story at a bay, over or not: what comes late still belongs to it."""
        return next((story for story in self._stories if story.code == code), None)

    def told(self, *, mine: bool, most: int) -> list[Story]:
        """The newest stories of one sort."""
        return [story for story in self._stories if story.mine is mine][:most]


def _rank(what: str) -> int:
    """The place of a case's steps, 0 for others: camera and police tell them apart, in the same second."""
    return _CASE.index(what) + 1 if what in _CASE else 0


def _kind(news: Happening) -> str:
    for name in ("who", "reason", "check", "outcome"):
        value = news.detail.get(name)
        if isinstance(value, str):
            return value
    return ""
