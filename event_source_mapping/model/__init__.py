"""What all rooms share: records, invocations, positions in a stream, retry schedules, errors."""
