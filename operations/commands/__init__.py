"""The commands: arguments in, text or JSON out."""
