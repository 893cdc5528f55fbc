"""What a benchmark says: named values with their limits, told as a table or as JSON."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One measured value against its limit (`at_most` unless `at_least`)."""

    name: str
    value: float
    unit: str
    at_most: float | None = None
    at_least: float | None = None
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the limit is kept; None when there is none."""
        if self.at_most is not None:
            return self.value <= self.at_most
        return None if self.at_least is None else self.value >= self.at_least

    def limit(self) -> str:
        """The limit in words."""
        if self.at_most is not None:
            return f"≤ {self.at_most:g} {self.unit}"
        return "" if self.at_least is None else f"≥ {self.at_least:g} {self.unit}"


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0…1) of the values lie: nearest rank; nan when there are none."""
    if not values:
        return float("nan")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered) + 0.5) - 1))]


def table(figures: Sequence[Figure]) -> str:
    """The figures as lines to read."""
    lines = []
    for f in figures:
        word = {True: "met", False: "MISSED", None: ""}[f.met]
        lines.append(f"  {f.name:<58} {f.value:>10.2f} {f.unit:<4} {f.limit():<14} {word:<7} {f.note}".rstrip())
    return "\n".join(lines)
