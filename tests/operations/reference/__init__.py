"""Tests of `operations.reference`."""
