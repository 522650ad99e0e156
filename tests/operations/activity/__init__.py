"""Tests, a module a module."""
