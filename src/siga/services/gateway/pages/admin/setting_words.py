"""A live setting in words: value with its unit, bounds, whose it is; and what was typed as a value; pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from siga.contract.operations import SettingView
from siga.contract.settings import Value
from siga.services.gateway.pages.i18n import Texts


@dataclass(frozen=True)
class SettingWords:
    """A setting as its row and its form say it."""

    setting: SettingView
    name: str
    summary: str
    value: str
    default: str
    bounds: str
    source: str
    editor: str


def setting_words(setting: SettingView, t: Texts, names: Mapping[str, str]) -> SettingWords:
    """The setting in words; `names` are people's by id."""
    own = setting.summary.get(t.lang) or next(iter(setting.summary.values()), setting.key)
    editor = names.get(setting.editor or "", t("admin.somebody") if setting.editor else "")
    return SettingWords(
        setting=setting, name=setting_name(setting.key, t), summary=own,
        value=value_words(setting.value, setting.unit, t), default=value_words(setting.default, setting.unit, t),
        bounds=_bounds(setting, t),
        source=t(f"admin.source.{setting.source}"), editor=editor,
    )  # fmt: skip


def setting_name(key: str, t: Texts) -> str:
    """What a setting is called; its key where nobody gave it a name."""
    return t(f"admin.name_of.{key}") if t.has(f"admin.name_of.{key}") else key


def value_words(value: Value | None, unit: str, t: Texts) -> str:
    """A value with its unit, e.g. `300 s (5 min)`; None is the default."""
    if value is None:
        return t("admin.setting.default")
    if isinstance(value, bool):
        return t("common.yes" if value else "common.no")
    if isinstance(value, str):
        return value or "–"
    digits = 0 if float(value).is_integer() else 1
    text = t.number(value, digits)
    if not unit:
        return text
    words = f"{text}\u00a0{t.either(f'admin.unit.{unit}', 'admin.unit.s')}"
    return f"{words} ({t.lasted(value)})" if unit == "s" and value >= 60 and value % 60 == 0 else words


def _bounds(setting: SettingView, t: Texts) -> str:
    if setting.choices:
        return t("admin.setting.one_of", choices=", ".join(setting.choices))
    if setting.low is None and setting.high is None:
        return ""
    low = "" if setting.low is None else value_words(setting.low, setting.unit, t)
    high = "" if setting.high is None else value_words(setting.high, setting.unit, t)
    if low and high:
        return t("admin.setting.between", low=low, high=high)
    return t("admin.setting.least", low=low) if low else t("admin.setting.most", high=high)


def value_of(setting: SettingView, text: str) -> Value | None:
    """What was typed as the setting's value; None when it cannot be one. Bounds are Config's to judge."""
    if setting.kind == "text":
        return text
    if setting.kind == "bool":
        return {"1": True, "0": False}.get(text)
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        return None
    if not math.isfinite(number):
        return None
    if setting.kind == "float":
        return number
    return int(number) if number.is_integer() else None
