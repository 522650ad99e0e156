"""Tests of writing values and templates for people."""
