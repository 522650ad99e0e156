"""How a deployed stage is: what `status` shows."""
