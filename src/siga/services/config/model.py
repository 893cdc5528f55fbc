"""What a setting's value may be, whose is in force, what a roll-back changes: pure rules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from siga.contract.base import Word
from siga.contract.operations import SettingChange, SettingSource, SettingView
from siga.contract.settings import DECLARED, Setting, Value
from siga.kit.problem import FieldFault, Invalid, NotFound

SYSTEM = ""
"""The scope that is no municipality: values for all of them."""


class Stored(Word):
    """A value that was set in a scope, and by whom."""

    municipality_id: str
    key: str
    value: Value
    revision: int
    author: str
    at: datetime


def declared(key: str) -> Setting:
    """The setting's declaration; NotFound when there is none of that name."""
    setting = DECLARED.get(key)
    if setting is None:
        raise NotFound(f"There is no setting '{key}'.")
    return setting


def acceptable(setting: Setting, value: object, municipality_id: str) -> Value:
    """The value as it is kept; Invalid with the field and the reason when the declaration does not allow it there."""
    if setting.scope == "system" and municipality_id != SYSTEM:
        why = FieldFault("/municipality_id", "this setting holds for the whole system: leave it out")
        raise Invalid(f"'{setting.key}' cannot differ between municipalities.", errors=[why])
    reason = setting.fault(value)
    if reason is not None:
        raise Invalid(f"'{setting.key}' {reason}.", errors=[FieldFault("/value", reason)])
    if setting.kind == "float":
        return float(value)  # type: ignore[arg-type]
    return value  # type: ignore[return-value]


def in_force(setting: Setting, municipality_id: str, stored: Mapping[tuple[str, str], Stored]) -> SettingView:
    """The setting as a municipality has it: its own value, else the system's, else the default.

    A kept value that a newer declaration no longer allows does not count, just as in `LiveSettings`.
    """
    places: tuple[tuple[str, SettingSource], ...] = ((municipality_id, "municipality"), (SYSTEM, "system"))
    for scope, source in places:
        found = stored.get((scope, setting.key))
        if found is not None and setting.fault(found.value) is None:
            return _view(setting, found, "system" if scope == SYSTEM else source)
    return _view(setting, None, "default")


def _view(setting: Setting, found: Stored | None, source: SettingSource) -> SettingView:
    return SettingView(
        key=setting.key, kind=setting.kind, value=found.value if found else setting.default, default=setting.default,
        scope=setting.scope, source=source, summary=setting.summary, unit=setting.unit, low=setting.low,
        high=setting.high, choices=setting.choices, editor=found.author if found else None,
        changed_at=found.at if found else None, revision=found.revision if found else 0,
    )  # fmt: skip


def changes_between(now: Mapping[str, Value], then: Mapping[str, Value]) -> list[SettingChange]:
    """What to change in a scope so that its values `now` become those of `then`, by key."""
    return [
        SettingChange(key=key, before=now.get(key), after=then.get(key))
        for key in sorted({*now, *then})
        if now.get(key) != then.get(key)
    ]
