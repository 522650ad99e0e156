"""What `sls` itself calls: requests recorded by `record_requests.cjs`, as the actions that IAM is asked for."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

ROUTE = "us-east-1:000000000000"
RECORDER = Path(__file__).parent / "record_requests.cjs"
# Method, and whether the path goes on behind the bucket. Source: AWS Service Authorization Reference, "Amazon S3".
_OF_S3 = {
    ("HEAD", False): "ListBucket",
    ("GET", False): "ListBucket",
    ("PUT", True): "PutObject",
    ("HEAD", True): "GetObject",
    ("GET", True): "GetObject",
    ("POST", False): "DeleteObject",  # ?delete, with the keys in its body
}
_OF_LAMBDA = {"GET": "GetFunction"}


def recording(file: Path) -> dict[str, str]:
    """Give the environment in which Node programs write their requests down."""
    options = f"{os.environ.get('NODE_OPTIONS', '')} --require {json.dumps(str(RECORDER))}".strip()
    return {"NODE_OPTIONS": options, "RECORDED_REQUESTS": str(file)}


def calls_in(file: Path) -> Iterator[tuple[str, str]]:
    """Yield the actions and resources of what was written down. Raises KeyError for a request that is new here."""
    for line in file.read_text("utf-8").splitlines():
        request = json.loads(line)
        service = request["authorization"].partition("Credential=")[2].split("/")[3]
        yield _call(service, request)


def _call(service: str, request: dict[str, Any]) -> tuple[str, str]:
    url = urlsplit(request["path"])
    _, first, *more = unquote(url.path).split("/", 2)
    if service == "s3":
        key = "".join(more)
        action = _OF_S3[request["method"], bool(key)]
        inside = "/objects" if action == "DeleteObject" else f"/{key}" if key else ""
        return f"s3:{action}", f"arn:aws:s3:::{first}{inside}"
    if service == "lambda":
        return f"lambda:{_OF_LAMBDA[request['method']]}", f"arn:aws:lambda:{ROUTE}:function:{url.path.split('/')[3]}"
    if request["target"]:
        return f"{service}:{request['target'].rpartition('.')[2]}", "*"
    form = {name: values[0] for name, values in parse_qs(request["body"]).items()}
    stack = form.get("StackName", "")
    whole = stack if stack.startswith("arn:") else f"arn:aws:cloudformation:{ROUTE}:stack/{stack}/id"
    return f"{service}:{form['Action']}", whole if stack else "*"
