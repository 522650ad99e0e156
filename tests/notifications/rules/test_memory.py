"""What a rule remembers of a product, written and read."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.rules.memory import NOTHING, Memory, from_item, to_item
from notifications.stream.attributes import EXACT, plain

NUMBERS = st.one_of(
    st.none(),
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30, places=8),
    st.sampled_from([Decimal("1E-130"), Decimal("9." + "9" * 37 + "E+125"), Decimal(0)]),
)
MEMORIES = st.builds(
    Memory,
    sequence_number=st.integers(0, 10**40 - 1).map(str),
    baseline=NUMBERS,
    extreme=NUMBERS,
    latest=NUMBERS,
    currency=st.sampled_from(["", "USD"]),
    armed=st.booleans(),
    alerted_at=st.one_of(st.none(), st.integers(0, 4 * 10**12).map(lambda milliseconds: milliseconds / 1000)),
    held=st.integers(0, 10**6),
    held_title=st.text(max_size=10),
    held_sequence_number=st.sampled_from(["", "5"]),
    held_time=st.sampled_from(["", "2026-11-21T09:02:00Z"]),
)


@given(MEMORIES)
def test_what_is_written_is_read_exactly(memory: Memory) -> None:
    """Every digit and every second survives, as values that DynamoDB takes."""
    item = to_item(memory)
    assert from_item(item) == memory
    for text in plain(item).values():
        assert isinstance(text, bool | str)
    for value in item["M"].values():
        assert len(Decimal(value.get("N", "0")).normalize(EXACT).as_tuple().digits) <= 38


def test_nothing_takes_no_room() -> None:
    """Only what differs from a new memory is written."""
    assert to_item(NOTHING) == {"M": {}}
    assert from_item({"M": {}}) == NOTHING


def test_names_of_another_version_are_passed_over() -> None:
    """A new version of the code and the old one read each other's items."""
    assert from_item({"M": {"held": {"N": "3"}, "mood": {"S": "good"}}}) == Memory(held=3)


@pytest.mark.parametrize(
    ("seen", "number", "expected"),
    [("0", "1", False), ("5", "5", True), ("5", "4", True), ("5", "6", False), ("9", "10", False), ("10", "9", True)],
)
def test_a_change_is_seen_once(seen: str, number: str, expected: bool) -> None:
    """Sequence numbers are compared as numbers: 10 comes after 9."""
    assert Memory(sequence_number=seen).has_seen(number) is expected
