"""What the tests of bay files share: short ways to write a file and to read it, and where the real files are."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from siga.kit.bay_files import BadBayFile, ReadOptions, ReadResult, read_bays

Read = Callable[..., ReadResult]


@pytest.fixture
def read_csv() -> Read:
    """Read lines of CSV as bays; the category is `disabled` unless said otherwise."""

    def read(*lines: str, category: str | None = "disabled", encoding: str = "utf-8", **options: Any) -> ReadResult:
        data = "\n".join(lines).encode(encoding)
        return read_bays(data, filename="town.csv", category=category, options=ReadOptions(**options))

    return read


@pytest.fixture
def read_geo() -> Read:
    """Read features, each (geometry or [lon, lat], properties[, id]), as bays."""

    def read(
        *features: tuple[Any, ...], category: str | None = "disabled", crs: Any = None, **options: Any
    ) -> ReadResult:
        written = []
        for geometry, properties, *own in features:
            point = {"type": "Point", "coordinates": geometry} if isinstance(geometry, list) else geometry
            feature = {"type": "Feature", "geometry": point, "properties": properties}
            written.append(feature | ({"id": own[0]} if own else {}))
        document = {"type": "FeatureCollection", "features": written} | ({"crs": crs} if crs else {})
        data = json.dumps(document).encode()
        return read_bays(data, filename="town.geojson", category=category, options=ReadOptions(**options))

    return read


@pytest.fixture
def bad_slug() -> Callable[..., str]:
    """The slug with which a file as a whole is refused."""

    def slug(data: bytes | str, filename: str = "town.csv", **options: Any) -> str:
        content = data.encode() if isinstance(data, str) else data
        with pytest.raises(BadBayFile) as caught:
            read_bays(content, filename=filename, category="disabled", options=ReadOptions(**options))
        assert caught.value.detail.endswith((".", ")"))
        return caught.value.slug

    return slug


@pytest.fixture
def real_file() -> Callable[[str], bytes]:
    """A file of the shared data (SIGA_SHARED, or ../shared beside the repository): skips without it, fails in CI."""
    root = Path(os.environ.get("SIGA_SHARED") or Path(__file__).resolve().parents[4] / "shared")

    def data(name: str) -> bytes:
        path = root / "data" / name
        if not path.is_file():
            words = f"shared data is absent: {path.parent}"
            if os.environ.get("CI"):
                pytest.fail(words)
            pytest.skip(words)
        return path.read_bytes()

    return data
