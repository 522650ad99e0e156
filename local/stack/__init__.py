"""The local AWS, and the service deployed to it."""
