"""`siga audit verify`: is the audit whole? On a running SIGA, a stopped one, a backup, or a database."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from siga.cli.control import ask_keeper
from siga.cli.settings import StartSettings, read_settings
from siga.engines.guard import StoreDamaged
from siga.kit.clock import utc_now
from siga.operate import audit
from siga.operate import folder as places
from siga.services.logs.audit_check import Checked, CheckedChain, files_lines
from siga.services.logs.audit_export import head_files


def run(args: argparse.Namespace) -> int:
    """Check and tell; 0 when all is whole, 1 when anything was changed, taken out or cut."""
    settings = read_settings(args, listening=False)
    heads = _exported(args.heads) if args.heads else None
    try:
        checked = _checked(settings, heads)
    except StoreDamaged as fault:
        checked = Checked(chains=[], faults=[f"the store cannot be read: {fault.what}"])
    if args.json:
        _put({**msgspec.to_builtins(checked), "whole": checked.whole, "against_exported": heads is not None})
    else:
        _tell(checked, heads is not None)
    return 0 if checked.whole else 1


def _exported(paths: Sequence[Path]) -> list[str]:
    files: list[Path] = []
    for path in paths:
        found = head_files(path) if path.is_dir() else [path]
        if not found:
            raise OSError(f"there are no heads-*.jsonl in {path}")
        files += found
    return list(files_lines(files))


def _checked(settings: StartSettings, heads: list[str] | None) -> Checked:
    now = utc_now()
    if settings.database_url:
        return audit.look_postgres(settings.database_url, now, heads)
    data = audit.folder_of(settings.data)
    told = ask_keeper(data, "audit", {"heads": heads}, lambda _: None) if data == settings.data else None
    if told is not None:
        return msgspec.convert(told, Checked)
    if data != settings.data:  # a backup: nobody runs it
        return audit.look(data, now, heads, at_rest=True)
    if not places.is_in_use(data):
        raise OSError(f"there is no SIGA in {data}: name its data folder by --data")
    with places.hold(data):
        return audit.look(data, now, heads, at_rest=True)


def _put(value: Any) -> None:
    print(msgspec.json.encode(value).decode(), flush=True)


def _tell(checked: Checked, against: bool) -> None:
    for chain in checked.chains:
        print(f"[{'  ok  ' if not chain.faults else '  BAD '}] {_words(chain, against)}")
        for fault in chain.faults:
            print(f"         → {fault}")
    for fault in checked.faults:
        print(f"[  BAD ] {fault}")
    for key in checked.keys:
        print(f"Heads were signed by key {key}.")
    if not checked.whole:
        print("The audit is NOT whole: keep this folder as it is, and hold it against a backup.")
    elif against:
        print("The audit is whole, and nothing is missing that the exported heads tell of.")
    else:
        print("The audit is whole in itself. Whether its end was cut together with its heads only heads that were kept "
              "elsewhere can tell: --heads FILE.")  # fmt: skip


def _words(chain: CheckedChain, against: bool) -> str:
    name = f"municipality {chain.municipality_id}" if chain.municipality_id else "the system"
    last = f", the last of {chain.head_at:%Y-%m-%d %H:%M} UTC" if chain.head_at else ""
    told = f", {chain.exported_heads} of them exported" if against else ""
    return f"audit of {name}: {chain.records} records, {chain.heads} signed heads{last}{told}"
