"""The Lambda entry point."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType, SimpleNamespace

import pytest

from tests.builders import added, event, sample


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Import the entry point as `sls invoke local` does."""
    monkeypatch.setenv("PRINT_ALERTS", "true")
    monkeypatch.delitem(sys.modules, "handler", raising=False)
    return importlib.import_module("handler")


def test_it_answers_without_a_context(handler: ModuleType) -> None:
    """`sls invoke local` and tests may have none."""
    assert handler.handle_stream(sample("price-drop.json"), None) == {"batchItemFailures": []}


def test_it_watches_the_time_that_lambda_gives_it(handler: ModuleType) -> None:
    """The context's remaining time is asked."""
    asked = []

    def remaining() -> int:
        asked.append(1)
        return 60_000

    context = SimpleNamespace(get_remaining_time_in_millis=remaining)
    assert handler.handle_stream(event(added()), context) == {"batchItemFailures": []}
    assert asked


@pytest.mark.parametrize("strange", [None, [], {}, {"Records": None}, {"Records": [None, 1, "x", [], {}]}])
def test_no_exception_leaves_it(handler: ModuleType, strange: object) -> None:
    """Whatever it is called with, it answers."""
    assert handler.handle_stream(strange, None) == {"batchItemFailures": []}
