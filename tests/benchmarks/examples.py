"""Figures to test with."""

from __future__ import annotations

from benchmarks.measuring.figures import Budget, Figure

MET = Figure("Topic", "calls", 120, budget=Budget(160))
MISSED = Figure("Topic", "speed", 1.6, "times", 1.5, 1.7, Budget(5, at_most=False), "it rained")
