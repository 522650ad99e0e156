"""From records to invocations: batches, lanes, windows, retries, splits, giving up."""
