"""A stream record, its typed values, and what it changed."""
