"""The table of permissions is whole: every route is in it and in the reference, and every telling field is guarded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from permission_asks import Document, operations
from siga.contract.auth import ACTIONS, ROLES
from siga.contract.policy import RULES
from siga.contract.policy_fields import GUARDED, HARMLESS, SUSPECT_NAMES, guard_of
from siga.system import BUILD_ORDER
from support import run, running

_REF = "#/components/schemas/"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Document, dict[str, set[str]]]:
    """The reference of a started SIGA, and the routes that its services really have."""

    async def work() -> tuple[Document, dict[str, set[str]]]:
        import httpx

        async with running(*BUILD_ORDER, data=tmp_path_factory.mktemp("siga")) as system:
            services = system.system.services
            transport = httpx.ASGITransport(services["gateway"].app)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                document = (await client.get("/api/openapi.json")).json()
            return document, {name: set(_routes(one.app)) for name, one in services.items() if name != "gateway"}

    return run(work())


def _routes(app: Any) -> Iterator[str]:
    while not hasattr(app, "routes"):
        app = app.framework
    for route in app.routes:
        if route.path_format.startswith("/api/"):
            yield from (f"{method} {route.path_format}" for method in route.methods if method != "OPTIONS")


def test_every_operation_is_in_the_table_and_the_table_names_no_other(told: tuple[Document, Any]) -> None:
    found, listed = set(operations(told[0])), set(RULES)
    assert found - listed == set(), "these need a line in siga/contract/policy_operations.py"
    assert listed - found == set(), "these lines of siga/contract/policy_operations.py name nothing that there is"


def test_every_public_route_of_every_service_is_in_the_reference(told: tuple[Document, dict[str, set[str]]]) -> None:
    document, routes = told
    assert {route for mine in routes.values() for route in mine} - set(operations(document)) == set()


def test_the_reference_names_no_internal_address(told: tuple[Document, Any]) -> None:
    assert [path for path in told[0]["paths"] if not path.startswith(("/api/v1/", "/sensors/v1/"))] == []


def test_who_needs_no_sign_in_by_the_table_needs_none_by_the_reference(told: tuple[Document, Any]) -> None:
    for name, operation in operations(told[0]).items():
        optional = {} in operation["security"]
        assert optional == (RULES[name].door == "anyone" or name == "POST /sensors/v1/enrol"), name


def test_every_action_is_asked_for_and_given_to_somebody() -> None:
    asked = {action for rule in RULES.values() for action in rule.actions}
    seeing = {"map.read_all", "map.read_personal", "history.read_personal"}
    assert set(ACTIONS) - asked - seeing == set(), "an action that no operation asks for"
    assert all(roles and roles <= set(ROLES) for roles in ACTIONS.values())


def _answered(document: Document, operation: Document) -> set[tuple[str, str]]:
    """(schema, field) of all that an operation's answers can hold."""
    schemas = document["components"]["schemas"]
    waiting = set(_refs({k: v for k, v in operation["responses"].items() if k.isdigit() and int(k) < 300}))
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting |= set(_refs(schemas[name]))
    return {(name, field) for name in seen for field in schemas[name].get("properties", {})}


def _refs(value: Any) -> Iterator[str]:
    return iter(re.findall(rf"'{_REF}([^']+)'", repr(value)))


def test_no_operation_answers_a_role_with_a_field_that_is_kept_from_it(told: tuple[Document, Any]) -> None:
    tried, wrong = 0, []
    for name, operation in operations(told[0]).items():
        rule = RULES[name]
        if rule.door == "device":
            continue
        for schema, field in _answered(told[0], operation):
            tried += 1
            guarded = guard_of(schema, field)
            if guarded is None:
                if field in SUSPECT_NAMES and f"{schema}.{field}" not in HARMLESS:
                    wrong.append(f"{name}: {schema}.{field} tells of a person or a secret and nothing guards it")
            elif not ((guarded.own and rule.reach == "self") or (rule.roles and rule.roles <= guarded.roles)):
                wrong.append(f"{name}: {schema}.{field} ({guarded.what}) for {sorted(rule.roles) or rule.door}")
    print(f"\nfields: {tried} fields of {len(RULES)} operations, {sum(len(one.fields) for one in GUARDED)} guarded")
    assert tried > 1_000
    assert not wrong, "\n".join(wrong)


def test_the_fields_that_are_guarded_are_there(told: tuple[Document, Any]) -> None:
    schemas = told[0]["components"]["schemas"]
    for guarded in GUARDED:
        for schema, field in (one.split(".") for one in guarded.fields):
            assert schema in schemas, f"{guarded.what}: there is no {schema}"
            assert field == "*" or field in schemas[schema]["properties"], f"{schema}.{field}"
