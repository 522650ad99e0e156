"""A local event source mapping that treats DynamoDB streams and SQS queues as AWS Lambda's does.

From the command line: `python -m event_source_mapping --help`. From Python:

    serve(
        mapping_ids,              # UUIDs of deployed mappings, enabled or not
        endpoint_url=...,         # the local AWS
        on_event=...,             # called on this thread with each LogEvent
        stop=threading.Event(),   # set it to end after the invocations in flight
        exit_when_idle=None,      # seconds without anything to do, or None to serve on
        checkpoint_file=None,     # a Path, or None to keep checkpoints in memory
        around_function=...,      # what stands between the mapping and the function, to play faults
    )                             # -> {uuid: Metrics}

`serve` blocks; give it a thread. It raises EventSourceMappingError before it reads anything.
`text_log` and `json_log` make callables for `on_event`. To run a mapping under virtual time,
see `testing/simulation.py`. How it behaves and why: docs/event-source-mapping.md.
"""

from __future__ import annotations

from event_source_mapping.log.events import EventType, LogEvent
from event_source_mapping.log.metrics import Metrics
from event_source_mapping.log.writers import describe, json_log, text_log
from event_source_mapping.mapping.ports import FunctionInvoker
from event_source_mapping.mapping.session import Options
from event_source_mapping.model.errors import EventSourceMappingError
from event_source_mapping.model.invocations import Invocation, InvokeResult
from event_source_mapping.model.retry_schedule import RetrySchedule
from event_source_mapping.model.stream_records import StreamRecord
from event_source_mapping.service import serve

__all__ = [
    "EventSourceMappingError",
    "EventType",
    "FunctionInvoker",
    "Invocation",
    "InvokeResult",
    "LogEvent",
    "Metrics",
    "Options",
    "RetrySchedule",
    "StreamRecord",
    "describe",
    "json_log",
    "serve",
    "text_log",
]
