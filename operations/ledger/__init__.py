"""What the ledger of a deployed stage holds: the alerts that went out, their deliveries, and mutes."""
