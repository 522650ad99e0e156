"""Tests of lanes."""
