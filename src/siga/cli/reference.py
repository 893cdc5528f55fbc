"""`make docs`: docs/reference made from the code: settings, events, errors, commands, routes; or `--check` it."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import inspect
import pkgutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_type_hints

import httpx

import siga
from siga.cli.parser import build_parser
from siga.contract import settings
from siga.contract.auth import ROLES
from siga.contract.events import KINDS
from siga.contract.policy import RULES
from siga.contract.policy_fields import GUARDED
from siga.kit.problem import problem_kinds

_FOLDER = Path(__file__).parents[3] / "docs" / "reference"
_MADE = "<!-- Made by `make docs`; do not edit. -->\n\n"


def pages() -> dict[str, str]:
    """Every page by its file name."""
    _load_everything()
    return {
        "settings.md": _settings(),
        "events.md": _events(),
        "errors.md": _errors(),
        "commands.md": _commands(),
        "permissions.md": permissions(),
        "api.md": asyncio.run(_api()),
    }


def _load_everything() -> None:
    """Import all modules, so that every kind of problem and event is known."""
    for module in pkgutil.walk_packages(siga.__path__, "siga."):
        if not module.name.endswith(("__main__", ".worker", ".hasher")):
            importlib.import_module(module.name)


def _settings() -> str:
    rows = ["# Live settings", "", "They change while SIGA runs, and are in force everywhere at once.", "",
            "| key | default | range | for | what it does |", "| --- | --- | --- | --- | --- |"]  # fmt: skip
    for key in sorted(settings.DECLARED):
        s = settings.DECLARED[key]
        bounds = f"{s.low:g} to {s.high:g}" if s.low is not None and s.high is not None else s.kind
        rows.append(f"| `{key}` | {s.default} {s.unit} | {bounds} | {s.scope} | {s.summary['en']} |".replace("  ", " "))
    return "\n".join(rows) + "\n"


def _events() -> str:
    rows = ["# Events", "", "Past-tense facts in their owner's journal; readers ignore what they do not know."]
    for kind in sorted(KINDS):
        struct = KINDS[kind]
        rows += ["", f"## {kind}", "", inspect.getdoc(struct) or "", "", "| field | type |", "| --- | --- |"]
        hints = get_type_hints(struct)
        rows += [f"| `{name}` | `{_type(hints[name])}` |" for name in struct.__struct_fields__]
    return "\n".join(rows) + "\n"


def _type(hint: Any) -> str:
    text = str(hint) if not isinstance(hint, type) else hint.__name__
    for long in (
        "typing.",
        "datetime.",
        "siga.contract.parking.",
        "siga.contract.users.",
        "siga.contract.enforcement.",
    ):
        text = text.replace(long, "")
    return text.replace("|", "or")


def _errors() -> str:
    rows = ["# Errors", "", "Every refusal is `application/problem+json` (RFC 9457) and changes nothing. `type` is "
            "`/problems/{slug}`, where a running SIGA explains it.", "",
            "| slug | status | title |", "| --- | --- | --- |"]  # fmt: skip
    seen = {kind.slug: kind for kind in problem_kinds() if kind.__module__.startswith("siga.")}
    rows += [f"| `{slug}` | {seen[slug].status} | {seen[slug].title()} |" for slug in sorted(seen)]
    return "\n".join(rows) + "\n"


def _commands() -> str:
    parser = build_parser()
    rows = ["# Commands", "", "Exit code 0: ok; 1: failed; 2: wrong usage."]
    for name, one in _walk(parser, "siga"):
        rows += ["", f"## {name}", "", "```", one.format_help().rstrip(), "```"]
    return "\n".join(rows) + "\n"


def permissions() -> str:
    """Who may do what, and who is told what, from the tables that SIGA is held to."""
    rows = ["# Permissions", "", "What is not here is refused. `●` the role may, in its municipality; `z` a grant "
            "narrowed to zones counts there alone. How far an operation reaches is explained in "
            "`siga/contract/policy.py`.", "",
            f"| operation | reaches | {' | '.join(ROLES)} |", f"| --- | --- |{' --- |' * len(ROLES)}"]  # fmt: skip
    staff = [rule for rule in RULES.values() if rule.door == "staff"]
    for rule in staff:
        marks = [("z" if rule.zoned else "●") if role in rule.roles else "" for role in ROLES]
        rows.append(f"| `{rule.operation}` | {rule.reach} | {' | '.join(marks)} |")
    rows += ["", "## Not a matter of roles", "", "| operation | open to | reaches |", "| --- | --- | --- |"]
    rows += [f"| `{one.operation}` | {one.door} | {one.reach} |" for one in RULES.values() if one.door != "staff"]
    rows += ["", "## Fields", "", "| what | told to | fields |", "| --- | --- | --- |"]
    for guarded in GUARDED:
        told = [*sorted(guarded.roles), *(["whose it is"] if guarded.own else [])]
        rows.append(f"| {guarded.what} | {', '.join(told)} | {', '.join(f'`{one}`' for one in guarded.fields)} |")
    return "\n".join(rows) + "\n"


def _walk(parser: argparse.ArgumentParser, name: str) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    parser.formatter_class = lambda prog: argparse.HelpFormatter(prog, width=100)
    yield name, parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for word, child in action.choices.items():
                yield from _walk(child, f"{name} {word}")


async def _api() -> str:
    from siga.system import BUILD_ORDER, Config, System

    with tempfile.TemporaryDirectory() as folder:
        options = {"public_url": "http://localhost", "tls": False, "loopback": True, "trusted_proxy": ()}
        system = System(Config(data=Path(folder), names=BUILD_ORDER, options=options, log_to_stderr="critical"))
        await system.start()
        try:
            transport = httpx.ASGITransport(system.services["gateway"].app)
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
                document = (await client.get("/api/openapi.json")).json()
        finally:
            await system.stop()
    rows = ["# Routes", "", "The whole reference, with bodies and answers, is `/api/docs` of a running SIGA.", "",
            "| method and path | what |", "| --- | --- |"]  # fmt: skip
    for path in sorted(document["paths"]):
        for method, operation in document["paths"][path].items():
            if method in ("get", "post", "put", "patch", "delete"):
                said = (operation.get("description") or operation.get("summary") or "").split("\n")[0]
                rows.append(f"| {method.upper()} `{path}` | {said.replace('|', '/')} |")
    return "\n".join(rows) + "\n"


def main() -> int:
    """Write the pages, or with `--check` tell which differ."""
    check = "--check" in sys.argv
    _FOLDER.mkdir(parents=True, exist_ok=True)
    wrong = []
    for name, text in pages().items():
        path = _FOLDER / name
        if path.exists() and path.read_text() == _MADE + text:
            continue
        wrong.append(name)
        if not check:
            path.write_text(_MADE + text)
    if check and wrong:
        print(f"docs/reference is not true any more: {', '.join(wrong)}; run `make docs`", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
