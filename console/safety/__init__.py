"""Who may look, and who may change something: decided before a request reaches a page."""
