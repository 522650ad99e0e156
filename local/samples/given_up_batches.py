"""Shows the batches that the mapping gave up, which lie in a bucket, each once."""

from __future__ import annotations

import json
from typing import Any

from local.stack.deployment import Deployment
from local.stack.local_aws import LocalAws


class GivenUpBatches:
    """The bucket of given-up batches of the deployed service."""

    def __init__(self, aws: LocalAws, deployment: Deployment) -> None:
        self._s3 = aws.client("s3")
        self._bucket = deployment.given_up_bucket_name
        self._seen: set[str] = set()

    def new(self) -> list[dict[str, Any]]:
        """Return the documents that were not returned before, read as JSON."""
        found = self._s3.list_objects_v2(Bucket=self._bucket).get("Contents", [])
        keys = [each["Key"] for each in found if each["Key"] not in self._seen]
        self._seen.update(keys)
        return [json.loads(self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()) for key in keys]
