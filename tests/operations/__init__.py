"""Tests of `operations`, a module a module."""
