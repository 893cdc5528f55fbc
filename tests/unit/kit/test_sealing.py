"""Sealed things open again only as what they are, under the key they were sealed with."""

from pathlib import Path

import pytest

from siga.kit.sealing import Sealer, Unsealable


def test_the_key_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path):
    path = tmp_path / "a.key"
    sealed = Sealer.open(path).seal(b"secret", "photo:1")
    assert path.stat().st_mode & 0o777 == 0o600
    assert Sealer.open(path).unseal(sealed, "photo:1") == b"secret"
    assert [p.name for p in tmp_path.iterdir()] == ["a.key"]


def test_what_was_changed_swapped_or_sealed_elsewhere_does_not_open(tmp_path: Path):
    sealer = Sealer.open(tmp_path / "a.key")
    sealed = sealer.seal(b"secret", "photo:1")
    for other, what, about in (
        (sealer, sealed[:-1] + bytes([sealed[-1] ^ 1]), "photo:1"),
        (sealer, sealed, "photo:2"),
        (sealer, b"", "photo:1"),
        (sealer.of("town"), sealed, "photo:1"),
        (Sealer.open(tmp_path / "b.key"), sealed, "photo:1"),
    ):
        with pytest.raises(Unsealable):
            other.unseal(what, about)


def test_a_file_that_is_no_key_is_refused(tmp_path: Path):
    (tmp_path / "a.key").write_bytes(b"short")
    with pytest.raises(ValueError, match="32 bytes"):
        Sealer.open(tmp_path / "a.key")
