"""What is said about a change."""
