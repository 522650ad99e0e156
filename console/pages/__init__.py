"""The pages: each asks its source, and fills a template."""
