"""What a run prints: for people, and as JSON."""
