"""What a benchmark says: named values with their limits, told as a table or as JSON."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import msgspec


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One measured value against its limit (`at_most` unless `at_least`); `stretch` is what is aimed at beyond it."""

    name: str
    value: float
    unit: str
    at_most: float | None = None
    at_least: float | None = None
    stretch: float | None = None
    note: str = ""
    void: str = ""
    """Why the run does not count: then the figure is missed, whatever its value."""

    @property
    def met(self) -> bool | None:
        """Whether the limit is kept; None when there is none."""
        if self.at_most is None and self.at_least is None:
            return None
        if self.void:
            return False
        if self.at_most is not None:
            return self.value <= self.at_most
        return self.at_least is not None and self.value >= self.at_least

    def limit(self) -> str:
        """The limit in words."""
        sign, bound = ("≤", self.at_most) if self.at_most is not None else ("≥", self.at_least)
        if bound is None:
            return ""
        aim = "" if self.stretch is None else f" ({self.stretch:g})"
        return f"{sign} {bound:g}{aim} {self.unit}".rstrip()

    def said(self) -> str:
        """The note, with why it is void if it is."""
        return "; ".join(part for part in (f"VOID: {self.void}" if self.void else "", self.note) if part)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0…1) of the values lie: nearest rank; nan when there are none."""
    if not values:
        return float("nan")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered) + 0.5) - 1))]


def median(values: Sequence[float]) -> float:
    """The median; nan when there are none."""
    return statistics.median(values) if values else float("nan")


def spread(values: Sequence[float], digits: int = 0) -> str:
    """From the least to the greatest, and of how many."""
    if not values:
        return "no run"
    return f"{min(values):.{digits}f}…{max(values):.{digits}f} in {len(values)} runs"


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Run by run, ours against theirs of the same pair; those where theirs is missing are left out."""
    return [a / b for a, b in zip(ours, theirs, strict=False) if b]


def table(figures: Sequence[Figure]) -> str:
    """The figures as lines to read."""
    lines = []
    for f in figures:
        word = {True: "met", False: "MISSED", None: ""}[f.met]
        lines.append(f"  {f.name:<66} {f.value:>11.2f} {f.unit:<4} {f.limit():<18} {word:<7} {f.said()}".rstrip())
    return "\n".join(lines)
