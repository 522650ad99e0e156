"""How what is deployed differs from the files here."""

from __future__ import annotations

import http.server
import io
import threading
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from operations.health.difference import differences, fetch

RULES = """
[product]
id = "productId"

[[rules]]
name = "drop"
when = "price_drop"

[[rules]]
name = "new"
when = "added"
"""
SAME: dict[str, Any] = {"added": [], "removed": [], "changed": [], "other": False}


def package(files: Mapping[str, str]) -> bytes:
    """Make a package of these files."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return written.getvalue()


def compared(folder: Path, deployed: Mapping[str, str], here: Mapping[str, str], receivers: str = "") -> Any:
    """Compare a package with a folder."""
    for name, text in here.items():
        (folder / name).write_text(text, encoding="utf-8")
    return differences("https://package", receivers, folder, lambda _: package(deployed))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "", {}),
        ('name = "new"', 'name = "fresh"', {"added": ["fresh"], "removed": ["new"]}),
        ('when = "price_drop"', 'when = "price_drop"\nat_least = "10%"', {"changed": ["drop"]}),
        ("productId", "sku", {"other": True}),
        ("[product]", "# a comment alone\n[product]", {}),
    ],
)
def test_rules_are_compared_by_name(tmp_path: Path, old: str, new: str, expected: dict[str, Any]) -> None:
    """What they say counts, not how it is written."""
    found = compared(tmp_path, {"alerts.toml": RULES}, {"alerts.toml": RULES.replace(old, new)})
    assert found == {"rules": {**SAME, **expected}}


def test_receivers_are_compared_in_the_file_that_the_stage_has(tmp_path: Path) -> None:
    """Whatever it is called."""
    old = '[[receivers]]\nname = "shop"\nkind = "text"\n'
    new = old + '[[receivers]]\nname = "buyers"\nkind = "slack"\nsecret = "buyers"\n'
    rules = {"alerts.toml": RULES}
    found = compared(tmp_path, {**rules, "test.toml": old}, {**rules, "test.toml": new}, "test.toml")
    assert found == {"rules": SAME, "receivers": {**SAME, "added": ["buyers"]}}


@pytest.mark.parametrize(
    "deployed",
    [
        {},
        {"alerts.toml": "[[rules"},
        {"alerts.toml": "rules = 3"},
        {"alerts.toml": "rules = [1]"},
        {"alerts.toml": "a = " + "[" * 100_000},
        {"alerts.toml": "#" * 6_000_000},
    ],
    ids=range(6),
)
def test_what_cannot_be_read_is_unknown(tmp_path: Path, deployed: dict[str, str]) -> None:
    """A file that is missing, wrong, nested too deep or too long."""
    assert compared(tmp_path, deployed, {"alerts.toml": RULES}) is None


@pytest.mark.parametrize("content", [b"", b"no zip", package({"alerts.toml": RULES})[:-30]], ids=len)
def test_what_is_not_a_package_is_unknown(tmp_path: Path, content: bytes) -> None:
    """Such as the error page of a proxy."""
    assert differences("https://package", "", tmp_path, lambda _: content) is None


def test_a_package_is_fetched_from_the_address_that_aws_gives(tmp_path: Path) -> None:
    """Over HTTP; an address that nothing answers at is an error of botocore's, which differences() takes."""
    (tmp_path / "package").write_bytes(b"content")

    class Files(http.server.SimpleHTTPRequestHandler):
        """Serves the folder and logs nothing."""

        def __init__(self, *given: Any) -> None:
            super().__init__(*given, directory=str(tmp_path))

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}/package"
        assert fetch(url) == b"content"
        server.shutdown()
    with pytest.raises(EndpointConnectionError):
        fetch(url)
    assert differences(url) is None
