"""`siga import`: read a file here, show what it would do, send it in pieces with progress, tell every refused row."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
import msgspec

from siga.cli.control import OwnersDoor, owners_client
from siga.contract.users import Municipality
from siga.kit.accreditation_files import read_accreditations
from siga.kit.bay_files import BadBayFile, ReadOptions, RefusedRow, read_addresses, read_bays
from siga.kit.device_files import read_devices
from siga.operate.folder import hold

T = TypeVar("T")
_PIECE = 500
_REFUSED_SHOWN = 50


def run(args: argparse.Namespace) -> int:
    """Import; 0 when everything was taken, 1 when the file or some rows were refused."""
    data = args.data or Path("data")
    with _client(data) as client:
        municipality = _municipality(client, args.municipality)
        if municipality is None:
            return 1
        work: Callable[[Any, argparse.Namespace, Municipality], int] = {
            "bays": _bays, "devices": _devices, "accreditations": _accreditations, "addresses": _addresses,
            "history": _history,
        }[args.what]  # fmt: skip
        return work(client, args, municipality)


@contextmanager
def _client(data: Path) -> Iterator[Any]:
    """The running SIGA of this folder, else its services started here for the length of the command."""
    client = owners_client(data)
    if client is not None:
        try:
            yield client
        finally:
            client.close()
        return
    with _Offline(data) as offline:
        yield offline


class _Offline:
    """The services of a data folder that nobody runs, behind the same calls as the owner's socket."""

    def __init__(self, data: Path) -> None:
        if not (data / "users").exists():
            raise OSError(
                f"there is no SIGA in {data}: start it once by `siga up --data {data}` and make a municipality"
            )
        self._data, self._lock = data, hold(data)
        self._runner = asyncio.Runner()

    def __enter__(self) -> _Offline:
        self._runner.run(self._start())
        return self

    async def _start(self) -> None:
        from siga.kit.peers import Peers
        from siga.system import Config, System

        names = ("config", "logs", "users", "parking", "history")
        self._system = System(Config(data=self._data, names=names, log_to_stderr="error"))
        await self._system.start()
        peers = Peers("gateway", self._system.keys, self._system.transports())
        door = OwnersDoor(self._system.apps, self._system.keys, peers)
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(door), base_url="http://siga", timeout=300)

    def get(self, path: str, **options: Any) -> httpx.Response:
        """As httpx."""
        return self._runner.run(self._client.get(path, **options))

    def post(self, path: str, **options: Any) -> httpx.Response:
        """As httpx."""
        return self._runner.run(self._client.post(path, **options))

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._end())
        self._runner.close()
        self._lock.close()

    async def _end(self) -> None:
        await self._client.aclose()
        await self._system.stop()


def _municipality(client: Any, wanted: str | None) -> Municipality | None:
    answer = client.get("/api/v1/municipalities")
    known = msgspec.convert(answer.json()["municipalities"], list[Municipality])
    if wanted is None and len(known) == 1:
        return known[0]
    fitting = [m for m in known if wanted and wanted.casefold() in (m.name.casefold(), m.slug)]
    if fitting:
        return fitting[0]
    names = ", ".join(m.name for m in known) or "none yet: open the first-run link that `siga up` prints"
    print(f"siga: say which municipality by --municipality; there is {names}", file=sys.stderr)
    return None


def _bays(client: Any, args: argparse.Namespace, municipality: Municipality) -> int:
    try:
        known = municipality.lon is not None and municipality.lat is not None and not args.anywhere
        near = (municipality.lon or 0.0, municipality.lat or 0.0) if known else None
        options = ReadOptions(near=near)
        read = read_bays(args.file.read_bytes(), filename=args.file.name, category=args.category, options=options)
    except BadBayFile as fault:
        print(f"siga: {args.file}: {fault.detail}", file=sys.stderr)
        return 1
    total = {"created": 0, "updated": 0, "unchanged": 0}
    refused: list[RefusedRow] = list(read.refused)
    for piece in _pieces(read.drafts, "bays", quiet=args.json):
        body = {"municipality_id": municipality.municipality_id, "drafts": piece, "dry_run": args.dry_run}
        answer = _sent(client, "/api/v1/bays/batch", body)
        for name in total:
            total[name] += answer[name]
        refused += msgspec.convert(answer["refused"], list[RefusedRow])
    if args.json:
        print(msgspec.json.encode({**total, "refused": refused, "notes": read.notes, "dry_run": args.dry_run}).decode())
    else:
        _tell(args, total, refused, read.notes, municipality)
    return 1 if refused else 0


def _tell(args: argparse.Namespace, total: dict[str, int], refused: Sequence[RefusedRow], notes: Sequence[str],
          municipality: Municipality, what: str = "bays") -> None:  # fmt: skip
    for note in notes:
        print(f"  note: {note}")
    for row in refused[:_REFUSED_SHOWN]:
        print(f"  refused, row {row.row}: {row.reason} [{row.excerpt}]")
    if len(refused) > _REFUSED_SHOWN:
        print(f"  … and {len(refused) - _REFUSED_SHOWN} more refused rows; --json lists them all")
    would = "would be " if args.dry_run else ""
    print(
        f"{municipality.name}: {total['created']} {what} {would}created, {total['updated']} {would}updated, "
        f"{total['unchanged']} unchanged, {len(refused)} rows refused."
    )


