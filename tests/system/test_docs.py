"""The documents are true: the reference is what the code says, and what README names is there."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from siga.cli.reference import pages

ROOT = Path(__file__).parents[2]


def test_the_reference_is_what_the_code_says() -> None:
    for name, text in pages().items():
        if name == "commands.md" and sys.version_info[:2] != (3, 11):
            continue  # argparse words its help anew in each release
        kept = (ROOT / "docs" / "reference" / name).read_text()
        assert kept.endswith(text), f"docs/reference/{name} is not true any more: run `make docs`"


def test_every_file_that_a_document_links_to_is_there() -> None:
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    for document in documents:
        for link in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", document.read_text()):
            assert (document.parent / link).exists(), f"{document.relative_to(ROOT)} links to {link}"


def test_every_make_target_that_a_document_names_is_there() -> None:
    targets = set(re.findall(r"^([a-z -]+):", (ROOT / "Makefile").read_text(), re.M))
    known = {word for line in targets for word in line.split()}
    for document in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"`make ([a-z-]+)", document.read_text()):
            assert target in known, f"{document.relative_to(ROOT)} names `make {target}`"
