"""A deployed stage: its stack, stream, queues and bucket. Stage `local` is the one on the laptop."""