def _devices(client: Any, args: argparse.Namespace, municipality: Municipality) -> int:
    try:
        read = read_devices(args.file.read_bytes(), filename=args.file.name)
    except BadBayFile as fault:
        print(f"siga: {args.file}: {fault.detail}", file=sys.stderr)
        return 1
    total = {"created": 0, "updated": 0, "unchanged": 0}
    refused, made = list(read.refused), []
    # Those that others are listed under first, so that no piece names one of a later piece. A dry run keeps nothing
    # between pieces: it goes as one.
    drafts = sorted(read.drafts, key=lambda draft: draft.listed_under is not None)
    for piece in _pieces(drafts, "devices", quiet=args.json, size=len(drafts) or 1 if args.dry_run else _PIECE):
        body = {"municipality_id": municipality.municipality_id, "devices": piece, "dry_run": args.dry_run}
        answer = _sent(client, "/api/v1/devices/batch", body)
        for name in total:
            total[name] += answer[name]
        refused += msgspec.convert(answer["refused"], list[RefusedRow])
        made += answer["devices"]
    refused.sort(key=lambda row: row.row)
    if args.json:
        told = {**total, "refused": refused, "notes": read.notes, "devices": made, "dry_run": args.dry_run}
        print(msgspec.json.encode(told).decode())
    else:
        _tell(args, total, refused, read.notes, municipality, "devices")
        for one in made:
            if one.get("code"):
                print(f"  enrolment code of {one['external_id']} (shown this once): {one['code']}")
    return 1 if refused else 0


def _accreditations(client: Any, args: argparse.Namespace, municipality: Municipality) -> int:
    try:
        read = read_accreditations(args.file.read_bytes(), filename=args.file.name)
    except BadBayFile as fault:
        print(f"siga: {args.file}: {fault.detail}", file=sys.stderr)
        return 1
    total = {"created": 0, "updated": 0, "unchanged": 0}
    refused, rows = list(read.refused), []
    for piece in _pieces(read.drafts, "accreditations", quiet=args.json):
        body = {"municipality_id": municipality.municipality_id, "drafts": piece, "dry_run": args.dry_run}
        answer = _sent(client, "/api/v1/accreditations/batch", body)
        for name in total:
            total[name] += answer[name]
        refused += msgspec.convert(answer["refused"], list[RefusedRow])
        rows += answer["rows"]
    refused.sort(key=lambda row: row.row)
    if args.json:
        told = {**total, "refused": refused, "notes": read.notes, "rows": rows, "dry_run": args.dry_run}
        print(msgspec.json.encode(told).decode())
    else:
        _tell(args, total, refused, read.notes, municipality, "accreditations")
        if total["created"] and not args.dry_run:
            print("  Letters with their claim codes: in the administration, under Accreditations, “Print letters”.")
    return 1 if refused else 0


def _addresses(client: Any, args: argparse.Namespace, municipality: Municipality) -> int:
    try:
        read = read_addresses(args.file.read_bytes(), filename=args.file.name)
    except BadBayFile as fault:
        print(f"siga: {args.file}: {fault.detail}", file=sys.stderr)
        return 1
    created = 0
    for piece in _pieces(read.addresses, "addresses", quiet=args.json):
        rows = [{f: getattr(a, f) or "" if f in ("street", "number", "place") else getattr(a, f)
                 for f in ("street", "number", "place", "lon", "lat")} for a in piece]  # fmt: skip
        body = {"municipality_id": municipality.municipality_id, "addresses": rows}
        created += _sent(client, "/api/v1/addresses/batch", body)["created"]
    if args.json:
        print(msgspec.json.encode({"created": created, "refused": read.refused}).decode())
    else:
        for row in read.refused[:_REFUSED_SHOWN]:
            print(f"  refused, row {row.row}: {row.reason}")
        known = len(read.addresses) - created
        print(f"{municipality.name}: {created} addresses created, {known} known already, {len(read.refused)} refused.")
    return 1 if read.refused else 0


def _history(client: Any, args: argparse.Namespace, municipality: Municipality) -> int:
    lines = [line for line in args.file.read_bytes().splitlines() if line.strip()]
    accepted, repeated, refused = 0, 0, []
    for piece in _pieces(lines, "changes", quiet=args.json, size=5000):
        params = {"municipality_id": municipality.municipality_id, "simulated": str(args.simulated).lower()}
        answer = client.post("/api/v1/history/import", content=b"\n".join(piece), params=params,
                             headers={"content-type": "application/x-ndjson"})  # fmt: skip
        result = _checked(answer)
        accepted, repeated = accepted + result["accepted"], repeated + result["repeated"]
        refused += result["refused"]
    if args.json:
        print(msgspec.json.encode({"accepted": accepted, "repeated": repeated, "refused": refused}).decode())
    else:
        for row in refused[:_REFUSED_SHOWN]:
            print(f"  refused, line {row['line']}: {row['reason']}")
        print(f"{municipality.name}: {accepted} changes accepted, {repeated} known already, {len(refused)} refused.")
    return 1 if refused else 0


def _pieces(items: Sequence[T], what: str, *, quiet: bool, size: int = _PIECE) -> Iterator[Sequence[T]]:
    """Pieces of `size`, with progress on stderr where a person looks."""
    shown = not quiet and sys.stderr.isatty() and len(items) > size
    for start in range(0, len(items), size):
        yield items[start : start + size]
        if shown:
            done = min(start + size, len(items))
            sys.stderr.write(f"\r  {done} of {len(items)} {what}")
            sys.stderr.flush()
    if shown:
        sys.stderr.write("\n")


def _sent(client: Any, path: str, body: Any) -> Any:
    answer = client.post(path, content=msgspec.json.encode(body), headers={"content-type": "application/json"})
    return _checked(answer)


def _checked(answer: httpx.Response) -> Any:
    if answer.status_code >= 400:
        raise OSError(f"refused: {answer.json().get('detail', answer.text)}")
    return answer.json()
