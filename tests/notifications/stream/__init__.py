"""Tests of reading the stream: attribute values, records and changes."""
