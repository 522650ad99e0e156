"""An answer that is lost: SNS has the alerts, and nobody here knows it."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import parse_qs

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ReadTimeoutError

from notifications.bootstrap import make_client
from notifications.common.time_budget import FULL
from notifications.publishing.topic import SnsTopic
from tests.builders import added, rules
from tests.rules.scenario import rule
from tests.service import DONE, Service, from_

ANSWER = b"""<PublishBatchResponse><PublishBatchResult><Successful><member><Id>0</Id><MessageId>m</MessageId></member>
</Successful><Failed/></PublishBatchResult></PublishBatchResponse>"""


class Raw(io.BytesIO):
    """A body as urllib3 gives it."""

    def stream(self, *_: Any, **__: Any) -> Any:
        """Give it whole."""
        yield self.read()


def test_each_lost_answer_is_one_more_copy_and_no_invocation_sends_more_than_its_attempts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Twenty lost answers make twenty-one messages with one id: the client tries twice in an invocation."""
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    boto3.DEFAULT_SESSION = None
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    client = make_client.__wrapped__("sns", region_name="us-east-1")
    taken: list[str] = []

    def take(request: Any, **_: Any) -> AWSResponse:
        form = parse_qs(request.body if isinstance(request.body, str) else request.body.decode())
        taken.append(form["PublishBatchRequestEntries.member.1.Message"][0])
        if len(taken) <= 20:
            raise ReadTimeoutError(endpoint_url=request.url)
        return AWSResponse(request.url, 200, {}, Raw(ANSWER))

    client.meta.events.register("before-send.sns.PublishBatch", take)
    service = Service(rules(rule("added")))
    service.topic = SnsTopic(client, "arn:aws:sns:us-east-1:123456789012:alerts")  # type: ignore[assignment]
    for invocation in range(1, 11):
        assert service.handle(added("mug", 1)) == from_(1)
        assert len(taken) == FULL.attempts * invocation
    assert service.handle(added("mug", 1)) == DONE
    assert (len(taken), len(set(taken))) == (21, 1)
    assert service.handle(added("mug", 1)) == DONE
    assert len(taken) == 21
