"""Topic, ledger and failures queue: the protocols, what AWS makes of them, and the fakes."""
