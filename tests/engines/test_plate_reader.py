"""Plates read by the real engine in its own process: drawn pictures, hostile files, a killed reader, photographs.

The photographs are shared material that must not enter the project; without it those tests are skipped by name.
"""

from __future__ import annotations

import asyncio
import io
import os
import signal
import struct
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from siga.services.images.model import Reading, candidates, others_in_view
from siga.services.images.pool import ARGV, ReaderFailed, ReaderPool
from support import shared

linux = pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc, which Linux has")


class Readers:
    """A pool with one warm reader, asked from plain tests."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self.pool, self._runner = ReaderPool(1, time_limit_s=8.0), runner
        runner.run(self.pool.start())

    def read(self, image: bytes, site_country: str = "ES") -> Reading:
        return self._runner.run(self.pool.read(image, site_country))

    def read_while(self, image: bytes, signal_number: int) -> str:
        """Read while the reader gets a signal; the reason of the failure."""

        async def work() -> str:
            (pid,) = self.pool.pids
            os.kill(pid, signal_number)
            with pytest.raises(ReaderFailed) as fault:
                async with asyncio.timeout(20):
                    await self.pool.read(image, "ES")
            return fault.value.reason

        return self._runner.run(work())

    def stop(self) -> None:
        self._runner.run(self.pool.stop())


@pytest.fixture(scope="module")
def readers() -> Iterator[Readers]:
    with asyncio.Runner() as runner:
        readers = Readers(runner)
        yield readers
        readers.stop()


def plate(text: str, width: int = 260, rows: int = 1) -> Image.Image:
    """A white plate with a blue band; `rows` 2 puts the two words of `text` above each other."""
    height = width * 110 // 520 if rows == 1 else width * 3 // 5
    image = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, width // 14, height), fill=(0, 51, 153))
    draw.rectangle((0, 0, width - 1, height - 1), outline="black", width=2)
    font = ImageFont.load_default(size=height * 0.72 / rows)
    for row, line in enumerate(text.split() if rows == 2 else [text]):
        draw.text((width * 0.53, height * (row + 0.5) / rows), line, font=font, fill="black", anchor="mm")
    return image


def street(*plates: tuple[Image.Image, int, int], size: tuple[int, int] = (1280, 960)) -> Image.Image:
    """A grey street with a red vehicle and these plates, each with the place of its upper left corner."""
    image = Image.new("RGB", size, (150, 158, 166))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, size[1] * 3 // 4, *size), fill=(82, 82, 84))
    draw.rounded_rectangle((size[0] // 5, size[1] // 4, size[0] * 4 // 5, size[1] * 4 // 5), 30, fill=(170, 32, 40))
    for one, left, top in plates:
        image.paste(one, (left, top))
    return image


def jpeg(image: Image.Image, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=88, **options)
    return out.getvalue()


def texts(reading: Reading) -> list[str]:
    return [each.plate for each in candidates(reading)]


def bomb() -> bytes:
    """A valid PNG of 900 megapixels in under a megabyte."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compressobj(9)
    squeezed = b"".join(rows.compress(bytes(30_001) * 100) for _ in range(10)) + rows.flush()
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", squeezed) + chunk(b"IEND", b"")


@pytest.mark.parametrize("text", ["1234 BCD", "0087 LMZ", "M-4821-ZX", "R 5521 BBF"])
def test_a_drawn_spanish_plate_is_read(readers: Readers, text: str) -> None:
    reading = readers.read(jpeg(street((plate(text), 500, 560))))
    assert texts(reading)[0] == "".join(filter(str.isalnum, text))
    assert reading.plates[0].country == "ES"
    assert reading.plates[0].confidence > 0.9


def test_the_box_lies_around_the_plate_in_pixels_of_the_original(readers: Readers) -> None:
    reading = readers.read(jpeg(street((plate("1234 BCD", 520), 1900, 1500), size=(4000, 3000))))
    left, top, width, height = reading.plates[0].box
    assert 1880 < left < 1980
    assert 1460 < top < 1530
    assert 2280 < left + width < 2480
    assert top + height < 1640


def test_two_rows_are_one_plate(readers: Readers) -> None:
    assert texts(readers.read(jpeg(street((plate("4821 BKL", 200, rows=2), 520, 480)))))[0] == "4821BKL"


def test_a_plate_from_abroad_is_read(readers: Readers) -> None:
    assert texts(readers.read(jpeg(street((plate("AB-123-CD"), 500, 560))), "ES"))[0] == "AB123CD"


