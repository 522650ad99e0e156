"""A local event source mapping that treats a DynamoDB stream as AWS Lambda's does.

From the command line: `python -m local.event_source_mapping --help`. From Python:

    serve(
        mapping_ids,              # UUIDs of deployed mappings, enabled or not
        endpoint_url=...,         # the local AWS
        on_decision=...,          # called on this thread with each Decision
        stop=threading.Event(),   # set it to end after the invocations in flight
        exit_when_idle=None,      # seconds without anything to do, or None to serve on
        checkpoint_file=None,     # a Path, or None to keep checkpoints in memory
        around_function=...,      # what stands between the mapping and the function, to play faults
    )                             # -> {uuid: Metrics}

`serve` blocks; give it a thread. It raises EventSourceMappingError before it reads anything.
`text_log` and `json_log` make callables for `on_decision`. To run a mapping under virtual time,
see `simulation.py`. How it behaves and why: docs/event-source-mapping.md.
"""

from .decision_log import json_log, story, text_log
from .decisions import Decision, Outcome
from .errors import EventSourceMappingError
from .metrics import Metrics
from .ports import FunctionInvoker, Invocation
from .responses import InvokeResult
from .retries import RetrySchedule
from .service import serve
from .session import Options

__all__ = [
    "Decision",
    "EventSourceMappingError",
    "FunctionInvoker",
    "Invocation",
    "InvokeResult",
    "Metrics",
    "Options",
    "Outcome",
    "RetrySchedule",
    "json_log",
    "serve",
    "story",
    "text_log",
]
