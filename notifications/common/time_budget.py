"""What one call to AWS may take of an invocation's time; `pipeline.Deadline` keeps it free."""

CONNECT_SECONDS = 1
READ_SECONDS = 4
ATTEMPTS = 2
REFUSAL_SEARCH_SECONDS = 1.5
"""Beyond one call, for sending one by one a batch that SNS refused as a whole."""
LONGEST_CALL = (CONNECT_SECONDS + READ_SECONDS) * ATTEMPTS * 1000 + 2000
"""Milliseconds that one call to AWS takes at the most, the pause between its attempts included."""
