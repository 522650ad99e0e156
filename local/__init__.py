"""The whole service on a laptop: `python -m local`."""
