"""Tests of what becomes of a message in a queue."""
