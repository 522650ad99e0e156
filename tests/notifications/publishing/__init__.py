"""Tests of the topic, the ledger and the failures queue."""
