"""What is generated from the tables of keys in `notifications.config`: JSON Schemas and key references."""
