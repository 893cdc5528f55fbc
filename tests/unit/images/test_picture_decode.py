"""Untrusted bytes become an upright, bounded RGB picture without metadata, or are refused with a reason."""

from __future__ import annotations

import contextlib
import io
import struct
import subprocess
import sys
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from siga.services.images.decode import MOST_BYTES, NotAPicture, check_header, decode


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def picture(width: int = 60, height: int = 40) -> Image.Image:
    return Image.linear_gradient("L").resize((width, height)).convert("RGB")


def png_claiming(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header claims a size: a decompression bomb without its charge."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )


pytestmark = pytest.mark.filterwarnings("ignore:Corrupt EXIF data")

VALID = {
    "JPEG": encoded(picture(), "JPEG"),
    "progressive": encoded(picture(), "JPEG", progressive=True),
    "PNG": encoded(picture(), "PNG"),
    "WEBP": encoded(picture(), "WEBP"),
    "lossless": encoded(picture(), "WEBP", lossless=True),
    "extended": encoded(picture().convert("RGBA"), "WEBP", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0"),
}


def reason(data: bytes) -> str:
    with pytest.raises(NotAPicture) as refusal:
        decode(data)
    return refusal.value.reason


@pytest.mark.parametrize("name", VALID)
def test_the_header_tells_format_and_size(name: str) -> None:
    kind, width, height = check_header(VALID[name])
    assert (kind, width, height) == (Image.open(io.BytesIO(VALID[name])).format, 60, 40)


@pytest.mark.parametrize("name", VALID)
def test_a_picture_is_decoded_as_rgb(name: str) -> None:
    found = decode(VALID[name])
    assert (found.image.mode, found.image.size, found.scale) == ("RGB", (60, 40), 1.0)


@pytest.mark.parametrize(
    "data", [b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"GIF89a" + bytes(40), b"%PDF-1.7", b"\xff\xd8\xff"]
)
def test_anything_else_is_no_image(data: bytes) -> None:
    assert reason(data) == "not_an_image"


def test_a_gif_in_a_pngs_clothes_is_no_image() -> None:
    assert reason(VALID["PNG"][:33] + encoded(picture(), "GIF")) == "not_an_image"


def test_a_file_that_breaks_off_is_no_image() -> None:
    large = encoded(Image.effect_noise((300, 300), 80).convert("RGB"), "JPEG")
    assert check_header(large[: len(large) // 2])[1:] == (300, 300)
    assert reason(large[: len(large) // 2]) == "not_an_image"


def test_a_bomb_is_refused_by_its_header() -> None:
    assert reason(png_claiming(60_000, 60_000)) == "too_large"
    assert reason(png_claiming(10_000, 5_001)) == "too_large"


def test_too_many_bytes_are_refused_unread() -> None:
    assert reason(VALID["JPEG"] + bytes(MOST_BYTES)) == "too_large"


def test_a_picture_without_area_is_no_image() -> None:
    assert reason(png_claiming(0, 5)) == "not_an_image"


def test_exif_orientation_is_honoured() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = decode(encoded(picture(60, 40), "JPEG", exif=exif)).image
    assert turned.size == (40, 60)


def test_unreadable_exif_turns_nothing() -> None:
    assert decode(encoded(picture(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\x7f")).image.size == (60, 40)


def test_metadata_stays_behind() -> None:
    exif = Image.Exif()
    exif[0x010E] = "Calle Mayor 1"
    found = decode(encoded(picture(), "JPEG", exif=exif, comment=b"secret", dpi=(72, 72)))
    assert found.image.info == {}
    assert not found.image.getexif()


def test_the_longest_side_is_bounded_and_the_scale_told() -> None:
    found = decode(encoded(picture(5000, 2500), "JPEG"))
    assert max(found.image.size) <= 2000
    assert found.image.width * found.scale == pytest.approx(5000)


def test_transparent_parts_become_white() -> None:
    assert decode(encoded(Image.new("RGBA", (20, 20), (0, 0, 0, 0)), "PNG")).image.getpixel((5, 5)) == (255, 255, 255)


def test_sixteen_bit_grey_keeps_its_levels() -> None:
    deep = Image.new("I;16", (20, 20), 32768)
    assert decode(encoded(deep, "PNG")).image.getpixel((5, 5)) == (128, 128, 128)


@settings(deadline=None)
@given(st.binary(max_size=200), st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF0000WEBPVP8 "]))
def test_any_bytes_are_decoded_or_refused(data: bytes, start: bytes) -> None:
    with pytest.raises(NotAPicture):
        decode(start + data)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(VALID)), st.data())
def test_damaged_pictures_are_decoded_or_refused(name: str, data: st.DataObject) -> None:
    damaged = bytearray(VALID[name])
    for _ in range(data.draw(st.integers(1, 5))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(NotAPicture):
        assert max(decode(bytes(damaged)).image.size) <= 2000


def test_looking_at_a_header_does_not_load_pillow() -> None:
    program = (
        "import sys; from siga.services.images.decode import check_header;"
        "check_header(sys.stdin.buffer.read()); print('PIL' in sys.modules)"
    )
    shown = subprocess.run([sys.executable, "-c", program], input=VALID["WEBP"], capture_output=True, check=True)
    assert shown.stdout.strip() == b"False"
