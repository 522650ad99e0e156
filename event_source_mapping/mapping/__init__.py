"""One mapping: its settings, what it needs from outside, and the session that they make."""
