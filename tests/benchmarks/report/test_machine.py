"""The machine that figures belong to."""

from __future__ import annotations

from benchmarks.report import machine


def test_the_machine_is_described_without_saying_whose_it_is() -> None:
    """No host name, no user, no path."""
    described = machine.describe()
    assert {"CPU", "cores", "Python"} <= set(described)
    assert not any("/" in value for value in described.values())
