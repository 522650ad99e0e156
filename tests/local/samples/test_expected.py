"""What is due for a record is asked of the rules."""

from __future__ import annotations

from local.samples.expected import Expected, reasons
from notifications.alerts.alert import TYPES
from notifications.config import rules_file
from tests.builders import ROOT, added, priced, rules

CAPPED = '[[rules]]\nname = "drop"\nwhen = "price_drop"\ncooldown = "1h"\n[[rules]]\nname = "new"\nwhen = "added"\n'


def test_what_rules_remember_of_one_record_counts_for_the_next() -> None:
    """A cool-down that the first drop began keeps the second quiet, and says so."""
    expected = Expected(rules(CAPPED))

    first = expected.verdicts(priced(20, 18, at=1))
    second = expected.verdicts(priced(18, 15, at=2))

    assert [verdict.fired for verdict in first] == [True, False]
    assert [verdict.fired for verdict in second] == [False, False]
    assert "cool" in dict(reasons(second))["drop"]


def test_a_record_that_comes_again_is_judged_once() -> None:
    """A retry neither raises an alert twice nor needs a reason."""
    expected = Expected(rules(CAPPED))

    assert expected.verdicts(added(at=1))
    assert not expected.verdicts(added(at=1))


def test_reasons_come_the_shortest_first() -> None:
    """Behind those of the kind that was asked for."""
    verdicts = Expected(rules()).verdicts(priced(10, 11))

    lengths = [len(reason) for _, reason in reasons(verdicts)]
    assert lengths == sorted(lengths)
    assert next(iter(reasons(verdicts, "low_stock")))[0] == "low"


def test_the_projects_own_rules_give_every_sample_its_alert() -> None:
    """The alerts.toml that comes with the project has a rule of every kind that a sample is for."""
    expected = Expected(rules_file.load(ROOT / "alerts.toml"))

    assert all(expected.has_rule_of(kind) for kind in set(TYPES) - {"changed", "price_rise"})
