"""The two files that users edit, read to be edited and written back whole."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from pathlib import Path
from typing import NamedTuple

from notifications.common.errors import ConfigurationError


class EditedFile(NamedTuple):
    """A file as it was read."""

    text: str
    version: str
    """Changes with its content."""


def read_settings(path: Path) -> EditedFile:
    """Read a file; one that is not there is empty. Raises ConfigurationError."""
    try:
        content = path.read_bytes()
        return EditedFile(content.decode("utf-8"), version_of(content))
    except FileNotFoundError:
        return EditedFile("", version_of(b""))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path.name}: cannot be read: {error}") from None


def save_settings(path: Path, text: str, version: str) -> EditedFile:
    """Replace a file that is still as it was read. Readers see the old file or the new one, never a part.

    Raises ConfigurationError where somebody else has changed it since, or it cannot be written.
    """
    if read_settings(path).version != version:
        raise ConfigurationError(
            f"{path.name} has been changed by somebody else since it was opened here. Nothing was saved: "
            "keep your text, reload the page, and put it in again."
        )
    content = text.replace("\r\n", "\n").encode("utf-8")
    try:
        mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o644
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            file.write(content)
        written = Path(file.name)
        written.chmod(mode)
        os.replace(written, path)  # noqa: PTH105 - atomic, as the name says
    except OSError as error:
        raise ConfigurationError(f"{path.name} cannot be written: {error.strerror or error}") from None
    return EditedFile(content.decode("utf-8"), version_of(content))


def version_of(content: bytes) -> str:
    """Name the content of a file: another one has another version."""
    return hashlib.sha256(content).hexdigest()
