"""The service's settings in serverless.yml, and whether they suit the rules."""
