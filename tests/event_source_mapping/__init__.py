"""Tests of the local event source mapping."""
