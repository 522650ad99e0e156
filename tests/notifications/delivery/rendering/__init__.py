"""Tests of what receivers get to see."""
