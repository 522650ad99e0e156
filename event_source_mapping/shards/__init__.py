"""The shards of a stream: found, read, consumed and checkpointed."""
