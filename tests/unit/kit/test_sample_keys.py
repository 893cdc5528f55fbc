"""Sealing keys that somebody typed or copied are refused, random ones never."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from siga.kit.sealing import Sealer, key_in
from siga.services.users.vault import open_vault

SAMPLES = [
    bytes(32), b"\xff" * 32, bytes(range(32)), bytes(range(31, -1, -1)), b"0123456789abcdef0123456789abcdef",
    b"correct horse battery staple tr0", b"\x00\x01" * 16,
]  # fmt: skip


@pytest.mark.parametrize("sample", SAMPLES)
def test_no_service_starts_on_a_sample_key(tmp_path: Path, sample: bytes) -> None:
    path = tmp_path / "devices.key"
    path.write_bytes(sample)
    with pytest.raises(ValueError, match=r"devices\.key is no random key"):
        Sealer.open(path)
    with pytest.raises(ValueError, match="is no random key"):
        open_vault(path, None)


def test_random_keys_are_taken(tmp_path: Path) -> None:
    for number in range(200):
        path = tmp_path / str(number)
        path.write_bytes(os.urandom(32))
        assert len(key_in(path)) == 32
    assert len(key_in(tmp_path / "made here")) == 32