def test_of_two_vehicles_the_nearer_is_meant_and_the_other_is_in_view(readers: Readers) -> None:
    reading = readers.read(jpeg(street((plate("5678 FGH", 150), 1050, 300), (plate("1234 BCD", 300), 480, 560))))
    assert texts(reading)[0] == "1234BCD"
    assert "5678FGH" in [each.plate for each in others_in_view(reading)]


def test_a_turned_photograph_is_set_upright(readers: Readers) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = street((plate("1234 BCD"), 500, 560)).transpose(Image.Transpose.ROTATE_90)
    assert texts(readers.read(jpeg(lying, exif=exif)))[0] == "1234BCD"


def test_a_dark_photograph_is_brightened(readers: Readers) -> None:
    dark = street((plate("1234 BCD"), 500, 560)).point(lambda level: level * 0.12)
    assert texts(readers.read(jpeg(dark)))[0] == "1234BCD"


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (jpeg(street()), "no_plate"),
        (jpeg(street().point(lambda level: level * 0.05)), "too_dark"),
        (jpeg(street().resize((40, 30))), "too_small"),
        (b"", "not_an_image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><text>1234 BCD</text></svg>", "not_an_image"),
        (jpeg(street((plate("1234 BCD"), 500, 560)))[:9000], "not_an_image"),
        (bomb(), "too_large"),
        (bytes(9 * 1024 * 1024), "too_large"),
    ],
    ids=["empty_street", "night", "thumbnail", "nothing", "svg", "cut_off", "bomb", "heavy"],
)
def test_what_cannot_be_read_is_answered_with_the_reason(readers: Readers, image: bytes, reason: str) -> None:
    assert readers.read(image) == Reading(reason=reason)


def test_a_page_full_of_text_takes_no_more_time_than_a_street_of_signs(readers: Readers) -> None:
    page = Image.new("RGB", (2000, 2000), "white")
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(size=22)
    for top in range(0, 2000, 28):
        draw.text((5, top), "  ".join(f"{(top * 37 + each * 91) % 10000:04d} BCD" for each in range(14)), "black", font)
    readers.read(jpeg(page))  # the pool would end the reader after 8 s, which would raise


@linux
def test_a_reader_that_hangs_is_killed_at_the_limit_and_replaced() -> None:
    with asyncio.Runner() as runner:
        readers = Readers(runner)
        readers.pool._time_limit_s = 4.0
        picture = jpeg(street((plate("1234 BCD"), 500, 560)))
        assert texts(readers.read(picture))[0] == "1234BCD"
        (first,) = readers.pool.pids
        assert readers.read_while(picture, signal.SIGSTOP) == "reader_too_slow"
        assert not Path(f"/proc/{first}").exists()
        assert texts(readers.read(picture))[0] == "1234BCD"
        assert readers.pool.warm
        readers.stop()


@linux
def test_a_reader_is_niced_and_bounded(readers: Readers) -> None:
    readers.read(b"")
    (pid,) = readers.pool.pids
    limits = Path(f"/proc/{pid}/limits").read_text()
    shown = {line[:26].strip(): line[26:47].strip() for line in limits.splitlines()}
    assert shown["Max address space"] == str(4 * 1024**3)
    assert (shown["Max file size"], shown["Max core file size"], shown["Max open files"]) == ("0", "0", "64")
    assert os.getpriority(os.PRIO_PROCESS, pid) >= 10


def test_a_reader_says_that_it_is_ready_nothing_else_and_ends_with_its_input() -> None:
    ended = subprocess.run(ARGV, stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=False)
    assert (ended.returncode, ended.stdout) == (0, bytes(4))


PHOTOS = ["eu10", "test_008", "test_011", "test_052", "test_062", "test_066", "test_097"]


def canonical(text: str) -> str:
    """Labels of the shared photographs mix O and 0, I and 1."""
    return text.translate(str.maketrans("OQI", "001"))


@pytest.mark.parametrize("name", PHOTOS)
def test_a_photograph_is_read(readers: Readers, name: str) -> None:
    folder = shared("data", "plates", "eu")
    label = (folder / f"{name}.txt").read_text(encoding="utf-8").splitlines()[0].split("\t")
    reading = readers.read((folder / label[0]).read_bytes())
    assert canonical(texts(reading)[0]) == canonical(label[5])
