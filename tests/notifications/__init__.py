"""Tests of `notifications`, a module a module."""
