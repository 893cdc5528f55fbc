"""What the `siga` command understands; building it imports nothing heavy."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from siga import __version__

_CATEGORIES = ("disabled", "ambulance", "authority", "delivery", "taxi", "bus", "other")


def _listening(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", help="address to listen on (default 127.0.0.1: this machine only)")
    parser.add_argument("--port", type=int, help="users' door (default 8080; a port taken → the next free one)")
    parser.add_argument("--sensors-port", type=int, help="sensors' door (default 8081)")
    parser.add_argument("--data", type=Path, help="folder for everything that is kept (default ./data)")
    parser.add_argument("--public-url", help="how people reach this server, e.g. https://parking.example.org")
    parser.add_argument("--tls-cert", type=Path, help="certificate chain, PEM: serve HTTPS (with --tls-key)")
    parser.add_argument("--tls-key", type=Path, help="private key of the certificate, PEM")
    parser.add_argument("--trusted-proxy", action="append", help="address of a proxy whose X-Forwarded-* are believed")
    parser.add_argument("--insecure-http", action="store_true", help="listen off loopback without TLS all the same")
    parser.add_argument("--sensors-on-users-door", action="store_true", help="serve /sensors on the users' door too")
    parser.add_argument("--config", type=Path, help="siga.toml to read (default ./siga.toml if there is one)")


def _operating(commands: Any) -> None:
    """What keeps an installation going."""

    def command(name: str, text: str) -> argparse.ArgumentParser:
        one: argparse.ArgumentParser = commands.add_parser(name, help=text)
        one.add_argument("--data", type=Path, help="data folder (default ./data)")
        one.add_argument("--config", type=Path, help="siga.toml to read (default ./siga.toml if there is one)")
        one.add_argument("--json", action="store_true", help="the result as JSON")
        return one

    backup = command("backup", "copy everything, consistently, also while SIGA runs")
    backup.add_argument("to", type=Path, metavar="DIR", help="folder of backups, best on another disk")
    backup.add_argument("--keep", type=_at_least_one, metavar="N", help="remove the oldest generations beyond N")
    restore = command("restore", "check a backup and put it in the place of the data folder")
    restore.add_argument("source", type=Path, metavar="DIR", help="folder of backups (the newest), or one generation")
    restore.add_argument("--force", action="store_true", help="move what is in the data folder aside")
    restore.add_argument("--check", action="store_true", help="only check the backup; nothing is changed")
    doctor = command("doctor", "look at the installation and say what to do; 1 when something is wrong")
    doctor.add_argument("--full", action="store_true", help="every photo, and indexes against tables: takes longer")
    migrate = command("migrate", "bring the stores to this release's schema (a start does it as well)")
    migrate.add_argument("--check", action="store_true", help="only say what would be done; 1 when there is something")


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="siga", description="SIGA: reserved parking in public space, from the sensor to the police."
    )
    parser.add_argument("--version", action="version", version=f"siga {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    _listening(commands.add_parser("up", help="everything in one process, embedded storage in the data folder"))
    demo = commands.add_parser("demo", help="`up` with a synthetic town, its history and its simulator, and /demo")
    _listening(demo)
    demo.add_argument("--bays", type=int, default=300, help="bays of the town (default 300)")
    demo.add_argument(
        "--speed", type=float, default=6.0, help="how much faster people behave (default 6); clocks stay real"
    )

    serve = commands.add_parser("serve", help="only the named services, from siga.toml")
    serve.add_argument("names", nargs="+", metavar="NAME", help="users, parking, history, …, gateway")
    _listening(serve)

    keys = commands.add_parser("keys", help="make the signing keys for a system of several processes")
    keys.add_argument("folder", type=Path, help="folder to make them in; give each service its own private/<name>.json")

    imports = commands.add_parser(
        "import", help="bays, devices, accreditations or addresses from a file into the running (or this folder's) SIGA"
    )
    what = imports.add_subparsers(dest="what", metavar="WHAT", required=True)
    for name, text in (
        ("bays", "GeoJSON, CSV or OSM tags"),
        ("devices", "CSV or JSON: which sensor, reader or camera is on which bay"),
        ("accreditations", "CSV or JSON: who may park, with plates and cards"),
        ("addresses", "CSV or GeoJSON"),
        ("history", "NDJSON of changes"),
    ):
        one = what.add_parser(name, help=text)
        one.add_argument("file", type=Path)
        one.add_argument("--municipality", help="name or slug (default: the only one)")
        one.add_argument("--data", type=Path, help="data folder of the SIGA to import into (default ./data)")
        one.add_argument("--json", action="store_true", help="the result as JSON")
        if name == "bays":
            one.add_argument("--category", choices=_CATEGORIES, help="for rows that name no kind of their own")
            one.add_argument("--anywhere", action="store_true", help="take bays more than 300 km from the town too")
        if name in ("bays", "devices", "accreditations"):
            one.add_argument("--dry-run", action="store_true", help="only say what would happen")
        if name == "history":
            one.add_argument("--simulated", action="store_true", help="mark what is imported as generated")

    _operating(commands)

    audit = commands.add_parser("audit", help="the tamper-evident record of who did and read what")
    verify = audit.add_subparsers(dest="what", metavar="WHAT", required=True).add_parser(
        "verify", help="go through every chain from its start; 1 when anything was changed, taken out or cut"
    )
    verify.add_argument("--data", type=Path, help="data folder, or a backup (default ./data)")
    verify.add_argument("--config", type=Path, help="siga.toml to read (default ./siga.toml if there is one)")
    verify.add_argument(
        "--heads", type=Path, action="append", metavar="FILE",
        help="signed heads kept elsewhere: a file, or a folder of heads-*.jsonl; may be repeated",
    )  # fmt: skip
    verify.add_argument("--json", action="store_true", help="the result as JSON")

    plates = commands.add_parser("plates", help="the plate reader")
    plate = plates.add_subparsers(dest="what", metavar="WHAT", required=True).add_parser(
        "read", help="read plates in images"
    )
    plate.add_argument("images", nargs="+", metavar="IMAGE")
    plate.add_argument("--json", action="store_true", help="one JSON line per image")
    plate.add_argument("--candidates", action="store_true", help="with one image: the bare list of candidates")

    bench = commands.add_parser("bench", help="the benchmarks, with their yardsticks")
    bench.add_argument("name", nargs="?", help="one of them, or all; without a name those that need no other tool")
    bench.add_argument("bays", nargs="?", type=int, help="with `dataset`: how many bays (10000, 100000, 1000000)")
    bench.add_argument("--json", action="store_true", help="results as JSON")
    bench.add_argument("--quick", action="store_true", help="tiny sizes: does it run? its figures say nothing")
    return parser
