"""Measured against what a user would pick instead: `npm run bench`, or `python -m benchmarks`."""
