"""`alerts.toml`, read with all its mistakes at once and compiled into rules."""
