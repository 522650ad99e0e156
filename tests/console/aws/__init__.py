"""Tests of the stage, its logs and its mutes."""
