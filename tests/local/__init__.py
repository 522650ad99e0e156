"""Tests of the laptop service."""
