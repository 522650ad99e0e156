"""Tests of the rules, at the level that the pipeline does not show; tests/rules/ has their behaviour."""
