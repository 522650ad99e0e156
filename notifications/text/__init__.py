"""How values are written for people, and the templates that they are written into."""
