"""Between Street and the simulator: commands that wait, what happened, which sensors are silenced; in memory only."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from siga.contract.base import Word
from siga.kit.ids import new_id
from siga.services.gateway.pages.demo.stories import WITHOUT_RIGHT, Happening, Stories, Story

Who = Literal["no_card", "card", "card_not_read", "revoked"]
WHOS: tuple[Who, ...] = ("no_card", "card", "card_not_read", "revoked")
_MOST_WAITING = 100
_ALIVE_S = 30.0
_LATE = frozenset({
    "case_opened", "resolved", "withdrawn", "plate_read", "plate_unreadable", "photo_wanted", "photo_sent",
    "photo_not_coming",
})  # fmt: skip
"""What may still come when the car has gone."""


class Command(Word):
    """What the visitor wants done on the street."""

    command_id: str
    what: Literal["take", "leave", "mute", "unmute"]
    code: str
    who: Who = "no_card"


class Stage:
    """One street's commands and stories. `seen` are the things to try that were seen, kept in a file."""

    def __init__(self, seen_file: Path, grace_s: Callable[[], int]) -> None:
        self.stories = Stories()
        self.muted: set[str] = set()
        self._seen_file, self._grace_s = seen_file, grace_s
        self._waiting: list[Command] = []
        self._woken = asyncio.Event()
        self._heard_s = -_ALIVE_S
        self._listening = 0
        self.seen = _seen_before(seen_file)

    # --- commands ----------------------------------------------------------------------------------------------------

    def want(self, what: Literal["take", "leave", "mute", "unmute"], code: str, who: Who = "no_card") -> None:
        """Put a command down for the simulator."""
        if len(self._waiting) < _MOST_WAITING:
            self._waiting.append(Command(command_id=new_id(), what=what, code=code, who=who))
            self._woken.set()

    async def commands(self, wait_s: float) -> list[Command]:
        """The commands that wait; if there are none, waits for the first."""
        self._listening += 1
        try:
            if not self._waiting:
                self._woken.clear()
                async with asyncio.timeout(wait_s):
                    await self._woken.wait()
        except TimeoutError:
            pass
        finally:
            self._listening -= 1
            self._heard_s = time.monotonic()
        taken, self._waiting = self._waiting, []
        return taken

    @property
    def alive(self) -> bool:
        """Whether the simulator listens."""
        return self._listening > 0 or time.monotonic() - self._heard_s < _ALIVE_S

    # --- what happened -----------------------------------------------------------------------------------------------

    def hear(self, news: Happening) -> None:
        """Something happened."""
        if news.what == "muted_now":
            self.muted = {str(code) for code in news.detail.get("codes", [])}
            return
        if news.what == "muted":
            self.muted.add(news.code)
        elif news.what == "unmuted":
            self.muted.discard(news.code)
        story = self._story_for(news)
        if story.mine and news.what == "came" and story.came_as() in WITHOUT_RIGHT:
            grace = Happening(at=news.at, code=news.code, what="grace", detail={"seconds": self._grace_s()})
            self.stories.add(grace)
        self._notice(story)

    def _story_for(self, news: Happening) -> Story:
        """What becomes of a case may be told when the car has gone: it belongs to that car's story."""
        late = self.stories.late_at(news.code)
        if news.what in _LATE and late is not None and late.over and late.knows("left"):
            self.stories.extend(late, news)
            return late
        return self.stories.add(news)

    def silent(self, code: str, at: datetime) -> None:
        """A silenced sensor's bay is shown without signal by now."""
        story = self.stories.late_at(code)
        if story is not None and story.knows("muted") and not story.knows("no_signal"):
            self.stories.extend(story, Happening(at=at, code=code, what="no_signal"))
            self._notice(story)

    def _notice(self, story: Story) -> None:
        if not story.mine:
            return
        if story.knows("came"):
            self.note("taken")
        if story.knows("case_opened") and story.knows("resolved"):
            self.note("suspect")
        if story.came_as() == "card_not_read" and (story.knows("case_opened") or story.knows("withdrawn")):
            self.note("unread")
        if story.knows("no_signal"):
            self.note("silent")

    def note(self, thing: str) -> None:
        """One of the things to try was seen."""
        if thing not in self.seen:
            self.seen.add(thing)
            self._seen_file.write_bytes(msgspec.json.encode(sorted(self.seen)))


def _seen_before(file: Path) -> set[str]:
    try:
        return set(msgspec.json.decode(file.read_bytes(), type=list[str]))
    except (OSError, msgspec.DecodeError):
        return set()
