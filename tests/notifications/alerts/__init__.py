"""Tests of writing alerts."""
