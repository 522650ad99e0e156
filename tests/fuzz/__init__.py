"""Events that nobody should send, and some that only few do."""
