"""Tests of `benchmarks.measuring.timing`."""
