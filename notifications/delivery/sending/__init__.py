"""How a rendered message leaves: topics, SES and HTTP, each behind the same protocol."""
