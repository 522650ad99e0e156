"""Tasks as generators, and the schedulers that step them: one live, one under virtual time."""
