"""How the rules and receivers that are deployed differ from the files here: read from the function's own package."""

from __future__ import annotations

import io
import tomllib
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies

from operations.settings.project import PROJECT

RULES, RECEIVERS = "alerts.toml", "receivers.toml"
_SECONDS = 20
_MOST_BYTES = 5_000_000  # of a file in the package, unpacked

Fetch = Callable[[str], bytes]


def fetch(url: str) -> bytes:
    """Fetch what AWS has signed a URL for, through the proxy that AWS's clients use. Raises BotoCoreError."""
    session = URLLib3Session(proxies=get_environ_proxies(url), timeout=_SECONDS)
    return bytes(session.send(AWSRequest("GET", url).prepare()).content)


def differences(
    location: str, receivers_file: str = "", folder: Path = PROJECT, fetch: Fetch = fetch
) -> dict[str, Any] | None:
    """Compare rules, and receivers if their file is given, with the package at `location`.

    Each has the names `added`, `removed` and `changed` since the deploy; `other` tells whether anything else in the
    file differs, such as `[product]`. None: package or file cannot be read.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(fetch(location))) as package:
            found = {"rules": _difference(package, folder, RULES, "rules")}
            if receivers_file:
                found["receivers"] = _difference(package, folder, receivers_file, "receivers")
    except (BotoCoreError, OSError, zipfile.BadZipFile, KeyError, ValueError, NotImplementedError, RecursionError):
        return None
    return found


def _difference(package: zipfile.ZipFile, folder: Path, file: str, key: str) -> dict[str, Any]:
    if package.getinfo(file).file_size > _MOST_BYTES:
        raise ValueError(file)
    before = tomllib.loads(package.read(file).decode())
    now = tomllib.loads((folder / file).read_text(encoding="utf-8"))
    deployed, here = _by_name(before.pop(key, [])), _by_name(now.pop(key, []))
    return {
        "added": [name for name in here if name not in deployed],
        "removed": [name for name in deployed if name not in here],
        "changed": [name for name in here if name in deployed and here[name] != deployed[name]],
        "other": before != now,
    }


def _by_name(entries: Any) -> Mapping[str, Any]:
    if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        raise ValueError(entries)
    return {str(each.get("name")): each for each in entries}
