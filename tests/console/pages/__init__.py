"""Tests of console/pages."""
