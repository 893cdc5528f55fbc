"""Forms: what was filled in, and what is wrong with it in words, each by its field (GOV.UK's error summary)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from litestar.datastructures import UploadFile

from siga.kit.problem import Problem
from siga.services.gateway.pages.i18n import Texts

_LONGEST = 20_000


@dataclass(frozen=True)
class Form:
    """A form as it came: text fields (trimmed, several values of one name kept) and files."""

    fields: Mapping[str, list[str]]
    files: Mapping[str, bytes] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """The field's text, empty when it was not sent."""
        values = self.fields.get(name)
        return values[-1] if values else ""

    def texts(self, name: str) -> list[str]:
        """All values of the field: of checkboxes of one name."""
        return list(self.fields.get(name, ()))

    def secret(self, name: str) -> str:
        """As `text`; the name says that it must not be shown again."""
        return self.text(name)

    def whole(self, name: str) -> int | None:
        """The field as a whole number, None when it is none."""
        text = self.text(name)
        return int(text) if text.isascii() and text.removeprefix("-").isdigit() and len(text) < 16 else None

    def number(self, name: str) -> float | None:
        """The field as a number, with decimal point or comma; None when it is none."""
        try:
            return float(self.text(name).replace(",", "."))
        except ValueError:
            return None

    def day(self, name: str) -> date | None:
        """The field as a day (`2026-11-22`), None when it is none."""
        try:
            return date.fromisoformat(self.text(name))
        except ValueError:
            return None


NO_FORM = Form({})


async def form_of(pairs: Iterable[tuple[str, object]]) -> Form:
    """A form of the framework's pairs; passwords keep their blanks."""
    fields: dict[str, list[str]] = {}
    files: dict[str, bytes] = {}
    for name, value in pairs:
        if isinstance(value, UploadFile):
            files[name] = await value.read()
        else:
            text = str(value)[:_LONGEST]
            fields.setdefault(name, []).append(text if "password" in name else text.strip())
    return Form(fields, files)


class Faults:
    """What is wrong with a form: text by field, in the order of the page; "" is about the form as a whole."""

    def __init__(self, faults: Mapping[str, str] | None = None) -> None:
        self._faults = dict(faults or {})

    def __bool__(self) -> bool:
        return bool(self._faults)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._faults.items())

    def add(self, name: str, text: str) -> None:
        """One more fault; the first one of a field stays."""
        self._faults.setdefault(name, text)

    def of(self, name: str) -> str | None:
        """The fault of a field, None when it is in order."""
        return self._faults.get(name)


def faults_of(problem: Problem, t: Texts, room: str, fields: Iterable[str]) -> Faults:
    """A service's refusal as faults of a form whose fields have these names.

    Texts are looked for as `{room}.fault.{field}.{slug}`, `{room}.fault.{field}`, then `problem.{slug}`. A fault of a
    field that the form does not have is about the form as a whole.
    """
    known, faults = set(fields), Faults()
    for fault in problem.errors:
        name = fault.pointer.rsplit("/", 1)[-1]
        if name in known:
            faults.add(name, _words(t, problem, f"{room}.fault.{name}"))
    if not faults:
        name = _home(problem, known)
        own = f"{room}.fault.{name}.{problem.slug}"
        faults.add(name, t(own) if t.has(own) else problem_words(problem, t))
    return faults


_HOMES = {
    "weak-password": ("password", "new_password"), "email-form": ("email",), "email-taken": ("email",),
    "wrong-code": ("code",), "slug-taken": ("slug", "municipality"),
}  # fmt: skip
"""Slug → the fields it is about, where the problem itself does not say so."""


def _home(problem: Problem, known: set[str]) -> str:
    return next((name for name in _HOMES.get(problem.slug, ()) if name in known), "")


def _words(t: Texts, problem: Problem, key: str) -> str:
    for candidate in (f"{key}.{problem.slug}", key):
        if t.has(candidate):
            return t(candidate)
    return t("fault.unacceptable")


def problem_words(problem: Problem, t: Texts) -> str:
    """A refusal in the visitor's language: by its slug, else by its status; with how long to wait where it says so."""
    wait = {name.lower(): value for name, value in problem.headers.items()}.get("retry-after", "")
    if problem.status == 429 and wait.isdigit():
        return t("problem.too-many.wait", wait=t.lasted(int(wait)))
    return t.either(
        f"problem.{problem.slug}",
        f"problem.status.{problem.status}" if t.has(f"problem.status.{problem.status}") else "problem.status.other",
    )
