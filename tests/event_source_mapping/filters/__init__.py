"""Tests of filter patterns."""
