"""Replay protection: a sliding window of 1,024 nonces per device, pure."""

from __future__ import annotations

from siga.contract.base import Word

WINDOW = 1024
_ALL = (1 << WINDOW) - 1


class NonceWindow(Word):
    """The highest nonce spent and, bit n, whether `top - n` was spent."""

    top: int = -1
    bits: int = 0


def spent_up_to(floor: int) -> NonceWindow:
    """The window in which every nonce up to `floor` is spent; -1 = none is."""
    return NonceWindow(top=floor, bits=_ALL) if floor >= 0 else NonceWindow()


def spend(window: NonceWindow, nonce: int) -> NonceWindow | None:
    """The window with `nonce` spent; None when it was spent before or lies below the window."""
    if nonce > window.top:
        shift = nonce - window.top
        bits = (window.bits << shift if shift < WINDOW else 0) & _ALL
        return NonceWindow(top=nonce, bits=bits | 1)
    back = window.top - nonce
    if back >= WINDOW or window.bits >> back & 1:
        return None
    return NonceWindow(top=window.top, bits=window.bits | 1 << back)
