"""What receivers of kind text and chatbot are sent: both publish to topics, to which a queue of ours is subscribed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from local.samples.subscriber import Subscriber
from local.stack.local_aws import LocalAws
from operations.settings.project import LOCAL_STAGE, stack_name

QUEUE = "npm-start-people"
_PEOPLE, _CHAT = f"{stack_name(LOCAL_STAGE)}-people", f"{stack_name(LOCAL_STAGE)}-chat-"
_JOINER = "\u2060"  # with which marks of formatting are escaped
_RECEIVER = re.compile(r'receiver "([a-z0-9-]{1,32})"')


class PeopleTopics:
    """Listens to the topic for people, and to those of chats."""

    def __init__(self) -> None:
        self._subscribers: dict[str, Subscriber] = {}
        """By the name of the topic."""

    def listen(self, aws: LocalAws) -> None:
        """Subscribe to the topics that are there now, and not yet heard."""
        for page in aws.client("sns").get_paginator("list_topics").paginate():
            for topic in page["Topics"]:
                name = topic["TopicArn"].rpartition(":")[2]
                if (name == _PEOPLE or name.startswith(_CHAT)) and name not in self._subscribers:
                    queue = QUEUE if name == _PEOPLE else f"npm-start-{name.removeprefix(_CHAT)}-chat"
                    self._subscribers[name] = Subscriber(aws, topic["TopicArn"], queue)

    def arrived(self) -> Iterator[tuple[str, str, str]]:
        """Give what came since the last call: receiver, kind, and subject or title."""
        for name, subscriber in self._subscribers.items():
            while received := subscriber.receive(0):
                for each in received:
                    if name == _PEOPLE:
                        found = _RECEIVER.findall(str(each.message.get("unreadable", "")))
                        yield found[-1] if found else "?", "text", each.subject or ""
                    else:
                        title = str(each.message.get("content", {}).get("title", ""))
                        yield name.removeprefix(_CHAT), "chatbot", title.replace(_JOINER, "")
