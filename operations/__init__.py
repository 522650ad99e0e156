"""What an operator runs: `python -m operations COMMAND`."""
