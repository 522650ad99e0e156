"""Output to a terminal: colour, and progress."""
