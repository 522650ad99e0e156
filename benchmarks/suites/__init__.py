"""What is measured of them, a topic a module."""
