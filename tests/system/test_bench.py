"""Every benchmark runs from end to end on a tiny data set; what it measures at that size says nothing."""

from __future__ import annotations

import math
import os
import shutil
from pathlib import Path

import pytest

from siga.bench.command import BENCHES, measured, quickly
from support import run

_WITH_WRK = {"nearest", "latency"}


def test_every_benchmark_runs_and_the_generators_books_agree_with_what_siga_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGA_BENCH_DATA", str(tmp_path))
    names = [name for name, bench in BENCHES.items() if bench.shares]
    if shutil.which("wrk") is None:
        names = [name for name in names if name not in _WITH_WRK]
    found = run(quickly(names), 120)
    assert set(found) == set(names)
    for name, figures in found.items():
        assert not any("not measured" in one.name for one in figures), (name, figures)
        wanting = [one for one in figures if math.isnan(one.value)]
        assert all("install" in one.void for one in wanting), (name, wanting)
    ingest = {one.name: one for one in found["ingest"]}
    assert ingest["acknowledged and not shown so"].value == 0
    rows = ingest["the bare probe, single"].note
    assert rows.count("1 report + 1.00 events") == 2, rows  # the probe writes what SIGA writes
    live = {one.name: one for one in found["live"]}
    assert next(one.value for name, one in live.items() if name.startswith("live changes missing")) == 0

    if os.environ.get("SIGA_LONG"):  # several starts of SIGA
        growth = run(measured("growth", quick=True), 120)
        assert len(growth) == 6
        assert not any(math.isnan(one.value) for one in growth)
