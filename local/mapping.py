"""Who drives the function: the stand-in for Lambda's event source mapping."""

from collections.abc import Iterator
from contextlib import contextmanager

from local.aws import LocalAws
from local.deployment import Deployment


@contextmanager
def served_mapping(aws: LocalAws, deployment: Deployment) -> Iterator[None]:
    """Carry the products stream's records to the function for as long as the context lasts.

    The mapping is deployed enabled, and the local AWS's own poller serves it: nothing to start.
    """
    del aws, deployment
    yield
