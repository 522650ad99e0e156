"""The ports through boto3."""
