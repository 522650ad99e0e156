"""Tests of `benchmarks.workload`."""
