"""The stage that the console looks at, and what is asked of it directly: its logs and its mutes."""
