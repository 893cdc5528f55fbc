"""Turns untrusted bytes into an upright, bounded picture without metadata, or says why that cannot be done.

Importing this module is cheap: Pillow is loaded when a picture is decoded, and `check_header` never needs it.
Formats: JPEG (ITU-T T.81), PNG (W3C PNG 3rd edition), WebP (RFC 9649).
"""

from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_BYTES = 8 * 1024 * 1024
MOST_PIXELS = 50_000_000
LONGEST_SIDE_PX = 2000

Format: TypeAlias = Literal["JPEG", "PNG", "WEBP"]

_JPEG_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
"""Baseline, extended and progressive: the Huffman-coded frames every camera writes."""
_JPEG_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
_JPEG_DATA = frozenset({0xD9, 0xDA})


class NotAPicture(Exception):
    """These bytes cannot be used as a photograph; `reason` is "not_an_image" or "too_large"."""

    def __init__(self, reason: Literal["not_an_image", "too_large"]) -> None:
        super().__init__(reason)
        self.reason: Literal["not_an_image", "too_large"] = reason


class Picture(NamedTuple):
    """A decoded photograph: `image` is RGB, upright, without metadata; `scale` is original pixels per pixel, >= 1."""

    image: Image
    scale: float


def _big(data: bytes, at: int, size: int) -> int:
    return int.from_bytes(data[at : at + size], "big")


def _little(data: bytes, at: int, size: int) -> int:
    return int.from_bytes(data[at : at + size], "little")


def _jpeg_size(data: bytes) -> tuple[int, int]:
    """Walk the marker segments up to the frame header (T.81, annex B)."""
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker in _JPEG_FRAMES:
            return _big(data, at + 7, 2), _big(data, at + 5, 2)
        if marker in _JPEG_DATA:
            break
        if marker == 0xFF:
            at += 1
        elif marker in _JPEG_ALONE:
            at += 2
        else:
            at += 2 + max(_big(data, at + 2, 2), 2)
    raise NotAPicture("not_an_image")


def _webp_size(data: bytes) -> tuple[int, int]:
    """Read the canvas size of a lossy, lossless or extended file (RFC 9649, section 2)."""
    kind = data[12:16]
    if kind == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        return _little(data, 26, 2) & 0x3FFF, _little(data, 28, 2) & 0x3FFF
    if kind == b"VP8L" and data[20:21] == b"\x2f":
        bits = _little(data, 21, 4)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8X":
        return _little(data, 24, 3) + 1, _little(data, 27, 3) + 1
    raise NotAPicture("not_an_image")


def check_header(data: bytes) -> tuple[Format, int, int]:
    """Tell the format, width and height in pixels (as stored) from the first bytes, decoding nothing.

    Only the header is looked at, so a cut-off file passes. Raises `NotAPicture`: "too_large" above 8 MiB or 50
    megapixels, "not_an_image" for anything but JPEG, PNG and WebP.
    """
    if len(data) > MOST_BYTES:
        raise NotAPicture("too_large")
    kind: Format
    if data[:3] == b"\xff\xd8\xff":
        kind, (width, height) = "JPEG", _jpeg_size(data)
    elif data[:8] == b"\x89PNG\r\n\x1a\n" and data[12:16] == b"IHDR" and len(data) >= 33:
        kind, width, height = "PNG", _big(data, 16, 4), _big(data, 20, 4)
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP" and len(data) >= 30:
        kind, (width, height) = "WEBP", _webp_size(data)
    else:
        raise NotAPicture("not_an_image")
    if not width or not height:
        raise NotAPicture("not_an_image")
    if width * height > MOST_PIXELS:
        raise NotAPicture("too_large")
    return kind, width, height


def _turn_upright(image: Image) -> None:
    """Turn the picture as its EXIF orientation says; unreadable EXIF data turns nothing."""
    from PIL import ImageOps

    # the EXIF block is untrusted too, and Pillow's parser raises whatever it stumbles over
    with contextlib.suppress(Exception):
        ImageOps.exif_transpose(image, in_place=True)


def _plain(image: Image) -> Image:
    """Copy the pixels alone, as 8-bit RGB; transparent parts become white."""
    from PIL import Image as Images

    if image.mode.startswith(("I", "F")):
        image = image.convert("I").point(lambda value: value / 256).convert("L")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        ground = Images.new("RGBA", image.size, "white")
        image = Images.alpha_composite(ground, image)
    rgb = image.convert("RGB")
    return Images.frombytes("RGB", rgb.size, rgb.tobytes())


def decode(data: bytes) -> Picture:
    """Decode a photograph of at most 8 MiB and 50 megapixels: upright, RGB, longest side at most 2000 px, no metadata.

    Raises `NotAPicture` ("too_large", "not_an_image"); a file that breaks off is no image.
    """
    kind, width, height = check_header(data)
    from PIL import Image as Images

    try:
        with Images.open(io.BytesIO(data), formats=[kind]) as image:
            if image.size != (width, height):
                raise NotAPicture("not_an_image")
            if kind == "JPEG":
                image.draft("RGB", (LONGEST_SIDE_PX, LONGEST_SIDE_PX))
            image.load()
            _turn_upright(image)
            image.thumbnail((LONGEST_SIDE_PX, LONGEST_SIDE_PX))
            plain = _plain(image)
    except NotAPicture:
        raise
    except MemoryError:
        raise NotAPicture("too_large") from None
    except Exception as error:  # decoders raise OSError, SyntaxError, ValueError, struct.error, zlib.error, ...
        raise NotAPicture("not_an_image") from error
    return Picture(plain, max(width, height) / max(plain.size))
