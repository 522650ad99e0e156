"""Tests of `benchmarks/tuning`."""
