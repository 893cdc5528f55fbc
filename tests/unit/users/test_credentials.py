"""One card, plate or number, however it is written, has one match; others have none."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siga.kit.credentials import (
    NumberForm,
    PlateForm,
    UidForm,
    UidLength,
    match,
    normalise_number,
    normalise_plate,
    normalise_uid,
    reverse_uid,
    uid_from_decimal,
)
from siga.services.users.model.accreditations import shown_end, uid_forms

KEY = bytes(range(32))
uids = st.sampled_from([4, 7, 10]).flatmap(lambda size: st.binary(min_size=size, max_size=size))


@given(uids, st.sampled_from(["", ":", "-", " ", "."]), st.booleans())
def test_a_uid_is_the_same_with_any_separator_and_case(uid: bytes, separator: str, upper: bool) -> None:
    written = uid.hex(separator) if separator else uid.hex()
    assert normalise_uid(f" {written.upper() if upper else written} ") == uid.hex().upper()
    assert match(KEY, "card", written) == match(KEY, "tag", uid.hex().upper())


@given(st.binary(max_size=16).filter(lambda uid: len(uid) not in (4, 7, 10)))
def test_a_uid_of_any_other_length_is_refused_as_such(uid: bytes) -> None:
    with pytest.raises(UidLength):
        normalise_uid(uid.hex())


@given(st.text(max_size=30))
def test_no_text_makes_the_normal_forms_fail_otherwise_than_by_refusing(text: str) -> None:
    for form, refusals in (
        (normalise_uid, (UidForm, UidLength)), (uid_from_decimal, (UidForm, UidLength)),
        (normalise_plate, (PlateForm,)), (normalise_number, (NumberForm,)),
    ):  # fmt: skip
        try:
            normal = form(text)
        except refusals:
            continue
        assert normal == form(normal) or form is uid_from_decimal


@given(uids)
def test_a_uid_typed_in_decimal_is_found_again_when_its_first_byte_is_not_nought(uid: bytes) -> None:
    written = bytes([uid[0] or 4]) + uid[1:]
    assert uid_from_decimal(str(int.from_bytes(written, "big"))) == written.hex().upper()


@given(uids)
def test_turning_a_uid_round_twice_changes_nothing(uid: bytes) -> None:
    assert reverse_uid(reverse_uid(uid.hex().upper())) == uid.hex().upper()


def test_a_uid_is_shown_in_every_form() -> None:
    forms = uid_forms("04A2B3C4")
    assert (forms.uid_reversed, forms.decimal, forms.decimal_reversed) == ("C4B3A204", "77771716", "3300106756")


@pytest.mark.parametrize("text", ["", "-", "0x12", "12.5e3", "04A2B3C4", "１２３４"])
def test_what_is_no_whole_number_is_no_decimal_uid(text: str) -> None:
    with pytest.raises(UidForm):
        uid_from_decimal(text)


@pytest.mark.parametrize("number", [1 << 80, 10**39, 10**50])
def test_a_number_of_more_than_ten_bytes_is_no_uid(number: int) -> None:
    assert uid_from_decimal(str((1 << 80) - 1)) == "FF" * 10
    with pytest.raises(UidLength):
        uid_from_decimal(str(number))


@pytest.mark.parametrize(
    ("written", "plate"),
    [
        ("1234 bcd", "1234BCD"), ("1234-BCD", "1234BCD"), ("B·MW 1234", "BMW1234"), ("ÄÖ 77", "AO77"),
        ("ΑΒΕ 1234", "ABE1234"), ("АВС 123", "ABC123"),
    ],
)  # fmt: skip
def test_a_plate_is_letters_and_digits_as_a_reader_sees_them(written: str, plate: str) -> None:
    assert normalise_plate(written) == plate


@pytest.mark.parametrize("written", ["", "AB", "ABCDEF", "1234 BCD; DROP", "1" * 13, "中文123"])
def test_what_is_no_plate_is_refused(written: str) -> None:
    with pytest.raises(PlateForm):
        normalise_plate(written)


def test_the_matches_of_known_values_never_change() -> None:
    assert match(KEY, "card", "04:a2:b3:c4:d5:e6:80") == (
        "121355ad11567844afe534ed5cbccfe3df91238ae5646cdb6b670f6da1246f7f"
    )
    assert match(KEY, "plate", "1234 bcd") == "8da4530e176162dc1419cb8ee29f2f2f81c7e9a679f85e94f86ed09ff02924b3"
    assert match(KEY, "number", "VS-12-0001") == "bb027bfb7b766920aee8611b5a3201afe896ca4e5786c56cd05c4460fed2ba48"
    expected = hmac.new(KEY, b"04A2B3C4D5E680", hashlib.sha256).hexdigest()
    assert match(KEY, "card", "04a2b3c4d5e680") == expected


def test_a_plate_never_has_the_match_of_a_card_or_a_number() -> None:
    same = "12345678"
    assert len({match(KEY, kind, same) for kind in ("card", "plate", "number")}) == 3


@given(st.text(min_size=1, max_size=40), st.integers(0, 8))
def test_never_more_than_half_of_a_value_is_shown(value: str, most: int) -> None:
    shown = shown_end(value, most)
    assert value.endswith(shown)
    assert len(shown) <= min(most, len(value) / 2)
