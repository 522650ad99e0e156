"""When a rule fires, and whether its alert goes out."""
