"""What the audit tells of, as data: every public route that changes something is an act of it, or says why not."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import siga
from siga.contract.audit_rules import AUDITED, UNAUDITED, plain, rule_for

_ROUTE = re.compile(r'@(get|post|put|patch|delete)\(\s*"(/(?:api|internal)/v1/[^"]+)"')
_SERVICES = Path(siga.__file__).parent / "services"


def routes(service: str) -> set[str]:
    """`METHOD path` of all routes that a service's source has."""
    found = set()
    for path in (_SERVICES / service).rglob("*.py"):
        for method, route in _ROUTE.findall(path.read_text()):
            found.add(f"{method.upper()} {plain(route)}")
    return found


def test_every_rule_is_of_a_route_that_there_is() -> None:
    for table in (AUDITED, UNAUDITED):
        for service, rules in table.items():
            importlib.import_module(f"siga.services.{service}.build")
            assert set(rules) - routes(service) == set(), service


def test_no_route_is_in_both_tables() -> None:
    for service, rules in UNAUDITED.items():
        assert not set(rules) & set(AUDITED.get(service, {}))


def test_a_part_of_the_path_that_a_rule_names_is_there() -> None:
    for rules in AUDITED.values():
        for route, rule in rules.items():
            assert not rule.param or f"{{{rule.param}}}" in route, route


def test_a_route_that_nobody_named_is_told_of_under_its_own_name() -> None:
    rule = rule_for("parking", "POST", "/api/v1/things/{thing_id:str}/turn")
    assert rule is not None
    assert rule.action == "POST /api/v1/things/{thing_id}/turn"
    assert rule_for("parking", "GET", "/api/v1/things") is None
    assert rule_for("parking", "POST", "/internal/v1/reports") is None


def test_what_drivers_do_with_their_own_data_is_not_told_of() -> None:
    assert rule_for("drivers", "POST", "/api/v1/check-ins") is None
    assert rule_for("drivers", "POST", "/api/v1/reports/{report_id:str}/answer") is not None
