"""What an operator does with deliveries to receivers."""
