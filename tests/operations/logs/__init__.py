"""Tests of operations/logs."""
