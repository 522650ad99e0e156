"""The queue as a source: messages received, filtered, invoked, deleted."""
