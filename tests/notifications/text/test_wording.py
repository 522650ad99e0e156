"""The names that a template may use."""

from __future__ import annotations

import pytest

from notifications.text.wording import unknown_name


@pytest.mark.parametrize(
    "name", ["name", "new.price", "old.price", "new.specs.color", r"old.a\.b", "new.offers[0].price"]
)
def test_known_names_and_paths_are_fine(name: str) -> None:
    """What is in the list, and any path after old. or new."""
    assert unknown_name(name, ("name",)) is None


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nmae", "did you mean {name}?"),
        ("price", "write {new.price}"),
        ("new.", "'' is not the path"),
        ("old.a..b", "'a..b' is not the path"),
        ("newer.price", "unknown name {newer.price}"),
        ("new", "unknown name {new}"),
        (" name ", "did you mean {name}?"),
    ],
)
def test_an_unknown_name_is_reported_with_a_way_out(name: str, message: str) -> None:
    """A near miss is suggested, an attribute shown how to be written."""
    assert message in str(unknown_name(name, ("name",)))
