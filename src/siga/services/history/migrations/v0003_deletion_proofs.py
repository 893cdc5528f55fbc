"""Signed proofs of what was destroyed."""

from __future__ import annotations

from siga.kit.revisions import make_deletion_proofs


def upgrade() -> None:
    """The table of proofs."""
    make_deletion_proofs()
