"""A local event source mapping that treats a DynamoDB stream as Lambda's does."""
