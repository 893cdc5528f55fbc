"""OWASP API9:2023, improper inventory management: what is reachable is documented, and nothing else is reachable."""

from __future__ import annotations

import pytest

from permission_asks import operations
from permission_world import Door, Stage, World

pytestmark = pytest.mark.xdist_group("risks")

FORGOTTEN = (
    "/docs", "/redoc", "/swagger", "/swagger.json", "/openapi.json", "/openapi.yaml", "/schema", "/schema/openapi.json",
    "/api", "/api/", "/api/v1", "/api/v0/bays", "/api/v2/bays", "/api/beta/bays", "/api/v1/openapi.json", "/graphql",
    "/debug", "/debug/pprof", "/console", "/actuator", "/actuator/env", "/server-status", "/status", "/info", "/env",
    "/.env", "/.git/config", "/.git/HEAD", "/config.json", "/backup.zip", "/siga.db", "/users/users.db",
    "/keys/trusted.json",
    "/keys/private/users.json", "/internal", "/internal/v1/health", "/internal/v1/openapi", "/metrics/", "/phpinfo.php",
    "/wp-login.php", "/test", "/api/v1/test", "/api/v1/debug", "/api/v1/metrics", "/api/v1/health", "/api/v1/internal",
    "/static/", "/static/../pyproject.toml", "/demo", "/demo/api",
)  # fmt: skip


@pytest.mark.parametrize("path", FORGOTTEN)
def test_nothing_was_forgotten_at_an_address_that_people_try(siga: Stage, path: str) -> None:
    async def work(world: World) -> None:
        for door in (world.users, world.sensors):
            answer = await door.ask("GET", path, token=world.token("platform"))
            assert answer.status in (400, 401, 403, 404, 405), f"{path} → {answer.status} {answer.body[:200]!r}"

    siga.attack(work)


def test_every_operation_says_what_it_does_and_what_it_answers(siga: Stage) -> None:
    async def work(world: World) -> None:
        document = (await world.users.ask("GET", "/api/openapi.json")).json()
        told = operations(document)
        assert len(told) > 120
        for name, operation in told.items():
            assert operation.get("description") or operation.get("summary"), name
            assert operation["tags"], name
            assert operation["security"], name
            assert "default" in operation["responses"], name
        ids = [one["operationId"] for one in told.values()]
        assert len(ids) == len(set(ids))

    siga.attack(work)


def test_the_page_to_read_lists_every_operation_and_no_internal_one(siga: Stage) -> None:
    async def work(world: World) -> None:
        document = (await world.users.ask("GET", "/api/openapi.json")).json()
        page = (await world.users.ask("GET", "/api/docs")).body.decode()
        for path in document["paths"]:
            assert path in page or path.replace("{", "&#123;") in page, path
        assert "/internal/" not in page

    siga.attack(work)


def test_metrics_are_for_this_machine_alone(siga: Stage) -> None:
    async def work(world: World) -> None:
        far = Door(world.system.system.services["gateway"].app, client="203.0.113.9", scheme="https")
        assert (await far.ask("GET", "/metrics")).status in (401, 403, 404)
        assert (await far.ask("GET", "/readyz")).status in (200, 503)
        text = (await far.ask("GET", "/readyz")).body
        assert b"sqlite" not in text
        assert b"/" not in text.replace(b"application/", b"")

    siga.attack(work)
