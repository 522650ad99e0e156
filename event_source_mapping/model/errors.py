"""What can go wrong, as types.

EventSourceMappingError
├── SettingsError                 the mapping's settings cannot be served
│   └── FilterPatternError        a filter pattern is not valid
├── MappingNotFoundError          no mapping with that UUID (or it was deleted)
├── EndpointError                 the AWS endpoint cannot be reached or refuses the caller
├── CheckpointError               the checkpoint file cannot be read or written
├── StreamError                   the stream did not answer as asked
│   ├── ExpiredIteratorError      the shard iterator is older than 15 minutes
│   ├── TrimmedDataError          the position asked for is older than the stream's retention
│   ├── StreamNotFoundError       the stream or the shard is gone
│   ├── StreamThrottledError      asked too often: wait, then ask again
│   └── StreamUnavailableError    no usable answer: wait, then ask again
├── QueueError                    the queue did not answer as asked
│   ├── QueueNotFoundError        the queue is gone
│   └── QueueUnavailableError     no usable answer, or no permission: wait, then ask again
├── InvokeError                   the invocation did not reach the function
│   └── PayloadTooLargeError      the event is larger than an invocation may be
└── DestinationError              the on-failure destination refused the document
"""

from __future__ import annotations


class EventSourceMappingError(Exception):
    """Base of every error this package raises on purpose."""


class SettingsError(EventSourceMappingError):
    """The mapping's settings cannot be served; the message names the setting."""


class FilterPatternError(SettingsError):
    """A filter pattern is not valid; the message names the path and the fault."""


class MappingNotFoundError(EventSourceMappingError):
    """The Lambda API has no mapping with that UUID."""


class EndpointError(EventSourceMappingError):
    """The AWS endpoint cannot be reached or refuses the caller."""


class CheckpointError(EventSourceMappingError):
    """The checkpoint file cannot be read or written."""


class StreamError(EventSourceMappingError):
    """The stream did not answer as asked."""


class ExpiredIteratorError(StreamError):
    """The shard iterator is older than 15 minutes."""


class TrimmedDataError(StreamError):
    """The position asked for is older than the stream's retention."""


class StreamNotFoundError(StreamError):
    """The stream or the shard is gone."""


class StreamThrottledError(StreamError):
    """The stream was asked too often: wait, then ask again."""


class StreamUnavailableError(StreamError):
    """The stream gave no usable answer: wait, then ask again."""


class QueueError(EventSourceMappingError):
    """The queue did not answer as asked."""


class QueueNotFoundError(QueueError):
    """The queue is gone."""


class QueueUnavailableError(QueueError):
    """The queue gave no usable answer, or refused the caller: wait, then ask again."""


class InvokeError(EventSourceMappingError):
    """The invocation did not reach the function: throttled, no permission, function gone."""


class PayloadTooLargeError(InvokeError):
    """The event is larger than a synchronous invocation may be."""


class DestinationError(EventSourceMappingError):
    """The on-failure destination refused the document."""
