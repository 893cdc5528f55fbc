"""One started SIGA with two towns for all tests of the risks: each attack finds it as the one before left it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from permission_world import Stage, two_towns


@pytest.fixture(scope="session")
def siga(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The stage; the tests that use it are of one `xdist_group`, so that it is started once."""
    with asyncio.Runner() as runner:
        entered = two_towns(tmp_path_factory.mktemp("risks"))
        world = runner.run(entered.__aenter__())
        try:
            yield Stage(runner, world)
        finally:
            runner.run(entered.__aexit__(None, None, None))
