"""QR codes, read back by another maker's reader."""

from __future__ import annotations

import random
import re
import string

import pytest

from siga.services.gateway.pages.qr import qr_path

cv2 = pytest.importorskip("cv2")
np = pytest.importorskip("numpy")


def _read(text: str, pixels: int) -> str:
    side, path = qr_path(text)
    picture = np.full((side * pixels, side * pixels), 255, dtype="uint8")
    for x, y in re.findall(r"M(\d+) (\d+)h", path):
        left, top = int(x) * pixels, int(y) * pixels
        picture[top : top + pixels, left : left + pixels] = 0
    return str(cv2.QRCodeDetector().detectAndDecode(picture)[0])


@pytest.mark.parametrize("length", [1, 17, 32, 53, 78, 106, 134, 154, 192, 230, 271])
def test_each_version_is_read_back(length: int) -> None:
    letters = random.Random(length)
    text = ("otpauth://totp/SIGA:" + "".join(letters.choices(string.ascii_letters, k=300)))[:length]
    # The reader of OpenCV does not find every picture of a symbol at every size; no other reader is at hand.
    assert any(_read(text, pixels) == text for pixels in (3, 4, 5, 6, 8))


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        qr_path("x" * 272)
