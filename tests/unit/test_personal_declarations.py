"""Every table of every service says which personal data it holds, for what and until when."""

from __future__ import annotations

import importlib
import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import MetaData, Table

from siga.contract.auth import SERVICES
from siga.contract.personal import ACTIVITIES, DECLARATIONS, Declaration
from siga.contract.settings import SUBJECT_KEPT_H, Setting
from siga.contract.users import Municipality
from siga.services.users.model.register import register_of

_HOMES = {
    "parking": "tables", "users": "store.tables", "history": "tables", "images": "store", "enforcement": "tables",
    "drivers": "store.tables", "config": "store", "logs": "tables",
}  # fmt: skip
_TELLING = re.compile(
    r"(^|_)(user|who|whom|by|holder|email|mail|name|note|comment|plate|uid|subject|author|label|agent|claimed)(_|$)"
)
_NOT_OF_PEOPLE = {
    ("parking", "zones", "name"), ("parking", "lorawan_integrations", "name"),
    ("parking", "lorawan_devices", "claimed_at"), ("images", "doomed_files", "name"),
    ("users", "municipalities", "name"), ("users", "secrets", "name"),
}  # fmt: skip
"""Columns of tables that are free of people, whose names sound as if they were not."""


def tables_of(service: str) -> dict[str, Table]:
    importlib.import_module(f"siga.services.{service}.build")
    metadata: MetaData = importlib.import_module(f"siga.services.{service}.{_HOMES[service]}").metadata
    return dict(metadata.tables)


def test_every_service_with_a_store_is_declared() -> None:
    assert sorted(one.service for one in DECLARATIONS) == sorted(set(SERVICES) - {"gateway"})


@pytest.mark.parametrize("declared", DECLARATIONS, ids=lambda one: one.service)
def test_every_table_is_declared_or_stated_free_of_people(declared: Declaration) -> None:
    named = [*(held.table for held in declared.held), *declared.free]
    assert sorted(named) == sorted(tables_of(declared.service)), "declare the table in siga.contract.personal"


@pytest.mark.parametrize("declared", DECLARATIONS, ids=lambda one: one.service)
def test_every_column_of_a_declared_table_is_said_to_be_personal_or_not(declared: Declaration) -> None:
    tables = tables_of(declared.service)
    for held in declared.held:
        said = [*held.columns, *held.rest]
        assert sorted(said) == sorted(tables[held.table].c.keys()), f"{declared.service}.{held.table}"
        assert not held.link or held.link in held.columns


@pytest.mark.parametrize("declared", DECLARATIONS, ids=lambda one: one.service)
def test_no_column_that_sounds_personal_hides_in_a_table_said_to_be_free(declared: Declaration) -> None:
    tables = tables_of(declared.service)
    loud = {(declared.service, t, c) for t in declared.free for c in tables[t].c.keys() if _TELLING.search(c)}  # noqa: SIM118
    assert loud <= _NOT_OF_PEOPLE


def test_the_register_tells_each_activity_in_both_languages_with_the_towns_own_times() -> None:
    town = Municipality(municipality_id="m", name="Villa", slug="villa", contact="privacidad@villa.example")

    def value_of(setting: Setting) -> int:
        return 17 if setting is SUBJECT_KEPT_H else int(setting.default)

    register = register_of(town, value_of, datetime(2026, 11, 24, tzinfo=UTC))
    assert [one.activity for one in register.activities] == list(ACTIVITIES)
    for one in register.activities:
        assert one.data, f"nothing is held for {one.activity}"
        texts = [one.title, one.purpose, one.legal_basis, one.subjects, one.recipients, one.transfers, one.measures]
        texts += [said for data in one.data for said in (data.what, data.until)]
        assert all(text["es"] and text["en"] and "{n}" not in text["es"] + text["en"] for text in texts)
    past = next(one for one in register.activities if one.activity == "past")
    assert "17 h" in past.data[0].until["en"], "the municipality's own setting"
