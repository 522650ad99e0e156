"""A deployed stage: its stack, stream, ledger and failures queue. Stage `local` is the one on the laptop."""
