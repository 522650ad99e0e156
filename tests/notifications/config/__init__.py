"""Tests of reading alerts.toml."""
