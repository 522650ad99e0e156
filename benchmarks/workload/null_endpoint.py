"""An AWS endpoint on loopback, in a process of its own, that answers at once and remembers nothing but how often.

Or, with a delay, as late as a service across a network does: one that is near answers in a few milliseconds.

    with null_endpoint() as endpoint:
        boto3.client("sns", endpoint_url=endpoint.url).publish(TopicArn="arn:…", Message="…")
        endpoint.calls()

What is measured against it is the code in front of AWS: serialising, signing, HTTP, parsing; no network, no service.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local.stack import supervised_process
from local.stack.local_aws import HOST
from operations.deployed.local_endpoint import NO_OTHER_CREDENTIALS

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_TARGET = re.compile(rb"x-amz-target: *[^.\r]*\.(\w+)", re.IGNORECASE)
_ACTION = re.compile(rb"(?:^|&)Action=(\w+)")
_ENTRY = re.compile(rb"PublishBatchRequestEntries\.member\.\d+\.Id=(\w+)")
_CALLS = b"GET /calls "
_XML = '<{0}Response xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><{0}Result>{1}</{0}Result></{0}Response>'
_PUBLISHED = "<MessageId>1</MessageId>"


@dataclass(frozen=True)
class NullEndpoint:
    """A running one."""

    url: str
    process: subprocess.Popen[bytes]

    def calls(self) -> Counter[str]:
        """Count the calls by action so far; asking does not count."""
        with urllib.request.urlopen(f"{self.url}/calls", timeout=5) as answer:  # noqa: S310 - our own, on loopback
            return Counter(json.load(answer))


@contextmanager
def null_endpoint(delay: float = 0) -> Iterator[NullEndpoint]:
    """Run one for as long as the context lasts; each answer is `delay` seconds late."""
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "benchmarks.workload.null_endpoint", str(delay)]
    process = supervised_process.start(command, env=NO_OTHER_CREDENTIALS, cwd=root, output=subprocess.PIPE)
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    try:
        with process.stdout as said:
            port = said.readline().decode().strip()
        if not port.isdecimal():
            raise RuntimeError(f"the null endpoint did not start: {port}")
        yield NullEndpoint(f"http://{HOST}:{port}", process)
    finally:
        supervised_process.stop(process)


def answer(head: bytes, body: bytes, calls: Counter[str]) -> bytes:
    """Answer one request as the service would if all went well."""
    if head.startswith(_CALLS):
        return json.dumps(calls).encode()
    found = _TARGET.search(head) or _ACTION.search(body)
    action = found[1].decode() if found else "unknown"
    calls[action] += 1
    if action == "PublishBatch":
        members = "".join(f"<member><Id>{entry.decode()}</Id>{_PUBLISHED}</member>" for entry in _ENTRY.findall(body))
        return _XML.format(action, f"<Successful>{members}</Successful><Failed></Failed>").encode()
    if action == "Publish":
        return _XML.format(action, _PUBLISHED).encode()
    return b'{"Responses":{},"UnprocessedKeys":{}}' if action == "BatchGetItem" else b"{}"


class _Connection(asyncio.Protocol):
    """HTTP/1.1 as botocore speaks it: kept alive, with a length."""

    def __init__(self, calls: Counter[str], delay: float) -> None:
        self._calls = calls
        self._delay = delay
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep where to answer to."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - it is TCP
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each request as soon as it is whole."""
        self._received += data
        while self._transport:
            head, end, rest = self._received.partition(b"\r\n\r\n")
            length = _LENGTH.search(head)
            size = int(length[1]) if length else 0
            if not end or len(rest) < size:
                return
            self._received = rest[size:]
            said = answer(head, rest[:size], self._calls)
            whole = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(said), said)
            if self._delay and not head.startswith(_CALLS):
                asyncio.get_running_loop().call_later(self._delay, self._transport.write, whole)
            else:
                self._transport.write(whole)


async def serve(delay: float) -> None:
    """Serve on a free loopback port, which is printed, until the process is ended."""
    calls: Counter[str] = Counter()
    listening = socket.create_server((HOST, 0))
    server = await asyncio.get_running_loop().create_server(lambda: _Connection(calls, delay), sock=listening)
    print(listening.getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1])))
