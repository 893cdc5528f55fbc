"""What msgspec must know of every struct before threads decode.

It works that out at a struct's first use and puts it where others find it before it is whole: two threads that first
decode the same struct at once end the process (SIGSEGV in msgspec 0.21 and 0.22).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import msgspec

_settled: set[type[msgspec.Struct]] = set()


def settle() -> int:
    """Let msgspec look at every struct that is loaded and was not looked at before; how many there were.

    To be called by one thread alone, before others decode.
    """
    fresh = [one for one in _below(msgspec.Struct) if one not in _settled]
    for one in fresh:
        # One that cannot be decoded at all, such as a struct with functions in it, is decoded by nobody.
        with suppress(TypeError, NameError):
            msgspec.json.Decoder(one)
        _settled.add(one)
    return len(fresh)


def _below(cls: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    for child in cls.__subclasses__():
        yield child
        yield from _below(child)
