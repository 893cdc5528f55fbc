"""What the doctor says: one line for each thing looked at, and what to do where it is not well."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from siga.contract.base import Word

State = Literal["ok", "note", "bad"]
_SIGNS = {"ok": "  ok  ", "note": " note ", "bad": "  BAD "}


class Finding(Word):
    """One thing looked at. `note` wants to be known, `bad` wants something done: `do` says what."""

    about: str
    state: State
    says: str
    do: str = ""


def ok(about: str, says: str) -> Finding:
    """All is well."""
    return Finding(about=about, state="ok", says=says)


def note(about: str, says: str, do: str = "") -> Finding:
    """It works, and somebody should know."""
    return Finding(about=about, state="note", says=says, do=do)


def bad(about: str, says: str, do: str) -> Finding:
    """Something has to be done."""
    return Finding(about=about, state="bad", says=says, do=do)


def told(findings: Iterable[Finding]) -> str:
    """The findings as lines for a person."""
    lines = []
    for one in findings:
        lines.append(f"[{_SIGNS[one.state]}] {one.about}: {one.says}")
        if one.do:
            lines.append(f"         → {one.do}")
    return "\n".join(lines)
