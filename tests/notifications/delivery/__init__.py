"""Tests of what happens from a queue to a receiver."""
