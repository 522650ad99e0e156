"""What only a stream's batches have: lanes, retries, splits, giving up, tumbling windows."""
