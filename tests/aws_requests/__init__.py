"""Requests to AWS, held against what their services take."""
