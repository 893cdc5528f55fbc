"""QR codes (ISO/IEC 18004) as the path of an SVG: bytes, error correction L, versions 1 to 10 (up to 271 bytes)."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from itertools import pairwise

_QUIET = 4
"""Light modules around, as the standard wants."""
_BLOCKS = {
    1: (7, ((1, 19),)), 2: (10, ((1, 34),)), 3: (15, ((1, 55),)), 4: (20, ((1, 80),)), 5: (26, ((1, 108),)),
    6: (18, ((2, 68),)), 7: (20, ((2, 78),)), 8: (24, ((2, 97),)), 9: (30, ((2, 116),)), 10: (18, ((2, 68), (2, 69))),
}  # fmt: skip
"""Version → error correction bytes in a block, and (blocks, data bytes in each) (table 9, level L)."""
_ALIGNED = {
    1: (), 2: (6, 18), 3: (6, 22), 4: (6, 26), 5: (6, 30), 6: (6, 34), 7: (6, 22, 38), 8: (6, 24, 42), 9: (6, 26, 46),
    10: (6, 28, 50),
}  # fmt: skip
_FINDER = ("1111111", "1000001", "1011101", "1011101", "1011101", "1000001", "1111111")
_FORMAT_L = 0b01
_MASKS: tuple[Callable[[int, int], bool], ...] = (
    lambda x, y: (x + y) % 2 == 0, lambda x, y: y % 2 == 0, lambda x, y: x % 3 == 0, lambda x, y: (x + y) % 3 == 0,
    lambda x, y: (x // 3 + y // 2) % 2 == 0, lambda x, y: x * y % 2 + x * y % 3 == 0,
    lambda x, y: (x * y % 2 + x * y % 3) % 2 == 0, lambda x, y: ((x + y) % 2 + x * y % 3) % 2 == 0,
)  # fmt: skip

Grid = list[list[int | None]]


def qr_path(text: str) -> tuple[int, str]:
    """The side of the picture in modules, quiet zone included, and the path of the dark ones. ValueError: too long."""
    dark = _modules(text.encode())
    lines = [
        f"M{x + _QUIET} {y + _QUIET}h1v1h-1z" for y, row in enumerate(dark) for x, module in enumerate(row) if module
    ]
    return len(dark) + 2 * _QUIET, "".join(lines)


def _modules(data: bytes) -> list[list[bool]]:
    version = _version_for(len(data))
    size = 17 + 4 * version
    fixed: Grid = [[None] * size for _ in range(size)]
    _draw_fixed(fixed, version)
    whole = [row[:] for row in fixed]
    _draw_data(whole, _bits(_codewords(data, version)))
    return min((_masked(fixed, whole, mask) for mask in range(len(_MASKS))), key=_penalty)


def _masked(fixed: Grid, whole: Grid, mask: int) -> list[list[bool]]:
    """The symbol under one mask: data turned over where the mask says so, and the mask's number in its place."""
    turned = _MASKS[mask]
    grid: Grid = [
        [int(bool(module) != (fixed[y][x] is None and turned(x, y))) for x, module in enumerate(row)]
        for y, row in enumerate(whole)
    ]
    _draw_format(grid, mask)
    return [[bool(module) for module in row] for row in grid]


def _penalty(dark: list[list[bool]]) -> int:
    """How hard a symbol is to read (7.8.3): long runs, blocks, false finders, too much of one colour."""
    lines = ["".join("01"[module] for module in row) for row in (*dark, *zip(*dark, strict=True))]
    runs = sum(len(run) - 2 for line in lines for run in re.findall(r"0{5,}|1{5,}", line))
    finders = sum(line.count("10111010000") + line.count("00001011101") for line in lines)
    blocks = sum(
        row[x] == row[x + 1] == below[x] == below[x + 1]
        for row, below in pairwise(dark) for x in range(len(row) - 1)
    )  # fmt: skip
    share = sum(map(sum, dark)) / len(dark) ** 2
    return runs + 40 * finders + 3 * blocks + 10 * int(abs(share - 0.5) * 20)


def _version_for(length: int) -> int:
    for version, (_, groups) in _BLOCKS.items():
        capacity = sum(blocks * size for blocks, size in groups)
        if length + (2 if version < 10 else 3) <= capacity:  # mode and count take 12 or 20 bits
            return version
    raise ValueError("too long for a QR of version 10")


