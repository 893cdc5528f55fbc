"""One town and its four weeks, made once for all tests of the folder."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from siga.demo.habits import PastChange, history
from siga.demo.town import Town, make_town

START = datetime(2026, 10, 12, tzinfo=UTC)  # a Monday; summer time ends within the four weeks
END = START + timedelta(days=28)


@pytest.fixture(scope="session")
def town() -> Town:
    return make_town(7)


@pytest.fixture(scope="session")
def changes(town: Town) -> list[PastChange]:
    return list(history(town, 1, START, END))
