"""What every room stands on: the errors, and the limits of AWS."""
