"""Tests of console/safety."""