def _codewords(data: bytes, version: int) -> list[int]:
    """Data with its error correction, interleaved by blocks."""
    ecc, groups = _BLOCKS[version]
    capacity = sum(blocks * size for blocks, size in groups)
    bits = f"0100{len(data):0{8 if version < 10 else 16}b}" + "".join(f"{byte:08b}" for byte in data)
    bits += "0" * min(4, 8 * capacity - len(bits))
    bits += "0" * (-len(bits) % 8)
    padded = [int(bits[n : n + 8], 2) for n in range(0, len(bits), 8)]
    padded += [(0xEC, 0x11)[n % 2] for n in range(capacity - len(padded))]
    blocks, at = [], 0
    for count, size in groups:
        for _ in range(count):
            blocks.append(padded[at : at + size])
            at += size
    checks = [_remainder(block, ecc) for block in blocks]
    longest = max(len(block) for block in blocks)
    mixed = [block[n] for n in range(longest) for block in blocks if n < len(block)]
    return mixed + [check[n] for n in range(ecc) for check in checks]


def _bits(codewords: list[int]) -> list[int]:
    return [word >> shift & 1 for word in codewords for shift in range(7, -1, -1)]


@cache
def _tables() -> tuple[list[int], list[int]]:
    """Powers and logarithms of GF(256) with x^8 + x^4 + x^3 + x^2 + 1."""
    powers, logs, value = [0] * 512, [0] * 256, 1
    for n in range(255):
        powers[n] = powers[n + 255] = value
        logs[value] = n
        value = value << 1 ^ (0x11D if value & 0x80 else 0)
    return powers, logs


def _times(a: int, b: int) -> int:
    powers, logs = _tables()
    return powers[logs[a] + logs[b]] if a and b else 0


@cache
def _generator(degree: int) -> tuple[int, ...]:
    found = [1]
    for n in range(degree):
        root = _tables()[0][n]
        found = [a ^ _times(b, root) for a, b in zip([*found, 0], [0, *found], strict=True)]
    return tuple(found)


def _remainder(block: list[int], degree: int) -> list[int]:
    """The Reed-Solomon error correction of a block."""
    left = block + [0] * degree
    for n in range(len(block)):
        factor = left[n]
        for k, coefficient in enumerate(_generator(degree)):
            left[n + k] ^= _times(coefficient, factor)
    return left[len(block) :]


def _draw_fixed(grid: Grid, version: int) -> None:
    """Finders, separators, timing, alignment, format and version: all that holds no data."""
    size = len(grid)
    for top, left in ((0, 0), (0, size - 7), (size - 7, 0)):
        for y in range(-1, 8):
            for x in range(-1, 8):
                if 0 <= top + y < size and 0 <= left + x < size:
                    inside = 0 <= y < 7 and 0 <= x < 7
                    grid[top + y][left + x] = int(inside and _FINDER[y][x] == "1")
    for n in range(8, size - 8):
        grid[6][n] = grid[n][6] = 1 - n % 2
    for cy in _ALIGNED[version]:
        for cx in _ALIGNED[version]:
            if grid[cy][cx] is None or (6 in (cy, cx) and (cy, cx) not in ((6, 6), (6, size - 7), (size - 7, 6))):
                _draw_alignment(grid, cy, cx)
    _draw_format(grid, 0)
    if version >= 7:
        _draw_version(grid, version)


def _draw_alignment(grid: Grid, cy: int, cx: int) -> None:
    for y in range(-2, 3):
        for x in range(-2, 3):
            grid[cy + y][cx + x] = int(max(abs(x), abs(y)) != 1)


def _bch(value: int, generator: int, length: int) -> int:
    left = value << length
    for shift in range(left.bit_length() - generator.bit_length(), -1, -1):
        if left >> (shift + length) & 1:
            left ^= generator << shift
    return value << length | left


def _draw_format(grid: Grid, mask: int) -> None:
    size = len(grid)
    word = _bch(_FORMAT_L << 3 | mask, 0b10100110111, 10) ^ 0b101010000010010
    bits = [word >> n & 1 for n in range(15)]
    for n in range(15):
        near = n if n < 6 else n + 1 if n < 8 else size - 15 + n
        grid[near][8] = bits[n]
        across = size - 1 - n if n < 8 else 7 if n == 8 else 14 - n
        grid[8][across] = bits[n]
    grid[size - 8][8] = 1


def _draw_version(grid: Grid, version: int) -> None:
    size, word = len(grid), _bch(version, 0b1111100100101, 12)
    for n in range(18):
        bit = word >> n & 1
        grid[n // 3][size - 11 + n % 3] = grid[size - 11 + n % 3][n // 3] = bit


def _draw_data(grid: Grid, bits: list[int]) -> None:
    """The bits in columns of two, from the right, up and down, not masked yet."""
    size, at = len(grid), 0
    for right in (*range(size - 1, 6, -2), 5, 3, 1):
        upwards = (right + 1) & 2 == 0
        for y in range(size - 1, -1, -1) if upwards else range(size):
            for x in (right, right - 1):
                if grid[y][x] is None:
                    grid[y][x] = bits[at] if at < len(bits) else 0
                    at += 1
