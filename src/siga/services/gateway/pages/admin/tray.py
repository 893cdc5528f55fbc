"""Files that were uploaded and wait for their sender to confirm what they would do: in memory, few, not for long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from siga.kit.ids import new_secret

_KEPT_S = 1800.0
_MOST_BYTES = 128 * 1024 * 1024


@dataclass(frozen=True)
class Upload:
    """A file with who sent it and what it is for."""

    user_id: str
    municipality_id: str
    kind: str
    category: str
    data: bytes


class Tray:
    """Keeps uploads for half an hour, 128 MiB in all; then the oldest go first. `clock_s` counts seconds."""

    def __init__(self, clock_s: Callable[[], float]) -> None:
        self._clock_s = clock_s
        self._kept: dict[str, tuple[float, Upload]] = {}

    def put(self, upload: Upload) -> str:
        """Keep an upload; the secret by which it is found again."""
        now = self._clock_s()
        self._kept = {key: one for key, one in self._kept.items() if now - one[0] < _KEPT_S}
        key = new_secret()
        self._kept[key] = (now, upload)
        while sum(len(one.data) for _, one in self._kept.values()) > _MOST_BYTES and len(self._kept) > 1:
            self._kept.pop(next(iter(self._kept)))
        return key

    def take(self, key: str, user_id: str, kind: str) -> Upload | None:
        """The upload, which leaves the tray; None when it is gone, another's or of another kind."""
        at, upload = self._kept.get(key, (0.0, None))
        if upload is None or upload.user_id != user_id or upload.kind != kind:
            return None
        del self._kept[key]
        return upload if self._clock_s() - at < _KEPT_S else None
