"""What the functions of a deployed stage log: read from CloudWatch Logs, and understood."""
