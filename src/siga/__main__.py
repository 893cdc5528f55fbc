"""The `siga` command; what each subcommand needs is imported only when it runs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from siga.cli.parser import build_parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; exit code 0 ok, 1 failed, 2 wrong usage."""
    args = build_parser().parse_args(argv)
    try:
        return _run(args)
    except KeyboardInterrupt:
        return 1
    except (OSError, ValueError) as fault:
        print(f"siga: {fault}", file=sys.stderr)
        return 1


def _run(args: argparse.Namespace) -> int:
    if args.command in ("up", "demo", "serve"):
        from siga.cli import running

        return running.run(args)
    if args.command == "keys":
        from siga.contract.auth import SERVICES
        from siga.kit.auth import make_keys

        make_keys(args.folder, SERVICES)
        print(f"Keys are in {args.folder}: give each service its own private/<name>.json and all of them trusted.json.")
        return 0
    if args.command == "import":
        from siga.cli import importing

        return importing.run(args)
    if args.command in ("backup", "restore", "doctor", "migrate"):
        from siga.cli import operating

        return operating.run(args)
    if args.command == "audit":
        from siga.cli import auditing

        return auditing.run(args)
    if args.command == "plates":
        from siga.services.images import command

        return command.run(args.images, as_json=args.json, candidates=args.candidates)
    from siga.bench import command as bench

    return bench.run(args.name, as_json=args.json, quick=args.quick, bays=args.bays)


if __name__ == "__main__":
    sys.exit(main())
