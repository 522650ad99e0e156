"""`enabled = false`: a rule that is silenced."""

from __future__ import annotations

import pytest

from notifications.common.errors import RulesError
from tests.builders import added, priced, removed, rules
from tests.service import Service

TWO = """
[product]
id = "productId"
[[rules]]
name = "new"
when = "added"
enabled = {}
[[rules]]
name = "drop"
when = "price_drop"
"""


@pytest.mark.parametrize(("enabled", "expected"), [("true", ["new", "drop"]), ("false", ["drop"])])
def test_a_rule_that_is_not_enabled_alerts_about_nothing_and_disturbs_no_other(
    enabled: str, expected: list[str]
) -> None:
    """As if it were not there."""
    service = Service(rules(TWO.format(enabled)))
    service.handle(added("mug", 1), priced(9, 8, "mug", 2))
    assert [alert.rule for alert in service.alerts] == expected


def test_a_silenced_rule_is_checked_all_the_same() -> None:
    """A mistake in it is found before it is enabled again."""
    with pytest.raises(RulesError, match="at_leest"):
        rules(TWO.format("false") + 'at_leest = "5%"\n')
    with pytest.raises(RulesError, match="another rule has this name"):
        rules(TWO.format("false") + '[[rules]]\nname = "new"\nwhen = "removed"\n')


@pytest.mark.parametrize("wrong", ['"no"', "0"])
def test_enabled_is_yes_or_no(wrong: str) -> None:
    """A text or a number is told."""
    with pytest.raises(RulesError, match="enabled"):
        rules(TWO.format(wrong))


def test_with_every_rule_silenced_the_stream_goes_on() -> None:
    """Records are done, and nothing is said."""
    text = TWO.format("false").replace('when = "price_drop"', 'when = "price_drop"\nenabled = false')
    service = Service(rules(text))
    assert service.handle(added("mug", 1), priced(9, 8, "mug", 2), removed("mug", 3)) == {"batchItemFailures": []}
    assert service.alerts == []
