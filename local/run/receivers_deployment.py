"""Takes up edits of local/receivers.toml: the service is deployed again, with the queues that its receivers need."""

from __future__ import annotations

from pathlib import Path

from local.samples.sample_receivers import SampleReceivers
from local.stack.deployment import deploy
from local.stack.errors import DeployRefusedError, ReceiversRefusedError
from local.stack.local_aws import LocalAws
from notifications.common.errors import ReceiversError
from notifications.config import receivers_file
from operations.settings.editing import version_of


class DeployedReceivers:
    """The receivers that the service has."""

    def __init__(self, aws: LocalAws, served: SampleReceivers, path: Path, deployed: bytes) -> None:
        """`deployed` is the content of the file at `path` that was deployed."""
        self._aws = aws
        self._served = served
        self._path = path
        self._content = deployed

    @property
    def served(self) -> SampleReceivers:
        """What takes their messages."""
        return self._served

    @property
    def version(self) -> str:
        """The version of the file as it was last seen."""
        return version_of(self._content)

    def edited(self) -> bool:
        """Tell whether the file was edited since this was last asked."""
        try:
            content = self._path.read_bytes()
        except OSError:  # an editor is just replacing it
            return False
        changed, self._content = content != self._content, content
        return changed

    def deploy(self) -> int:
        """Deploy the file as it was last seen, and return how many receivers it has.

        Raises ReceiversRefusedError for a mistake in it; the receivers that were deployed before stay.
        """
        refused = "The edited receivers are not deployed; the old ones still are."
        try:
            text = self._content.decode("utf-8")
            receivers = receivers_file.parse(text, f"local/{self._path.name}", plain_http=True).all
        except (ReceiversError, UnicodeDecodeError) as error:
            raise ReceiversRefusedError(refused, str(error)) from error
        self._served.serve(receivers, self._aws)
        try:
            deploy(self._aws, self._served.endpoint_url)
        except DeployRefusedError as error:
            raise ReceiversRefusedError(refused, error.details or str(error)) from error
        self._served.listen(self._aws)
        return len(receivers)
