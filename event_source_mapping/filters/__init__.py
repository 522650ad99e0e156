"""Filter patterns: which records reach the function."""
