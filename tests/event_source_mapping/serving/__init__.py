"""Tests of serving a mapping."""
