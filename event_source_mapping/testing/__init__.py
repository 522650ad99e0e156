"""Fakes of the ports, and a whole mapping under virtual time."""
