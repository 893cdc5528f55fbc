"""Every benchmark runs from end to end on a tiny data set; what it measures at that size says nothing."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from siga.bench.command import BENCHES, measured
from siga.bench.numbers import Figure
from support import run

pytestmark = pytest.mark.xdist_group("bench")


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One data set for all of them."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("bench")
        patch.setenv("SIGA_BENCH_DATA", str(folder))
        yield folder


def figures(name: str) -> dict[str, Figure]:
    """What the quick form measures, by name; nothing of it may be impossible to measure."""
    found = run(measured(name, quick=True), 120)
    assert not any("not measured" in one.name for one in found), found
    return {one.name: one for one in found}


def test_the_books_agree_with_what_is_shown_after_reports_by_every_way() -> None:
    found = figures("ingest")
    assert found["acknowledged and not shown so"].value == 0
    assert found["signed durable reports, batches of 100"].value > 0
    assert found["reports signed by Ed25519, single"].value > 0
    rows = found["the bare probe, single"].note
    assert rows.count("1 report + 1.00 events") == 2, rows  # the probe writes what SIGA writes


def test_a_live_change_is_missed_by_nobody() -> None:
    found = figures("live")
    assert next(one.value for name, one in found.items() if name.startswith("live changes missing")) == 0


@pytest.mark.skipif(shutil.which("wrk") is None, reason="wrk is not installed")
def test_reads_are_measured_against_every_yardstick_that_is_there() -> None:
    found = figures("nearest")
    against = [one for name, one in found.items() if name.startswith("/bays/nearest against")]
    assert len(against) == 4
    assert all(one.value > 0 or "install" in one.void or math.isnan(one.value) for one in against)


@pytest.mark.parametrize("name", [name for name in BENCHES if name in ("hold", "latency", "growth")])
def test_the_others_run(name: str) -> None:
    if name != "hold" and shutil.which("wrk") is None:
        pytest.skip("wrk is not installed")
    assert all(not math.isnan(one.value) for one in figures(name).values())
