"""Serving one mapping, through every change of its settings."""
