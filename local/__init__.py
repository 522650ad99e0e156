"""The whole service on a laptop."""
