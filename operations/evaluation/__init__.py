"""What the rules make of recorded events."""
