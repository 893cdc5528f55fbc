"""A child that turns an untrusted photo into a JPEG fit to be shown: upright, bounded, no metadata, others blurred.

The original comes by stdin, the JPEG leaves by stdout; what to do is one JSON argument. Exit 3: no picture.
"""

from __future__ import annotations

import asyncio
import io
import sys
from typing import TYPE_CHECKING

import msgspec

from siga.services.images.decode import NotAPicture, decode
from siga.services.images.model import Box

if TYPE_CHECKING:
    from PIL.Image import Image

_NO_PICTURE = 3
_LONGEST_S = 15.0
_MEMORY_BYTES = 2 * 1024**3
_CPU_S = 10
_QUALITY = 85
_CROP_WIDTHS = 3.0
"""A crop shows the plate's box and this many times its width around it."""


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What to show: boxes are in pixels of the upright original. `crop` None = the whole picture."""

    crop: Box | None = None
    blur: tuple[Box, ...] = ()


async def shown(original: bytes, wish: Wish) -> bytes:
    """The JPEG, made in a child of its own; NotAPicture when that cannot be done."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __name__, msgspec.json.encode(wish).decode(),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with asyncio.timeout(_LONGEST_S):
            jpeg, _ = await child.communicate(original)
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode != 0:
        raise NotAPicture("not_an_image")
    return jpeg


def render(original: bytes, wish: Wish) -> bytes:
    """The JPEG as the wish has it; NotAPicture for anything else than a photograph."""
    picture = decode(original)
    image, scale = picture.image, picture.scale
    for box in wish.blur:
        _blur(image, _scaled(box, scale))
    if wish.crop is not None:
        image = _crop(image, _scaled(wish.crop, scale))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()


def _scaled(box: Box, scale: float) -> Box:
    left, top, width, height = box
    return round(left / scale), round(top / scale), max(1, round(width / scale)), max(1, round(height / scale))


def _blur(image: Image, box: Box) -> None:
    """Make a plate unreadable for good: a mosaic of at most four squares across, not a blur that can be undone."""
    left, top, width, height = box
    margin = height // 4
    edges = (max(0, left - margin), max(0, top - margin), left + width + margin, top + height + margin)
    region = image.crop((*edges[:2], min(edges[2], image.width), min(edges[3], image.height)))
    if region.width < 1 or region.height < 1:
        return
    image.paste(region.resize((4, 1)).resize(region.size), edges[:2])


def _crop(image: Image, box: Box) -> Image:
    left, top, width, height = box
    around = round(width * _CROP_WIDTHS / 2)
    centre_x, centre_y = left + width // 2, top + height // 2
    edges = (centre_x - around, centre_y - around, centre_x + around, centre_y + around)
    inside = (max(0, edges[0]), max(0, edges[1]), min(image.width, edges[2]), min(image.height, edges[3]))
    return image.crop(inside) if inside[2] > inside[0] and inside[3] > inside[1] else image


def _limit() -> None:
    """Bound what a hostile picture can take; where the system knows no such limits, the timeout alone holds."""
    try:
        import os
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S, _CPU_S))
    os.nice(5)


def main() -> int:
    """The child itself."""
    _limit()
    wish = msgspec.json.decode(sys.argv[1], type=Wish)
    try:
        jpeg = render(sys.stdin.buffer.read(), wish)
    except (NotAPicture, MemoryError):
        return _NO_PICTURE
    sys.stdout.buffer.write(jpeg)
    sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
