"""Files of devices become drafts; every row that cannot says why."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siga.kit.bay_files import BadBayFile
from siga.kit.device_files import DeviceDraft, read_devices

SPANISH = """sensor;tipo;plaza;periodo_s;pasarela;reloj
S-1;sensor;D-0001;600;G-1;sí
S-2;lector;D-0002|D-0003;;G-1;no
G-1;pasarela;;;;
;sensor;D-0004;;;
S-4;televisor;D-0004;;;
S-5;sensor;D-0004;a menudo;;
"""


def test_a_spanish_table_is_understood_and_each_bad_row_refused_with_its_reason() -> None:
    read = read_devices(SPANISH.encode(), filename="sensores.csv")
    assert read.drafts == [
        DeviceDraft(external_id="S-1", kind="bay_sensor", bay_codes=("D-0001",), period_s=600, listed_under="G-1",
                    has_clock=True, row=2),
        DeviceDraft(external_id="S-2", kind="card_reader", bay_codes=("D-0002", "D-0003"), listed_under="G-1",
                    has_clock=False, row=3),
        DeviceDraft(external_id="G-1", kind="bay_sensor", row=4),
    ]  # fmt: skip
    assert [(row.row, row.slug) for row in read.refused] == [
        (5, "id_missing"), (6, "kind_unknown"), (7, "period_unreadable"),
    ]  # fmt: skip
    assert all(row.reason for row in read.refused)


def test_json_says_the_same_in_a_list_or_under_devices_and_an_unknown_field_is_refused() -> None:
    rows = [{"external_id": "S-1", "bay_codes": ["D-1"], "period_s": 60}, {"external_id": "S-2", "colour": "red"}, 7]
    for document in (rows, {"devices": rows}):
        read = read_devices(json.dumps(document).encode(), filename="devices.json")
        assert read.drafts == [DeviceDraft(external_id="S-1", bay_codes=("D-1",), period_s=60, row=1)]
        assert [row.row for row in read.refused] == [2, 3]
        assert "colour" in read.refused[0].reason


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"[1", b"colour;size\nred;3\n", b"<html>", b"PK\x03\x04zip"])
def test_a_file_that_cannot_be_used_says_what_to_do(data: bytes) -> None:
    with pytest.raises(BadBayFile) as fault:
        read_devices(data, filename="devices")
    assert len(fault.value.detail) > 20


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(BadBayFile):
        read_devices(data, filename="devices")
