"""The outline of alerts.toml that the samples need."""

from pathlib import Path

import pytest

from local.samples.rules_outline import read_rules_outline
from local.stack.errors import SamplesError
from notifications.alerts.alert import TYPES


def test_rules_are_known_by_kind_and_attributes_by_role(tmp_path: Path) -> None:
    """The samples use the user's attribute names, and fall back to the role's own."""
    path = tmp_path / "alerts.toml"
    path.write_text(
        '[product]\nprice = "cost"\ncurrency = { value = "USD" }\n'
        '[[rules]]\nname = "a"\nwhen = "added"\n[[rules]]\nname = "b"\nwhen = "added"\n'
    )

    rules = read_rules_outline(path)

    assert rules.names_by_kind == {"added": ["a", "b"]}
    assert [rules.attribute(role) for role in ("price", "stock", "currency")] == [
        "cost",
        "stock",
        "currency",
    ]


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A file that is not TOML ends in one message with the file's name."""
    path = tmp_path / "alerts.toml"
    path.write_text("[product")

    with pytest.raises(SamplesError, match=r"alerts\.toml cannot be read"):
        read_rules_outline(path)


def test_the_projects_own_rules_give_every_sample_its_alert() -> None:
    """The alerts.toml that comes with the project has a rule of every kind that a sample is for."""
    kinds = read_rules_outline(Path(__file__).parents[3] / "alerts.toml").names_by_kind

    assert set(TYPES) - set(kinds) <= {"changed", "price_rise"}
