"""What a user would write instead, each as its own documentation shows it.

All do the same work as the one rule in `benchmarks.workload.contenders`: a price that drops by 10% or more is an alert.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

EventHandler = Callable[[dict[str, Any]], Any]
"""Takes an event as Lambda sends it."""

AT_LEAST_PERCENT = 10
