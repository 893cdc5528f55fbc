"""An export of somebody's data in words to be read: titles, labels, local times."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from siga.contract.subjects import ErasureView, SubjectExport
from siga.services.gateway.pages.i18n import Texts

_IDS = ("_id", "_ids", "sha256")
Fact = tuple[str, str]


class Section(NamedTuple):
    """One kind of data: its title, and for each thing what is said of it."""

    title: str
    things: list[list[Fact]]


def readable(t: Texts, export: SubjectExport) -> list[Section]:
    """All of it in the visitor's language; what only machines care for is left to the file."""
    return [
        Section(
            t(f"data.section.{one.key}") if t.has(f"data.section.{one.key}") else one.key,
            [_facts(t, row) for row in one.rows],
        )
        for one in export.sections
    ]


def _facts(t: Texts, row: dict[str, Any]) -> list[Fact]:
    told = [(_label(t, name), _said(t, value)) for name, value in row.items() if not name.endswith(_IDS)]
    return [(label, text) for label, text in told if text] or [(_label(t, name), str(row[name])) for name in row]


def _label(t: Texts, name: str) -> str:
    key = f"data.field.{name}"
    return t(key) if t.has(key) else name.replace("_", " ")


def _said(t: Texts, value: Any) -> str:
    if isinstance(value, bool):
        return t("data.yes") if value else t("data.no")
    if isinstance(value, list):
        return "; ".join(filter(None, (_said(t, one) for one in value)))
    if isinstance(value, dict):
        return ", ".join(f"{_label(t, k)}: {_said(t, v)}" for k, v in value.items() if not k.endswith(_IDS) and v)
    text = "" if value is None else str(value)
    return _moment(t, text) if "T" in text and text[:4].isdigit() else text


def _moment(t: Texts, text: str) -> str:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    return t.moment(at) if at.tzinfo else text


def share_done(erasure: ErasureView) -> tuple[int, int]:
    """(how many services have done their part of this look, of how many)."""
    return sum(part.state == "done" for part in erasure.parts.values()), len(erasure.parts)
