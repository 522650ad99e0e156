"""Tests of operations/products."""
