"""Tests of console/sources."""
