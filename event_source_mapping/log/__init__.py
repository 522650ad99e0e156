"""The decision log: its events, the text and JSON forms, the counters."""
