"""The suite: it mirrors the packages that it tests."""
