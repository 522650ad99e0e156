"""What becomes of a message in a receiver's queue: sent, held, tried again, or kept as undelivered."""
